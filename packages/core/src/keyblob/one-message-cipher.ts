import { AEAD_NONCE_BYTES, hkdfSha256, openAead, sealAead } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'

// The key is derived for one message: a constant nonce is never used twice with it.
const ZERO_NONCE = new Uint8Array(AEAD_NONCE_BYTES)
const NO_AAD = new Uint8Array(0)

/**
 * Encrypts the one message that goes with this secret, salt and purpose: ChaCha20-Poly1305 under
 * HKDF-SHA-256(secret, salt, info), the tag of 16 bytes behind the ciphertext.
 *
 * @param salt never used before with this secret and purpose
 */
export function sealOnce(
  secret: Uint8Array,
  salt: Uint8Array,
  info: string,
  message: Uint8Array,
): Uint8Array {
  const key = hkdfSha256(secret, salt, info)
  try {
    return sealAead(key, ZERO_NONCE, NO_AAD, message)
  } finally {
    wipe(key)
  }
}

/** The pair of `sealOnce`; undefined if it was not made with this secret, salt and purpose. */
export function openOnce(
  secret: Uint8Array,
  salt: Uint8Array,
  info: string,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const key = hkdfSha256(secret, salt, info)
  try {
    return openAead(key, ZERO_NONCE, NO_AAD, sealed)
  } finally {
    wipe(key)
  }
}
