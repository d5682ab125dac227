import { randomBytes } from 'node:crypto'
import { concat, wipe } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { RsaPrivateKey } from './rsa-private-key.ts'
import type { RsaPublicKey } from './rsa-public-key.ts'
import {
  type ExpectedLengths,
  findSeparator,
  isEqual,
  isZero,
  messageOf,
  type Padding,
  recoverBlock,
} from './unpadding.ts'

/** 00 02, at least eight bytes of padding, 00. */
const OVERHEAD = 11

/** Block type 2: 00 02, eight or more bytes that are not zero, 00, the message. RFC 8017, section 7.2.2, step 3 */
export const PKCS1: Padding = {
  overhead: OVERHEAD,
  judge(block, separators) {
    const { good, start } = findSeparator(block, 2, separators, isZero, isZero)
    return { good: good & isZero(block[0] ?? 1) & isEqual(block[1] ?? 0, 2), start }
  },
}

/**
 * Encrypts a message with the padding of PKCS #1 v1.5.
 *
 * @param message at most n - 11 bytes; may be empty
 * @returns n bytes, little-endian
 * @throws CryptoApiError NTE_BAD_LEN if it is longer
 */
export function encryptPkcs1(key: RsaPublicKey, message: Uint8Array): Uint8Array {
  const room = key.length - OVERHEAD
  if (message.length > room) throw tooLong(message.length, room)
  const filler = nonZeroBytes(key.length - message.length - 3)
  const block = concat(Uint8Array.of(0, 2), filler, Uint8Array.of(0), message)
  const ciphertext = encryptBlock(key, block)
  wipe(filler, block)
  return ciphertext
}

/**
 * Decrypts a ciphertext with the padding of PKCS #1 v1.5.
 *
 * Whoever can ask this again and again about ciphertexts of their own and is told which are good decrypts any other
 * (Bleichenbacher 1998): check signatures first, or see `unwrapOrSubstitute`.
 *
 * @param ciphertext n bytes, little-endian
 * @param expected which lengths of the message are right, in bytes; without it, all
 * @throws CryptoApiError NTE_BAD_DATA with one text for every fault
 */
export function decryptPkcs1(
  key: RsaPrivateKey,
  ciphertext: Uint8Array,
  expected: ExpectedLengths = () => true,
): Uint8Array {
  return messageOf(recoverBlock(key, ciphertext, PKCS1, expected))
}

/** The little-endian ciphertext of a padded block, which starts with a zero and so is below the modulus. */
export function encryptBlock(key: RsaPublicKey, block: Uint8Array): Uint8Array {
  const encrypted = key.raw(block)
  if (encrypted === undefined) throw new RangeError(`expected a padded block of ${key.length} bytes`)
  return encrypted.toReversed()
}

/** The refusal of a message that the key has no room for. */
export function tooLong(length: number, room: number): CryptoApiError {
  return new CryptoApiError('NTE_BAD_LEN', `the key has room for ${Math.max(room, 0)} bytes, got ${length}`)
}

/** Random bytes of 1 to 255, each as likely as the others. */
function nonZeroBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(randomBytes(length))
  for (let i = 0; i < length; ) {
    if (bytes[i] !== 0) i++
    else bytes.set(randomBytes(1), i)
  }
  return bytes
}
