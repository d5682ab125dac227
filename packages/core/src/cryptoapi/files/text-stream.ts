import { concat, copyOf, wipe } from '../../bytes/index.ts'
import { type Chunks, decryptStream, encryptStream } from '../cipher-stream.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { SessionKey } from '../session-key.ts'
import { paddingLength, NOT_DECRYPTED, type Tail } from './whole-text.ts'

/**
 * A text as one message, of any length. What comes out holds until the next piece is asked for, and is then overwritten.
 *
 * @param key not within a message; stays as it is
 * @throws CryptoApiError as `SessionKey.encrypt`
 */
export async function* encryptTextStream(key: SessionKey, plaintext: Chunks): AsyncGenerator<Uint8Array> {
  const own = key.duplicate()
  try {
    yield* overwritten(encryptStream(own, plaintext))
  } finally {
    own.wipe()
  }
}

/**
 * The text of one message, of any length: `decryptText` without its bound.
 *
 * What comes out is known to be the text only when no error ends it: keep it where nobody sees it until then. A piece
 * holds until the next one is asked for, and is then overwritten. As ever, nothing is authenticated.
 *
 * @param key not within a message; stays as it is
 * @param tail `find` takes two passes: see `findTextLength`
 * @returns how many bytes were left behind the text
 * @throws CryptoApiError NTE_BAD_DATA: damaged, or another key, at the end
 */
export async function* decryptTextStream(
  key: SessionKey,
  ciphertext: Chunks,
  tail: Exclude<Tail, 'find'> = 'refuse',
): AsyncGenerator<Uint8Array, number> {
  const own = key.duplicate()
  const { blockLength } = key
  const behind = { bytes: 0 }
  const message =
    tail === 'refuse'
      ? wholeBlocks(ciphertext, blockLength)
      : firstBytes(ciphertext, lengthOfMessage(tail, blockLength), tail, behind)
  let plainBytes = 0
  try {
    for await (const piece of overwritten(decryptStream(own, message))) {
      plainBytes += piece.length
      yield piece
    }
  } finally {
    own.wipe()
  }
  if (tail !== 'refuse' && plainBytes !== tail) throw damage(NOT_DECRYPTED)
  return behind.bytes
}

/**
 * How long the text is that a writer left in a longer file: what the tail `find` means in `decryptText`. Reads all of the
 * ciphertext and keeps nothing of it; the length goes to `decryptTextStream`.
 *
 * @throws CryptoApiError NTE_BAD_DATA: no end; ERROR_INVALID_PARAMETER: a stream cipher, which shows none
 */
export async function findTextLength(key: SessionKey, ciphertext: Chunks): Promise<number> {
  const { blockLength } = key
  if (blockLength === 0) {
    throw new CryptoApiError(
      'ERROR_INVALID_PARAMETER',
      'a stream cipher shows no end: say how long the text is',
    )
  }
  const own = key.duplicate()
  const search = new EndSearch(blockLength)
  let held = new Uint8Array(0)
  try {
    for await (const chunk of ciphertext) {
      const data = concat(held, chunk)
      const whole = data.length - (data.length % blockLength)
      held = copyOf(data, whole)
      const padded = own.decrypt(data.subarray(0, whole), { final: false })
      search.look(padded)
      wipe(padded)
    }
  } finally {
    own.wipe()
  }
  return search.textLength(held.length === 0)
}

/** Looks at blocks for padding, in order: `foundEnd` of whole texts, for blocks that are not kept. */
class EndSearch {
  readonly #blockLength: number
  #seen = 0
  /** The first of the longest paddings so far, and where the text in front of it ends. */
  #longest = { padding: 0, textLength: 0 }
  /** The same of the last block. */
  #last = { padding: 0, textLength: 0 }

  constructor(blockLength: number) {
    this.#blockLength = blockLength
  }

  look(padded: Uint8Array): void {
    for (let end = this.#blockLength; end <= padded.length; end += this.#blockLength) {
      const padding = paddingLength(padded, end, this.#blockLength)
      this.#last = { padding, textLength: this.#seen + end - padding }
      if (padding > this.#longest.padding) this.#longest = this.#last
    }
    this.#seen += padded.length
  }

  /** @param whole whether there was nothing but whole blocks: else the last one is not the end */
  textLength(whole: boolean): number {
    const end = whole && this.#last.padding > 0 ? this.#last : this.#longest
    if (end.padding === 0) throw damage(NOT_DECRYPTED)
    return end.textLength
  }
}

/** Each piece, gone when the next is asked for: plaintext does not lie about for a collector to find. */
async function* overwritten(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    try {
      yield piece
    } finally {
      wipe(piece)
    }
  }
}

/** All chunks; at their end, whether a message can be so long. @throws CryptoApiError NTE_BAD_DATA */
async function* wholeBlocks(ciphertext: Chunks, blockLength: number): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of ciphertext) {
    total += chunk.length
    yield chunk
  }
  if (blockLength !== 0 && (total === 0 || total % blockLength !== 0)) {
    throw damage(`a text of ${total} bytes is no whole number of blocks of ${blockLength}`)
  }
}

/** The first `length` bytes; counts those behind them. @throws CryptoApiError NTE_BAD_DATA if there are fewer */
async function* firstBytes(
  ciphertext: Chunks,
  length: number,
  textLength: number,
  behind: { bytes: number },
): AsyncGenerator<Uint8Array> {
  let missing = length
  for await (const chunk of ciphertext) {
    const part = chunk.subarray(0, missing)
    missing -= part.length
    behind.bytes += chunk.length - part.length
    if (part.length > 0) yield part
  }
  if (missing > 0) throw damage(`the text of ${textLength} bytes is cut off`)
}

/** Bytes of ciphertext for so much text: padding fills at least one byte of the last block. */
function lengthOfMessage(textLength: number, blockLength: number): number {
  return blockLength === 0 ? textLength : (Math.floor(textLength / blockLength) + 1) * blockLength
}

const damage = (message: string): CryptoApiError => new CryptoApiError('NTE_BAD_DATA', message)
