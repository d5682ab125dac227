import { createHash } from 'node:crypto'
import { naivePath, naiveRoot } from '../../merkle/naive-tree.ts'

// RFC 6962 §2.1 over SHA-256, as the definitions stand there: recursive, slow, and nothing shared with the sources.

const TREE = {
  emptyRoot: () => sha256(),
  nodeHash: (left: Uint8Array, right: Uint8Array) => sha256(Uint8Array.of(1), left, right),
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function leafHash(leaf: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), leaf)
}

/** MTH over leaf hashes. */
export function rootOf(leafHashes: readonly Uint8Array[]): Uint8Array {
  return naiveRoot(TREE, leafHashes)
}

/** PATH of leaf `index`. */
export function pathOf(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  return naivePath(TREE, leafHashes, index)
}
