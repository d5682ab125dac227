import type { MerkleTree } from '@strongroom/core/merkle'

/** The definitions of RFC 9162 §2.1 as they stand there: recursive, slow, and nothing shared with the source. */
type Hashes = Pick<MerkleTree, 'nodeHash' | 'emptyRoot'>

/** The largest power of two smaller than n. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** MTH(D[n]), §2.1.1. */
export function naiveRoot(tree: Hashes, leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length <= 1) return leaves[0] ?? tree.emptyRoot()
  const k = split(leaves.length)
  return tree.nodeHash(naiveRoot(tree, leaves.slice(0, k)), naiveRoot(tree, leaves.slice(k)))
}

/** PATH(m, D[n]), §2.1.3.1. */
export function naivePath(tree: Hashes, leaves: readonly Uint8Array[], m: number): Uint8Array[] {
  if (leaves.length === 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...naivePath(tree, leaves.slice(0, k), m), naiveRoot(tree, leaves.slice(k))]
    : [...naivePath(tree, leaves.slice(k), m - k), naiveRoot(tree, leaves.slice(0, k))]
}

/** PROOF(m, D[n]), §2.1.4.1. */
export function naiveConsistency(tree: Hashes, leaves: readonly Uint8Array[], m: number): Uint8Array[] {
  return subproof(tree, leaves, m, true)
}

function subproof(tree: Hashes, leaves: readonly Uint8Array[], m: number, whole: boolean): Uint8Array[] {
  if (m === leaves.length) return whole ? [] : [naiveRoot(tree, leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(tree, leaves.slice(0, k), m, whole), naiveRoot(tree, leaves.slice(k))]
    : [...subproof(tree, leaves.slice(k), m - k, false), naiveRoot(tree, leaves.slice(0, k))]
}
