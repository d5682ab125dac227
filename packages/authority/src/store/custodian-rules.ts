import { equalBytes, toHex } from '@strongroom/core/bytes'
import { completionHashesDigest, type HashedResult } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { Refusal } from '../model/group-judgement.ts'
import { tenantsOfDeposits } from './custodian-rows.ts'
import { filledLots } from './lots.ts'
import type { RecoveryCase, RecoveryGiven } from './recovery-case.ts'
import { custodianOf } from './recovery-ground.ts'

const READ_AT_ONCE = 1_000

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

/** A completion: of all deposits of an epoch, by the key blob of each for the other. */
export async function judgeCompletion(it: RecoveryCase<'completion'>): Promise<Refusal | undefined> {
  const { custodian, from, to, count, unopened, results } = it.facts.payload
  const refusal = custodianRefusal(it, custodian, from, to)
  if (refusal) return refusal
  const all = await it.db
    .selectFrom('deposit')
    .select((query) => query.fn.countAll<number>().as('count'))
    .where('epoch', '=', from)
    .executeTakeFirst()
  if (count !== (all?.count ?? 0)) return 'stale'
  const hashes = await readHashes(it.db, from, to)
  if (hashes.length !== count || hashes.filter(({ hash }) => !hash).length !== unopened) return 'stale'
  return equalBytes(completionHashesDigest(sha256, hashes), results) ? undefined : 'stale'
}

/** Of all deposits of an epoch the hashes of their key blobs for another: the blobs of a million would not fit into memory. */
async function readHashes(db: RecoveryGiven['db'], from: number, to: number): Promise<HashedResult[]> {
  const hashes: HashedResult[] = []
  for (let after = -1; ; ) {
    const rows = await db
      .selectFrom('deposit')
      .leftJoin('rewrapped', (join) =>
        join
          .onRef('rewrapped.tenant', '=', 'deposit.tenant')
          .onRef('rewrapped.deposit', '=', 'deposit.digest')
          .on('rewrapped.epoch', '=', to),
      )
      .select(['deposit.leaf', 'deposit.digest as id', 'rewrapped.blob'])
      .where('deposit.epoch', '=', from)
      .where('deposit.leaf', '>', after)
      .orderBy('deposit.leaf')
      .limit(READ_AT_ONCE)
      .execute()
    for (const { id, blob } of rows) hashes.push({ id, hash: blob ? sha256(blob) : undefined })
    const last = rows.at(-1)
    if (!last || rows.length < READ_AT_ONCE) return hashes
    after = last.leaf
  }
}
