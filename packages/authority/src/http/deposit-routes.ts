import { utf8Decode } from '@strongroom/core/bytes'
import {
  encodeReceiptList,
  LIMITS,
  MEDIA_TYPES,
  parseDeposits,
  type ProblemCode,
  type ReceiptOutcome,
} from '@strongroom/core/protocol'
import type { LoggedOutcome, StatementOutcome } from '../log/index.ts'
import type { AdmittedStatement } from '../model/index.ts'
import { admitDeposits, admitOne } from './deposit-intake.ts'
import { ProblemError, problemErrorOf, readRequest } from './problem-error.ts'
import type { Answer, Call, Desk, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

/** A length in front of each deposit of a list. */
const LENGTH_BYTES = 4

/** `POST /v1/deposits`. */
export const DEPOSIT_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/deposits',
    auth: 'statement',
    summary: 'Keep deposits, and give receipts for them',
    bodies: {
      [MEDIA_TYPES.deposit]: { schema: SCHEMAS.deposit, most: () => LIMITS.depositBytes },
      [MEDIA_TYPES.deposits]: {
        schema: SCHEMAS.deposits,
        most: ({ depositsPerRequest }) => depositsPerRequest * (LIMITS.depositBytes + LENGTH_BYTES),
      },
    },
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt, [MEDIA_TYPES.receipts]: SCHEMAS.receiptList },
    seconds: 60,
    handle: (call) => (call.type === MEDIA_TYPES.deposit ? depositOne(call) : depositSeveral(call)),
  },
]

async function depositOne(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const [outcome] = await appendAdmitted(call, [await admitOne(call, call.body)])
  if (typeof outcome === 'object') return { type: MEDIA_TYPES.receipt, body: outcome.receipt }
  throw new ProblemError(outcome ?? 'internal')
}

async function depositSeveral(call: Call): Promise<Answer> {
  checkWritable(call.desk)
  const blobs = readRequest(() => parseDeposits(call.body))
  if (blobs.length > call.desk.limits.depositsPerRequest) throw new ProblemError('too-large')
  const outcomes = await appendAdmitted(call, await admitDeposits(call, blobs))
  const logged = outcomes.find((outcome) => typeof outcome === 'object')
  const { epoch, checkpoint } = logged ?? (await call.desk.authority.log.receiptGround())
  const list = { epoch, checkpoint: utf8Decode(checkpoint), outcomes: outcomes.map(placeOf) }
  return { type: MEDIA_TYPES.receipts, body: encodeReceiptList(list) }
}

function placeOf(outcome: LoggedOutcome | ProblemCode): ReceiptOutcome {
  if (typeof outcome === 'string') return { problem: outcome }
  return { index: outcome.index, hashes: outcome.hashes }
}

/** Appends what was admitted; the rest keeps its place. */
async function appendAdmitted(
  { desk, is }: Call,
  admitted: readonly (AdmittedStatement | ProblemCode)[],
): Promise<(LoggedOutcome | ProblemCode)[]> {
  const statements = admitted.filter((statement) => typeof statement === 'object')
  const owners = new Map(statements.map(({ owner }) => [`${owner.tenant}/${owner.client}`, owner]))
  for (const owner of owners.values()) is(owner)
  const outcomes = statements.length > 0 ? await append(desk, statements) : []
  let next = 0
  return admitted.map((statement) => {
    if (typeof statement === 'string') return statement
    const outcome = outcomes[next++]
    if (outcome?.state === 'logged') return outcome
    return outcome?.reason ?? 'internal'
  })
}

/** Appends statements, and measures it. @throws what `AuthorityLog.append` throws */
export async function append(
  { authority, metrics }: Desk,
  statements: readonly AdmittedStatement[],
): Promise<readonly StatementOutcome[]> {
  return metrics.appending(statements.length, () => authority.log.append(statements))
}

/** Before anything is verified: what cannot be appended costs nothing. @throws ProblemError read-only */
export function checkWritable({ authority: { log } }: Desk): void {
  if (log.state.state !== 'writable') throw problemErrorOf(log.state.error)
}
