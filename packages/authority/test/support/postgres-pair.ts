import { renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PostgresServer } from './postgres-server.ts'

/** With which a commit waits for a replica to have it on its disk, whichever that is. */
const SYNCHRONOUS = 'synchronous_standby_names=*'
/** A replica finds its source at once, and what was not sent yet is still there. */
const REPLICATION = ['wal_keep_size=512MB', 'wal_retrieve_retry_interval=50ms', 'max_wal_senders=4']

/** A primary and a replica that takes over when it is gone; both are reached under one address, which is moved. */
export class PostgresPair {
  /** Where the server is that nodes should use. */
  readonly address: string
  primary: PostgresServer
  replica: PostgresServer
  /** The first one: where the programs may lie that all others run. */
  readonly #first: PostgresServer

  private constructor(address: string, primary: PostgresServer, replica: PostgresServer) {
    this.address = address
    this.primary = primary
    this.replica = replica
    this.#first = primary
    this.#point()
  }

  /** @returns why there can be none here, if there can be none */
  static async start(
    folder: string,
    prepare: (primary: PostgresServer) => Promise<void>,
  ): Promise<PostgresPair | string> {
    const primary = await PostgresServer.start(REPLICATION)
    if (typeof primary === 'string') return primary
    await prepare(primary)
    const pair = new PostgresPair(join(folder, 'server'), primary, await primary.replica([SYNCHRONOUS]))
    // Not from the start: nothing could be prepared while there was no replica to wait for.
    await pair.synchronous(true)
    await primary.synchronised()
    return pair
  }

  /** Lets commits wait for the replica, or not; of the server that is the primary now. */
  async synchronous(waits: boolean): Promise<void> {
    await this.primary.query('postgres', `alter system set synchronous_standby_names = '${waits ? '*' : ''}'`)
    await this.primary.query('postgres', 'select pg_reload_conf()')
  }

  /** The primary is gone, and the replica takes its place. */
  async failOver(): Promise<void> {
    await this.primary.crash()
    await this.replica.promote()
    if (this.primary !== this.#first) await this.primary.close()
    this.primary = this.replica
    this.#point()
  }

  /** The new primary gets a replica. */
  async renew(): Promise<void> {
    this.replica = await this.primary.replica()
    await this.primary.synchronised()
  }

  async close(): Promise<void> {
    for (const server of new Set([this.replica, this.primary, this.#first])) await server.close()
  }

  /** Connections that are made from now on go to the primary. */
  #point(): void {
    const fresh = `${this.address}.new`
    rmSync(fresh, { force: true })
    symlinkSync(this.primary.folder, fresh)
    renameSync(fresh, this.address)
  }
}
