/** What can go wrong with the database of an authority. */
export type StoreErrorCode =
  | 'STORE_UNAVAILABLE'
  | 'STORE_UNCERTAIN'
  | 'STORE_FULL'
  | 'STORE_BEHIND'
  | 'STORE_CORRUPT'
  | 'STORE_BROKEN'
  | 'STORE_SCHEMA'
  | 'STORE_ORIGIN'
  | 'STORE_ROLE'
  | 'STORE_UNSAFE'
  | 'STORE_CLOSED'

/** What a `StoreError` may carry besides its code. */
export interface StoreErrorOptions extends ErrorOptions {
  /** Of `STORE_BEHIND`: how many leaves were signed, and how many the database has. */
  readonly sizes?: { readonly signed: number; readonly found: number }
}

/**
 * The one error of this layer.
 *
 * - `STORE_UNAVAILABLE`: the database cannot be reached or is busy; nothing was changed. Trying again may help.
 * - `STORE_UNCERTAIN`: the connection was lost while something was committed. It is there or it is not: read again first.
 * - `STORE_FULL`: no space left; nothing was changed.
 * - `STORE_BEHIND`: the database has less than this node has signed, or something else: an old copy was restored, or a replica
 *   without the last commits took over. `sizes` says how far.
 * - `STORE_CORRUPT`: rows that contradict each other.
 * - `STORE_BROKEN`: the disk failed under the database; nothing is done until the process is started anew.
 * - `STORE_SCHEMA`: the tables are missing, or of another version of the program.
 * - `STORE_ORIGIN`: the database is that of another log.
 * - `STORE_ROLE`: the database role may do more than it should, so that tenants are not kept apart.
 * - `STORE_UNSAFE`: the database is set up to lose what it acknowledged.
 * - `STORE_CLOSED`: called after `close`.
 *
 * Messages hold no statement, no address with a password and no SQL; the platform's error is the `cause`.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode
  readonly sizes?: { readonly signed: number; readonly found: number }

  constructor(code: StoreErrorCode, message: string, options: StoreErrorOptions = {}) {
    super(message, options)
    this.code = code
    if (options.sizes) this.sizes = options.sizes
  }
}
