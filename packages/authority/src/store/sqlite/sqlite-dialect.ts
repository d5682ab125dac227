import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type TransactionSettings,
} from 'kysely'
import type { ThreadData } from './database-thread.ts'
import { ThreadConnection } from './thread-connection.ts'

/** Kysely's dialect for one connection in a thread. */
export function sqliteDialect(data: ThreadData): Dialect {
  return {
    createDriver: () => new ThreadDriver(data),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ThreadAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

class ThreadAdapter extends SqliteAdapter {
  // So that migrations run in one transaction, whose lock keeps a second process from running them too.
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

class ThreadDriver implements Driver {
  readonly #data: ThreadData
  #connection: ThreadConnection | undefined

  constructor(data: ThreadData) {
    this.#data = data
  }

  async init(): Promise<void> {
    this.#connection = await ThreadConnection.open(this.#data)
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (!this.#connection) throw new TypeError('the driver was not started')
    return this.#connection
  }

  async beginTransaction(connection: DatabaseConnection, { accessMode }: TransactionSettings): Promise<void> {
    // The write lock at once: a lock that is asked for later can be refused when rows were already read.
    const sql = accessMode === 'read only' ? 'begin' : 'begin immediate'
    await connection.executeQuery(CompiledQuery.raw(sql))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#connection?.close()
  }
}
