import { ByteReader, ByteWriter, concat, copyOf } from '../../bytes/index.ts'
import { CIPHERS } from '../algorithm-table.ts'
import { PLAINTEXTKEYBLOB } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import {
  BLOB_HEADER_BYTES,
  encodeBlobHeader,
  expectAlgorithm,
  expectBlobHeader,
  expectBytes,
  type Supports,
} from './blob-header.ts'

const KEY_START = BLOB_HEADER_BYTES + 4

/**
 * Reads a PLAINTEXTKEYBLOB: `header (8) | length of the key in bytes (4, little-endian) | key`.
 *
 * Bytes after the key are ignored; salt is never inside. Whether the cipher has keys of this length is the caller's
 * question.
 * Source: Microsoft, PLAINTEXTKEYBLOB.
 *
 * @param supports whether the provider has the cipher
 * @returns the key as an array of its own, which the caller wipes
 * @throws CryptoApiError NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID; NTE_BAD_DATA if it is cut off
 */
export function parsePlaintextKeyBlob(
  blob: Uint8Array,
  supports: Supports = () => true,
): { readonly algorithm: number; readonly key: Uint8Array } {
  const { algorithm } = expectBlobHeader(blob, PLAINTEXTKEYBLOB)
  expectBytes(blob, KEY_START)
  const length = new ByteReader(blob.subarray(BLOB_HEADER_BYTES)).u32le()
  if (length > blob.length - KEY_START) {
    throw new CryptoApiError(
      'NTE_BAD_DATA',
      `expected a key of ${length} bytes, got ${blob.length - KEY_START}`,
    )
  }
  expectAlgorithm(algorithm, CIPHERS, supports)
  return { algorithm, key: copyOf(blob, KEY_START, KEY_START + length) }
}

/** Writes a PLAINTEXTKEYBLOB: the key in the clear, which the caller wipes. */
export function encodePlaintextKeyBlob(algorithm: number, key: Uint8Array): Uint8Array {
  const length = new ByteWriter(4).u32le(key.length).toBytes()
  return concat(encodeBlobHeader({ type: PLAINTEXTKEYBLOB, algorithm }), length, key)
}
