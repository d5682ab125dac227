import { wipe } from '../../bytes/index.ts'
import { SIMPLE_BLOB_PAYLOAD } from '../blob/simple-blob.ts'
import { CIPHERS } from '../algorithm-table.ts'

const BLOCK_TYPE = 2
/** 00 02 and eight bytes of padding stand before the zero that ends it. RFC 8017, section 7.2.1. */
const FIRST_END = 10
/** The lengths that RC2 and RC4 keys have. */
const [SHORTEST, LONGEST] = [5, 16]

/** Where a key lies in a blob, least significant byte of the block first: backwards. */
export interface ShownKey {
  readonly start: number
  readonly length: number
}

/**
 * The session key of a SIMPLEBLOB that was made for a key with an exponent of one: its padded block is not encrypted.
 *
 * A block that looks like this by chance is one in a million and more.
 *
 * @returns where it lies in the blob, backwards; undefined if it is encrypted
 */
export function shownKey(algorithm: number, blob: Uint8Array): ShownKey | undefined {
  const block = blob.subarray(SIMPLE_BLOB_PAYLOAD).toReversed()
  const end = block.indexOf(0, 1)
  const length = block.length - end - 1
  const padded = block[0] === 0 && block[1] === BLOCK_TYPE && end >= FIRST_END
  wipe(block)
  return padded && fits(algorithm, length) ? { start: SIMPLE_BLOB_PAYLOAD, length } : undefined
}

function fits(algorithm: number, length: number): boolean {
  const row = CIPHERS.get(algorithm)
  if (row === undefined) return false
  return row.keyLength === undefined ? length >= SHORTEST && length <= LONGEST : length === row.keyLength
}
