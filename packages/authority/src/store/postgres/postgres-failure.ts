import type { ErrorReading } from '../guarded-dialect.ts'
import { StoreError, type StoreErrorCode } from '../store-error.ts'

type Meaning = readonly [StoreErrorCode, string]

const UNREACHABLE: Meaning = ['STORE_UNAVAILABLE', 'the database cannot be reached']

/** What SQLSTATEs mean here; the longest beginning that is in the table counts. PostgreSQL manual, appendix A. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  '23': ['STORE_CORRUPT', 'a row contradicts another'],
  '25006': ['STORE_UNAVAILABLE', 'the database takes no writes: it is a replica'],
  '28': ['STORE_UNAVAILABLE', 'the database does not let this node in'],
  '3D000': ['STORE_SCHEMA', 'there is no such database'],
  '40': ['STORE_UNAVAILABLE', 'the database is busy'],
  '42': ['STORE_SCHEMA', 'the tables are not those of this version'],
  '42501': ['STORE_ROLE', 'the database role of this node lacks a privilege'],
  '53': ['STORE_UNAVAILABLE', 'the database has too much to do'],
  '53100': ['STORE_FULL', 'no space is left for the database'],
  '55P03': ['STORE_UNAVAILABLE', 'the database is busy'],
  XX001: ['STORE_CORRUPT', 'the database is damaged'],
  XX002: ['STORE_CORRUPT', 'the database is damaged'],
}

/**
 * Reads an error of PostgreSQL or of the connection to it.
 *
 * An answer of severity ERROR, even to a commit, says that the transaction was rolled back. Anything else, also the farewell of a
 * server that is being stopped, may come after the commit took place.
 */
export function readPostgresError(error: unknown): ErrorReading {
  if (error instanceof StoreError) return { error, rolledBack: false }
  const { code, severity, name } = error as { code?: string; severity?: string; name?: string }
  const [meaning, message] = meaningOf(severity === undefined ? undefined : code)
  return {
    error: new StoreError(meaning, message, { cause: error }),
    rolledBack: severity === 'ERROR' || name === 'AbortedTransactionError',
  }
}

function meaningOf(state = ''): Meaning {
  return MEANINGS[state] ?? MEANINGS[state.slice(0, 2)] ?? UNREACHABLE
}
