import {
  encodeEnvelope,
  MEDIA_TYPES,
  parseCharterProposal,
  RECOVERY_LIMITS,
  statementDigest,
  LIMITS,
} from '@strongroom/core/protocol'
import {
  admitRecovery,
  sha256,
  type AdmittedStatement,
  type Beside,
  type RecoveryAct,
} from '../model/index.ts'
import { append, checkWritable } from './deposit-routes.ts'
import { ProblemError, readRequest, readStatement } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

/** What is said about recovery, by whoever signs it: docs/spec/recovery.md, "Requests and answers". */
export const STATEMENT_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/statements',
    auth: 'statement',
    summary: 'Name codes, vouch, approve, reject, cancel, or propose a charter',
    bodies: {
      [MEDIA_TYPES.envelope]: { schema: SCHEMAS.envelope, most: () => LIMITS.envelopeBytes },
      [MEDIA_TYPES.json]: { schema: SCHEMAS.charterProposal, most: () => RECOVERY_LIMITS.submissionBytes },
    },
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt },
    seconds: 60,
    handle: (call) => (call.type === MEDIA_TYPES.json ? propose(call) : state(call)),
  },
]

const STATED: readonly RecoveryAct[] = ['codes', 'vetting', 'approval', 'rejection', 'cancellation']

async function state(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  return appendOne(call, admitted(call, call.body, STATED))
}

async function propose(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const { statement, keys } = readRequest(() => parseCharterProposal(call.body))
  const { signer } = call.desk.notices.signerOf(statementDigest(sha256, statement))
  const charter = admitted(call, encodeEnvelope(statement), ['charter'], { keys, notice: signer })
  const answer = await appendOne(call, charter)
  const { tenant } = charter.owner
  await call.desk.authority.store.recovery.keepReceipt(tenant, charter.digest, answer.body)
  return answer
}

/**
 * Verifies a statement of one of some acts.
 *
 * @throws ProblemError statement, too-many: who sends what nobody signed is counted
 */
export function admitted(
  { desk, strike }: Call,
  bytes: Uint8Array,
  acts: readonly RecoveryAct[],
  beside: Beside = {},
): AdmittedStatement {
  try {
    const statement = readStatement(() => admitRecovery(bytes, desk.authority.trust, beside))
    if (acts.some((act) => act === statement.facts.kind)) return statement
    throw new ProblemError('statement', { detail: 'a statement of another act' })
  } catch (error) {
    strike()
    throw error
  }
}

/** Appends a statement, and answers with its receipt. @throws ProblemError why it is not taken */
export async function appendOne(
  { desk, is, strike }: Call,
  statement: AdmittedStatement,
): Promise<Answer & { readonly body: Uint8Array }> {
  const [outcome] = await append(desk, [statement])
  if (outcome?.state === 'logged') {
    is(statement.owner)
    return { type: MEDIA_TYPES.receipt, body: outcome.receipt }
  }
  strike()
  throw new ProblemError(outcome?.reason ?? 'internal')
}
