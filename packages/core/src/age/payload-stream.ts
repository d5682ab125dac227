import { concat } from '../bytes/index.ts'
import { payloadError, PayloadKey } from './payload-key.ts'
import { CHUNK_BYTES, SEALED_CHUNK_BYTES } from './payload-length.ts'

/** Bytes in pieces of any size, as streams and arrays give them. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * Encrypts a payload piece by piece, in constant memory: one sealed chunk at a time. The nonce, which the file
 * needs before them, is not among them.
 *
 * @param nonce 16 bytes from the CSPRNG, new for every file
 * @throws AgeError KEY for wrong lengths
 */
export async function* encryptPayload(
  fileKey: Uint8Array,
  nonce: Uint8Array,
  plaintext: ByteSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = PayloadKey.derive(fileKey, nonce)
  for await (const { bytes, index, last } of inChunks(plaintext, CHUNK_BYTES)) {
    const { ciphertext, tag } = key.encryptChunk(index, last, bytes)
    yield concat(ciphertext, tag)
  }
}

/**
 * Decrypts a payload piece by piece, in constant memory: the plaintext of one chunk at a time, each verified
 * before it is released. Only a generator that has ended without an error has released all of it.
 *
 * @param nonce the 16 bytes at the start of the payload
 * @param sealed what follows the nonce
 * @throws AgeError PAYLOAD, KEY for wrong lengths
 */
export async function* decryptPayload(
  fileKey: Uint8Array,
  nonce: Uint8Array,
  sealed: ByteSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const key = PayloadKey.derive(fileKey, nonce)
  for await (const { bytes, index, last } of inChunks(sealed, SEALED_CHUNK_BYTES)) {
    const plaintext = openChunk(key, index, last, bytes)
    yield plaintext.bytes
    if (plaintext.misplaced) throw payloadError()
  }
}

/**
 * A full chunk may be authentic but say wrongly whether it is the last: then it is the end that was moved, not
 * this chunk that was changed. It is released before the error, as it would be by a decrypter that looks at one
 * chunk at a time, so that what a broken file yields does not depend on who reads it.
 */
function openChunk(
  key: PayloadKey,
  index: number,
  last: boolean,
  sealed: Uint8Array,
): { readonly bytes: Uint8Array; readonly misplaced: boolean } {
  try {
    return { bytes: key.decryptChunk(index, last, sealed), misplaced: false }
  } catch (error) {
    if (sealed.length !== SEALED_CHUNK_BYTES) throw error
    return { bytes: key.decryptChunk(index, !last, sealed), misplaced: true }
  }
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly index: number
  readonly last: boolean
}

/**
 * Regroups pieces into chunks of `size` bytes and a last one of at most that. A full chunk is held back until a
 * further byte proves that it is not the last. The bytes are valid until the next chunk is asked for.
 */
async function* inChunks(source: ByteSource, size: number): AsyncGenerator<Chunk, void, undefined> {
  const held = new Uint8Array(size)
  let length = 0
  let index = 0
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      if (length === size) {
        yield { bytes: held, index: index++, last: false }
        length = 0
      }
      const part = piece.subarray(at, at + size - length)
      held.set(part, length)
      length += part.length
      at += part.length
    }
  }
  yield { bytes: held.subarray(0, length), index, last: true }
}
