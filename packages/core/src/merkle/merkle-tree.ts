import { checkConsistency, checkRoot, proveConsistency } from './consistency.ts'
import { followInclusion, proveAllInclusions, proveInclusion } from './inclusion.ts'
import { MerkleError } from './merkle-error.ts'
import { checkRange, hashLeaf, hashNode, topOf, treeLevels, type Sha256 } from './tree-levels.ts'

/**
 * Merkle tree hashing and proofs, RFC 6962 §2.1 and RFC 9162 §2.1, over a given SHA-256.
 *
 * All hashes are 32 bytes. Sizes and indices are safe integers. Whatever is wrong is thrown; no method
 * answers with a boolean that could be overlooked.
 */
export interface MerkleTree {
  /** The hash of a leaf's bytes: SHA-256(0x00 || leaf). */
  leafHash(leaf: Uint8Array): Uint8Array

  /** The hash of an inner node: SHA-256(0x01 || left || right). */
  nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array

  /** The root of the tree without leaves: SHA-256 of nothing. */
  emptyRoot(): Uint8Array

  /** The root over leaf hashes in order. */
  rootOf(leafHashes: readonly Uint8Array[]): Uint8Array

  /**
   * The root of a tree of `leafCount` leaves from the roots of its consecutive subtrees of 2^level leaves; the
   * last subtree may have fewer.
   *
   * @throws MerkleError MERKLE_RANGE if so many leaves do not make so many subtrees
   */
  foldSubtrees(subtreeRoots: readonly Uint8Array[], level: number, leafCount: number): Uint8Array

  /**
   * The siblings of leaf `index`, bottom up: at most ⌈log2 size⌉ hashes.
   *
   * @throws MerkleError MERKLE_RANGE if there is no such leaf
   */
  inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[]

  /** The root and the proofs of all leaves, in order, in O(n log n). */
  inclusionProofs(leafHashes: readonly Uint8Array[]): {
    readonly root: Uint8Array
    readonly proofs: readonly Uint8Array[][]
  }

  /**
   * The root that an inclusion proof leads to. The caller compares it with a root that it trusts.
   *
   * @throws MerkleError MERKLE_RANGE for an index outside the tree, MERKLE_PROOF_LENGTH
   */
  rootFromInclusion(
    leafHash: Uint8Array,
    index: number,
    size: number,
    proof: readonly Uint8Array[],
  ): Uint8Array

  /**
   * Checks that a leaf is in the tree with the given root.
   *
   * @throws MerkleError MERKLE_RANGE, MERKLE_PROOF_LENGTH, MERKLE_MISMATCH
   */
  verifyInclusion(
    leafHash: Uint8Array,
    index: number,
    size: number,
    proof: readonly Uint8Array[],
    root: Uint8Array,
  ): void

  /**
   * The proof that the tree of the first `oldSize` leaves is a prefix of the tree of all; empty if `oldSize` is
   * 0 or all.
   *
   * @throws MerkleError MERKLE_RANGE if there are fewer leaves
   */
  consistencyProof(leafHashes: readonly Uint8Array[], oldSize: number): Uint8Array[]

  /**
   * Checks that the tree with `newRoot` begins with the tree with `oldRoot`.
   *
   * @throws MerkleError MERKLE_RANGE if the tree shrank, MERKLE_PROOF_LENGTH, MERKLE_MISMATCH
   */
  verifyConsistency(
    oldSize: number,
    oldRoot: Uint8Array,
    newSize: number,
    newRoot: Uint8Array,
    proof: readonly Uint8Array[],
  ): void
}

/** The tree functions over the given SHA-256; keeps nothing between calls. */
export function merkleTree(sha256: Sha256): MerkleTree {
  const rootOf = (hashes: readonly Uint8Array[]) => topOf(treeLevels(sha256, hashes)) ?? sha256()
  return {
    leafHash: (leaf) => hashLeaf(sha256, leaf),
    nodeHash: (left, right) => hashNode(sha256, left, right),
    emptyRoot: () => sha256(),
    rootOf,
    foldSubtrees(subtreeRoots, level, leafCount) {
      checkSubtreeCount(subtreeRoots.length, level, leafCount)
      return rootOf(subtreeRoots)
    },
    inclusionProof: (leafHashes, index) => proveInclusion(sha256, leafHashes, index),
    inclusionProofs: (leafHashes) => proveAllInclusions(sha256, leafHashes),
    rootFromInclusion: (leafHash, index, size, proof) =>
      followInclusion(sha256, leafHash, index, size, proof),
    verifyInclusion: (leafHash, index, size, proof, root) =>
      checkRoot(followInclusion(sha256, leafHash, index, size, proof), root),
    consistencyProof: (leafHashes, oldSize) => proveConsistency(sha256, leafHashes, oldSize),
    verifyConsistency: (oldSize, oldRoot, newSize, newRoot, proof) =>
      checkConsistency(sha256, oldSize, oldRoot, newSize, newRoot, proof),
  }
}

/** Subtrees of 2^level leaves start at multiples of 2^level, where the tree splits too: no leaf is left over. */
function checkSubtreeCount(count: number, level: number, leafCount: number): void {
  checkRange('level', level, 0, 52)
  checkRange('leaf count', leafCount, 0, Number.MAX_SAFE_INTEGER)
  const expected = Math.ceil(leafCount / 2 ** level)
  if (count !== expected) {
    throw new MerkleError(
      'MERKLE_RANGE',
      `expected ${expected} subtrees of ${leafCount} leaves, got ${count}`,
    )
  }
}
