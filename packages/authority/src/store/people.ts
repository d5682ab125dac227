import type { Kysely, Selectable } from 'kysely'
import type {
  ClientRow,
  ClientState,
  InvitationRow,
  Owner,
  TenantRow,
  Usage,
} from '../model/statement-rows.ts'
import type { Schema } from './schema.ts'

/** A row of `client` as the contract has it. */
export function clientOf(row: Selectable<Schema['client']>): ClientRow {
  const { leaf: _, state, ...rest } = row
  return { ...rest, state: state as ClientState }
}

/** The tenant of a client; undefined if there is no such client. */
export async function homeOf(db: Kysely<Schema>, client: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('client_home')
    .select('tenant')
    .where('client', '=', client)
    .executeTakeFirst()
  return row?.tenant
}

/** A client of a tenant. */
export async function readClient(
  db: Kysely<Schema>,
  { tenant, client }: Owner,
): Promise<ClientRow | undefined> {
  const query = db.selectFrom('client').selectAll().where('tenant', '=', tenant).where('client', '=', client)
  const row = await query.executeTakeFirst()
  return row && clientOf(row)
}

/** The clients of a tenant in the order in which they were enrolled. */
export async function readClients(db: Kysely<Schema>, tenant: string): Promise<ClientRow[]> {
  const query = db.selectFrom('client').selectAll().where('tenant', '=', tenant)
  return (await query.orderBy('leaf').execute()).map(clientOf)
}

/** False if there is no such client. */
export async function writeClientState(
  db: Kysely<Schema>,
  { tenant, client }: Owner,
  state: ClientState,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('client')
    .set({ state })
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    // What a release took from a client, nobody gives back.
    .where('state', '!=', 'replaced')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** False if there is a tenant of that name. */
export async function writeTenant(db: Kysely<Schema>, { tenant, created }: TenantRow): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('tenant')
    .values({ tenant, created })
    .onConflict((it) => it.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** All tenants, by name. */
export async function readTenants(db: Kysely<Schema>): Promise<TenantRow[]> {
  const rows = await db.selectFrom('tenant').selectAll().execute()
  // Databases order texts by their own rules.
  return rows.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))
}

/** False if there is no such tenant, or an invitation with that id already. */
export async function writeInvitation(
  db: Kysely<Schema>,
  { tenant, id, name, created, expires }: Omit<InvitationRow, 'spent'>,
): Promise<boolean> {
  const home = await db.selectFrom('tenant').select('tenant').where('tenant', '=', tenant).executeTakeFirst()
  if (!home) return false
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('invitation')
    .values({ tenant, id, name, created, expires })
    .onConflict((it) => it.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** The invitations of a tenant in the order in which they were made; or the one with an id. */
export async function readInvitations(
  db: Kysely<Schema>,
  tenant: string,
  id?: Uint8Array,
): Promise<InvitationRow[]> {
  const all = db.selectFrom('invitation').selectAll().where('tenant', '=', tenant)
  const rows = await (id ? all.where('id', '=', id) : all).orderBy('created').orderBy('id').execute()
  return rows.map(({ spent, ...rest }) => ({ ...rest, ...(spent && { spent }) }))
}

/** What was stored for a client, or for a tenant. */
export async function readUsage(db: Kysely<Schema>, { tenant, client }: Owner): Promise<Usage> {
  const row = await db
    .selectFrom('usage')
    .select(['deposits', 'bytes'])
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    .executeTakeFirst()
  return row ?? { deposits: 0, bytes: 0 }
}
