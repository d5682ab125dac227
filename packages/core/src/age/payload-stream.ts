import { concat } from '../bytes/index.ts'
import { PayloadKey } from './payload-key.ts'
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
 * before it is released. What was released is only all of it once the generator has ended without an error.
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
    yield key.decryptChunk(index, last, bytes)
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
