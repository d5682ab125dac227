import type { ErrorReading } from '../guarded-dialect.ts'
import { StoreError, type StoreErrorCode } from '../store-error.ts'

/** What SQLite, or the thread that it runs in, could not do. */
export class SqliteFailure extends Error {
  override readonly name = 'SqliteFailure'
  /** SQLite's result code, extended or not; -1 if the failure is not SQLite's. */
  readonly errcode: number

  constructor(message: string, errcode = -1) {
    super(message)
    this.errcode = errcode
  }
}

/** SQLite's primary result codes that an operator can do something about: sqlite.org/rescode.html. */
const MEANINGS: ReadonlyMap<number, readonly [StoreErrorCode, string]> = new Map([
  [5, ['STORE_UNAVAILABLE', 'the database is busy']], // SQLITE_BUSY
  [6, ['STORE_UNAVAILABLE', 'the database is busy']], // SQLITE_LOCKED
  [7, ['STORE_UNAVAILABLE', 'the database has no memory left']], // SQLITE_NOMEM
  [8, ['STORE_UNAVAILABLE', 'the database cannot be written to']], // SQLITE_READONLY
  [1, ['STORE_SCHEMA', 'the tables are not those of this version']], // SQLITE_ERROR: a statement that does not fit them
  [19, ['STORE_CORRUPT', 'a row contradicts another']], // SQLITE_CONSTRAINT
  [13, ['STORE_FULL', 'no space is left for the database']], // SQLITE_FULL
  [14, ['STORE_UNAVAILABLE', 'the database cannot be opened']], // SQLITE_CANTOPEN
  [11, ['STORE_CORRUPT', 'the database file is damaged']], // SQLITE_CORRUPT
  [26, ['STORE_CORRUPT', 'the file is no database']], // SQLITE_NOTADB
])

const IOERR = 10

/** The lowest byte of an extended result code is the primary one. */
function primary(errcode: number): number {
  return errcode < 0 ? errcode : errcode % 256
}

/** Whether the disk failed: what the system holds in memory may then be no longer what is on the disk. */
export function isDiskFailure({ errcode }: SqliteFailure): boolean {
  return primary(errcode) === IOERR
}

/**
 * Reads an error of SQLite. A commit that fails has not happened, unless the disk failed under it: then only a new start reads
 * the truth.
 */
export function readSqliteError(error: unknown): ErrorReading {
  if (error instanceof StoreError) return { error, rolledBack: false }
  const errcode = error instanceof SqliteFailure ? error.errcode : -1
  const [code, message] = MEANINGS.get(primary(errcode)) ?? [
    'STORE_BROKEN',
    'the database failed; start the authority anew',
  ]
  return { error: new StoreError(code, message, { cause: error }), rolledBack: code !== 'STORE_BROKEN' }
}
