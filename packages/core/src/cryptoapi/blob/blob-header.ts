import { ByteReader, ByteWriter } from '../../bytes/index.ts'
import {
  CUR_BLOB_VERSION,
  KEYSTATEBLOB,
  OPAQUEKEYBLOB,
  PLAINTEXTKEYBLOB,
  PRIVATEKEYBLOB,
  PUBLICKEYBLOB,
  PUBLICKEYBLOBEX,
  SIMPLEBLOB,
  SYMMETRICWRAPKEYBLOB,
} from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'

/** Bytes of the header of every key blob. */
export const BLOB_HEADER_BYTES = 8

/** Type and algorithm of a key blob. */
export interface BlobHeader {
  readonly type: number
  /** ALG_ID of the key inside. */
  readonly algorithm: number
}

/** What is known of a type of key blobs. */
export interface BlobTypeRow {
  readonly name: string
  /** Whether these providers read its body; the others are known by their header only. */
  readonly importable: boolean
}

/** Types of key blobs by number. */
export const BLOB_TYPES: ReadonlyMap<number, BlobTypeRow> = new Map([
  [SIMPLEBLOB, { name: 'SIMPLEBLOB', importable: true }],
  [PUBLICKEYBLOB, { name: 'PUBLICKEYBLOB', importable: true }],
  [PRIVATEKEYBLOB, { name: 'PRIVATEKEYBLOB', importable: true }],
  [PLAINTEXTKEYBLOB, { name: 'PLAINTEXTKEYBLOB', importable: true }],
  [OPAQUEKEYBLOB, { name: 'OPAQUEKEYBLOB', importable: false }],
  [PUBLICKEYBLOBEX, { name: 'PUBLICKEYBLOBEX', importable: false }],
  [SYMMETRICWRAPKEYBLOB, { name: 'SYMMETRICWRAPKEYBLOB', importable: false }],
  [KEYSTATEBLOB, { name: 'KEYSTATEBLOB', importable: false }],
])

/**
 * The header of any key blob: `type (1) | version 2 (1) | reserved 0 (2) | ALG_ID (4)`, little-endian.
 *
 * The version is looked at before the type: that is how Windows answers to something that is no blob at all. A type that
 * can only be inspected passes here and not at `expectBlobHeader`.
 * Source: Microsoft, BLOBHEADER (PUBLICKEYSTRUC).
 *
 * @throws CryptoApiError NTE_BAD_DATA if it is cut off or the reserved field is not zero; NTE_BAD_VER; NTE_BAD_TYPE
 */
export function parseBlobHeader(blob: Uint8Array): BlobHeader {
  expectBytes(blob, BLOB_HEADER_BYTES)
  const reader = new ByteReader(blob)
  const [type, version, reserved, algorithm] = [reader.u8(), reader.u8(), reader.u16le(), reader.u32le()]
  if (version !== CUR_BLOB_VERSION) {
    throw new CryptoApiError(
      'NTE_BAD_VER',
      `expected a key blob of version ${CUR_BLOB_VERSION}, got ${version}`,
    )
  }
  if (reserved !== 0)
    throw new CryptoApiError('NTE_BAD_DATA', 'the reserved field of the key blob is not zero')
  if (!BLOB_TYPES.has(type)) throw new CryptoApiError('NTE_BAD_TYPE', `no key blob is of type ${type}`)
  return { type, algorithm }
}

/** The header of a blob of one type. @throws CryptoApiError as `parseBlobHeader`, NTE_BAD_TYPE for any other type */
export function expectBlobHeader(blob: Uint8Array, type: number): BlobHeader {
  const header = parseBlobHeader(blob)
  if (header.type === type) return header
  throw new CryptoApiError('NTE_BAD_TYPE', `expected a ${blobName(type)}, got a ${blobName(header.type)}`)
}

/** The eight bytes of a header. */
export function encodeBlobHeader({ type, algorithm }: BlobHeader): Uint8Array {
  return new ByteWriter(BLOB_HEADER_BYTES).u8(type).u8(CUR_BLOB_VERSION).u16le(0).u32le(algorithm).toBytes()
}

/** @throws CryptoApiError NTE_BAD_DATA if a blob is shorter than its fields */
export function expectBytes(blob: Uint8Array, needed: number): void {
  if (blob.length >= needed) return
  throw new CryptoApiError('NTE_BAD_DATA', `expected a key blob of ${needed} bytes, got ${blob.length}`)
}

/** Whether a provider has an algorithm. */
export type Supports = (algorithm: number) => boolean

/** @throws CryptoApiError NTE_BAD_ALGID unless the algorithm is of the right kind and the provider has it */
export function expectAlgorithm(
  algorithm: number,
  known: ReadonlyMap<number, unknown>,
  supports: Supports,
): void {
  if (known.has(algorithm) && supports(algorithm)) return
  throw new CryptoApiError(
    'NTE_BAD_ALGID',
    `algorithm 0x${algorithm.toString(16)} is not for this key blob here`,
  )
}

const blobName = (type: number): string => BLOB_TYPES.get(type)?.name ?? `blob of type ${type}`
