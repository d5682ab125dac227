import { randomBytes, timingSafeEqual } from 'node:crypto'
import { equalBytes, toHex } from '../bytes/index.ts'
import {
  ACTS,
  depositListDigest,
  encodeProbeAnswerSubmission,
  encodeReceipt,
  openStatement,
  probeListDigest,
  ProtocolError,
  signStatement,
  type MessageSigner,
  type ProbeStanding,
  type ProbeSubmission,
} from '../protocol/index.ts'
import { TlogError } from '../tlog/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import { keepEvidence, type Find } from './evidence.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import type { ProbeWire } from './probe-client.ts'
import { probeMac } from './probe-mac.ts'
import { ProbeStore, type OpenProbe } from './probe-store.ts'
import { verifyReceiptFile } from './receipt-file.ts'
import { fullSecond } from './recovery-codes.ts'

/**
 * What a probe showed of a deposit.
 *
 * - `opens`: the custodian has its session key.
 * - `said`: the custodian says that it opened; there is no key here to compare with.
 * - `closed`: it did not open.
 * - `wrong`: it opened to another key, or the answer was made up.
 */
export type ProbeVerdict = 'opens' | 'said' | 'closed' | 'wrong'

/** What became of one deposit of a probe. */
export interface ProbeFinding {
  readonly id: Uint8Array
  readonly verdict: ProbeVerdict
}

/** Where a probe stands, as far as it is proved. */
export type ProbeOutcome =
  | { readonly state: 'waiting' | 'expired' }
  | {
      readonly state: 'answered'
      /** As of when it holds, by the custodian's clock: milliseconds since 1970. */
      readonly atMs: number
      readonly findings: readonly ProbeFinding[]
      /** The file of evidence, if a deposit is `closed` or `wrong`. */
      readonly evidence?: string
    }
  | {
      /** The answer, or a receipt, proves nothing. */
      readonly state: 'unproved'
      readonly message: string
      readonly evidence: string
    }

/** Asks about deposits of one's own, 1 to 100. @throws ProtocolError PROTOCOL_FORMAT for none, too many, or one twice */
export function newProbe(
  { identity, tenant, clientId, signer }: AuthorityState,
  key: MessageSigner,
  deposits: readonly Uint8Array[],
  nowMs: number,
): ProbeSubmission {
  const payload = {
    identity,
    tenant,
    client: clientId,
    signer,
    deposits: { count: deposits.length, digest: depositListDigest(sha256, deposits) },
    nonce: new Uint8Array(randomBytes(32)),
    created: fullSecond(nowMs),
  }
  return { statement: signStatement(sha256, ACTS.probe, payload, [key]), deposits }
}

/** What a probe is looked at with. */
export interface ProbeMeans {
  /** With the epochs that the authority shows now. */
  readonly state: AuthorityState
  readonly wire: ProbeWire
  /** The session keys that are here, 16 bytes each, by the ids of their deposits in hexadecimal. They stay the caller's. */
  readonly keys: ReadonlyMap<string, Uint8Array>
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Sends a probe if there is no receipt for it, looks where it stands, and compares what it was answered: docs/spec/probe.md, "What the client
 * checks". One that was answered or expired is forgotten; what opened is remembered.
 *
 * @throws ClientError as the wire does
 */
export async function followProbe(
  folder: AuthorityFolder,
  probe: OpenProbe,
  means: ProbeMeans,
): Promise<ProbeOutcome> {
  const store = new ProbeStore(folder)
  const unproved = (find: Find, error: unknown): ProbeOutcome => {
    if (!(error instanceof ProtocolError || error instanceof TlogError)) throw error
    const evidence = keepEvidence(folder.evidence, find, means.state.epochs, means.nowMs)
    store.remove(probe)
    return { state: 'unproved', message: error.message, evidence }
  }
  const id = toHex(probe.digest)
  if (!folder.receipts.has(id)) {
    const receipt = encodeReceipt(await means.wire.sendProbe(probe.submission))
    const { identity, epochs } = means.state
    try {
      folder.receipts.save(receipt, { identity, epochs, kind: 'probe', digest: probe.digest })
    } catch (error) {
      return unproved({ kind: 'receipt', bytes: receipt }, error)
    }
  }
  const standing = await means.wire.probeStanding(probe.digest)
  if (standing.state === 'waiting') return { state: 'waiting' }
  if (standing.state === 'expired' || !standing.answer) {
    store.remove(probe)
    return { state: 'expired' }
  }
  try {
    return answered(folder, probe, standing, means)
  } catch (error) {
    return unproved(findOf(standing, 'unanswered'), error)
  }
}

/** What was answered, once it is proved. @throws ProtocolError, TlogError */
function answered(
  folder: AuthorityFolder,
  probe: OpenProbe,
  standing: ProbeStanding,
  { state, keys, nowMs }: ProbeMeans,
): ProbeOutcome {
  const atMs = checkAnswer(probe, standing, state)
  const findings = standing.answers.map(({ id, mac }) => {
    return { id, verdict: verdictOf(mac, keys.get(toHex(id)), probe.digest, id) }
  })
  const store = new ProbeStore(folder)
  for (const { id, verdict } of findings) {
    if (verdict === 'opens' || verdict === 'said') store.noteOpened(toHex(id), atMs)
  }
  const bad = findings.some(({ verdict }) => verdict === 'closed' || verdict === 'wrong')
  const find = findOf(standing, 'unopened')
  const evidence = bad ? keepEvidence(folder.evidence, find, state.epochs, nowMs) : undefined
  store.remove(probe)
  return { state: 'answered', atMs, findings, ...(evidence !== undefined && { evidence }) }
}

/** docs/spec/probe.md, "What the client checks", steps 1 to 4. @returns when it was answered */
function checkAnswer(
  { digest, ids, payload: probe }: OpenProbe,
  { answer, answers, receipt }: ProbeStanding,
  { epochs, identity, tenant }: AuthorityState,
): number {
  if (!answer || !receipt) throw unbound('an answer without its statement and receipt')
  const statement = openStatement(ACTS['probe-answer'], answer.envelope, nodeMeans)
  const { payload } = statement
  const bound =
    payload.identity === probe.identity &&
    payload.tenant === tenant &&
    equalBytes(payload.subject, digest) &&
    payload.count === ids.length &&
    answers.length === ids.length &&
    ids.every((id, i) => equalBytes(id, answers[i]?.id ?? new Uint8Array(0))) &&
    equalBytes(probeListDigest(sha256, answers), payload.results)
  if (!bound) throw unbound('the answer is to another probe, or has another list')
  // The custodian may have changed between its answer and now, once.
  const last = epochs.epochs.slice(-2)
  if (!last.some(({ payload: { custodian } }) => custodian === payload.custodian)) {
    throw unbound('the answer is not of the custodian')
  }
  verifyReceiptFile(receipt, { identity, epochs, kind: 'probe-answer', digest: statement.digest })
  return payload.created
}

function verdictOf(
  mac: Uint8Array | null,
  sessionKey: Uint8Array | undefined,
  probe: Uint8Array,
  id: Uint8Array,
): ProbeVerdict {
  if (!mac) return 'closed'
  if (!sessionKey) return 'said'
  return timingSafeEqual(probeMac(sessionKey, probe, id), mac) ? 'opens' : 'wrong'
}

/** What was answered, for others to see. */
function findOf({ answer, answers }: ProbeStanding, kind: 'unopened' | 'unanswered'): Find {
  if (!answer) return { kind }
  const bytes = encodeProbeAnswerSubmission({ statement: answer.envelope, answers })
  return { kind, bytes, index: answer.index }
}

function unbound(message: string): ProtocolError {
  return new ProtocolError('PROTOCOL_BINDING', message)
}
