import { randomBytes } from 'node:crypto'
import { concat, wipe } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import { newFileKey } from './file-key.ts'
import { parseHeader } from './header-parser.ts'
import { encodeHeader } from './header.ts'
import { payloadError, PayloadKey } from './payload-key.ts'
import { CHUNK_BYTES, chunkCount, NONCE_BYTES, SEALED_CHUNK_BYTES } from './payload-length.ts'
import { unwrapFileKey, wrapFileKey, type Identity, type Recipient } from './recipient.ts'

/**
 * Encrypts a small file in memory: a complete binary age file under a new file key.
 *
 * @throws AgeError as `wrapFileKey` and `encodeHeader`
 */
export function encryptFile(plaintext: Uint8Array, recipients: readonly Recipient[]): Uint8Array {
  const fileKey = newFileKey()
  try {
    const header = encodeHeader(wrapFileKey(fileKey, recipients), fileKey)
    const nonce = randomBytes(NONCE_BYTES)
    return concat(header, nonce, ...sealChunks(PayloadKey.derive(fileKey, nonce), plaintext))
  } finally {
    wipe(fileKey)
  }
}

/**
 * Decrypts a small binary age file in memory. All of it is verified before any is returned.
 *
 * @throws AgeError HEADER_INCOMPLETE if it ends before the payload begins, and as `parseHeader`, `unwrapFileKey`
 *   and `PayloadKey.decryptChunk`
 */
export function decryptFile(file: Uint8Array, identities: readonly Identity[]): Uint8Array {
  const header = parseHeader(file)
  const start = header.length + NONCE_BYTES
  if (file.length < start) throw new AgeError('HEADER_INCOMPLETE', 'the file ends before its payload')
  const fileKey = unwrapFileKey(header, identities)
  try {
    const key = PayloadKey.derive(fileKey, file.subarray(header.length, start))
    return openChunks(key, file.subarray(start))
  } finally {
    wipe(fileKey)
  }
}

/**
 * Encodes a header that stands alone, without a payload: it carries nothing but the file key.
 *
 * @throws AgeError as `wrapFileKey` and `encodeHeader`
 */
export function encodeDetachedHeader(fileKey: Uint8Array, recipients: readonly Recipient[]): Uint8Array {
  return encodeHeader(wrapFileKey(fileKey, recipients), fileKey)
}

/**
 * The file key in a header that stands alone.
 *
 * @throws AgeError HEADER_SYNTAX if anything follows the header, and as `parseHeader` and `unwrapFileKey`
 */
export function decryptHeader(bytes: Uint8Array, identities: readonly Identity[]): Uint8Array {
  const header = parseHeader(bytes)
  if (header.length !== bytes.length) {
    throw new AgeError(
      'HEADER_SYNTAX',
      `header: expected the end, got ${bytes.length - header.length} more bytes`,
    )
  }
  return unwrapFileKey(header, identities)
}

function sealChunks(key: PayloadKey, plaintext: Uint8Array): Uint8Array[] {
  const count = chunkCount(plaintext.length)
  return Array.from({ length: count }, (_, i) => {
    const chunk = plaintext.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)
    const { ciphertext, tag } = key.encryptChunk(i, i === count - 1, chunk)
    return [ciphertext, tag]
  }).flat()
}

function openChunks(key: PayloadKey, sealed: Uint8Array): Uint8Array {
  const count = Math.ceil(sealed.length / SEALED_CHUNK_BYTES)
  if (count === 0) throw payloadError()
  const chunks = Array.from({ length: count }, (_, i) => {
    const chunk = sealed.subarray(i * SEALED_CHUNK_BYTES, (i + 1) * SEALED_CHUNK_BYTES)
    return key.decryptChunk(i, i === count - 1, chunk)
  })
  const plaintext = concat(...chunks)
  wipe(...chunks)
  return plaintext
}
