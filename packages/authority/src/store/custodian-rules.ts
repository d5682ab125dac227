import { equalBytes, toHex } from '@strongroom/core/bytes'
import { completionListDigest } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { Refusal } from '../model/group-judgement.ts'
import { tenantsOfDeposits } from './custodian-rows.ts'
import { filledLots } from './lots.ts'
import type { RecoveryCase, RecoveryGiven } from './recovery-case.ts'
import { custodianOf } from './recovery-ground.ts'

/** Whose results count, and of which epoch. */
function custodianRefusal(
  { ground, index }: RecoveryGiven,
  custodian: string,
  ...epochs: readonly number[]
): Refusal | undefined {
  if (custodianOf(ground, index) !== custodian) return 'unauthenticated'
  const known = ground.epochs.map(({ epoch }) => epoch.number)
  return epochs.every((number) => known.includes(number)) ? undefined : 'epoch'
}

/** A verification: of deposits that there are, of the epoch that it says. */
export async function judgeVerification(it: RecoveryCase<'verification'>): Promise<Refusal | undefined> {
  const { custodian, epoch } = it.facts.payload
  const ids = (it.facts.beside.results ?? []).map(({ id }) => id)
  return custodianRefusal(it, custodian, epoch) ?? areOfEpoch(it, ids, epoch)
}

/** A rewrap: of deposits of the one epoch, which were not wrapped for the other before. */
export async function judgeRewrap(it: RecoveryCase<'rewrap'>): Promise<Refusal | undefined> {
  const { custodian, from, to } = it.facts.payload
  const ids = (it.facts.beside.blobs ?? []).map(({ id }) => id)
  const refusal = custodianRefusal(it, custodian, from, to) ?? (await areOfEpoch(it, ids, from))
  if (refusal) return refusal
  const homes = await tenantsOfDeposits(it.db, ids)
  for (const [tenant, own] of Map.groupBy(ids, (id) => homes.get(toHex(id))?.tenant ?? '')) {
    for (const lot of filledLots(own)) {
      const again = await it.db
        .selectFrom('rewrapped')
        .select('leaf')
        .where('tenant', '=', tenant)
        .where('deposit', 'in', lot)
        .where('epoch', '=', to)
        .limit(1)
        .executeTakeFirst()
      if (again) return 'stale'
    }
  }
  return undefined
}

async function areOfEpoch(
  { db }: RecoveryGiven,
  ids: readonly Uint8Array[],
  epoch: number,
): Promise<Refusal | undefined> {
  const homes = await tenantsOfDeposits(db, ids)
  return ids.every((id) => homes.get(toHex(id))?.epoch === epoch) ? undefined : 'not-found'
}

/** A completion: of all deposits of an epoch, by the newest key blob of each. */
export async function judgeCompletion(it: RecoveryCase<'completion'>): Promise<Refusal | undefined> {
  const { custodian, epoch, count, results } = it.facts.payload
  const refusal = custodianRefusal(it, custodian, epoch)
  if (refusal) return refusal
  const before = await it.db
    .selectFrom('completed')
    .select('leaf')
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  // No deposit of the epoch was taken since: there is nothing to be said again.
  if (before) return 'decided'
  const all = await it.db
    .selectFrom('deposit')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  // Each by its newest blob: what is missing anywhere refuses the whole.
  const rows = await it.db
    .selectFrom('rewrapped')
    .innerJoin('statement', (join) =>
      join
        .onRef('statement.tenant', '=', 'rewrapped.tenant')
        .onRef('statement.digest', '=', 'rewrapped.deposit'),
    )
    .innerJoin('deposit', (join) =>
      join
        .onRef('deposit.tenant', '=', 'statement.tenant')
        .onRef('deposit.client', '=', 'statement.client')
        .onRef('deposit.leaf', '=', 'statement.leaf'),
    )
    .select(['rewrapped.deposit as id', 'rewrapped.blob'])
    .where('deposit.epoch', '=', epoch)
    .orderBy('rewrapped.epoch')
    .execute()
  const newest = new Map(rows.map(({ id, blob }) => [toHex(id), { id, blob }]))
  const done = all?.count ?? 0
  if (newest.size !== done || count !== done) return 'stale'
  return equalBytes(completionListDigest(sha256, [...newest.values()]), results) ? undefined : 'stale'
}
