import { AgeError } from './age-error.ts'
import { TAG_BYTES } from './primitives.ts'

/** Bytes of the nonce at the start of a payload. */
export const NONCE_BYTES = 16

/** Plaintext bytes in a chunk; only the last may have fewer. */
export const CHUNK_BYTES = 65_536

/** Bytes of a full chunk in the payload: ciphertext and tag. */
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

/** How many chunks hold so many bytes of plaintext; an empty payload has one. @throws AgeError PAYLOAD_LENGTH */
export function chunkCount(plainBytes: number): number {
  return Math.max(1, Math.ceil(checkLength(plainBytes) / CHUNK_BYTES))
}

/**
 * Bytes of the sealed chunks of so many bytes of plaintext. The nonce before them is not counted.
 *
 * @throws AgeError PAYLOAD_LENGTH for what is not a length
 */
export function sealedPayloadLength(plainBytes: number): number {
  return plainBytes + chunkCount(plainBytes) * TAG_BYTES
}

/**
 * Bytes of plaintext in so many bytes of sealed chunks: the inverse of `sealedPayloadLength`. The nonce is not
 * counted.
 *
 * A length from a file's size is only a claim; it is true once the last chunk has been decrypted as the last.
 *
 * @throws AgeError PAYLOAD_LENGTH for a length that no plaintext has: the last chunk would lack its tag, or be
 *   empty without being the only one
 */
export function plaintextLength(sealedLength: number): number {
  const chunks = Math.ceil(checkLength(sealedLength) / SEALED_CHUNK_BYTES)
  const last = sealedLength - (chunks - 1) * SEALED_CHUNK_BYTES
  const shortest = chunks === 1 ? TAG_BYTES : TAG_BYTES + 1
  if (chunks === 0 || last < shortest) {
    throw new AgeError('PAYLOAD_LENGTH', `no payload has ${sealedLength} bytes`)
  }
  return sealedLength - chunks * TAG_BYTES
}

function checkLength(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new AgeError('PAYLOAD_LENGTH', `expected a length in bytes, got ${length}`)
  }
  return length
}
