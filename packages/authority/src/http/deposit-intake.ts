import { equalBytes } from '@strongroom/core/bytes'
import {
  ProtocolError,
  type DepositContext,
  type EpochChain,
  type ProblemCode,
  type Verify,
} from '@strongroom/core/protocol'
import {
  AdmissionError,
  admitDeposit,
  parseDepositBlob,
  verifiedAhead,
  type AdmissionErrorCode,
  type AdmittedStatement,
  type ClientRow,
  type DepositBlob,
} from '../model/index.ts'
import { verifyingSigner } from './decoy-signers.ts'
import { ProblemError, readStatement } from './problem-error.ts'
import type { Call } from './route.ts'

/** Deposits of a request that are looked at together: while some are verified by other threads, others are read. */
const TOGETHER = 16
/** Deposits that are looked at before others get a turn. */
const TURN = 32

/**
 * Checks the deposits of a request: docs/spec/authority-protocol.md, "Verifying a deposit", steps 1 to 5.
 *
 * @returns for each, in their order, the statement to append, or why there is none
 */
export async function admitDeposits(
  call: Call,
  blobs: readonly Uint8Array[],
): Promise<(AdmittedStatement | ProblemCode)[]> {
  const admitted: (AdmittedStatement | ProblemCode)[] = []
  let [next, tooMany] = [0, false]
  const lane = async () => {
    for (let i = next++; i < blobs.length; i = next++) {
      if (i > 0 && i % TURN === 0) await new Promise(setImmediate)
      // Who has sent too many that nobody signed has the rest of them not looked at.
      const outcome = tooMany ? 'too-many' : await admitOrRefuse(call, blobs[i] ?? NOTHING)
      admitted[i] = outcome
      tooMany ||= outcome === 'too-many'
    }
  }
  try {
    await Promise.all(Array.from({ length: TOGETHER }, lane))
  } finally {
    // What one lane could not bear, the others need not finish.
    next = blobs.length
  }
  return admitted
}

const NOTHING = new Uint8Array(0)

async function admitOrRefuse(call: Call, blob: Uint8Array): Promise<AdmittedStatement | ProblemCode> {
  try {
    return await admitOne(call, blob)
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}

/** Checks one deposit. @throws ProblemError statement, epoch, unauthenticated, too-many */
export async function admitOne(call: Call, bytes: Uint8Array): Promise<AdmittedStatement> {
  const { authority, clients } = call.desk
  const blob = readStatement(() => parseDepositBlob(bytes))
  const { context, message, signature } = readStatement(() => blob.claim())
  const found = await clients.find(context.clientId)
  // Another tenant's client is no client. To find that nobody signed takes as long, whether or not there is such a client.
  const client = found?.tenant === context.tenant ? found : undefined
  const signer = verifyingSigner(client, signature.length)
  const verify = await verifiedAhead(authority.verifyLater, { signer, message, signature })
  if (!client) throw unsigned(call)
  const admission = { blob, client, verify }
  try {
    return await admitCurrent(call, admission)
  } catch (error) {
    const logged = await loggedBefore(call, admission, error)
    if (logged) return logged
    throw error
  }
}

async function admitCurrent(call: Call, admission: Admission): Promise<AdmittedStatement> {
  const { authority } = call.desk
  try {
    return admitWith(call, admission, await authority.epochs())
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'epoch') throw error
    // Its signature is valid: perhaps another node has a new epoch.
    return admitWith(call, admission, await authority.epochs(admission.blob.claim().context.epochDigest))
  }
}

/**
 * A deposit that is not taken any more, because its epoch is over or its client suspended, and was taken before: who lost the answer then gets
 * the same one now.
 */
async function loggedBefore(
  { desk: { authority } }: Call,
  { blob, ...admission }: Admission,
  error: unknown,
): Promise<AdmittedStatement | undefined> {
  if (!(error instanceof ProblemError && error.cause instanceof AdmissionError)) return undefined
  const { store, trust } = authority
  if (!(await store.statement(admission.client, trust.sha256(blob.bytes)))) return undefined
  return admitDeposit(blob, { ...trust, ...admission, epochs: await authority.epochs() })
}

interface Admission {
  readonly blob: DepositBlob
  readonly client: ClientRow
  readonly verify: Verify
}

/** @throws ProblemError statement, epoch, unauthenticated, too-many */
function admitWith(call: Call, { blob, ...admission }: Admission, epochs: EpochChain): AdmittedStatement {
  const { authority, now } = call.desk
  try {
    return admitDeposit(blob, { ...authority.trust, ...admission, epochs, now: now() })
  } catch (cause) {
    if (cause instanceof ProtocolError && cause.code === 'PROTOCOL_SIGNATURE') throw unsigned(call)
    if (cause instanceof ProtocolError && cause.code === 'PROTOCOL_BINDING') {
      throw new ProblemError(isOfEpoch(blob.claim().context, epochs) ? 'statement' : 'epoch', { cause })
    }
    if (cause instanceof AdmissionError) throw new ProblemError(ADMISSION_PROBLEMS[cause.code], { cause })
    throw cause
  }
}

const ADMISSION_PROBLEMS = {
  ADMISSION_BLOB: 'statement',
  ADMISSION_EPOCH: 'epoch',
  ADMISSION_CLIENT: 'unauthenticated',
} as const satisfies Record<AdmissionErrorCode, ProblemCode>

function isOfEpoch({ epochNumber, epochDigest, policy }: DepositContext, epochs: EpochChain): boolean {
  const epoch = epochs.find(epochNumber)
  return (
    epoch !== undefined && equalBytes(epoch.digest, epochDigest) && equalBytes(epoch.payload.policy, policy)
  )
}

/** What is answered to a deposit that no client signed. @throws ProblemError too-many */
function unsigned(call: Call): ProblemError {
  call.strike()
  return new ProblemError('unauthenticated')
}
