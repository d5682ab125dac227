import type { Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** Migrations by name; they run in the order of their names, each once. */
export type Migrations = Readonly<Record<string, Migration>>

/**
 * Brings the tables to this version: all migrations that are missing, under a lock that other nodes wait for.
 *
 * @throws StoreError STORE_SCHEMA if the tables are of a later version, and what the database throws
 */
export async function migrate(db: Kysely<Schema>, migrations: Migrations): Promise<void> {
  const { error } = await migratorOf(db, migrations).migrateToLatest()
  if (error === undefined) return
  if (error instanceof StoreError) throw error
  throw new StoreError('STORE_SCHEMA', 'the tables are those of another version', { cause: error })
}

/** For a node that may not change tables. @throws StoreError STORE_SCHEMA unless they are those of this version */
export async function checkMigrated(db: Kysely<Schema>, migrations: Migrations): Promise<void> {
  const rows = await db
    .selectFrom('kysely_migration' as never)
    .select('name' as never)
    .execute()
  const run = new Set(rows.map((row) => (row as { name: string }).name))
  const wanted = new Set(Object.keys(migrations))
  if (run.symmetricDifference(wanted).size > 0) {
    throw new StoreError('STORE_SCHEMA', 'the tables are those of another version')
  }
}

function migratorOf(db: Kysely<Schema>, migrations: Migrations): Migrator {
  return new Migrator({ db, provider: { getMigrations: async () => migrations } })
}
