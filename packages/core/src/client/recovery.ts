import { equalBytes } from '../bytes/index.ts'
import type { KeyContainer } from '../container/index.ts'
import {
  encodeReceipt,
  isFinal,
  ProtocolError,
  RECOVERY_LIMITS,
  verifyEpochs,
  type Envelope,
  type EpochChain,
  type Receipt,
} from '../protocol/index.ts'
import { trustIn } from './authority-state.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'
import { proveCharters, witnessesOf, type ProvenCharters } from './recovery-charters.ts'
import type { RecoveryWire } from './recovery-client.ts'
import type { RecoveryFolder } from './recovery-folder.ts'
import { ProvenLog } from './recovery-log.ts'
import type { RecoveredKey } from './recovery-release.ts'
import { sendRequest } from './recovery-request.ts'
import type { RecoveryRecord } from './recovery-state.ts'
import { judgeSubject, type JudgedSubject } from './recovery-subject.ts'

/** With what a recovery goes on. */
export interface RecoveryMeans {
  /** Signs its questions as the new container. */
  readonly wire: RecoveryWire
  readonly container: KeyContainer
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What was seen of an authority before, so that it cannot show less. */
export interface SeenBefore {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  readonly epochs?: EpochChain | undefined
  readonly seen?: RecoveryRecord['seen']
  readonly known?: RecoveryRecord['known']
}

/** An authority as it stands, proved from its identity on. */
export interface SeenAuthority {
  readonly epochs: EpochChain
  readonly log: ProvenLog
  readonly charters: ProvenCharters
}

/**
 * Looks who decides at an authority: its epochs, its log, the charters of a tenant. All of it is verified under the fingerprint.
 *
 * @throws ProtocolError AUTHORITY_IDENTITY, EPOCH_CHAIN and others for the card; ClientError CLIENT_ALARM for what is not proved
 */
export async function lookAtAuthority(wire: RecoveryWire, before: SeenBefore): Promise<SeenAuthority> {
  const { identity, tenant, seen, known } = before
  const epochs = verifyEpochs((await wire.card()).epochs, trustIn(identity), before.epochs?.known)
  const page = await wire.charters()
  const log = await ProvenLog.open(wire, { epochs, seen: seen ?? undefined })
  const charters = await proveCharters(page, { identity, tenant, epochs, log, known: known ?? undefined })
  const witnesses = witnessesOf(charters.terms)
  // The terms stand in an epoch: they say whose cosignatures the log must have.
  if (witnesses) await ProvenLog.open(wire, { epochs, seen: log.head, witnesses })
  return { epochs, log, charters }
}

/**
 * Sends the request of a recovery, unless there is a receipt for it. It was signed once and is sent as it is, however often.
 *
 * @throws ClientError as the wire; CLIENT_ALARM for a receipt that does not hold
 */
export async function submitRecovery(
  folder: RecoveryFolder,
  { wire, container, now }: RecoveryMeans,
): Promise<void> {
  const record = folder.load()
  if (folder.receipt(record)) return
  const { request: statement, deposits } = record
  const receipt = await sendRequest(wire, { statement, deposits }, { container, nowMs: now() })
  // An epoch may have begun meanwhile.
  const epochs = verifyEpochs((await wire.card()).epochs, trustIn(record.identity), record.epochs.known)
  folder.save({ ...record, epochs })
  proved(() => folder.keepReceipt(encodeReceipt(receipt), { ...record, epochs }))
}

/**
 * Looks where a recovery stands: from statements and proofs. What was seen of the log and of the charters is remembered, and must be
 * there the next time.
 *
 * @throws ClientError as `lookAtAuthority` and `judgeSubject`
 */
export async function followRecovery(
  folder: RecoveryFolder,
  { wire, now }: RecoveryMeans,
): Promise<JudgedSubject> {
  const record = folder.load()
  // Asked for first: what is shown now stands in the log that is fetched behind it.
  const file = await wire.subject(folder.digest)
  const { epochs, log, charters } = await lookAtAuthority(wire, record)
  const { identity, tenant } = record
  const judged = await judgeSubject(file, { identity, tenant, epochs, log, charters, nowMs: now() })
  if (judged.owner?.clientId !== record.client) {
    throw new ClientError('CLIENT_ALARM', 'the authority names another owner than the one that was asked for')
  }
  await keepRelease(folder, judged, { identity, epochs, log })
  const { size, root } = log.head
  folder.save({
    ...record,
    epochs,
    seen: { size, root },
    known: charters.chain.known,
    released: releasedIn(judged) ?? record.released,
  })
  return judged
}

/** A release makes the new container a client: its receipt is what an enrolment's is to others. */
async function keepRelease(
  folder: RecoveryFolder,
  { release, state }: JudgedSubject,
  { identity, epochs, log }: Pick<SeenAuthority, 'epochs' | 'log'> & { readonly identity: string },
): Promise<void> {
  if (!release || state.phase !== 'released' || folder.releaseReceipt()) return
  const { digest, index } = release
  const receipt = await log.receipt({ kind: 'release', digest }, index, epochs.latest.envelope)
  proved(() => folder.keepReleaseReceipt(receipt, { identity, epochs, digest }))
}

function releasedIn({ release, state, owner, loggedMs }: JudgedSubject): RecoveryRecord['released'] {
  if (!release || !owner || state.phase !== 'released') return null
  const { results, created } = release.payload
  const { signer: ownerSigner } = owner
  return { results, ownerSigner, requestedMs: loggedMs, releasedMs: Math.max(loggedMs, created) }
}

/**
 * Fetches what was released, once `followRecovery` has seen that it was, and opens it. What is here already is not fetched again.
 *
 * @throws ClientError as `openRelease` and the wire; CLIENT_RECOVERY if nothing was released
 */
export async function fetchRelease(
  folder: RecoveryFolder,
  { wire, container }: RecoveryMeans,
): Promise<RecoveredKey[]> {
  const record = folder.load()
  if (!record.released) throw new ClientError('CLIENT_RECOVERY', 'nothing was released yet')
  const before = folder.keys(record, container.identities())
  if (before) return before
  await fetchDeposits(folder, record, wire)
  const blobs = await wire.releaseBlobs(folder.digest)
  const keys = folder.keys(record, container.identities(), blobs)
  if (!keys) throw new ClientError('CLIENT_STATE', 'a deposit that was fetched is not there any more')
  // Nothing is kept that does not hold.
  folder.keepBlobs(blobs)
  return keys
}

/** By the page, each of them durable before the next one is asked for. */
async function fetchDeposits(
  folder: RecoveryFolder,
  { deposits }: RecoveryRecord,
  wire: Pick<RecoveryWire, 'releasedDeposits'>,
): Promise<void> {
  for (let from = 0; from < deposits.length; from += RECOVERY_LIMITS.depositsPerPage) {
    if (folder.depositPage(from)) continue
    const wanted = deposits.slice(from, from + RECOVERY_LIMITS.depositsPerPage)
    const blobs = await wire.releasedDeposits(folder.digest, from)
    if (blobs.length !== wanted.length || !wanted.every((id, i) => isOf(id, blobs[i]))) {
      throw new ClientError(
        'CLIENT_ALARM',
        'the authority shows other deposits than those that were asked for',
      )
    }
    folder.keepDepositPage(from, blobs)
  }
}

const isOf = (id: Uint8Array, blob: Uint8Array | undefined) =>
  blob !== undefined && equalBytes(sha256(blob), id)

/** Sends a statement, and verifies its receipt. @returns the receipt's bytes. @throws ClientError CLIENT_ALARM for one that does not hold */
export async function submitStatement(
  wire: Pick<RecoveryWire, 'submit'>,
  statement: Envelope,
  check: (receipt: Uint8Array) => unknown,
): Promise<Uint8Array> {
  const receipt: Receipt = await wire.submit(statement)
  const bytes = encodeReceipt(receipt)
  proved(() => check(bytes))
  return bytes
}

/** Whether a recovery is over without anything having come back. */
export function isOver({ state }: JudgedSubject): boolean {
  return isFinal(state.phase) && state.phase !== 'released'
}

function proved(check: () => unknown): void {
  try {
    check()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('CLIENT_ALARM', 'the authority cannot prove what it says that it logged', { cause })
  }
}
