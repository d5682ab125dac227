import { equalBytes, utf8Encode } from '@strongroom/core/bytes'
import { nodeMeans, verifyRaw } from '@strongroom/core/client'
import {
  custodianAt,
  LIMITS,
  logPolicyOf,
  parseReceipt,
  parseTerms,
  verifyEpochs,
  verifyReceipt,
  witnessPolicyOf,
  type AuthorityTrust,
  type EpochChain,
  type RecoveryBundle,
  type Terms,
  type VerifiedReceipt,
} from '@strongroom/core/protocol'
import {
  ENTRY_KINDS,
  parseCheckpoint,
  parseLogProof,
  parseNote,
  verifyCheckpoint,
  type LogPolicy,
  type VerifiedCheckpoint,
} from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { entryOf, foldBundle, Places, type Entry } from './bundle-entries.ts'
import { signedTimes, type SignedTimes } from './checkpoint-time.ts'
import { CustodianError } from './custodian-error.ts'
import type { FoldedRange } from './folded-range.ts'
import { lastSeen, type Knowledge } from './knowledge.ts'
import { refusing } from './refusing.ts'

/** The log as a bundle shows it, verified: everything else is looked up in it. Made by `readTree` alone. */
export interface BundleTree {
  readonly trust: AuthorityTrust
  readonly epochs: EpochChain
  readonly terms: Terms
  readonly policy: LogPolicy
  readonly size: number
  readonly root: Uint8Array
  /** Roots on the way of the range, by size. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  /** The time of the checkpoint: milliseconds since 1970. */
  readonly timeMs: number
  /** The later of it and the custodian's own clock. */
  readonly latestMs: number
  readonly places: Places
  /** Whose statements count at a place of the log. */
  readonly custodianAt: (index: number) => string | undefined
}

/** A receipt whose tree is the beginning of the log, and the latest time at which its statement was logged. */
export interface PlacedReceipt {
  readonly verified: VerifiedReceipt
  readonly latestMs: number
}

const SKEW_MS = LIMITS.clockSkewSeconds * 1000

/**
 * Steps 2 to 4 of the check: who speaks, which log it is, and that it is the log that was seen before.
 *
 * @param now milliseconds since 1970, by the custodian's own clock
 * @throws CustodianError BUNDLE_IDENTITY to BUNDLE_NOT_LOGGED, in the order of `BundleRefusal`
 */
export function readTree(bundle: RecoveryBundle, knowledge: Knowledge, now: number): BundleTree {
  const trust = { ...nodeMeans, identity: knowledge.identity }
  const epochs = refusing('BUNDLE_EPOCHS', () => verifyEpochs(bundle.epochs, trust, knowledge.epoch))
  checkCustodian(epochs, knowledge)
  const terms = termsOf(bundle, epochs)
  const policy = policyOf(epochs, terms)
  const checkpoint = refusing('BUNDLE_CHECKPOINT', () => verifyCheckpoint(bundle.checkpoint, policy))
  const { earliest: timeMs } = signedTimes(bundle.checkpoint, checkpoint, policy)
  checkTime(timeMs, knowledge, now)
  const folded = foldTo(checkpoint, bundle, [lastSeen(knowledge)?.size ?? 0, ...receiptSizes(bundle)])
  checkGrowth(folded, bundle, knowledge)
  const places = new Places(folded, bundle.proofs)
  const logged = epochs.epochs.map(({ payload, envelope }) => ({
    epoch: payload,
    index: places.of(entryOf(envelope), `epoch ${payload.number}`),
  }))
  return {
    trust,
    epochs,
    terms,
    policy,
    size: folded.size,
    root: folded.root,
    roots: folded.roots,
    timeMs,
    latestMs: Math.max(timeMs, ownTime(knowledge, now)),
    places,
    custodianAt: (index) => custodianAt(logged, index),
  }
}

/**
 * Verifies a receipt, and that its tree stands on the way of the range.
 *
 * @param entry what it must be about
 * @throws CustodianError BUNDLE_RECEIPT
 */
export function placedReceipt(bytes: Uint8Array, entry: Entry, tree: BundleTree): PlacedReceipt {
  const { trust, epochs, policy, roots } = tree
  const { witnesses } = policy
  const verified = refusing('BUNDLE_RECEIPT', () =>
    verifyReceipt(bytes, { ...trust, verifyRaw, epochs, ...(witnesses && { witnesses }) }),
  )
  const { statement, size, root, epoch } = verified
  if (ENTRY_KINDS[statement.kind] !== entry.kind || !equalBytes(statement.digest, entry.digest)) {
    throw new CustodianError('BUNDLE_RECEIPT', 'the receipt is about another statement')
  }
  const own = roots.get(size)
  if (!own || !equalBytes(own, root)) {
    throw new CustodianError('BUNDLE_RECEIPT', 'the tree of the receipt is not the beginning of the log')
  }
  const { checkpoint } = parseLogProof(utf8Encode(parseReceipt(bytes).proof))
  const { keys } = logPolicyOf(epoch.payload, { sha256, verifyRaw })
  const times = signedTimes(checkpoint, verified, { keys, ...(witnesses && { witnesses }) })
  return { verified, latestMs: times.latest }
}

/** A clock that was turned back does not make time go back. */
function ownTime(knowledge: Knowledge, now: number): number {
  return Math.max(now, lastSeen(knowledge)?.at ?? 0)
}

/** Only the custodian of the last epoch releases. Whoever is none may check. */
function checkCustodian({ latest }: EpochChain, { signers }: Knowledge): void {
  if (signers.length === 0 || signers.includes(latest.payload.custodian)) return
  throw new CustodianError('BUNDLE_CUSTODIAN', 'the last epoch names another custodian than this one')
}

function termsOf({ terms }: RecoveryBundle, { latest }: EpochChain): Terms {
  if (equalBytes(sha256(terms), latest.payload.policy))
    return refusing('BUNDLE_TERMS', () => parseTerms(terms))
  throw new CustodianError('BUNDLE_TERMS', 'the terms are not those that the last epoch names')
}

function policyOf({ latest }: EpochChain, terms: Terms): LogPolicy {
  const means = { sha256, verifyRaw }
  const witnesses = refusing('BUNDLE_TERMS', () => witnessPolicyOf(terms, means))
  return logPolicyOf(latest.payload, { ...means, ...(witnesses && { witnesses }) })
}

function checkTime(timeMs: SignedTimes['earliest'], knowledge: Knowledge, now: number): void {
  if (timeMs > now + SKEW_MS) {
    throw new CustodianError('BUNDLE_FUTURE', 'the checkpoint was signed later than it is by this clock')
  }
  const age = Math.floor((ownTime(knowledge, now) - timeMs) / 1000)
  if (age > knowledge.freshness) {
    const message = `the checkpoint is ${age} seconds old, and ${knowledge.freshness} are allowed`
    throw new CustodianError('BUNDLE_STALE', message)
  }
}

/** Where the receipts say that their trees end; nothing of them is believed yet. */
function receiptSizes({ receipt, releaseReceipt }: RecoveryBundle): number[] {
  return [receipt, ...(releaseReceipt ? [releaseReceipt] : [])].map((bytes) =>
    refusing('BUNDLE_RECEIPT', () => {
      const { checkpoint } = parseLogProof(utf8Encode(parseReceipt(bytes).proof))
      return parseCheckpoint(parseNote(checkpoint).text).size
    }),
  )
}

function foldTo(
  checkpoint: VerifiedCheckpoint,
  bundle: RecoveryBundle,
  sizes: readonly number[],
): FoldedRange {
  const folded = refusing('BUNDLE_RANGE', () => foldBundle(bundle, sizes))
  if (folded.size === checkpoint.size && equalBytes(folded.root, checkpoint.root)) return folded
  throw new CustodianError('BUNDLE_RANGE', 'the entries do not lead to the root of the checkpoint')
}

/** The tree that was seen last must be the beginning of this one: no older state, no other history. */
function checkGrowth(folded: FoldedRange, { range }: RecoveryBundle, knowledge: Knowledge): void {
  const last = lastSeen(knowledge)
  if (!last || last.size === 0) return
  if (folded.size < last.size) {
    const message = `the log has ${folded.size} leaves, and had ${last.size} when it was seen last`
    throw new CustodianError('BUNDLE_BEHIND', message)
  }
  const read = Math.min(knowledge.read, last.size)
  if (range.start > read) {
    const message = `the entries begin at leaf ${range.start}, and ${read} leaves were read so far`
    throw new CustodianError('BUNDLE_GAP', message)
  }
  const root = folded.roots.get(last.size)
  if (root && equalBytes(root, last.root)) return
  throw new CustodianError('BUNDLE_FORKED', 'the log does not begin with the tree that was seen last')
}
