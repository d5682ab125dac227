import { createHash } from 'node:crypto'
import { merkleTree, type MerkleTree } from '../merkle/index.ts'

const LEAF_PREFIX = Uint8Array.of(0)

/** SHA-256 over the parts one after the other: 32 bytes. FIPS 180-4 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

/** Hashes one leaf of a payload piece by piece: SHA-256(0x00 || ciphertext), RFC 6962 §2.1. */
export class LeafHasher {
  readonly #hash = createHash('sha256').update(LEAF_PREFIX)

  update(piece: Uint8Array): void {
    this.#hash.update(piece)
  }

  /** 32 bytes; the hasher is used up. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest())
  }
}

/** RFC 6962 trees over SHA-256: payloads and batches of seals. */
export const tree: MerkleTree = merkleTree(sha256)
