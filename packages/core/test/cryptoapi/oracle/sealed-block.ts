import { constants, privateDecrypt, publicEncrypt } from 'node:crypto'
import type { TestPair } from './test-pairs.ts'

/** Raw RSA with the public key: a ciphertext in CryptoAPI's byte order for a block of modulus length. */
export function sealBlock(pair: TestPair, block: Uint8Array): Uint8Array {
  const sealed = publicEncrypt({ key: pair.key, padding: constants.RSA_NO_PADDING }, block)
  return new Uint8Array(sealed).toReversed()
}

/**
 * The length of the message in a ciphertext of CryptoAPI's byte order, found without any code of ours; undefined if its
 * padding is wrong.
 */
export function sealedLength(
  pair: TestPair,
  ciphertext: Uint8Array,
  padding: 'pkcs1' | 'oaep',
): number | undefined {
  if (ciphertext.length !== pair.bits / 8) return undefined
  try {
    const sealed = ciphertext.toReversed()
    if (padding === 'oaep')
      return privateDecrypt({ key: pair.key, padding: OAEP, oaepHash: 'sha1' }, sealed).length
    return pkcs1Length(privateDecrypt({ key: pair.key, padding: constants.RSA_NO_PADDING }, sealed))
  } catch {
    return undefined // what OpenSSL says of a wrong OAEP block, and of a number above the modulus
  }
}

const OAEP = constants.RSA_PKCS1_OAEP_PADDING
const LEAST_PADDING = 8

/** RFC 8017, section 7.2.2: 00 02, at least eight bytes that are not zero, 00. */
function pkcs1Length(block: Uint8Array): number | undefined {
  const separator = block.indexOf(0, 2)
  const good = block[0] === 0 && block[1] === 2 && separator >= 2 + LEAST_PADDING
  return good ? block.length - separator - 1 : undefined
}
