import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { concat, wipe } from '../bytes/index.ts'

const AEAD = 'chacha20-poly1305'

/** Bytes of a ChaCha20-Poly1305 tag. */
export const TAG_BYTES = 16

/** Bytes of a ChaCha20-Poly1305 nonce. */
export const AEAD_NONCE_BYTES = 12

/** HKDF-SHA-256 (RFC 5869) with 32 bytes of output. */
export function hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', ikm, salt, info, 32))
}

/** ChaCha20-Poly1305 (RFC 8439 §2.8): the ciphertext followed by its 16-byte tag. */
export function sealAead(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(aad, { plaintextLength: plaintext.length })
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return concat(ciphertext, cipher.getAuthTag())
}

/** The pair of `sealAead`; undefined if the tag does not match, which with the wrong key is no error. */
export function openAead(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined
  const split = sealed.length - TAG_BYTES
  const decipher = createDecipheriv(AEAD, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(aad, { plaintextLength: split })
  decipher.setAuthTag(sealed.subarray(split))
  const plaintext = decipher.update(sealed.subarray(0, split))
  try {
    decipher.final()
    return concat(plaintext)
  } catch {
    return undefined
  } finally {
    wipe(plaintext)
  }
}
