import { checkCount } from './line-texts.ts'
import { TILE_WIDTH, type Tile } from './tile.ts'
import { TlogError } from './tlog-error.ts'

/** A tile of hashes: its level is a number. */
export interface HashTile extends Tile {
  readonly level: number
}

/** Levels that a tree of at most 2^53 - 1 leaves has: 256^7 is more than that. */
const LEVELS = 7

/** How many full subtrees of 256^level leaves a tree of `size` leaves has. */
export function hashesAt(level: number, size: number): number {
  // Exact: a division by a power of two only moves the exponent.
  return level < LEVELS ? Math.floor(size / TILE_WIDTH ** level) : 0
}

/** How wide tile `index` of a level is in a tree of `size` leaves; 0 if there is none. */
export function widthIn(size: number, level: number, index: number): number {
  return Math.min(TILE_WIDTH, Math.max(0, hashesAt(level, size) - index * TILE_WIDTH))
}

/**
 * The partial tiles of a tree, lowest level first: at most seven. They are what an append continues, and together they
 * have all that the root of the tree depends on.
 *
 * @throws TlogError TLOG_RANGE for an impossible size
 */
export function edgeTiles(size: number): HashTile[] {
  checkCount('tree size', size)
  return Array.from({ length: LEVELS }, (_, level) => {
    const hashes = hashesAt(level, size)
    return { level, index: Math.floor(hashes / TILE_WIDTH), width: hashes % TILE_WIDTH }
  }).filter(({ width }) => width > 0)
}

/**
 * The tiles of hashes that are new or wider in a tree of `newSize` leaves than in the one of `oldSize`, level by level:
 * what must be there before a checkpoint of the new size is published.
 *
 * @throws TlogError TLOG_RANGE if the tree would shrink
 */
export function* touchedTiles(oldSize: number, newSize: number): Generator<HashTile, void, undefined> {
  checkGrowth(oldSize, newSize)
  for (let level = 0; hashesAt(level, newSize) > 0; level++) yield* touchedAt(level, oldSize, newSize)
}

/** The bundles of entries that are new or longer; see `touchedTiles`. @throws TlogError TLOG_RANGE */
export function* touchedBundles(oldSize: number, newSize: number): Generator<Tile, void, undefined> {
  checkGrowth(oldSize, newSize)
  for (const tile of touchedAt(0, oldSize, newSize)) yield { ...tile, level: 'entries' }
}

function* touchedAt(level: number, oldSize: number, newSize: number): Generator<HashTile, void, undefined> {
  const [from, to] = [hashesAt(level, oldSize), hashesAt(level, newSize)]
  if (from === to) return
  const first = Math.floor(from / TILE_WIDTH)
  for (let index = first; index * TILE_WIDTH < to; index++) {
    yield { level, index, width: widthIn(newSize, level, index) }
  }
}

function checkGrowth(oldSize: number, newSize: number): void {
  checkCount('tree size', newSize)
  if (checkCount('tree size', oldSize) > newSize) {
    throw new TlogError('TLOG_RANGE', `a tree cannot shrink from ${oldSize} leaves to ${newSize}`)
  }
}
