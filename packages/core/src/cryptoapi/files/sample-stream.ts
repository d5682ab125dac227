import { concat, copyOf } from '../../bytes/index.ts'
import { parseSimpleBlob } from '../blob/simple-blob.ts'
import type { Chunks } from '../cipher-stream.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { parseSampleFile } from './sample-file-layout.ts'

const LENGTH_BYTES = 4
/** BLOBHEADER and the ALG_ID of the exchange key. */
const SIMPLEBLOB_HEAD_BYTES = 12
/** Bytes of the smallest and the largest modulus that an exchange key can have: 384 and 16384 bits. */
const MODULUS_BYTES = { min: 48, max: 2048 }

/** A sample file that is being read: what stands in front of it, and what follows. */
export interface SampleStream {
  /** The SIMPLEBLOB, a copy. Nothing in it has been believed. */
  readonly blob: Uint8Array
  /** ALG_ID of the cipher that the blob names. */
  readonly algorithm: number
  /** Bytes of the modulus of the key that it is said to be made for. */
  readonly modulusLength: number
  /** The rest of the file, to be read once. */
  readonly ciphertext: AsyncIterable<Uint8Array>
}

/**
 * Reads the front of a file as Microsoft's file-encryption sample writes it, whatever its length, and without any key.
 *
 * What it says of a file depends on nothing secret, and a file that is none costs no more than its first 2064 bytes.
 * For layout and origin see `parseSampleFile`.
 *
 * @param file in chunks that hold until the next is asked for
 * @throws CryptoApiError NTE_BAD_DATA: no exchange key makes a blob of that length, or the file is cut off within it;
 *   NTE_BAD_TYPE, NTE_BAD_VER, NTE_BAD_ALGID: no SIMPLEBLOB, or not one of a cipher that any provider has
 */
export async function splitSampleStream(file: Chunks): Promise<SampleStream> {
  const chunks = oneByOne(file)
  let front = await atLeast(chunks, new Uint8Array(0), LENGTH_BYTES)
  const modulusLength = statedModulus(front)
  front = await atLeast(chunks, front, LENGTH_BYTES + SIMPLEBLOB_HEAD_BYTES + modulusLength)
  const { blob, ciphertext } = parseSampleFile(front, modulusLength)
  const { algorithm } = parseSimpleBlob(blob, () => true)
  return { blob: copyOf(blob), algorithm, modulusLength, ciphertext: following(ciphertext, chunks) }
}

/** Puts the parts together again: what `splitSampleStream` reads. */
export async function* joinSampleStream(blob: Uint8Array, ciphertext: Chunks): AsyncGenerator<Uint8Array> {
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, blob.length, true)
  yield concat(length, blob)
  yield* ciphertext
}

/** The length of the modulus that follows from the first four bytes. */
function statedModulus(front: Uint8Array): number {
  // Too short a file is told from a wrong length where both are looked at.
  if (front.length < LENGTH_BYTES) return MODULUS_BYTES.min
  const length = new DataView(front.buffer, front.byteOffset).getUint32(0, true)
  const modulusLength = length - SIMPLEBLOB_HEAD_BYTES
  if (modulusLength >= MODULUS_BYTES.min && modulusLength <= MODULUS_BYTES.max) return modulusLength
  throw new CryptoApiError('NTE_BAD_DATA', `no exchange key makes a key blob of ${length} bytes`)
}

async function* oneByOne(file: Chunks): AsyncGenerator<Uint8Array> {
  yield* file
}

/** More of the file, until there are `count` bytes or it ends. A copy. */
async function atLeast(
  chunks: AsyncGenerator<Uint8Array>,
  front: Uint8Array,
  count: number,
): Promise<Uint8Array> {
  let held = front
  while (held.length < count) {
    const { done, value } = await chunks.next()
    if (done === true) break
    held = concat(held, value)
  }
  return held
}

async function* following(first: Uint8Array, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  yield* chunks
}
