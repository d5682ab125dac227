import { equalBytes, toHex } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  statementDigest,
  type Act,
  type BundledProof,
  type Envelope,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import { foldRange, type FoldedRange, type PlacedEntry } from './folded-range.ts'

/** How a statement stands in the log. */
export type Entry = Pick<PlacedEntry, 'kind' | 'digest'>

/** Kinds of which every entry in the range is looked at, whatever the bundle says about them. */
const WATCHED: ReadonlySet<number> = new Set([
  ENTRY_KINDS.epoch,
  ENTRY_KINDS.rejection,
  ENTRY_KINDS.cancellation,
  ENTRY_KINDS.release,
  ENTRY_KINDS.codes,
])

const ACT_ROWS: readonly Pick<Act<unknown>, 'payloadType' | 'entryKind'>[] = Object.values(ACTS)

/** The entry of an envelope, by its type and its payload; nothing is verified. @throws CustodianError BUNDLE_STATEMENT */
export function entryOf(envelope: Envelope): Entry {
  const act = ACT_ROWS.find(({ payloadType }) => payloadType === envelope.payloadType)
  if (!act) throw new CustodianError('BUNDLE_STATEMENT', 'a statement of a kind that is not known')
  return { kind: ENTRY_KINDS[act.entryKind], digest: statementDigest(sha256, envelope) }
}

/** The entry of a key blob. */
export function entryOfDeposit(blob: Uint8Array): Entry {
  return { kind: ENTRY_KINDS.deposit, digest: sha256(blob) }
}

/** Where the statements of a bundle stand in the log; each place was proved. */
export class Places {
  readonly #places = new Map<string, number>()
  /** Every entry of a watched kind in the range, in the order of the log. */
  readonly watched: readonly PlacedEntry[]

  /** @throws CustodianError BUNDLE_PROOF, BUNDLE_TWICE */
  constructor(folded: FoldedRange, proofs: readonly BundledProof[]) {
    for (const entry of folded.found) this.#add(entry)
    for (const proof of proofs) {
      checkProof(folded, proof)
      this.#add(proof)
    }
    this.watched = folded.found.filter(({ kind }) => WATCHED.has(kind))
  }

  /** The index of the leaf; undefined if nothing in the bundle shows that there is one. */
  find({ kind, digest }: Entry): number | undefined {
    return this.#places.get(keyOf(kind, digest))
  }

  /** @throws CustodianError BUNDLE_NOT_LOGGED */
  of(entry: Entry, what: string): number {
    const index = this.find(entry)
    if (index !== undefined) return index
    throw new CustodianError('BUNDLE_NOT_LOGGED', `${what} is not shown to be in the log`)
  }

  #add({ kind, digest, index }: PlacedEntry): void {
    const key = keyOf(kind, digest)
    const before = this.#places.get(key)
    // Two places for one statement would let somebody choose which of them counts.
    if (before !== undefined && before !== index) {
      throw new CustodianError('BUNDLE_TWICE', `one statement stands at leaf ${before} and at leaf ${index}`)
    }
    this.#places.set(key, index)
  }
}

/** Folds the range of a bundle and finds what is needed of it. @param sizes at which the root is needed */
export function foldBundle(bundle: RecoveryBundle, sizes: readonly number[]): FoldedRange {
  const { epochs, charters, subject, deposits, enrolments, evidence, statements } = bundle
  const released = charters.flatMap(({ charter, release }) => (release ? [charter, release] : [charter]))
  const envelopes = [...epochs, ...released, subject, ...enrolments, ...evidence, ...statements]
  const entries = [...envelopes.map(entryOf), ...deposits.map(entryOfDeposit)]
  return foldRange(bundle.range, { sizes, entries, kinds: WATCHED })
}

function checkProof({ size, root }: FoldedRange, { kind, digest, index, hashes }: BundledProof): void {
  const tree = merkleTree(sha256)
  try {
    tree.verifyInclusion(tree.leafHash(encodeLogEntry({ kind, digest })), index, size, hashes, root)
  } catch (cause) {
    throw new CustodianError('BUNDLE_PROOF', `the proof of leaf ${index} does not lead to the checkpoint`, {
      cause,
    })
  }
}

function keyOf(kind: number, digest: Uint8Array): string {
  return `${kind} ${toHex(digest)}`
}

/** Whether two digests are the same; undefined is none. */
export function sameDigest(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && equalBytes(one, other)
}
