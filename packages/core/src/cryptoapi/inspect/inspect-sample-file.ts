import { ByteReader } from '../../bytes/index.ts'
import { CIPHERS } from '../algorithm-table.ts'
import { CUR_BLOB_VERSION, SIMPLEBLOB } from '../constants.ts'
import { MAX_RSA_BITS, MIN_RSA_BITS } from '../rsa/rsa-public-key.ts'
import { type FieldRow, readFields } from './field-layout.ts'
import { type BlobInspection, type BlobReading, inspectBlob } from './inspect-blob.ts'
import type { InspectedProblem } from './inspection.ts'

const LENGTH_BYTES = 4
/** What stands before the encrypted key in a SIMPLEBLOB. */
const HEAD_BYTES = 12

const LENGTH_LAYOUT: readonly FieldRow[] = [
  { name: 'blobLength', shown: 'number', size: LENGTH_BYTES, meaning: 'bytes of the key blob that follows' },
]
const TEXT_LAYOUT: readonly FieldRow[] = [
  {
    name: 'ciphertext',
    shown: 'nothing',
    size: 'rest',
    meaning: 'the text, encrypted with the session key, to the end of the file',
  },
]

const CUT_OFF: InspectedProblem = { code: 'NTE_BAD_DATA', message: 'the file is cut off within its key blob' }

/** Whether bytes begin as Microsoft's file-encryption sample begins a file: the length of a SIMPLEBLOB, and that blob. */
export function isSampleFile(bytes: Uint8Array): boolean {
  if (bytes.length < LENGTH_BYTES + 2) return false
  const reader = new ByteReader(bytes)
  const [length, type, version] = [reader.u32le(), reader.u8(), reader.u8()]
  const modulus = length - HEAD_BYTES
  const plausible = modulus >= MIN_RSA_BITS / 8 && modulus <= MAX_RSA_BITS / 8
  return plausible && type === SIMPLEBLOB && version === CUR_BLOB_VERSION
}

/** Explains a file of that sample: the length, the key blob, the text. */
export function inspectSampleFile(bytes: Uint8Array, reading: BlobReading): BlobInspection {
  const head = readFields(bytes, LENGTH_LAYOUT, { ...reading, values: 'public' })
  const wanted = LENGTH_BYTES + (head.numbers.get('blobLength') ?? 0)
  const end = Math.min(reading.totalBytes, wanted)
  const blob = inspectBlob(bytes.subarray(0, end), { ...reading, start: LENGTH_BYTES, totalBytes: end })
  const text = readFields(bytes, TEXT_LAYOUT, { ...reading, start: end, values: 'public' })
  const length = reading.totalBytes - end
  const row = CIPHERS.get(blob.algorithm)
  const cut = wanted > reading.totalBytes ? CUT_OFF : undefined
  const problem = cut ?? blob.problem ?? textProblem(length, row?.blockLength ?? 0)
  return {
    form: 'sample file',
    summary: `${blob.summary}, and ${length === 1 ? '1 byte' : `${length} bytes`} of text under it`,
    fields: [...head.fields, ...blob.fields, ...text.fields],
    codes: [...blob.codes, 'NO_INTEGRITY', row?.blockLength === 0 ? undefined : 'IV_ZERO'],
    ...(problem !== undefined && { problem }),
    algorithm: blob.algorithm,
  }
}

function textProblem(length: number, blockLength: number): InspectedProblem | undefined {
  if (blockLength === 0 || (length > 0 && length % blockLength === 0)) return undefined
  const message = `a text of ${length} bytes is no whole number of blocks of ${blockLength}`
  return { code: 'NTE_BAD_DATA', message }
}
