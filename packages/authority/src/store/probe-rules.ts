import type { Kysely } from 'kysely'
import { equalBytes } from '@strongroom/core/bytes'
import { DEPOSIT_FORMATS, RECOVERY_LIMITS } from '@strongroom/core/protocol'
import type { Refusal } from '../model/group-judgement.ts'
import { filledLots } from './lots.ts'
import { readClient } from './people.ts'
import { answerOf, probeOf, probedIds } from './probe-rows.ts'
import type { RecoveryCase } from './recovery-case.ts'
import { custodianOf } from './recovery-ground.ts'
import type { Schema } from './schema.ts'

const DAY_MS = 86_400_000
/** A probe is answered for so long. */
export const PROBE_MS: number = RECOVERY_LIMITS.probeSeconds * 1000

/**
 * A probe: of a client that may write, about deposits of its own that hold a key, and no more of them than it may probe in a day. What was
 * probed is counted from what was logged: nothing resets it but time.
 */
export async function judgeProbe(it: RecoveryCase<'probe'>): Promise<Refusal | undefined> {
  const { db, facts, ground, now, quota } = it
  const { client, signer } = facts.payload
  const owner = await readClient(db, { tenant: ground.tenant, client })
  if (owner?.state !== 'active' || owner.signer !== signer) return 'unauthenticated'
  const ids = facts.beside.deposits ?? []
  const formats = await formatsOf(db, { tenant: ground.tenant, client }, ids)
  if (formats.length < ids.length) return 'not-found'
  if (formats.includes(DEPOSIT_FORMATS['password-parameters'])) return 'no-key'
  const used = await probedSince(db, { tenant: ground.tenant, client }, now - DAY_MS)
  return used + ids.length > quota.probes ? 'probe-budget' : undefined
}

interface ProbingClient {
  readonly tenant: string
  readonly client: string
}

/** Of those of the deposits that are the client's. */
async function formatsOf(
  db: Kysely<Schema>,
  { tenant, client }: ProbingClient,
  ids: readonly Uint8Array[],
): Promise<number[]> {
  const formats: number[] = []
  for (const lot of filledLots(ids)) {
    const rows = await db
      .selectFrom('statement')
      .innerJoin('deposit', (it) =>
        it
          .onRef('deposit.tenant', '=', 'statement.tenant')
          .onRef('deposit.client', '=', 'statement.client')
          .onRef('deposit.leaf', '=', 'statement.leaf'),
      )
      .select('deposit.format')
      .where('statement.tenant', '=', tenant)
      .where('statement.client', '=', client)
      .where('statement.digest', 'in', lot)
      .execute()
    formats.push(...rows.map(({ format }) => format))
  }
  return formats
}

async function probedSince(
  db: Kysely<Schema>,
  { tenant, client }: ProbingClient,
  since: number,
): Promise<number> {
  const row = await db
    .selectFrom('probe')
    .select((it) => it.fn.sum<number | string | null>('count').as('sum'))
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    .where('received', '>', since)
    .executeTakeFirst()
  return Number(row?.sum ?? 0)
}

/** An answer: of the custodian, who has seen the probe in the log, about its deposits, and the first one in time. */
export async function judgeProbeAnswer(it: RecoveryCase<'probe-answer'>): Promise<Refusal | undefined> {
  const { db, facts, ground, index, now } = it
  const { custodian, subject, checkpoint } = facts.payload
  if (custodianOf(ground, index) !== custodian) return 'unauthenticated'
  const probe = await probeOf(db, ground.tenant, subject)
  if (!probe) return 'not-found'
  const [ids, answers] = [probedIds(probe), facts.beside.answers ?? []]
  const same = ids.length === answers.length && ids.every((id, i) => equalBytes(id, answers[i]?.id ?? id))
  if (!same) return 'not-found'
  if (checkpoint.size <= probe.leaf) return 'stale'
  const before = await answerOf(db, ground.tenant, subject)
  return before || now >= probe.received + PROBE_MS ? 'decided' : undefined
}
