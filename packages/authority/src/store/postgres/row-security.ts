import { sql, type Kysely, type Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Schema } from '../schema.ts'

/** What a node may do with each table: it can change no statement, and delete nothing but what expired. */
const PRIVILEGES: Readonly<Record<keyof Schema | 'kysely_migration', string>> = {
  tenant: 'select, insert',
  invitation: 'select, insert, update (spent)',
  client: 'select, insert, update (state)',
  client_home: 'select, insert',
  statement: 'select, insert',
  deposit: 'select, insert',
  epoch: 'select, insert',
  usage: 'select, insert, update',
  nonce: 'select, insert, delete',
  log_state: 'select, update',
  log_tile: 'select, insert, update',
  checkpoint: 'select, insert, update',
  kysely_migration: 'select',
}

/** Tables with rows of tenants. */
const OWNED: readonly (keyof Schema)[] = [
  'tenant',
  'invitation',
  'client',
  'statement',
  'deposit',
  'usage',
  'nonce',
]

/** The setting that names the tenants whose rows a transaction sees, with a comma in front of each. */
const SETTING = 'strongroom.tenants'

/**
 * Lets PostgreSQL itself keep tenants apart: a query that forgets to ask for the tenant finds nothing of others. Rows of the
 * authority itself, under the empty tenant, are seen by all.
 *
 * @param role of the nodes, which must exist and own nothing
 */
export function rowSecurity(role: string): Migration {
  return {
    async up(db: Kysely<Schema>) {
      for (const table of OWNED) {
        await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
        // The selection is evaluated once a query, not once a row.
        const tenants = sql`(select string_to_array(current_setting(${sql.lit(SETTING)}, true), ','))::text[]`
        await sql`
          create policy named_tenants on ${sql.table(table)}
          using (tenant = any (${tenants}) or '*' = any (${tenants}))`.execute(db)
      }
      for (const [table, privileges] of Object.entries(PRIVILEGES)) {
        await sql`grant ${sql.raw(privileges)} on ${sql.table(table)} to ${sql.id(role)}`.execute(db)
      }
    },
  }
}

/** Names the tenants whose rows a transaction sees, until it ends. */
export async function setTenants(
  transaction: Transaction<Schema>,
  tenants: readonly string[],
): Promise<void> {
  const value = tenants.map((tenant) => `,${tenant}`).join('')
  await sql`select set_config(${SETTING}, ${value}, true)`.execute(transaction)
}
