import { AgeError } from './age-error.ts'
import type { PayloadKey } from './payload-key.ts'
import { CHUNK_BYTES, plaintextLength, SEALED_CHUNK_BYTES } from './payload-length.ts'

/** Returns exactly `length` of the sealed bytes from `offset`, counted from the end of the nonce. */
export type ReadSealed = (offset: number, length: number) => Uint8Array | Promise<Uint8Array>

/**
 * Decrypts a part of a payload, chunk by chunk, reading only the chunks that hold it.
 *
 * The last chunk is decrypted first: only that proves how long the payload is (C2SP age.md, "Payload").
 *
 * @param offset where the part begins in the plaintext
 * @param length how long it is; it may not reach beyond the end
 * @param sealedLength bytes of the sealed chunks, without the nonce
 * @throws AgeError PAYLOAD_LENGTH for a part outside the payload or a length that no payload has, PAYLOAD
 */
export async function* decryptRange(
  read: ReadSealed,
  key: PayloadKey,
  offset: number,
  length: number,
  sealedLength: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const total = plaintextLength(sealedLength)
  checkRange(offset, length, total)
  const lastIndex = Math.ceil(sealedLength / SEALED_CHUNK_BYTES) - 1
  const chunk = (index: number) => decryptChunkAt(read, key, index, index === lastIndex, sealedLength)
  const lastChunk = await chunk(lastIndex)
  const end = offset + length
  for (let at = offset; at < end; ) {
    const index = Math.floor(at / CHUNK_BYTES)
    const start = index * CHUNK_BYTES
    const plaintext = index === lastIndex ? lastChunk : await chunk(index)
    yield plaintext.subarray(at - start, end - start)
    at = start + CHUNK_BYTES
  }
}

async function decryptChunkAt(
  read: ReadSealed,
  key: PayloadKey,
  index: number,
  last: boolean,
  sealedLength: number,
): Promise<Uint8Array> {
  const start = index * SEALED_CHUNK_BYTES
  const length = Math.min(SEALED_CHUNK_BYTES, sealedLength - start)
  return key.decryptChunk(index, last, await read(start, length))
}

function checkRange(offset: number, length: number, total: number): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
  if (!whole || offset < 0 || length < 0 || offset + length > total) {
    throw new AgeError('PAYLOAD_LENGTH', `no ${length} bytes at ${offset} in a payload of ${total}`)
  }
}
