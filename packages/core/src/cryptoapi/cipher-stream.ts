import { concat } from '../bytes/index.ts'
import type { HashObject } from './hash-object.ts'
import type { SessionKey } from './session-key.ts'

/** Pieces of any size, as a stream or a file gives them. */
export type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** What else takes the plaintext. */
export interface StreamOptions {
  readonly hash?: HashObject | undefined
}

/**
 * Encrypts a message that comes in pieces of any size; the pieces that come out are those of one message.
 *
 * @throws CryptoApiError as `SessionKey.encrypt`
 */
export async function* encryptStream(
  key: SessionKey,
  chunks: Chunks,
  { hash }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(0)
  for await (const chunk of chunks) {
    const { whole, rest } = split(key, concat(held, chunk), 0)
    held = rest
    if (whole.length > 0) yield key.encrypt(whole, { final: false, hash })
  }
  yield key.encrypt(held, { hash })
}

/**
 * Decrypts a message that comes in pieces of any size.
 *
 * Nothing authenticates such a message: what comes out may be damaged, and whether its padding is right is known only at
 * the end. Keep what comes out to yourself until then.
 *
 * @throws CryptoApiError as `SessionKey.decrypt`
 */
export async function* decryptStream(
  key: SessionKey,
  chunks: Chunks,
  { hash }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array(0)
  for await (const chunk of chunks) {
    // The last block is kept back: only the final call knows that it is padding.
    const { whole, rest } = split(key, concat(held, chunk), key.blockLength)
    held = rest
    if (whole.length > 0) yield key.decrypt(whole, { final: false, hash })
  }
  yield key.decrypt(held, { hash })
}

/** As many whole blocks as there are while at least `keep` bytes stay behind, and what stays behind. */
function split(
  key: SessionKey,
  data: Uint8Array,
  keep: number,
): { whole: Uint8Array; rest: Uint8Array<ArrayBuffer> } {
  const block = key.blockLength || 1
  const blocks = Math.max(0, Math.floor((data.length - keep) / block))
  return { whole: data.subarray(0, blocks * block), rest: data.slice(blocks * block) }
}
