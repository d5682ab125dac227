import type { Sha256 } from '../merkle/index.ts'
import { checkCount, checkHash } from './line-texts.ts'
import { joinTile, node, nodesOfTile, splitTile, type TileBytes } from './tile-hashes.ts'
import { edgeTiles, hashesAt, type HashTile } from './tile-cover.ts'
import { TILE_WIDTH } from './tile.ts'

/** The right edge of a tiled tree: all that is needed to append to it. */
export interface TileEdge {
  readonly size: number
  /** The tiles that `edgeTiles` names for the size, in that order; a wider tile may stand for a partial one. */
  readonly tiles: readonly TileBytes[]
}

/** What an append leads to. */
export interface TileGrowth {
  /** The tiles to store, those that `touchedTiles` names, in that order. */
  readonly written: readonly TileBytes[]
  /** The edge of the longer tree. */
  readonly edge: TileEdge
}

/** The edge of the tree without leaves. */
export const EMPTY_EDGE: TileEdge = { size: 0, tiles: [] }

/**
 * Builds the tiles that change when leaves are appended. Reads and stores nothing: the caller stores `written` before a
 * checkpoint of the new size is published, and may keep the edge for the next append.
 *
 * @throws TlogError TLOG_TILE for an edge that does not fit its size, TLOG_RANGE for what is no hash or too many leaves
 */
export function extendTiles(sha256: Sha256, edge: TileEdge, leafHashes: readonly Uint8Array[]): TileGrowth {
  for (const hash of leafHashes) checkHash('TLOG_RANGE', hash)
  const size = checkCount('tree size', edge.size + leafHashes.length)
  const partial = new Map(edgeHashes(edge))
  const written: TileBytes[] = []
  let fresh = leafHashes
  for (let level = 0; fresh.length > 0; level++) {
    const first = Math.floor(hashesAt(level, edge.size) / TILE_WIDTH)
    const rows = rowsOf([...(partial.get(level) ?? []), ...fresh])
    written.push(...rows.map((hashes, i) => tileOf(level, first + i, hashes)))
    const full = rows.filter((hashes) => hashes.length === TILE_WIDTH)
    partial.set(level, rows.find((hashes) => hashes.length < TILE_WIDTH) ?? [])
    fresh = full.map((hashes) => node(nodesOfTile(sha256, hashes).at(-1), 0))
  }
  const tiles = edgeTiles(size).map(({ level, index }) => tileOf(level, index, partial.get(level) ?? []))
  return { written, edge: { size, tiles } }
}

/** The hashes of each level that stand in a partial tile. */
function edgeHashes(edge: TileEdge): [number, Uint8Array[]][] {
  return edgeTiles(edge.size).map((tile, i) => {
    const bytes = edge.tiles[i]?.bytes ?? new Uint8Array(0)
    return [tile.level, splitTile(tile, bytes)]
  })
}

function rowsOf(hashes: readonly Uint8Array[]): Uint8Array[][] {
  return Array.from({ length: Math.ceil(hashes.length / TILE_WIDTH) }, (_, i) =>
    hashes.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH),
  )
}

function tileOf(level: number, index: number, hashes: readonly Uint8Array[]): TileBytes {
  const tile: HashTile = { level, index, width: hashes.length }
  return { tile, bytes: joinTile(hashes) }
}
