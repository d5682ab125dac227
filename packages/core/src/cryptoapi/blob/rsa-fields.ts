import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { MAX_RSA_BITS, MIN_RSA_BITS, type RsaPublicKey } from '../rsa/rsa-public-key.ts'

/** Bytes of magic number, size and public exponent. */
export const RSA_FIELDS_BYTES = 12
/** "RSA1" and "RSA2", as little-endian numbers. */
export const MAGIC_PUBLIC = 0x31415352
export const MAGIC_PRIVATE = 0x32415352

/** What stands before the modulus. */
export interface RsaFields {
  readonly bits: number
  readonly exponent: number
}

/**
 * The start of an RSA blob's body: `magic (4) | bits of the modulus (4) | public exponent (4)`, little-endian.
 *
 * The size comes from whoever made the blob: it is compared with the bytes that are there before anything is made of it.
 * Source: Microsoft, RSAPUBKEY.
 *
 * @param body what follows the blob's header
 * @param fieldsLength the bytes after these three fields for a modulus of so many bytes
 * @throws CryptoApiError NTE_BAD_DATA if it is cut off or starts with another magic number
 */
export function parseRsaFields(
  body: Uint8Array,
  magic: number,
  fieldsLength: (modulusLength: number) => number,
): RsaFields {
  if (body.length < RSA_FIELDS_BYTES) throw cutOff(RSA_FIELDS_BYTES, body.length)
  const reader = new ByteReader(body)
  const [found, bits, exponent] = [reader.u32le(), reader.u32le(), reader.u32le()]
  if (found !== magic)
    throw new CryptoApiError('NTE_BAD_DATA', 'the magic number of the RSA key is not the right one')
  const needed = RSA_FIELDS_BYTES + fieldsLength(Math.ceil(bits / 8))
  if (body.length < needed) throw cutOff(needed, body.length)
  return { bits, exponent }
}

/** The three fields of a key. */
export function encodeRsaFields(magic: number, key: RsaPublicKey): Uint8Array {
  return new ByteWriter(RSA_FIELDS_BYTES).u32le(magic).u32le(key.bits).u32le(key.exponent).toBytes()
}

/** @throws CryptoApiError NTE_BAD_DATA for a size that no key of these providers has */
export function checkRsaBits(bits: number): void {
  if (bits % 8 === 0 && bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS) return
  throw new CryptoApiError(
    'NTE_BAD_DATA',
    `expected an RSA key of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits in steps of 8, got ${bits}`,
  )
}

function cutOff(needed: number, got: number): CryptoApiError {
  return new CryptoApiError('NTE_BAD_DATA', `expected ${needed} bytes of RSA key, got ${got}`)
}
