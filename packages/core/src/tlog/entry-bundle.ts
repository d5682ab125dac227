import { ByteReader, ByteWriter, equalBytes } from '../bytes/index.ts'
import { merkleTree, type Sha256 } from '../merkle/index.ts'
import { splitTile, type TileBytes } from './tile-hashes.ts'
import { TILE_WIDTH } from './tile.ts'
import { readAs, TlogError } from './tlog-error.ts'

/** The length of an entry has two bytes. */
export const MAX_ENTRY_BYTES = 65_535

/**
 * A bundle of consecutive entries: each a `u16` length, big-endian, and its bytes. C2SP tlog-tiles, "Log entries".
 *
 * @throws TlogError TLOG_ENTRY for no entry, more than 256, or one longer than `MAX_ENTRY_BYTES`
 */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  checkEntryCount(entries.length)
  const writer = new ByteWriter()
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) {
      throw new TlogError('TLOG_ENTRY', `an entry has at most ${MAX_ENTRY_BYTES} bytes, got ${entry.length}`)
    }
    writer.u16(entry.length).bytes(entry)
  }
  return writer.toBytes()
}

/**
 * Reads a bundle of exactly `width` entries.
 *
 * @throws TlogError TLOG_ENTRY for another number of them, or bytes before the end or behind it
 */
export function parseBundle(width: number, bundle: Uint8Array): Uint8Array[] {
  checkEntryCount(width)
  return readAs('TLOG_ENTRY', `expected a bundle of ${width} entries`, () => {
    const reader = new ByteReader(bundle)
    const entries = Array.from({ length: width }, () => reader.take(reader.u16()).slice())
    reader.end()
    return entries
  })
}

/**
 * Checks that entries are those of a tile of level 0 that was verified, and returns them.
 *
 * @throws TlogError TLOG_ENTRY, TLOG_TILE, TLOG_MISMATCH with the first entry that is another
 */
export function verifyBundle(sha256: Sha256, { tile, bytes }: TileBytes, bundle: Uint8Array): Uint8Array[] {
  const entries = parseBundle(tile.width, bundle)
  const hashes = splitTile(tile, bytes)
  const tree = merkleTree(sha256)
  for (const [i, entry] of entries.entries()) {
    if (!equalBytes(tree.leafHash(entry), hashes[i] ?? entry)) {
      throw new TlogError('TLOG_MISMATCH', `entry ${tile.index * TILE_WIDTH + i} is not the one in the tree`)
    }
  }
  return entries
}

function checkEntryCount(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > TILE_WIDTH) {
    throw new TlogError('TLOG_ENTRY', `a bundle has 1 to ${TILE_WIDTH} entries, got ${count}`)
  }
}
