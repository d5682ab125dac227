import { equalBytes, type ByteReader, type ByteWriter } from '../bytes/index.ts'
import { tree } from './digest.ts'
import { KeyBlobError } from './key-blob-error.ts'

/** A payload leaf: 16 chunks of age's STREAM, each 64 KiB of plaintext and a tag of 16 bytes. */
export const LEAF_CHUNKS = 16
export const LEAF_BYTES = LEAF_CHUNKS * (65_536 + 16)
export const MAX_SEGMENTS = 256
/** A payload length with the longest table: room kept for it is enough for any length. */
export const LONGEST_TABLE_BYTES = LEAF_BYTES * MAX_SEGMENTS

/**
 * The roots of a payload's segments, so that each can be verified before its plaintext is released.
 *
 * A segment is 2^level leaves, so its digest is a node of the payload's Merkle tree: the table needs no
 * signature of its own, it folds to the signed root. docs/spec/key-blob.md, "Segment table"
 */
export interface SegmentTable {
  readonly level: number
  readonly roots: readonly Uint8Array[]
}

/** How many leaves a ciphertext of `payloadLength` bytes has. */
export function leafCount(payloadLength: number): number {
  return Math.ceil(payloadLength / LEAF_BYTES)
}

/** The smallest level at which so many leaves make at most 256 segments. */
export function segmentLevel(leaves: number): number {
  return Math.max(0, Math.ceil(Math.log2(leaves / MAX_SEGMENTS)))
}

/** The table over a payload's leaf hashes, in order. */
export function segmentTable(leafHashes: readonly Uint8Array[]): SegmentTable {
  const level = segmentLevel(leafHashes.length)
  const leaves = 2 ** level
  const roots = Array.from({ length: Math.ceil(leafHashes.length / leaves) }, (_, i) =>
    tree.rootOf(leafHashes.slice(i * leaves, (i + 1) * leaves)),
  )
  return { level, roots }
}

/** The payload root that a table of segments leads to. */
export function payloadRoot(table: SegmentTable, payloadLength: number): Uint8Array {
  return tree.foldSubtrees(table.roots, table.level, leafCount(payloadLength))
}

/** `level (1 byte) | count (2 bytes) | roots (32 bytes each)`. */
export function writeSegmentTable(writer: ByteWriter, table: SegmentTable): void {
  writer.u8(table.level).u16(table.roots.length)
  for (const root of table.roots) writer.bytes(root)
}

/** Bytes of a table with so many segments. */
export function segmentTableBytes(segments: number): number {
  return 3 + 32 * segments
}

/**
 * Reads a table and proves it: level and count follow from the length, and the roots fold to `root`.
 *
 * @throws KeyBlobError SEAL_FORMAT for another level or count, NOT_AUTHENTIC for another root
 * @throws BytesError if it ends early
 */
export function readSegmentTable(reader: ByteReader, payloadLength: number, root: Uint8Array): SegmentTable {
  const leaves = leafCount(payloadLength)
  const level = reader.u8()
  const count = reader.u16()
  if (level !== segmentLevel(leaves) || count !== Math.ceil(leaves / 2 ** level)) {
    throw new KeyBlobError('SEAL_FORMAT', 'segment table: does not fit the payload length')
  }
  const roots = Array.from({ length: count }, () => reader.take(32).slice())
  const table = { level, roots }
  if (!equalBytes(payloadRoot(table, payloadLength), root)) {
    throw new KeyBlobError('NOT_AUTHENTIC', 'segment table: is not the one that was signed')
  }
  return table
}
