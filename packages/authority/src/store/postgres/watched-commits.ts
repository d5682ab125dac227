import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type { Pool, PoolClient } from 'pg'

/**
 * A commit that succeeded, but only on the server that was asked: somebody cancelled the wait for its replica. It has no severity
 * of a failure, so it is not known to be rolled back.
 */
class UnreplicatedCommit extends Error {
  override readonly name = 'UnreplicatedCommit'
}

/**
 * A pool whose connections let a commit fail if the server warns about it.
 *
 * Who cancels a commit that waits for a replica (`pg_cancel_backend`) makes it succeed, with a warning: "The transaction has already
 * committed locally, but might not have been replicated to the standby." To sign it would promise what a failover loses.
 */
export function watchingCommits(pool: Pool): PostgresPool {
  const watched = new WeakMap<PoolClient, WatchedClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect()
      const known = watched.get(client) ?? new WatchedClient(client)
      watched.set(client, known)
      return known
    },
  }
}

class WatchedClient implements PostgresPoolClient {
  readonly #client: PoolClient
  #warned = false

  constructor(client: PoolClient) {
    this.#client = client
    client.on('notice', ({ severity }) => {
      if (severity === 'WARNING') this.#warned = true
    })
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>
  query(cursor: object): never
  async query<R>(sql: string | object, parameters: readonly unknown[] = []): Promise<PostgresQueryResult<R>> {
    if (typeof sql !== 'string') throw new TypeError('queries are not streamed here')
    this.#warned = false
    const result = await this.#client.query(sql, [...parameters])
    // Notices come before the end of the command that they are about.
    if (this.#warned && result.command === 'COMMIT') {
      throw new UnreplicatedCommit('the commit was not waited for')
    }
    return result as PostgresQueryResult<R>
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy)
  }
}
