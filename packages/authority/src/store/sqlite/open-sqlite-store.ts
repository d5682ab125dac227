import { closeSync, constants, existsSync, openSync } from 'node:fs'
import { Kysely, type Dialect } from 'kysely'
import type { Quotas } from '../../model/quota.ts'
import type { Engine, EngineFacts } from '../engine.ts'
import { guardedDialect } from '../guarded-dialect.ts'
import { migrate } from '../migrate.ts'
import { recoveryTables } from '../migrations/recovery-tables.ts'
import { tables } from '../migrations/tables.ts'
import type { Schema } from '../schema.ts'
import { SqlStore } from '../sql-store.ts'
import { StoreError } from '../store-error.ts'
import type { Store } from '../store.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { readSqliteError } from './sqlite-failure.ts'

/** How a SQLite database is opened. */
export interface SqliteOptions {
  /** The database file. */
  readonly path: string
  /** Whether it may be made. Refused unless told: a path that is wrong must not begin a second, empty log. */
  readonly create?: boolean
  readonly quotas: Quotas
}

const SQLITE_FACTS: EngineFacts = {
  name: 'sqlite',
  columns: { bytes: 'blob', number: 'integer' },
  tableEnd: 'strict',
  position: 'instr',
  about:
    'select sqlite_version() as version, page_count * page_size as bytes from pragma_page_count, pragma_page_size',
  locksRows: false,
}

/** How long another process may hold the write lock. */
const BUSY_MS = 10_000

const SETTINGS = [
  // So that readers see the last commit while a write goes on.
  'pragma journal_mode = wal',
  // A commit is on the disk when it returns: the default of some builds syncs at checkpoints of the journal alone.
  'pragma synchronous = full',
  `pragma busy_timeout = ${BUSY_MS}`,
  'pragma foreign_keys = on',
  // A schema that somebody else wrote runs no function of ours.
  'pragma trusted_schema = off',
]

/**
 * Opens the store of a single machine: SQLite, in two threads of its own, one that writes and one that reads.
 *
 * @throws StoreError STORE_SCHEMA if there is no database and none is to be made, or one of a later version; STORE_CORRUPT,
 *   STORE_UNAVAILABLE
 */
export async function openSqliteStore({ path, create, quotas }: SqliteOptions): Promise<Store> {
  if (create) makePrivate(path)
  if (!existsSync(path)) throw new StoreError('STORE_SCHEMA', 'there is no database at that path')
  const engine = sqliteEngine(path)
  try {
    await migrate(engine.writer, {
      '0001-tables': tables(SQLITE_FACTS),
      '0003-recovery': recoveryTables(SQLITE_FACTS),
    })
    return new SqlStore(engine, quotas)
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** An empty file that only its owner reads: SQLite gives its journal the same permissions. */
function makePrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, constants.O_CREAT | constants.O_WRONLY, 0o600))
}

/** A SQLite database that was opened. @param between what stands between the database and its guard; for tests */
export function sqliteEngine(path: string, between = (dialect: Dialect) => dialect): Engine {
  const open = (settings: readonly string[]) =>
    new Kysely<Schema>({
      dialect: guardedDialect(between(sqliteDialect({ path, settings })), readSqliteError),
    })
  const [writer, reader] = [open(SETTINGS), open([...SETTINGS, 'pragma query_only = on'])]
  return {
    facts: SQLITE_FACTS,
    writer,
    reader,
    close: async () => {
      // The writer last: the last connection tidies the journal away.
      await reader.destroy()
      await writer.destroy()
    },
  }
}
