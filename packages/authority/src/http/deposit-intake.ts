import { equalBytes } from '@strongroom/core/bytes'
import {
  depositMessage,
  parseDepositBody,
  ProtocolError,
  signerIdOf,
  type DepositBody,
  type DepositContext,
  type EpochChain,
  type ProblemCode,
} from '@strongroom/core/protocol'
import {
  AdmissionError,
  admitDeposit,
  parseDepositBlob,
  type AdmissionErrorCode,
  type AdmittedStatement,
  type ClientRow,
  type DepositBlob,
} from '../model/index.ts'
import { decoySigner } from './decoy-signers.ts'
import { ProblemError, readStatement } from './problem-error.ts'
import type { Call } from './route.ts'

/** Deposits that are verified before others get a turn. */
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
  for (const [i, blob] of blobs.entries()) {
    if (i > 0 && i % TURN === 0) await new Promise(setImmediate)
    // Who has sent too many that nobody signed has the rest of them not looked at.
    admitted.push(admitted.at(-1) === 'too-many' ? 'too-many' : await admitOrRefuse(call, blob))
  }
  return admitted
}

async function admitOrRefuse(call: Call, blob: Uint8Array): Promise<AdmittedStatement | ProblemCode> {
  try {
    return await admitOne(call, blob)
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}

/** Checks one deposit. @throws ProblemError statement, epoch, unauthenticated, too-many */
export async function admitOne(call: Call, blob: Uint8Array): Promise<AdmittedStatement> {
  const { desk } = call
  const deposit = readStatement(() => parseDepositBlob(blob))
  const claim = readStatement(() => parseDepositBody(deposit.body))
  const { tenant, clientId } = claim.context
  const found = await desk.clients.find(clientId)
  // Another tenant's client is no client.
  if (found?.tenant !== tenant) throw unknown(call, claim)
  const admission = { deposit, claim, client: found }
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
    return admitWith(call, admission, await authority.epochs(admission.claim.context.epochDigest))
  }
}

/**
 * A deposit that is not taken any more, because its epoch is over or its client suspended, and was taken before: who lost the answer then gets
 * the same one now.
 */
async function loggedBefore(
  { desk: { authority } }: Call,
  { deposit, client }: Admission,
  error: unknown,
): Promise<AdmittedStatement | undefined> {
  if (!(error instanceof ProblemError && error.cause instanceof AdmissionError)) return undefined
  const { store, trust } = authority
  if (!(await store.statement(client, trust.sha256(deposit.bytes)))) return undefined
  return admitDeposit(deposit, { ...trust, client, epochs: await authority.epochs() })
}

interface Admission {
  readonly deposit: DepositBlob
  readonly claim: DepositBody
  readonly client: ClientRow
}

/** @throws ProblemError statement, epoch, unauthenticated */
function admitWith(call: Call, { deposit, claim, client }: Admission, epochs: EpochChain): AdmittedStatement {
  const { authority, now } = call.desk
  try {
    return admitDeposit(deposit, { ...authority.trust, client, epochs, now: now() })
  } catch (cause) {
    if (cause instanceof ProtocolError && cause.code === 'PROTOCOL_SIGNATURE') {
      throw unknown(call, claim, client)
    }
    if (cause instanceof ProtocolError && cause.code === 'PROTOCOL_BINDING') {
      throw new ProblemError(isOfEpoch(claim.context, epochs) ? 'statement' : 'epoch', { cause })
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

/**
 * What is answered to a deposit that no client signed. Where nothing was verified, because there is no such client or it has
 * another key, it takes as long as if there were.
 */
function unknown(
  call: Call,
  { context, contextBytes, signature }: DepositBody,
  client?: ClientRow,
): ProblemError {
  const { sha256, verify } = call.desk.authority.trust
  const compared = client && equalBytes(signerIdOf(sha256, client.signer), context.signer.id)
  if (!compared) verify(decoySigner(signature.length), depositMessage(contextBytes), signature)
  call.strike()
  return new ProblemError('unauthenticated')
}
