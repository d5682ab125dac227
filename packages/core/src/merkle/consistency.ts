import { equalBytes } from '../bytes/index.ts'
import { checkProofLength } from './inclusion.ts'
import { MerkleError } from './merkle-error.ts'
import { at, checkRange, hashNode, siblingSides, treeLevels, type Sha256 } from './tree-levels.ts'

/** Makes the proof that the first `oldSize` leaves are a prefix of all. RFC 9162 §2.1.4.1. */
export function proveConsistency(
  sha256: Sha256,
  leafHashes: readonly Uint8Array[],
  oldSize: number,
): Uint8Array[] {
  const newSize = leafHashes.length
  checkRange('old tree size', oldSize, 0, newSize)
  if (oldSize === 0 || oldSize === newSize) return []
  return subproof(treeLevels(sha256, leafHashes), oldSize, 0, newSize, true)
}

/** SUBPROOF of RFC 9162 §2.1.4.1 for the leaves from `start` to `end`; `oldSize` counts from `start`. */
function subproof(
  levels: readonly Uint8Array[][],
  oldSize: number,
  start: number,
  end: number,
  whole: boolean,
): Uint8Array[] {
  if (oldSize === end - start) return whole ? [] : [subtreeRoot(levels, start, end)]
  const split = largestPowerBelow(end - start)
  const middle = start + split
  return oldSize <= split
    ? [...subproof(levels, oldSize, start, middle, whole), subtreeRoot(levels, middle, end)]
    : [...subproof(levels, oldSize - split, middle, end, false), subtreeRoot(levels, start, middle)]
}

/** The root of an aligned subtree, which is a node of some level: see `treeLevels`. */
function subtreeRoot(levels: readonly Uint8Array[][], start: number, end: number): Uint8Array {
  const level = Math.ceil(Math.log2(end - start))
  return at(at(levels, level), start / 2 ** level)
}

function largestPowerBelow(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1)
}

/** Checks that the tree of `newSize` leaves begins with the tree of `oldSize` leaves. RFC 9162 §2.1.4.2. */
export function checkConsistency(
  sha256: Sha256,
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  checkRange('new tree size', newSize, 0, Number.MAX_SAFE_INTEGER)
  checkRange('old tree size', oldSize, 0, newSize)
  if (oldSize === 0 || oldSize === newSize) {
    // Nothing to fold: the empty tree is a prefix of every tree, and a tree is a prefix of itself.
    checkProofLength(0, proof)
    checkRoot(oldSize === 0 ? sha256() : newRoot, oldRoot)
    if (newSize === 0) checkRoot(sha256(), newRoot)
    return
  }
  foldBoth(sha256, oldSize, oldRoot, newSize, newRoot, proof)
}

function foldBoth(
  sha256: Sha256,
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): void {
  // The walk starts at the last complete subtree of the old tree; it is all of it for a power of two, and
  // then its root is known and not part of the proof.
  let [fn, sn] = [oldSize - 1, newSize - 1]
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)]
  const path = fn === 0 ? [oldRoot, ...proof] : proof
  const sides = siblingSides(fn, sn)
  checkProofLength(fn === 0 ? sides.length : sides.length + 1, proof)
  let [oldHash, newHash] = [at(path, 0), at(path, 0)]
  for (const [i, side] of sides.entries()) {
    const sibling = at(path, i + 1)
    // A left sibling belongs to both trees, a right one was added after the old tree.
    if (side === 'left') oldHash = hashNode(sha256, sibling, oldHash)
    newHash = side === 'left' ? hashNode(sha256, sibling, newHash) : hashNode(sha256, newHash, sibling)
  }
  checkRoot(oldHash, oldRoot)
  checkRoot(newHash, newRoot)
}

/** Refuses a proof that leads to another root than the one given. */
export function checkRoot(computed: Uint8Array, given: Uint8Array): void {
  if (!equalBytes(computed, given))
    throw new MerkleError('MERKLE_MISMATCH', 'the proof leads to another root')
}
