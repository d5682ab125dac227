import { CryptoApiError } from '../crypto-api-error.ts'
import { wipe } from '../../bytes/index.ts'
import type { RsaPrivateKey } from './rsa-private-key.ts'

/**
 * A truth as a number, so that truths combine without a branch: 0 is no, -1 (all ones) is yes.
 *
 * JavaScript promises no constant time. What can be kept is kept: no early exit, no branch and no message that depends
 * on the decrypted block, the same steps for every block of a key, one decision at the end.
 */
export type Mask = number

/** Whether a number of 0 to 2^31 - 1 is zero. */
export function isZero(value: number): Mask {
  return (value - 1) >> 31
}

/** Whether two bytes are equal. */
export function isEqual(a: number, b: number): Mask {
  return isZero(a ^ b)
}

/** One number or the other. */
export function select(yes: Mask, whenYes: number, whenNo: number): number {
  return (whenYes & yes) | (whenNo & ~yes)
}

/** What a padding says of a block. */
export interface Verdict {
  readonly good: Mask
  /** Where the message starts in the block, and it goes on to the end; 0 if there is no separator. */
  readonly start: number
}

/** One way to hide a message in a block. */
export interface Padding {
  /** Bytes of the block besides the message, at least. */
  readonly overhead: number
  /**
   * Judges a whole block; may unmask it in place.
   *
   * @param separators for every position, whether the byte that ends the padding may stand there
   */
  judge(block: Uint8Array, separators: Int32Array): Verdict
}

/** A decrypted block with the verdict over it; the caller wipes it. */
export interface Recovered extends Verdict {
  readonly block: Uint8Array
}

/** Which lengths of a message the caller takes, in bytes. */
export type ExpectedLengths = (length: number) => boolean

/**
 * Decrypts and judges a ciphertext, without telling anyone yet.
 *
 * A number not below the modulus costs the same work and gets the same verdict as bad padding; so does a wrong length
 * of the message, which is part of the one decision. `expected` is asked about every possible length beforehand, so
 * that what it does cannot depend on the secret.
 *
 * @param ciphertext little-endian, as long as the modulus
 * @throws CryptoApiError NTE_BAD_DATA, as for everything else, if it is not that long
 */
export function recoverBlock(
  key: RsaPrivateKey,
  ciphertext: Uint8Array,
  padding: Padding,
  expected: ExpectedLengths,
): Recovered {
  const { length } = key.publicKey
  if (ciphertext.length !== length) throw unpaddingFault()
  const separators = acceptableSeparators(length, padding, expected)
  const number = ciphertext.toReversed()
  // The modulus starts with no zero, so a number that does is below it.
  const decrypted = key.raw(number)
  const block = decrypted ?? key.raw(number.with(0, 0)) ?? new Uint8Array(length)
  const verdict = padding.judge(block, separators)
  return { block, start: verdict.start, good: decrypted === undefined ? 0 : verdict.good }
}

/** The message, or the one error that there is. Both are made whatever the verdict: an error costs microseconds. */
export function messageOf({ block, good, start }: Recovered): Uint8Array {
  const fault = unpaddingFault()
  const message = block.slice(start)
  wipe(block)
  if (good !== 0) return message
  wipe(message)
  throw fault
}

/**
 * Looks at every byte from `from` on for the one that ends the padding.
 *
 * @param ends whether a byte ends the padding
 * @param right whether that byte is the one it should be
 */
export function findSeparator(
  block: Uint8Array,
  from: number,
  separators: Int32Array,
  ends: (byte: number) => Mask,
  right: (byte: number) => Mask,
): Verdict {
  let found: Mask = 0
  let good: Mask = 0
  let start = 0
  for (let i = from; i < block.length; i++) {
    const byte = block[i] ?? 0
    const first = ends(byte) & ~found
    good |= first & right(byte) & (separators[i] ?? 0)
    start |= first & (i + 1)
    found |= first
  }
  return { good, start }
}

/** The one answer to everything that goes wrong behind the private key. It carries no cause and says no more than this. */
export function unpaddingFault(): CryptoApiError {
  return new CryptoApiError('NTE_BAD_DATA', 'the private key does not open this')
}

function acceptableSeparators(length: number, { overhead }: Padding, expected: ExpectedLengths): Int32Array {
  return Int32Array.from({ length }, (_, i) => (i >= overhead - 1 && expected(length - 1 - i) ? -1 : 0))
}
