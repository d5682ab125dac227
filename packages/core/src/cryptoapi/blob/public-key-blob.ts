import { concat } from '../../bytes/index.ts'
import { PAIRS } from '../algorithm-table.ts'
import { PUBLICKEYBLOB } from '../constants.ts'
import { type RecoveryOption, RsaPublicKey } from '../rsa/rsa-public-key.ts'
import {
  BLOB_HEADER_BYTES,
  encodeBlobHeader,
  expectAlgorithm,
  expectBlobHeader,
  type Supports,
} from './blob-header.ts'
import {
  checkRsaBits,
  encodeRsaFields,
  MAGIC_PUBLIC,
  parseRsaFields,
  RSA_FIELDS_BYTES,
} from './rsa-fields.ts'

const MODULUS_START = BLOB_HEADER_BYTES + RSA_FIELDS_BYTES

/**
 * Reads a PUBLICKEYBLOB: `header (8) | "RSA1" (4) | bits (4) | exponent (4) | modulus (bits / 8)`, all little-endian.
 *
 * Bytes after the modulus are ignored: callers of CryptImportKey pass whole buffers.
 * Source: Microsoft, "RSA/Schannel Key BLOBs"; the order of the checks is that of `docs/cryptoapi.md`, import.
 *
 * @param supports whether the provider has CALG_RSA_KEYX or CALG_RSA_SIGN
 * @param options `recovery` takes even moduli and exponents that hide nothing
 * @throws CryptoApiError NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID; NTE_BAD_DATA for anything else
 */
export function parsePublicKeyBlob(
  blob: Uint8Array,
  supports: Supports,
  options: RecoveryOption = {},
): { readonly algorithm: number; readonly key: RsaPublicKey } {
  const { algorithm } = expectBlobHeader(blob, PUBLICKEYBLOB)
  const { bits, exponent } = parseRsaFields(blob.subarray(BLOB_HEADER_BYTES), MAGIC_PUBLIC, (n) => n)
  expectAlgorithm(algorithm, PAIRS, supports)
  checkRsaBits(bits)
  const modulus = blob.subarray(MODULUS_START, MODULUS_START + bits / 8).toReversed()
  return { algorithm, key: RsaPublicKey.fromParts(modulus, exponent, options) }
}

/** Writes a PUBLICKEYBLOB. @param algorithm CALG_RSA_KEYX or CALG_RSA_SIGN */
export function encodePublicKeyBlob(algorithm: number, key: RsaPublicKey): Uint8Array {
  return concat(
    encodeBlobHeader({ type: PUBLICKEYBLOB, algorithm }),
    encodeRsaFields(MAGIC_PUBLIC, key),
    key.modulus.toReversed(),
  )
}
