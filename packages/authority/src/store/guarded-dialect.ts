import type { DatabaseConnection, Dialect, Driver, TransactionSettings } from 'kysely'
import { StoreError } from './store-error.ts'

/** What an error of a database means, and whether a commit that ended with it is certain to have failed. */
export interface ErrorReading {
  readonly error: StoreError
  readonly rolledBack: boolean
}

/** Reads the errors of one kind of database. */
export type ReadError = (error: unknown) => ErrorReading

/**
 * A dialect whose errors are StoreErrors, so that no SQL and no address leaves this layer, and for which a commit of unknown
 * outcome is STORE_UNCERTAIN.
 */
export function guardedDialect(dialect: Dialect, readError: ReadError): Dialect {
  return {
    createDriver: () => new GuardedDriver(dialect.createDriver(), readError),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  }
}

class GuardedDriver implements Driver {
  readonly #driver: Driver
  readonly #readError: ReadError
  readonly #guarded = new WeakMap<DatabaseConnection, GuardedConnection>()

  constructor(driver: Driver, readError: ReadError) {
    this.#driver = driver
    this.#readError = readError
  }

  init(): Promise<void> {
    return this.#translated(this.#driver.init())
  }

  async acquireConnection(): Promise<GuardedConnection> {
    const connection = await this.#translated(this.#driver.acquireConnection())
    const known = this.#guarded.get(connection)
    if (known) return known
    const guarded = new GuardedConnection(connection, this.#readError)
    this.#guarded.set(connection, guarded)
    return guarded
  }

  beginTransaction({ inner }: GuardedConnection, settings: TransactionSettings): Promise<void> {
    return this.#translated(this.#driver.beginTransaction(inner, settings))
  }

  async commitTransaction({ inner }: GuardedConnection): Promise<void> {
    try {
      await this.#driver.commitTransaction(inner)
    } catch (cause) {
      const { error, rolledBack } = this.#readError(cause)
      if (rolledBack || error.code === 'STORE_BROKEN') throw error
      throw new StoreError('STORE_UNCERTAIN', 'it is not known whether the last write was committed', {
        cause,
      })
    }
  }

  async rollbackTransaction({ inner }: GuardedConnection): Promise<void> {
    try {
      await this.#driver.rollbackTransaction(inner)
    } catch {
      // The first error is the one to report; a connection that is gone has rolled back by itself.
    }
  }

  releaseConnection({ inner }: GuardedConnection): Promise<void> {
    return this.#driver.releaseConnection(inner)
  }

  destroy(): Promise<void> {
    return this.#driver.destroy()
  }

  async #translated<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw this.#readError(error).error
    }
  }
}

class GuardedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection
  readonly #readError: ReadError

  constructor(inner: DatabaseConnection, readError: ReadError) {
    this.inner = inner
    this.#readError = readError
  }

  readonly executeQuery: DatabaseConnection['executeQuery'] = async (query, options) => {
    try {
      return await this.inner.executeQuery(query, options)
    } catch (error) {
      throw this.#readError(error).error
    }
  }

  streamQuery(): never {
    throw new TypeError('queries are not streamed here')
  }
}
