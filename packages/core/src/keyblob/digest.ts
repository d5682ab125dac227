import { createHash, createHmac } from 'node:crypto'
import { utf8Encode } from '../bytes/index.ts'
import { merkleTree, type MerkleTree } from '../merkle/index.ts'

const LEAF_PREFIX = Uint8Array.of(0)
const NO_SALT = new Uint8Array(32)
const FIRST_BLOCK = Uint8Array.of(1)

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

/**
 * The first 32 bytes of HKDF-SHA-256 (RFC 5869 §2): one block, so the expansion is a single HMAC.
 *
 * @param salt empty stands for 32 zero bytes (RFC 5869 §2.2)
 */
export function hkdf32(secret: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  const extracted = createHmac('sha256', salt.length === 0 ? NO_SALT : salt)
    .update(secret)
    .digest()
  const expanded = createHmac('sha256', extracted).update(utf8Encode(info)).update(FIRST_BLOCK).digest()
  extracted.fill(0)
  const key = new Uint8Array(expanded)
  expanded.fill(0)
  return key
}
