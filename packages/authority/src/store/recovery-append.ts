import type { Insertable, Kysely } from 'kysely'
import { toHex } from '@strongroom/core/bytes'
import {
  clientIdOf,
  type AuthorityTrust,
  type Release,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { sha256 } from '../model/digest.ts'
import type { Judgement, Refusal } from '../model/group-judgement.ts'
import {
  RECOVERY_ACTS,
  type RecoveryAct,
  type RecoveryFacts,
  type RecoveryFactsOf,
} from '../model/recovery-facts.ts'
import { charterRow, recoveryRowsOf, type RecoveryPlace, type RecoveryRows } from '../model/recovery-rows.ts'
import { tenantsOfDeposits } from './custodian-rows.ts'
import { exactLots, filledLots } from './lots.ts'
import { writeNotices } from './notice-rows.ts'
import { readClient } from './people.ts'
import { readGround, readKept } from './recovery-ground.ts'
import type { RecoveryGiven, RequestQuota } from './recovery-case.ts'
import { RECOVERY_RULES } from './recovery-rules.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** What statements about recovery are judged with. */
export interface RecoveryMeans {
  readonly trust: AuthorityTrust | undefined
  readonly now: number
  readonly quota: RequestQuota
}

const ACTS: ReadonlySet<string> = new Set(RECOVERY_ACTS)

/** Whether a statement is about recovery: judged one by one, with what it is about. */
export function isAboutRecovery({ facts }: AdmittedStatement): boolean {
  return ACTS.has(facts.kind)
}

/**
 * Judges a statement about recovery, and writes it with its rows and notices if it is taken. The caller holds the lock of the log: nobody
 * decides anything meanwhile, so of two that contradict each other the second finds the first.
 *
 * @param index of the leaf that it gets
 */
export async function appendRecovery(
  db: Kysely<Schema>,
  statement: AdmittedStatement,
  index: number,
  { trust, now, quota }: RecoveryMeans,
): Promise<Judgement> {
  const { tenant } = statement.owner
  const known = await db
    .selectFrom('statement')
    .select(['leaf', 'received'])
    .where('tenant', '=', tenant)
    .where('digest', '=', statement.digest)
    .executeTakeFirst()
  if (known) return { state: 'known', index: known.leaf, received: known.received }
  if (!trust) throw new StoreError('STORE_SCHEMA', 'a statement about recovery, and nobody to verify it by')
  const ground = await readGround(db, trust, tenant)
  const facts = statement.facts as RecoveryFacts
  const reason = await refusalOf({ db, statement, ground, index, now, quota }, facts)
  if (reason) return { state: 'refused', reason }
  await writeRecovery(db, statement, facts, { tenant, digest: statement.digest, index, received: now })
  return { state: 'fresh', index }
}

function refusalOf<K extends RecoveryAct>(
  given: RecoveryGiven,
  facts: RecoveryFactsOf<K>,
): Promise<Refusal | undefined> {
  return RECOVERY_RULES[facts.kind]({ ...given, facts })
}

async function writeRecovery(
  db: Kysely<Schema>,
  { owner, digest, bytes }: AdmittedStatement,
  facts: RecoveryFacts,
  place: RecoveryPlace,
): Promise<void> {
  const { index: leaf, received } = place
  await db
    .insertInto('statement')
    .values({ ...owner, digest, kind: ENTRY_KINDS[facts.kind], leaf, received, bytes })
    .execute()
  await writeRows(db, recoveryRowsOf(facts, place))
  await EFFECTS[facts.kind]?.(db, facts as never, place)
  await writeNotices(db, facts, place)
}

async function writeRows(db: Kysely<Schema>, { known_key = [], ...rows }: RecoveryRows): Promise<void> {
  for (const lot of exactLots(known_key)) {
    // The same key may be known twice: of the next charter, or in codes that come again.
    await db
      .insertInto('known_key')
      .values(lot)
      .onConflict((it) => it.doNothing())
      .execute()
  }
  for (const [table, values] of Object.entries(rows)) {
    for (const lot of exactLots(values as Insertable<Schema['approval']>[])) {
      await db
        .insertInto(table as 'approval')
        .values(lot)
        .execute()
    }
  }
}

type Effect<K extends RecoveryAct> = (
  db: Kysely<Schema>,
  facts: RecoveryFactsOf<K>,
  place: RecoveryPlace,
) => Promise<void>

/** What a statement changes about others. */
const EFFECTS: { readonly [K in RecoveryAct]?: Effect<K> } = {
  release: (db, { payload }, place) =>
    payload.kind === 'charter' ? bringIntoForce(db, payload, place) : bindContainer(db, payload, place),
  verification: (db, { beside }, place) => noteOpened(db, beside.results ?? [], place),
  rewrap: (db, { payload, beside }, place) => noteRewrapped(db, payload.to, beside.blobs ?? [], place),
}

async function bringIntoForce(
  db: Kysely<Schema>,
  { tenant, subject }: Release,
  { index }: RecoveryPlace,
): Promise<void> {
  const charter = await readKept(db, tenant, 'charter', subject)
  if (!charter) throw new StoreError('STORE_CORRUPT', 'a release of a charter that is not there')
  await db
    .insertInto('charter')
    .values(charterRow(charter.payload, subject, index))
    .execute()
}

/** The new container of an owner that got what was theirs is their client from now on, in place of the old one. */
async function bindContainer(
  db: Kysely<Schema>,
  { tenant, subject }: Release,
  { digest, index, received }: RecoveryPlace,
): Promise<void> {
  const request = await readKept(db, tenant, 'request', subject)
  const old = request && (await readClient(db, { tenant, client: request.payload.client }))
  if (!request || !old) throw new StoreError('STORE_CORRUPT', 'a release of a request that is not there')
  if (request.payload.class !== 'self') return
  const row = boundClient(request.payload, old.name, { subject, release: digest })
  const there = await db
    .selectFrom('client_home')
    .select('client')
    .where('client', '=', row.client)
    .executeTakeFirst()
  if (!there) {
    await db
      .insertInto('client')
      .values({ ...row, leaf: index, received, state: 'active' })
      .execute()
    await db.insertInto('client_home').values({ client: row.client, tenant }).execute()
  }
  await db
    .updateTable('client')
    .set({ state: 'replaced' })
    .where('tenant', '=', tenant)
    .where('client', '=', old.client)
    .execute()
}

/** The client that a released request makes: it was invited by the request, and enrolled by the release. */
export function boundClient(
  { tenant, signer, recipient }: RecoveryRequest,
  name: string,
  { subject, release }: { readonly subject: Uint8Array; readonly release: Uint8Array },
) {
  const client = clientIdOf(sha256, tenant, signer)
  return { tenant, client, signer, exchange: recipient, name, invitation: subject, enrolment: release }
}

async function noteOpened(
  db: Kysely<Schema>,
  results: readonly { readonly id: Uint8Array; readonly right: boolean }[],
  { index: leaf }: RecoveryPlace,
): Promise<void> {
  const homes = await tenantsOfDeposits(
    db,
    results.map(({ id }) => id),
  )
  const rows = results.map(({ id, right }) => ({
    tenant: homes.get(toHex(id))?.tenant ?? '',
    deposit: id,
    leaf,
    correct: right ? 1 : 0,
  }))
  for (const lot of exactLots(rows)) await db.insertInto('opened').values(lot).execute()
  const right = results.filter((result) => result.right).map(({ id }) => toHex(id))
  const byTenant = Map.groupBy(right, (id) => homes.get(id)?.tenant ?? '')
  for (const [tenant, ids] of byTenant) {
    const leaves = ids.map((id) => homes.get(id)?.leaf ?? -1)
    for (const lot of filledLots(leaves)) {
      await db
        .updateTable('deposit')
        .set({ level: 2 })
        .where('tenant', '=', tenant)
        .where('client', 'in', [...new Set(ids.map((id) => homes.get(id)?.client ?? ''))])
        .where('leaf', 'in', lot)
        .execute()
    }
  }
}

async function noteRewrapped(
  db: Kysely<Schema>,
  epoch: number,
  blobs: readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[],
  { index: leaf }: RecoveryPlace,
): Promise<void> {
  const homes = await tenantsOfDeposits(
    db,
    blobs.map(({ id }) => id),
  )
  const rows = blobs.map(({ id, blob }) => {
    return { tenant: homes.get(toHex(id))?.tenant ?? '', deposit: id, epoch, leaf, blob }
  })
  for (const lot of exactLots(rows)) await db.insertInto('rewrapped').values(lot).execute()
}
