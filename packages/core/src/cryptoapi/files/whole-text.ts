import { wipe } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'

/** The longest text that is encrypted or decrypted as a whole: 1 GiB. */
export const MAX_TEXT_BYTES = 2 ** 30

/**
 * Bytes in a call: whole blocks of every cipher. The state of a message runs on from call to call, so that the size of
 * the pieces does not show in the result; it bounds what is copied besides the text itself.
 */
const PIECE_BYTES = 2 ** 16
const LARGEST_BLOCK = 16

/** What encrypts and decrypts a text, one message after the other: a SessionKey, or handles behind an interface. */
export interface TextCipher {
  /** Bytes in a block, 0 for a stream cipher. */
  readonly blockLength: number
  /** The next piece of a message, as a new array; a final one is padded and ends it. */
  encrypt(piece: Uint8Array, call: { final: boolean }): Uint8Array
  /** The way back. @throws CryptoApiError NTE_BAD_DATA for damage that shows in the padding */
  decrypt(piece: Uint8Array, call: { final: boolean }): Uint8Array
}

/**
 * What a reader does with bytes that follow the end of the ciphertext, as a writer leaves them that does not cut an
 * older, longer file:
 *
 * - `refuse`: takes the file as it is. The padding will not fit, unless the older text was encrypted with the same key;
 *   a stream cipher shows nothing.
 * - `find`: if the padding at the end does not fit, looks for one that does. A guess: the longer the file, the more
 *   blocks look like an end by chance, so that whoever asks for it reads the text himself. Not for stream ciphers.
 * - a number: the length of the plaintext, known from elsewhere. Always right.
 */
export type Tail = 'refuse' | 'find' | number

/** A decrypted text, and how many bytes of the file were left behind it. */
export interface DecryptedText {
  readonly plaintext: Uint8Array
  readonly tailLength: number
}

/**
 * A text as one message, padded at its end if the cipher has blocks.
 *
 * @throws CryptoApiError NTE_BAD_LEN above MAX_TEXT_BYTES
 */
export function encryptText(cipher: TextCipher, plaintext: Uint8Array): Uint8Array {
  expectLength(plaintext)
  return inPieces(plaintext, (piece, final) => cipher.encrypt(piece, { final }), true)
}

/**
 * The text of one message, whole or not at all: what was decrypted before a fault was seen is overwritten.
 *
 * There is no authentication. A ciphertext that was cut at a block or changed is found by its padding alone, with a
 * chance of one in 256 to be missed; with a stream cipher nothing is found.
 *
 * @throws CryptoApiError NTE_BAD_DATA: damaged, or another key; NTE_BAD_LEN above MAX_TEXT_BYTES;
 *   ERROR_INVALID_PARAMETER: `find` with a stream cipher
 */
export function decryptText(
  cipher: TextCipher,
  ciphertext: Uint8Array,
  tail: Tail = 'refuse',
): DecryptedText {
  expectLength(ciphertext)
  if (tail === 'find') return decryptToFoundEnd(cipher, ciphertext)
  if (tail === 'refuse') return { plaintext: decryptWhole(cipher, ciphertext), tailLength: 0 }
  const { blockLength } = cipher
  const length = blockLength === 0 ? tail : (Math.floor(tail / blockLength) + 1) * blockLength
  if (length > ciphertext.length) throw damage(`the text of ${tail} bytes is cut off`)
  const plaintext = decryptWhole(cipher, ciphertext.subarray(0, length))
  if (plaintext.length !== tail) {
    wipe(plaintext)
    throw damage(NOT_DECRYPTED)
  }
  return { plaintext, tailLength: ciphertext.length - length }
}

/** The one text for damage and for another key. */
export const NOT_DECRYPTED = 'the text is damaged, or encrypted with another key'

function decryptWhole(cipher: TextCipher, ciphertext: Uint8Array): Uint8Array {
  const { blockLength } = cipher
  if (blockLength !== 0 && (ciphertext.length === 0 || ciphertext.length % blockLength !== 0)) {
    throw damage(`a text of ${ciphertext.length} bytes is no whole number of blocks of ${blockLength}`)
  }
  return inPieces(ciphertext, (piece, final) => cipher.decrypt(piece, { final }), true)
}

/** Decrypts without an end, then looks for one. The message stays open: the cipher is of no more use. */
function decryptToFoundEnd(cipher: TextCipher, ciphertext: Uint8Array): DecryptedText {
  const { blockLength } = cipher
  if (blockLength === 0) {
    throw new CryptoApiError(
      'ERROR_INVALID_PARAMETER',
      'a stream cipher shows no end: say how long the text is',
    )
  }
  const blocks = ciphertext.subarray(0, ciphertext.length - (ciphertext.length % blockLength))
  const padded = inPieces(blocks, (piece) => cipher.decrypt(piece, { final: false }), false)
  const end = foundEnd(padded, blockLength, blocks.length === ciphertext.length)
  if (end === undefined) {
    wipe(padded)
    throw damage(NOT_DECRYPTED)
  }
  const count = padded[end - 1] ?? 0
  wipe(padded.subarray(end - count))
  return { plaintext: padded.subarray(0, end - count), tailLength: ciphertext.length - end }
}

/**
 * Where the padding ends: at the end if it fits there, else behind the longest one, the first of those. A block of other
 * bytes ends in k bytes of the value k by chance once in 256 to the power of k.
 */
function foundEnd(padded: Uint8Array, blockLength: number, whole: boolean): number | undefined {
  if (whole && paddingLength(padded, padded.length, blockLength) > 0) return padded.length
  let [found, longest] = [0, 0]
  for (let end = blockLength; end <= padded.length; end += blockLength) {
    const length = paddingLength(padded, end, blockLength)
    if (length > longest) [found, longest] = [end, length]
  }
  return longest === 0 ? undefined : found
}

/** Bytes of padding in the block that ends here, 0 if it has none. */
export function paddingLength(padded: Uint8Array, end: number, blockLength: number): number {
  const count = padded[end - 1] ?? 0
  if (count > blockLength) return 0
  return padded.subarray(end - count, end).every((byte) => byte === count) ? count : 0
}

/** At least one call, the last of them final: an empty text is an empty final call. */
function inPieces(
  data: Uint8Array,
  call: (piece: Uint8Array, final: boolean) => Uint8Array,
  finish: boolean,
): Uint8Array {
  const whole = new Uint8Array(data.length + LARGEST_BLOCK)
  let written = 0
  try {
    for (let at = 0; at === 0 || at < data.length; at += PIECE_BYTES) {
      const end = Math.min(at + PIECE_BYTES, data.length)
      const piece = call(data.subarray(at, end), finish && end === data.length)
      whole.set(piece, written)
      written += piece.length
      wipe(piece)
    }
  } catch (error) {
    wipe(whole)
    throw error
  }
  return whole.subarray(0, written)
}

function expectLength({ length }: Uint8Array): void {
  if (length > MAX_TEXT_BYTES) {
    throw new CryptoApiError('NTE_BAD_LEN', `a text has at most ${MAX_TEXT_BYTES} bytes here, not ${length}`)
  }
}

const damage = (message: string): CryptoApiError => new CryptoApiError('NTE_BAD_DATA', message)
