import { concat } from '../../bytes/index.ts'
import { SIMPLEBLOB } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'

const LENGTH_BYTES = 4
/** BLOBHEADER and the ALG_ID of the exchange key: what stands before the encrypted key in a SIMPLEBLOB. */
const SIMPLEBLOB_HEAD_BYTES = 12

/** The parts of a sample file, as views. */
export interface SampleFileParts {
  readonly blob: Uint8Array
  readonly ciphertext: Uint8Array
}

/**
 * Takes apart a file as Microsoft's file-encryption sample writes it: 4 bytes of length (little-endian), a SIMPLEBLOB
 * of that length, ciphertext to the end of the file.
 *
 * The length is believed only if it is that of a SIMPLEBLOB for this exchange key, and what it bounds must be one: a
 * file must never bring a blob of another type to an import, which would replace the pair of a container.
 *
 * Source: Microsoft, "Example C Program: Encrypting a File"; `docs/cryptoapi.md`, files.
 *
 * @param modulusLength bytes of the modulus of the reader's exchange key
 * @throws CryptoApiError NTE_BAD_DATA: the length, or a file that is cut off; NTE_BAD_TYPE: no SIMPLEBLOB
 */
export function parseSampleFile(file: Uint8Array, modulusLength: number): SampleFileParts {
  if (file.length < LENGTH_BYTES)
    throw damage(`a file of ${file.length} bytes has no room for the length of its blob`)
  const length = new DataView(file.buffer, file.byteOffset, LENGTH_BYTES).getUint32(0, true)
  const expected = SIMPLEBLOB_HEAD_BYTES + modulusLength
  if (length !== expected)
    throw damage(`the key blob has ${length} bytes; for this key it would have ${expected}`)
  const start = LENGTH_BYTES + length
  if (file.length < start) throw damage('the file is cut off within its key blob')
  const blob = file.subarray(LENGTH_BYTES, start)
  expectSimpleBlob(blob)
  return { blob, ciphertext: file.subarray(start) }
}

/** Puts the parts together again. */
export function encodeSampleFile({ blob, ciphertext }: SampleFileParts): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, blob.length, true)
  return concat(length, blob, ciphertext)
}

/** @throws CryptoApiError NTE_BAD_TYPE unless the first byte says SIMPLEBLOB; the import checks the rest */
export function expectSimpleBlob(blob: Uint8Array): void {
  if (blob[0] !== SIMPLEBLOB) throw new CryptoApiError('NTE_BAD_TYPE', 'this is no SIMPLEBLOB')
}

const damage = (message: string): CryptoApiError => new CryptoApiError('NTE_BAD_DATA', message)
