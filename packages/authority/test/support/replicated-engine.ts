import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts'
import { NO_QUOTAS, type TestDatabase, type TestEngine } from './databases.ts'
import { PostgresPair } from './postgres-pair.ts'
import type { PostgresServer } from './postgres-server.ts'

const NAME = 'vault'

/** PostgreSQL with a synchronous replica: a pair of servers for each test, in `pair`. */
export class ReplicatedEngine implements TestEngine {
  readonly name = 'postgres'
  readonly #folder = mkdtempSync(join(tmpdir(), 'strongroom-pair-'))
  #pair: PostgresPair | undefined
  #next: PostgresPair | string | undefined

  get pair(): PostgresPair {
    if (!this.#pair) throw new Error('the servers were not started')
    return this.#pair
  }

  /** The first pair is what shows whether there can be one. */
  async start(): Promise<string | undefined> {
    this.#next = await this.#begin()
    return typeof this.#next === 'string' ? this.#next : undefined
  }

  async create(): Promise<TestDatabase> {
    const pair = this.#next ?? (await this.#begin())
    this.#next = undefined
    if (typeof pair === 'string') throw new Error(pair)
    this.#pair = pair
    const folder = mkdtempSync(join(this.#folder, 'nodes-'))
    const url = `postgresql://node_1@/${NAME}?host=${encodeURIComponent(pair.address)}`
    return {
      folder,
      address: url,
      open: (quotas = NO_QUOTAS) => openPostgresStore({ url, quotas }),
      openFaulty() {
        throw new Error('nothing is made to fail here: it does')
      },
      sql: (text) => pair.primary.query(NAME, text),
      copy() {
        throw new Error('nobody needs a copy')
      },
      remove: () => pair.close(),
    }
  }

  async stop(): Promise<void> {
    if (this.#next && typeof this.#next !== 'string') await this.#next.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #begin(): Promise<PostgresPair | string> {
    return PostgresPair.start(mkdtempSync(join(this.#folder, 'pair-')), makeTables)
  }
}

async function makeTables(primary: PostgresServer): Promise<void> {
  await primary.query('postgres', `create database ${NAME} owner vault_owner`)
  const [url, ownerUrl] = [primary.url(NAME, 'node_1'), primary.url(NAME, 'vault_owner')]
  await (await openPostgresStore({ url, ownerUrl, quotas: NO_QUOTAS })).close()
}
