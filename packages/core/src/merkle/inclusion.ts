import { MerkleError } from './merkle-error.ts'
import { at, checkRange, hashNode, siblingSides, topOf, treeLevels, type Sha256 } from './tree-levels.ts'

/** Makes the proof for one leaf: its siblings from the bottom up. RFC 9162 §2.1.3.1. */
export function proveInclusion(
  sha256: Sha256,
  leafHashes: readonly Uint8Array[],
  index: number,
): Uint8Array[] {
  checkRange('leaf index', index, 0, leafHashes.length - 1)
  return siblingsOf(treeLevels(sha256, leafHashes), index)
}

/** The root and the proofs of all leaves, each node hashed once. */
export function proveAllInclusions(
  sha256: Sha256,
  leafHashes: readonly Uint8Array[],
): { root: Uint8Array; proofs: Uint8Array[][] } {
  const levels = treeLevels(sha256, leafHashes)
  return { root: topOf(levels) ?? sha256(), proofs: leafHashes.map((_, index) => siblingsOf(levels, index)) }
}

function siblingsOf(levels: readonly Uint8Array[][], index: number): Uint8Array[] {
  const siblings: Uint8Array[] = []
  let position = index
  for (const level of levels) {
    const sibling = level[position ^ 1]
    if (sibling !== undefined) siblings.push(sibling)
    position >>= 1
  }
  return siblings
}

/** Follows a proof from a leaf hash to the root it leads to. RFC 9162 §2.1.3.2. */
export function followInclusion(
  sha256: Sha256,
  leafHash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array {
  checkRange('tree size', size, 1, Number.MAX_SAFE_INTEGER)
  checkRange('leaf index', index, 0, size - 1)
  const sides = siblingSides(index, size - 1)
  checkProofLength(sides.length, proof)
  return sides.reduce((hash, side, i) => {
    const sibling = at(proof, i)
    return side === 'left' ? hashNode(sha256, sibling, hash) : hashNode(sha256, hash, sibling)
  }, leafHash)
}

/** A proof has exactly one length: more or fewer nodes would let one root stand for several trees. */
export function checkProofLength(expected: number, proof: readonly Uint8Array[]): void {
  if (proof.length !== expected) {
    throw new MerkleError('MERKLE_PROOF_LENGTH', `expected ${expected} proof hashes, got ${proof.length}`)
  }
}
