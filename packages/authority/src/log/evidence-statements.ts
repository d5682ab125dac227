import type {
  Evidence,
  EvidenceKind,
  RecoveryCodes,
  RecoveryRequest,
  Vetting,
} from '@strongroom/core/protocol'
import type { KeptStatement } from '../store/recovery-ground.ts'
import type { RecoveryStore } from '../store/recovery-store.ts'

type Finds = (
  recovery: RecoveryStore,
  request: RecoveryRequest,
  key: string,
) => Promise<KeptStatement<RecoveryCodes | Vetting> | undefined>

/** The statement that shows whose key a piece of evidence is, by its kind; nothing if another one does. */
const SHOWN_BY: { readonly [K in EvidenceKind]: Finds } = {
  // The enrolment, which shows the owner anyway.
  'client-key': async () => undefined,
  'recovery-code': (recovery, { tenant, client }) => recovery.codes(tenant, client),
  vetting: (recovery, { tenant }, key) => recovery.vettingOf(tenant, key),
}

/** The statements that the evidence of a request rests on, as far as they are there, in the order of the log. */
export async function evidenceStatements(
  recovery: RecoveryStore,
  request: RecoveryRequest,
): Promise<KeptStatement<RecoveryCodes | Vetting>[]> {
  const find = ({ kind, key }: Evidence) => SHOWN_BY[kind](recovery, request, key)
  const found = await Promise.all(request.evidence.map(find))
  return found.flatMap((statement) => statement ?? []).toSorted((one, other) => one.index - other.index)
}
