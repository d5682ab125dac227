import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import { CIPHERS } from '../algorithm-table.ts'
import { CALG_RSA_KEYX, SIMPLEBLOB } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import {
  BLOB_HEADER_BYTES,
  encodeBlobHeader,
  expectAlgorithm,
  expectBlobHeader,
  expectBytes,
  type Supports,
} from './blob-header.ts'

/** Where the ciphertext starts in a SIMPLEBLOB. */
export const SIMPLE_BLOB_PAYLOAD = BLOB_HEADER_BYTES + 4

/** A session key under somebody's exchange key. Nothing in it says who made it. */
export interface SimpleBlob {
  /** ALG_ID of the session key. */
  readonly algorithm: number
  /** ALG_ID of the key that wraps it: CALG_RSA_KEYX. */
  readonly wrapAlgorithm: number
  /** A view of all that follows: RSA ciphertext, little-endian, as long as the modulus, and what may stand behind it. */
  readonly payload: Uint8Array
}

/**
 * Reads a SIMPLEBLOB: `header (8) | CALG_RSA_KEYX (4, little-endian) | RSA ciphertext`. Decrypts nothing.
 *
 * Both algorithms are looked at before any private key could be asked.
 * Source: Microsoft, SIMPLEBLOB; [MS-MQQB] 2.2.
 *
 * @param supports whether the provider has the cipher
 * @throws CryptoApiError NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID; NTE_BAD_DATA if it is cut off before the ciphertext
 */
export function parseSimpleBlob(blob: Uint8Array, supports: Supports): SimpleBlob {
  const { algorithm } = expectBlobHeader(blob, SIMPLEBLOB)
  expectBytes(blob, SIMPLE_BLOB_PAYLOAD)
  expectAlgorithm(algorithm, CIPHERS, supports)
  const wrapAlgorithm = new ByteReader(blob.subarray(BLOB_HEADER_BYTES)).u32le()
  if (wrapAlgorithm !== CALG_RSA_KEYX) {
    throw new CryptoApiError(
      'NTE_BAD_ALGID',
      `no session key is wrapped with 0x${wrapAlgorithm.toString(16)} here`,
    )
  }
  return { algorithm, wrapAlgorithm, payload: blob.subarray(SIMPLE_BLOB_PAYLOAD) }
}

/** Writes a SIMPLEBLOB. @param payload RSA ciphertext, little-endian, as long as the modulus */
export function encodeSimpleBlob(algorithm: number, payload: Uint8Array): Uint8Array {
  return new ByteWriter(SIMPLE_BLOB_PAYLOAD + payload.length)
    .bytes(encodeBlobHeader({ type: SIMPLEBLOB, algorithm }))
    .u32le(CALG_RSA_KEYX)
    .bytes(payload)
    .toBytes()
}
