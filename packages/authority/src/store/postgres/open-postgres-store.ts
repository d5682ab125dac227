import { Kysely, PostgresDialect, type Dialect } from 'kysely'
import { Pool, types, type CustomTypesConfig } from 'pg'
import { fromHex } from '@strongroom/core/bytes'
import type { Quotas } from '../../model/quota.ts'
import type { Engine, EngineFacts } from '../engine.ts'
import { guardedDialect } from '../guarded-dialect.ts'
import { checkMigrated, migrate, type Migrations } from '../migrate.ts'
import { recoveryTables } from '../migrations/recovery-tables.ts'
import { tables } from '../migrations/tables.ts'
import type { Schema } from '../schema.ts'
import { SqlStore } from '../sql-store.ts'
import { StoreError } from '../store-error.ts'
import type { Store } from '../store.ts'
import { readPostgresError } from './postgres-failure.ts'
import { recoverySecurity, rowSecurity, setTenants } from './row-security.ts'
import { checkServer } from './server-checks.ts'
import { watchingCommits } from './watched-commits.ts'

/** How a PostgreSQL database is opened. */
export interface PostgresOptions {
  /** Where it is, and as whom this node works: a login role that is a member of `nodeRole` and owns nothing. */
  readonly url: string
  /** The same as the role that owns the tables, to make or change them first. Without it they must be those of this version. */
  readonly ownerUrl?: string
  /** The role that has the privileges of nodes. */
  readonly nodeRole?: string
  /** Connections at most; 10 unless told. */
  readonly connections?: number
  readonly quotas: Quotas
  /** Told at opening what the database does not hold if a replica takes over. */
  readonly onWarning?: (warning: string) => void
}

const POSTGRES_FACTS: EngineFacts = {
  name: 'postgres',
  columns: { bytes: 'bytea', number: 'bigint' },
  tableEnd: '',
  position: 'strpos',
  about: "select current_setting('server_version') as version, pg_database_size(current_database()) as bytes",
  locksRows: true,
  scope: setTenants,
}

const DEFAULT_ROLE = 'strongroom_node'
const DEFAULT_CONNECTIONS = 10

/** In milliseconds. There is no limit for a whole statement: a commit that waits for a replica must not be cut short. */
const TIMEOUTS = {
  connectionTimeoutMillis: 10_000,
  lock_timeout: 20_000,
  // A node that stands still while it holds the log's lock is cut off, so that the others go on.
  idle_in_transaction_session_timeout: 10_000,
}

/** A server that is gone without a word is noticed after this long and some ten seconds more: nothing else ends a commit. */
const KEEP_ALIVE_MS = 10_000

/**
 * Opens the store of one or many machines: PostgreSQL, which elects the node that appends next by the lock on one row.
 *
 * @throws StoreError STORE_SCHEMA, STORE_ROLE, STORE_UNSAFE, STORE_UNAVAILABLE
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { url, ownerUrl, nodeRole = DEFAULT_ROLE, quotas } = options
  const migrations = {
    '0001-tables': tables(POSTGRES_FACTS),
    '0002-row-security': rowSecurity(nodeRole),
    '0003-recovery': recoveryTables(POSTGRES_FACTS),
    '0004-recovery-security': recoverySecurity(nodeRole),
  }
  if (ownerUrl !== undefined) await migrateAs(ownerUrl, migrations)
  const engine = postgresEngine(url, options.connections ?? DEFAULT_CONNECTIONS)
  try {
    for (const warning of await checkServer(engine.writer)) options.onWarning?.(warning)
    await checkMigrated(engine.writer, migrations)
    return new SqlStore(engine, quotas)
  } catch (error) {
    await engine.close()
    throw error
  }
}

async function migrateAs(ownerUrl: string, migrations: Migrations): Promise<void> {
  const owner = postgresEngine(ownerUrl, 1)
  try {
    await migrate(owner.writer, migrations)
  } finally {
    await owner.close()
  }
}

/** A PostgreSQL database that was opened. @param between what stands between the database and its guard; for tests */
export function postgresEngine(
  connectionString: string,
  max: number,
  between = (dialect: Dialect) => dialect,
): Engine {
  const pool = new Pool({
    connectionString,
    max,
    application_name: 'strongroom',
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    ...TIMEOUTS,
    types: { getTypeParser: parserOf },
  })
  // A connection that breaks, in use or not, fails the query that it has; the next one gets another. Events of errors that nobody
  // listens to would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const dialect = guardedDialect(
    between(new PostgresDialect({ pool: watchingCommits(pool) })),
    readPostgresError,
  )
  const db = new Kysely<Schema>({ dialect })
  return { facts: POSTGRES_FACTS, writer: db, reader: db, close: () => db.destroy() }
}

/** How values of some types are read, by the type's object id: pg_type.dat. */
const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [17, bytes], // bytea
  [20, wholeNumber], // bigint
])

const parserOf: CustomTypesConfig['getTypeParser'] = (oid, format) =>
  PARSERS.get(oid) ?? types.getTypeParser(oid, format)

function wholeNumber(text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new StoreError('STORE_CORRUPT', 'a number that nobody wrote')
}

/** PostgreSQL manual, "bytea Hex Format". */
function bytes(text: string): Uint8Array {
  return fromHex(text.slice(2))
}
