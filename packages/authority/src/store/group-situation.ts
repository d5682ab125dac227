import type { Kysely } from 'kysely'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { keyOf, type Place, type Situation } from '../model/group-judgement.ts'
import type { ClientState, Usage } from '../model/statement-rows.ts'
import { filledLots } from './lots.ts'
import type { Schema } from './schema.ts'

type Found = Pick<Situation, 'known' | 'clients' | 'usage' | 'invitations' | 'lastEpoch' | 'completed'>

/** Reads what the rules ask for about a group, tenant by tenant: as many queries as there are tenants, whatever their size. */
export async function readSituation(
  db: Kysely<Schema>,
  statements: readonly AdmittedStatement[],
): Promise<Found> {
  const byTenant = Map.groupBy(statements, ({ owner }) => owner.tenant)
  const found = {
    known: new Map<string, Place>(),
    clients: new Map<string, ClientState>(),
    usage: new Map<string, Usage>(),
    invitations: new Map<string, number>(),
  }
  for (const [tenant, group] of byTenant) {
    await readKnown(db, tenant, group, found.known)
    await readClients(db, tenant, group, found)
    await readInvitations(db, tenant, group, found.invitations)
  }
  const epochs = statements.some(({ facts }) => facts.kind === 'epoch')
  const deposits = statements.some(({ facts }) => facts.kind === 'deposit')
  return {
    ...found,
    lastEpoch: epochs ? await readLastEpoch(db) : undefined,
    completed: new Set(deposits ? await readCompleted(db) : []),
  }
}

async function readKnown(
  db: Kysely<Schema>,
  tenant: string,
  group: readonly AdmittedStatement[],
  known: Map<string, Place>,
): Promise<void> {
  for (const digests of filledLots(group.map(({ digest }) => digest))) {
    const rows = await db
      .selectFrom('statement')
      .select(['digest', 'leaf', 'received'])
      .where('tenant', '=', tenant)
      .where('digest', 'in', digests)
      .execute()
    for (const { digest, leaf, received } of rows) known.set(keyOf(tenant, digest), { index: leaf, received })
  }
}

async function readClients(
  db: Kysely<Schema>,
  tenant: string,
  group: readonly AdmittedStatement[],
  found: { readonly clients: Map<string, ClientState>; readonly usage: Map<string, Usage> },
): Promise<void> {
  const names = [
    ...new Set(group.filter(({ facts }) => facts.kind !== 'epoch').map(({ owner }) => owner.client)),
  ]
  for (const clients of filledLots(names)) {
    const states = await db
      .selectFrom('client')
      .select(['client', 'state'])
      .where('tenant', '=', tenant)
      .where('client', 'in', clients)
      .execute()
    for (const { client, state } of states) found.clients.set(keyOf(tenant, client), state as ClientState)
    const used = await db
      .selectFrom('usage')
      .select(['client', 'deposits', 'bytes'])
      .where('tenant', '=', tenant)
      .where('client', 'in', ['', ...clients])
      .execute()
    for (const { client, ...usage } of used) found.usage.set(keyOf(tenant, client), usage)
  }
}

async function readInvitations(
  db: Kysely<Schema>,
  tenant: string,
  group: readonly AdmittedStatement[],
  invitations: Map<string, number>,
): Promise<void> {
  const wanted = group.flatMap(({ facts }) =>
    facts.kind === 'enrolment' ? [facts.enrolment.invitation] : [],
  )
  for (const ids of filledLots(wanted)) {
    const rows = await db
      .selectFrom('invitation')
      .select(['id', 'expires'])
      .where('tenant', '=', tenant)
      .where('spent', 'is', null)
      .where('id', 'in', ids)
      .execute()
    for (const { id, expires } of rows) invitations.set(keyOf(tenant, id), expires)
  }
}

async function readCompleted(db: Kysely<Schema>): Promise<number[]> {
  const rows = await db.selectFrom('completed').select('epoch').execute()
  return rows.map(({ epoch }) => epoch)
}

async function readLastEpoch(db: Kysely<Schema>): Promise<Found['lastEpoch']> {
  return db
    .selectFrom('epoch')
    .select(['number', 'digest'])
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
}
