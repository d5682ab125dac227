import { randomBytes } from 'node:crypto'
import { concat } from '../bytes/index.ts'
import { openOnce, sealOnce } from '../keyblob/index.ts'

/** What is sealed in a deposit (docs/spec/authority-protocol.md, "Deposit context") and in its release (docs/spec/recovery.md). */
export type SealedPurpose = 'description' | 'enclosed' | 'cryptoapi-key'

const INFO: Readonly<Record<SealedPurpose, string>> = {
  description: 'strongroom deposit description v1',
  enclosed: 'strongroom deposit enclosed v1',
  'cryptoapi-key': 'strongroom release cryptoapi key v1',
}
const SALT_BYTES = 16

/**
 * Seals bytes under the session key of a deposit: a fresh salt of 16 bytes, the ciphertext, and a tag of 16 bytes.
 *
 * @param sessionKey age's file key, 16 bytes
 */
export function sealText(sessionKey: Uint8Array, purpose: SealedPurpose, text: Uint8Array): Uint8Array {
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  return concat(salt, sealOnce(sessionKey, salt, INFO[purpose], text))
}

/**
 * The pair of `sealText`; undefined if it was not sealed under this key for this purpose.
 *
 * One ciphertext may open under two keys: compare the key with its commitment first.
 */
export function openText(
  sessionKey: Uint8Array,
  purpose: SealedPurpose,
  sealed: Uint8Array,
): Uint8Array | undefined {
  return openOnce(sessionKey, sealed.subarray(0, SALT_BYTES), INFO[purpose], sealed.subarray(SALT_BYTES))
}
