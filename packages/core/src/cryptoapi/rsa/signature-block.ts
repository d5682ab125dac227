import { concat, equalBytes } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { RsaPrivateKey } from './rsa-private-key.ts'
import type { RsaPublicKey } from './rsa-public-key.ts'

/** What is signed, and where it stands in the block. */
type Layout = (t: Uint8Array, length: number) => Uint8Array | undefined

/**
 * Signs with block type 1 of PKCS #1: 00 01, FF to fill (eight or more), 00, T. RFC 8017, section 9.2
 *
 * @param t the DigestInfo, or a bare hash value
 * @returns n bytes, little-endian
 * @throws CryptoApiError NTE_BAD_LEN if the key is too short for it; NTE_FAIL if the result fails its check
 */
export function signBlock(key: RsaPrivateKey, t: Uint8Array): Uint8Array {
  return sign(key, t, blockType1)
}

/** Whether a little-endian signature is `signBlock`'s over T: rebuilt and compared whole, never parsed. */
export function verifyBlock(key: RsaPublicKey, signature: Uint8Array, t: Uint8Array): boolean {
  return verify(key, signature, t, blockType1)
}

/**
 * Signs with the block of CRYPT_X931_FORMAT: 6B, BB to fill, BA, hash value, 33 CC.
 *
 * The trailer is that of SHA-1 whatever the hash, and the smaller of s and n - s is not taken: as Wine does it.
 *
 * @returns n bytes, little-endian
 * @throws CryptoApiError NTE_BAD_LEN if the key is too short for it; NTE_FAIL if the block is not below the modulus
 */
export function signX931Block(key: RsaPrivateKey, hash: Uint8Array): Uint8Array {
  return sign(key, hash, x931)
}

/** Whether a little-endian signature is `signX931Block`'s over the hash value. */
export function verifyX931Block(key: RsaPublicKey, signature: Uint8Array, hash: Uint8Array): boolean {
  return verify(key, signature, hash, x931)
}

function sign(key: RsaPrivateKey, t: Uint8Array, layout: Layout): Uint8Array {
  const block = layout(t, key.publicKey.length)
  if (block === undefined) {
    throw new CryptoApiError(
      'NTE_BAD_LEN',
      `a key of ${key.publicKey.bits} bits does not sign ${t.length} bytes`,
    )
  }
  const signature = key.rawChecked(block)
  if (signature === undefined) throw new CryptoApiError('NTE_FAIL', 'the private key made no valid signature')
  return signature.toReversed()
}

function verify(key: RsaPublicKey, signature: Uint8Array, t: Uint8Array, layout: Layout): boolean {
  const expected = layout(t, key.length)
  const block = key.raw(signature.toReversed())
  return expected !== undefined && block !== undefined && equalBytes(block, expected)
}

const blockType1: Layout = (t, length) =>
  length < t.length + 11
    ? undefined
    : concat(Uint8Array.of(0, 1), new Uint8Array(length - t.length - 3).fill(0xff), Uint8Array.of(0), t)

const x931: Layout = (hash, length) =>
  length < hash.length + 4
    ? undefined
    : concat(
        Uint8Array.of(0x6b),
        new Uint8Array(length - hash.length - 4).fill(0xbb),
        Uint8Array.of(0xba),
        hash,
        Uint8Array.of(0x33, 0xcc),
      )
