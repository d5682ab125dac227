import { randomBytes } from 'node:crypto'
import { AgeError } from './age-error.ts'
import { AEAD_NONCE_BYTES, openAead, sealAead, TAG_BYTES } from './primitives.ts'

/** Bytes of a file key. */
export const FILE_KEY_BYTES = 16

/** Bytes of a file key encrypted in a stanza: the key and a tag. */
export const WRAPPED_FILE_KEY_BYTES = FILE_KEY_BYTES + TAG_BYTES

// The wrap key is new for every stanza, so the fixed nonce is used once with it. C2SP age.md, "X25519
// recipient stanza".
const ZERO_NONCE = new Uint8Array(AEAD_NONCE_BYTES)
const NO_AAD = new Uint8Array(0)

/** A new file key: 16 bytes from the CSPRNG. It must never encrypt two payloads (C2SP age.md, "File key"). */
export function newFileKey(): Uint8Array {
  return new Uint8Array(randomBytes(FILE_KEY_BYTES))
}

/** Refuses what is not 16 bytes. @throws AgeError KEY */
export function checkFileKey(fileKey: Uint8Array): void {
  if (fileKey.length !== FILE_KEY_BYTES) {
    throw new AgeError('KEY', `expected a file key of ${FILE_KEY_BYTES} bytes, got ${fileKey.length}`)
  }
}

/** Encrypts a file key under a wrap key that is used this once. */
export function encryptFileKey(wrapKey: Uint8Array, fileKey: Uint8Array): Uint8Array {
  checkFileKey(fileKey)
  return sealAead(wrapKey, ZERO_NONCE, NO_AAD, fileKey)
}

/** Decrypts a file key; undefined if it was not encrypted under this wrap key. */
export function decryptFileKey(wrapKey: Uint8Array, body: Uint8Array): Uint8Array | undefined {
  return openAead(wrapKey, ZERO_NONCE, NO_AAD, body)
}
