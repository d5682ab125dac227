import { concat, copyOf, toPaddedBase64, utf8Encode } from '../bytes/index.ts'
import { merkleTree, type Sha256 } from '../merkle/index.ts'
import { parseCheckpoint } from './checkpoint.ts'
import {
  checkLength,
  fromDecimal,
  readBase64,
  hashLine,
  readHashLine,
  splitAtEmptyLine,
  toDecimal,
} from './line-texts.ts'
import { MAX_NOTE_BYTES, parseNote } from './signed-note.ts'
import { readAs, TlogError } from './tlog-error.ts'
import { verifyCheckpoint, type LogPolicy, type VerifiedCheckpoint } from './verified-checkpoint.ts'

/** The content of a `.tlog-proof` file, not verified: C2SP tlog-proof. */
export interface LogProof {
  /** Whatever the application put there; authenticated by nothing. */
  readonly extra?: Uint8Array
  /** Where the leaf is in the tree. */
  readonly index: number
  /** From the leaf's sibling up to the root's child. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note, verbatim. */
  readonly checkpoint: Uint8Array
}

/** Hashes of one proof, in a file and in a request to a witness: as many as a tree of 2^63 leaves would need. */
export const MAX_PROOF_HASHES = 63
/** Bytes of the extra data. */
export const MAX_EXTRA_BYTES = 65_536
/** A file of the longest checkpoint and the longest extra data. */
export const MAX_LOG_PROOF_BYTES = 1_100_000

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const EXTRA = 'extra '
const INDEX = 'index '

/**
 * Writes a proof file. Extra data of no bytes is none.
 *
 * @throws TlogError TLOG_PROOF for what is no hash or no checkpoint, TLOG_RANGE for an impossible index, TLOG_LIMIT
 */
export function encodeLogProof(proof: LogProof): Uint8Array {
  checkParts(proof)
  const { extra, index, hashes, checkpoint } = proof
  const lines = [
    FIRST_LINE,
    ...(extra && extra.length > 0 ? [EXTRA + toPaddedBase64(extra)] : []),
    INDEX + toDecimal('leaf index', index),
    ...hashes.map((hash) => hashLine('TLOG_PROOF', hash)),
  ]
  return concat(utf8Encode(`${lines.join('\n')}\n\n`), checkpoint)
}

/**
 * Reads a proof file; verifies nothing, but the checkpoint in it is the text of one.
 *
 * @throws TlogError TLOG_PROOF, TLOG_LIMIT
 */
export function parseLogProof(file: Uint8Array): LogProof {
  checkLength('proof file', file.length, MAX_LOG_PROOF_BYTES)
  const { lines, rest } = splitAtEmptyLine('TLOG_PROOF', file)
  const [first, ...others] = lines
  if (first !== FIRST_LINE) throw new TlogError('TLOG_PROOF', `expected ${FIRST_LINE} in the first line`)
  const extra = others[0]?.startsWith(EXTRA) ? readExtra(others.shift() ?? '') : undefined
  const index = readIndex(others.shift() ?? '')
  const hashes = others.map((line) => readHashLine('TLOG_PROOF', line))
  const proof = { ...(extra && { extra }), index, hashes, checkpoint: rest.slice() }
  checkParts(proof)
  return proof
}

function readExtra(line: string): Uint8Array {
  const extra = readBase64('TLOG_PROOF', line.slice(EXTRA.length))
  if (extra.length === 0) throw new TlogError('TLOG_PROOF', 'a line for extra data without any')
  return extra
}

function readIndex(line: string): number {
  if (!line.startsWith(INDEX)) throw new TlogError('TLOG_PROOF', 'expected a line with the index')
  return fromDecimal('TLOG_PROOF', 'leaf index', line.slice(INDEX.length))
}

function checkParts({ extra, hashes, checkpoint }: LogProof): void {
  checkLength('extra data', extra?.length ?? 0, MAX_EXTRA_BYTES)
  checkProofHashes(hashes.length)
  checkLength('note', checkpoint.length, MAX_NOTE_BYTES)
  readAs('TLOG_PROOF', 'expected a checkpoint behind the empty line', () =>
    parseCheckpoint(parseNote(checkpoint).text),
  )
}

/** Refuses more hashes than any proof has. @throws TlogError TLOG_LIMIT */
export function checkProofHashes(count: number): void {
  if (count > MAX_PROOF_HASHES) {
    throw new TlogError('TLOG_LIMIT', `a proof has at most ${MAX_PROOF_HASHES} hashes, got ${count}`)
  }
}

// Held by this module alone: nobody else can make a VerifiedInclusion.
const MADE_BY_VERIFICATION = Symbol('verified')

/** A leaf that was proved to be in a log. Only `verifyLogProof` makes one: to hold it is the proof. */
export class VerifiedInclusion {
  readonly leafHash: Uint8Array
  readonly index: number
  readonly checkpoint: VerifiedCheckpoint

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    leafHash: Uint8Array,
    index: number,
    checkpoint: VerifiedCheckpoint,
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('a proof is verified by verifyLogProof alone')
    this.leafHash = leafHash
    this.index = index
    this.checkpoint = checkpoint
  }
}

/**
 * Verifies that a leaf is in a log: C2SP tlog-proof, "Verifying a tlog proof", steps 2 to 4. Step 1, the hash of the
 * leaf, is the caller's: `merkleTree(sha256).leafHash(entry)`. The extra data is not looked at.
 *
 * @throws TlogError TLOG_MISMATCH if the leaf is not there, and all that `verifyCheckpoint` throws
 */
export function verifyLogProof(
  sha256: Sha256,
  proof: LogProof,
  leafHash: Uint8Array,
  policy: LogPolicy,
): VerifiedInclusion {
  const checkpoint = verifyCheckpoint(proof.checkpoint, policy)
  readAs('TLOG_MISMATCH', 'the proof does not lead from the leaf to the root', () =>
    merkleTree(sha256).verifyInclusion(leafHash, proof.index, checkpoint.size, proof.hashes, checkpoint.root),
  )
  return new VerifiedInclusion(MADE_BY_VERIFICATION, copyOf(leafHash), proof.index, checkpoint)
}
