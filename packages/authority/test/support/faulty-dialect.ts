import type { DatabaseConnection, Dialect, Driver, TransactionSettings } from 'kysely'

/** How an operation fails: it did not reach the database, or it did and the answer was lost. */
export type FaultKind = 'lost' | 'persisted'

/**
 * Lets one operation of a database fail: beginning, a statement or a commit, counted from 1 over all connections; or that one and all
 * that follow, as when the process ended there.
 *
 * The connection is gone with it, so what was not committed is rolled back, as a server does.
 */
export class Fault {
  readonly #makeError: () => Error
  #kind: FaultKind = 'lost'
  #left = 0
  #ending: (() => void) | undefined
  #ended = false

  /** @param makeError what the system says of a connection or disk that is gone */
  constructor(makeError: () => Error) {
    this.#makeError = makeError
  }

  /** Lets the nth operation from now on fail. */
  arm(nth: number, kind: FaultKind): void {
    this.#left = nth
    this.#kind = kind
  }

  /** Lets the nth operation from now on fail, and all that follow. @returns when it has come to that */
  end(nth: number, kind: FaultKind): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.arm(nth, kind)
    this.#ending = resolve
    return promise
  }

  /** Lets nothing fail any more. @returns whether something did */
  disarm(): boolean {
    const happened = this.#left <= 0
    this.#left = 0
    return happened
  }

  /** A dialect that has the fault. */
  readonly in = (dialect: Dialect): Dialect => ({
    createDriver: () => new FaultyDriver(dialect.createDriver(), this),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  })

  /** Does an operation, or lets it fail. @param abandon what the database does when the connection is gone */
  async around<T>(work: () => Promise<T>, abandon: () => Promise<void>): Promise<T> {
    if (!this.#ended && (this.#left <= 0 || --this.#left > 0)) return work()
    const first = !this.#ended
    this.#ended = this.#ending !== undefined
    if (first && this.#kind === 'persisted') await work()
    await abandon().catch(() => undefined)
    this.#ending?.()
    throw this.#makeError()
  }
}

class FaultyDriver implements Driver {
  readonly #driver: Driver
  readonly #fault: Fault

  constructor(driver: Driver, fault: Fault) {
    this.#driver = driver
    this.#fault = fault
  }

  init = () => this.#driver.init()

  async acquireConnection(): Promise<FaultyConnection> {
    return new FaultyConnection(await this.#driver.acquireConnection(), this.#driver, this.#fault)
  }

  beginTransaction({ inner }: FaultyConnection, settings: TransactionSettings): Promise<void> {
    const abandon = () => this.#driver.rollbackTransaction(inner)
    return this.#fault.around(() => this.#driver.beginTransaction(inner, settings), abandon)
  }

  commitTransaction({ inner }: FaultyConnection): Promise<void> {
    const abandon = () => this.#driver.rollbackTransaction(inner)
    return this.#fault.around(() => this.#driver.commitTransaction(inner), abandon)
  }

  rollbackTransaction = ({ inner }: FaultyConnection) => this.#driver.rollbackTransaction(inner)
  releaseConnection = ({ inner }: FaultyConnection) => this.#driver.releaseConnection(inner)
  destroy = () => this.#driver.destroy()
}

class FaultyConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection
  readonly #driver: Driver
  readonly #fault: Fault

  constructor(inner: DatabaseConnection, driver: Driver, fault: Fault) {
    this.inner = inner
    this.#driver = driver
    this.#fault = fault
  }

  readonly executeQuery: DatabaseConnection['executeQuery'] = (query) =>
    this.#fault.around(
      () => this.inner.executeQuery(query),
      () => this.#driver.rollbackTransaction(this.inner),
    )

  streamQuery(): never {
    throw new TypeError('queries are not streamed here')
  }
}
