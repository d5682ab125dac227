import { equalBytes, toHex } from '@strongroom/core/bytes'
import { ClientError, nodeMeans } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import {
  type ApprovedSubject,
  type CustodianDeposits,
  type CustodianQuery,
  type CustodianWork,
  type Envelope,
  type ProbeAnswerSubmission,
  type ProbeFile,
  type RecoveryBundle,
  type VerificationSubmission,
} from '@strongroom/core/protocol'
import { TiledTree } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { entryOf } from './bundle-entries.ts'
import { readBundle } from './checked-bundle.ts'
import { CustodianError, type CustodianErrorCode } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import type { CustodianKeys } from './custody.ts'
import { lastSeen } from './knowledge.ts'
import { lookAtLog, type LogWire } from './looked-at-log.ts'
import { verifyDeposits, type DepositTrust } from './opened-deposits.ts'
import { byEpoch } from './owned-deposits.ts'
import { answerProbe, type ProbeTrust } from './probe-answers.ts'
import { handOut, releaseBundle } from './released.ts'

/**
 * What a custodian with a network asks its authority: docs/spec/recovery.md, "Requests and answers". Answers are the authority's word alone;
 * what a release rests on is checked in the bundle. Each call throws ClientError. `CustodianClient` of core/client is one.
 */
export interface CustodianWire extends LogWire {
  readonly work: () => Promise<CustodianWork>
  /**
   * The bundle of a subject, with the receipt of its release if there is one.
   *
   * @param seen how many leaves were read so far: its entries begin there, or earlier
   */
  readonly bundle: (subject: Uint8Array, seen: number) => Promise<Uint8Array>
  /** Sends a release. The same again changes nothing. */
  readonly sendRelease: (release: Envelope) => Promise<unknown>
  readonly sendKeyBlobs: (subject: Uint8Array, blobs: Uint8Array) => Promise<unknown>
  readonly deposits: (query: CustodianQuery) => Promise<CustodianDeposits>
  readonly probe: (digest: Uint8Array) => Promise<ProbeFile>
  readonly sendProbeAnswer: (submission: ProbeAnswerSubmission) => Promise<unknown>
  readonly sendVerification: (submission: VerificationSubmission) => Promise<unknown>
}

/** What became of one round. */
export interface Round {
  readonly released: readonly Uint8Array[]
  readonly handedOut: readonly Uint8Array[]
  /** Probes that were answered. */
  readonly answered: readonly Uint8Array[]
  readonly verified: { readonly right: number; readonly wrong: number }
  /** What was not released or handed out, and why. */
  readonly refused: readonly Refusal[]
}

/** Why a subject waits for the next round. */
export interface Refusal {
  readonly subject: Uint8Array
  /** Of this custodian, or a problem of the authority: `CLIENT_PROBLEM`. */
  readonly code: CustodianErrorCode | 'CLIENT_PROBLEM'
  readonly message: string
}

export interface RoundOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Aborted, the round ends before the next thing is begun. */
  readonly signal?: AbortSignal
}

/** Errors of the custodian’s own, with which nothing may go on. */
const FATAL: ReadonlySet<CustodianErrorCode> = new Set([
  'CUSTODIAN_STATE',
  'CUSTODIAN_KEY',
  'CUSTODIAN_TRUST',
])

/**
 * One round of a connected custodian: looks at the log, releases what waited long enough, hands out what the log has, answers probes, verifies
 * a page of deposits. The look comes first and is remembered, also when there is nothing to do: what is dated back later has to wait anew.
 *
 * Each subject stands by itself: one that is refused keeps no other waiting, and is tried again in the next round. What was done stays done
 * whenever the process ends.
 *
 * @throws ClientError if the authority does not answer; CustodianError what `lookAtLog` refuses, CUSTODIAN_STATE, CUSTODIAN_KEY,
 *   CUSTODIAN_TRUST; the platform's error for the disk
 */
export async function custodianRound(
  folder: CustodianFolder,
  keys: CustodianKeys,
  wire: CustodianWire,
  { now, signal }: RoundOptions,
): Promise<Round> {
  const epochs = await lookAtLog(folder, wire, now())
  const { subjects, owed, probes, unverified } = await wire.work()
  const refused: Refusal[] = []
  const bundleOf = (subject: Uint8Array) => bundleAbout(subject, folder, wire)
  const each = async (digests: readonly Uint8Array[], work: (subject: Uint8Array) => Promise<void>) => {
    const done: Uint8Array[] = []
    for (const subject of digests) {
      if (signal?.aborted) break
      const refusal = await refusalOf(() => work(subject))
      if (refusal) refused.push({ subject, ...refusal })
      else done.push(subject)
    }
    return done
  }
  const due = (subject: ApprovedSubject) => subject.releasableFrom <= now()
  const released = await each(
    subjects.filter(due).map(({ digest }) => digest),
    async (subject) => {
      await wire.sendRelease(releaseBundle(await bundleOf(subject), folder, keys, now()).envelope)
    },
  )
  const handedOut = await each(owed, async (subject) => {
    const { blobs } = handOut(await bundleOf(subject), folder, now())
    await wire.sendKeyBlobs(subject, blobs)
  })
  const judged = judgedBy(folder, wire, { epochs, now: now() })
  const answered = await each(probes, async (probe) => {
    await wire.sendProbeAnswer(await answerProbe(probe, await wire.probe(probe), keys, judged))
  })
  const more = unverified > 0 && !signal?.aborted
  const verified = more
    ? await verifyPage(folder, keys, wire, { epochs, now: now() })
    : { right: 0, wrong: 0 }
  return { released, handedOut, answered, verified, refused }
}

/** The bundle of a subject, and of no other: what is done is told under the name of what was asked for. */
async function bundleAbout(
  subject: Uint8Array,
  folder: CustodianFolder,
  wire: CustodianWire,
): Promise<RecoveryBundle> {
  const bundle = readBundle(await wire.bundle(subject, folder.memory.read))
  if (equalBytes(entryOf(bundle.subject).digest, subject)) return bundle
  throw new CustodianError('BUNDLE_SUBJECT', 'the bundle is about another subject than the one asked for')
}

async function refusalOf(work: () => Promise<void>): Promise<Omit<Refusal, 'subject'> | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof CustodianError && !FATAL.has(error.code)) {
      return { code: error.code, message: error.message }
    }
    // What the authority does not take of this one, it may take of the next.
    if (error instanceof ClientError && error.code === 'CLIENT_PROBLEM') {
      return { code: error.code, message: error.message }
    }
    throw error
  }
}

/** By what deposits are judged on the tree that was just seen. */
function judgedBy(
  folder: CustodianFolder,
  wire: CustodianWire,
  { epochs, now }: Pick<DepositTrust, 'epochs' | 'now'>,
): ProbeTrust {
  const knowledge = folder.knowledge()
  const { size, root } = lastSeen(knowledge) ?? { size: 0, root: merkleTree(sha256).emptyRoot() }
  const trust = { ...nodeMeans, identity: knowledge.identity }
  const log = new TiledTree(sha256, { size, root }, (tile) => wire.tile(tile))
  return { trust, epochs, tree: { size, root }, now, log }
}

/** Deposits of one page, judged on the tree that was just seen. */
async function verifyPage(
  folder: CustodianFolder,
  keys: CustodianKeys,
  wire: CustodianWire,
  { epochs, now }: Pick<DepositTrust, 'epochs' | 'now'>,
): Promise<Round['verified']> {
  const judged = judgedBy(folder, wire, { epochs, now })
  const counts = { right: 0, wrong: 0 }
  if (judged.tree.size === 0) return counts
  const page = await wire.deposits({ work: 'open' })
  for (const [epoch, deposits] of byEpoch(onceEach(page), judged)) {
    const submission = verifyDeposits(deposits, epoch, keys, judged)
    await wire.sendVerification(submission)
    for (const { right } of submission.results) counts[right ? 'right' : 'wrong']++
  }
  return counts
}

/** What an authority shows twice is one deposit: a list of results has none twice. */
function onceEach({ deposits, ...page }: CustodianDeposits): CustodianDeposits {
  const own = new Map(deposits.map((deposit) => [toHex(sha256(deposit.blob)), deposit]))
  return { ...page, deposits: [...own.values()] }
}
