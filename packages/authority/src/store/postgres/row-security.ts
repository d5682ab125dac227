import { sql, type Kysely, type Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { RecoverySchema } from '../recovery-schema.ts'
import type { FirstTables, Schema } from '../schema.ts'

/** What a node may do with each table: it can change no statement, and delete nothing but what expired. */
const PRIVILEGES: Readonly<Record<FirstTables | 'kysely_migration', string>> = {
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
const OWNED: readonly FirstTables[] = [
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
      for (const table of OWNED) await keepApart(db, table)
      await grant(db, PRIVILEGES, role)
    },
  }
}

/** The same for recovery: approvals and ends are written once, and nobody who serves can take one back. */
const RECOVERY_PRIVILEGES: Readonly<Record<keyof RecoverySchema, string>> = {
  terms: 'select, insert',
  known_key: 'select, insert',
  charter: 'select, insert',
  subject: 'select, insert',
  spent_key: 'select, insert',
  approval: 'select, insert',
  ending: 'select, insert',
  codes: 'select, insert',
  vetting: 'select, insert',
  opened: 'select, insert',
  rewrapped: 'select, insert',
  completed: 'select, insert',
  probe: 'select, insert',
  probe_answer: 'select, insert',
  subject_receipt: 'select, insert',
  release_blob: 'select, insert',
  attempt: 'select, insert, update',
  contact: 'select, insert, delete',
  notice: 'select, insert, update',
}

/** Not the keys, which are how a tenant is found; nor what is the authority's. */
const RECOVERY_OWNED: readonly (keyof RecoverySchema)[] = [
  'charter',
  'subject',
  'spent_key',
  'approval',
  'ending',
  'codes',
  'vetting',
  'opened',
  'rewrapped',
  'probe',
  'probe_answer',
  'subject_receipt',
  'release_blob',
  'attempt',
  'contact',
  'notice',
]

/** Row security of the tables of recovery. */
export function recoverySecurity(role: string): Migration {
  return {
    async up(db: Kysely<Schema>) {
      for (const table of RECOVERY_OWNED) await keepApart(db, table)
      await grant(db, RECOVERY_PRIVILEGES, role)
      // The level of a deposit is the custodian's word, and the one thing about it that changes.
      await sql`grant update (level) on deposit to ${sql.id(role)}`.execute(db)
    },
  }
}

async function keepApart(db: Kysely<Schema>, table: keyof Schema): Promise<void> {
  await sql`alter table ${sql.table(table)} enable row level security`.execute(db)
  // The selection is evaluated once a query, not once a row.
  const tenants = sql`(select string_to_array(current_setting(${sql.lit(SETTING)}, true), ','))::text[]`
  await sql`
          create policy named_tenants on ${sql.table(table)}
          using (tenant = any (${tenants}) or '*' = any (${tenants}))`.execute(db)
}

async function grant(
  db: Kysely<Schema>,
  privileges: Readonly<Record<string, string>>,
  role: string,
): Promise<void> {
  for (const [table, what] of Object.entries(privileges)) {
    await sql`grant ${sql.raw(what)} on ${sql.table(table)} to ${sql.id(role)}`.execute(db)
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
