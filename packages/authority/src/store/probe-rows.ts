import type { Kysely, Selectable } from 'kysely'
import type { ProbeResult } from '@strongroom/core/protocol'
import { parseProbeResult, PROBE_RESULT_BYTES } from '../model/probe-result.ts'
import { depositIds } from './recovery-subjects.ts'
import type { Schema } from './schema.ts'

/** A probe as it is found without reading it. */
export type ProbeRow = Selectable<Schema['probe']>
/** An answer as it is found without reading it. */
export type ProbeAnswerRow = Selectable<Schema['probe_answer']>

/** A probe of a tenant by its digest. */
export function probeOf(
  db: Kysely<Schema>,
  tenant: string,
  digest: Uint8Array,
): Promise<ProbeRow | undefined> {
  return db
    .selectFrom('probe')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst()
}

/** The answer to a probe. */
export function answerOf(
  db: Kysely<Schema>,
  tenant: string,
  probe: Uint8Array,
): Promise<ProbeAnswerRow | undefined> {
  return db
    .selectFrom('probe_answer')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('probe', '=', probe)
    .executeTakeFirst()
}

/** The ids of the deposits of a probe, ascending. */
export function probedIds(row: Pick<ProbeRow, 'deposits'>): Uint8Array[] {
  return depositIds(row)
}

/** What an answer says of each deposit of its probe. */
export function resultsOf(probe: ProbeRow, { results }: ProbeAnswerRow): ProbeResult[] {
  return probedIds(probe).map((id, i) => {
    const at = i * PROBE_RESULT_BYTES
    return { id, ...parseProbeResult(results.subarray(at, at + PROBE_RESULT_BYTES)) }
  })
}

/** The results of an answer by the digest of its statement; none if it or its probe is not there. */
export async function answersBy(
  db: Kysely<Schema>,
  tenant: string,
  digest: Uint8Array,
): Promise<ProbeResult[]> {
  const row = await db
    .selectFrom('probe_answer')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst()
  const probe = row && (await probeOf(db, tenant, row.probe))
  return probe ? resultsOf(probe, row) : []
}

/** The digests of probes of all tenants that wait for an answer and came after a moment, in the order of the log. */
export async function waitingProbes(
  db: Kysely<Schema>,
  { since, limit }: { readonly since: number; readonly limit: number },
): Promise<Uint8Array[]> {
  const rows = await db
    .selectFrom('probe')
    .select('digest')
    .where('received', '>', since)
    .where((it) =>
      it.not(
        it.exists(
          it
            .selectFrom('probe_answer')
            .select('probe_answer.leaf')
            .whereRef('probe_answer.tenant', '=', 'probe.tenant')
            .whereRef('probe_answer.probe', '=', 'probe.digest'),
        ),
      ),
    )
    .orderBy('leaf')
    .limit(limit)
    .execute()
  return rows.map(({ digest }) => digest)
}
