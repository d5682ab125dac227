import { concat } from '../bytes/index.ts'
import { merkleTree, type Sha256 } from '../merkle/index.ts'
import { HASH_BYTES } from './line-texts.ts'
import { TILE_WIDTH } from './tile.ts'
import type { HashTile } from './tile-cover.ts'
import { TlogError } from './tlog-error.ts'

/** A tile with its content: `tile.width` hashes of 32 bytes one after the other. */
export interface TileBytes {
  readonly tile: HashTile
  readonly bytes: Uint8Array
}

/**
 * The hashes of a tile, copied.
 *
 * A wider tile is taken for a narrower one: what was there when the log was shorter is still in front.
 *
 * @throws TlogError TLOG_TILE if it is too short, too long or no whole number of hashes
 */
export function splitTile(tile: HashTile, bytes: Uint8Array): Uint8Array[] {
  const count = bytes.length / HASH_BYTES
  if (!Number.isInteger(count) || count < tile.width || count > TILE_WIDTH) {
    const expected = `expected ${tile.width * HASH_BYTES} to ${TILE_WIDTH * HASH_BYTES} bytes`
    throw new TlogError(
      'TLOG_TILE',
      `tile ${tile.index} of level ${tile.level}: ${expected}, got ${bytes.length}`,
    )
  }
  return Array.from({ length: tile.width }, (_, i) => bytes.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

/** The pair of `splitTile`. */
export function joinTile(hashes: readonly Uint8Array[]): Uint8Array {
  return concat(...hashes)
}

/**
 * The nodes that a tile stands for: level r of the result has the roots of the full subtrees of 2^r of its hashes. The
 * last level of a full tile has one node, its root.
 */
export function nodesOfTile(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array[][] {
  const tree = merkleTree(sha256)
  const levels: Uint8Array[][] = []
  for (let level = [...hashes]; level.length > 0; ) {
    levels.push(level)
    const below = level
    level = []
    for (let i = 0; i + 1 < below.length; i += 2)
      level.push(tree.nodeHash(node(below, i), node(below, i + 1)))
  }
  return levels
}

/** The entry that the caller's arithmetic says is there. */
export function node(hashes: readonly Uint8Array[] | undefined, index: number): Uint8Array {
  const hash = hashes?.[index]
  if (hash === undefined) throw new TlogError('TLOG_RANGE', `no hash ${index}`)
  return hash
}
