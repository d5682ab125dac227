import { concat, equalBytes } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import {
  encodeBundle,
  encodeLogEntry,
  extendTiles,
  Frontier,
  TILE_WIDTH,
  TlogError,
  type LogEntry,
  type TileBytes,
  type TreeHead,
} from '@strongroom/core/tlog'
import { sha256 } from './digest.ts'
import { BUNDLED_BYTES } from './tile-cut.ts'

/** The right edge of the log: all that an append needs of it. */
export interface LogEdge extends TreeHead {
  /** The tiles that `edgeTiles` names for the size, in that order. */
  readonly tiles: readonly TileBytes[]
  /** The bundle of the last entries; empty if the last one is full. */
  readonly bundle: Uint8Array
}

/** What entries that are appended lead to. */
export interface LogGrowth {
  readonly head: TreeHead
  /** For each entry, that it is in the tree of `head`. */
  readonly proofs: readonly (readonly Uint8Array[])[]
  /** Tiles of hashes that are new or wider. */
  readonly tiles: readonly TileBytes[]
  /** Bundles that are new or longer, by their index. */
  readonly bundles: readonly { readonly index: number; readonly bytes: Uint8Array }[]
  /** The edge of the longer log: what the next entries are appended to. */
  readonly edge: LogEdge
}

/**
 * Appends entries to the log. Reads and stores nothing.
 *
 * @returns undefined if the tiles do not lead to the root, or the bundle has another number of entries: to build on them would
 *   sign what nobody stored
 */
export function growLog(edge: LogEdge, entries: readonly LogEntry[]): LogGrowth | undefined {
  const frontier = frontierOf(edge)
  if (!frontier || !equalBytes(frontier.root(), edge.root)) return undefined
  if (edge.bundle.length !== (edge.size % TILE_WIDTH) * BUNDLED_BYTES) return undefined
  const encoded = entries.map(encodeLogEntry)
  const leafHashes = encoded.map((entry) => merkleTree(sha256).leafHash(entry))
  const { root, proofs } = frontier.prove(leafHashes)
  const { written, edge: grown } = extendTiles(sha256, edge, leafHashes)
  const bundles = extendBundles(edge, encoded)
  const last = bundles.at(-1)?.bytes ?? edge.bundle
  const bundle = grown.size % TILE_WIDTH === 0 ? new Uint8Array(0) : last
  const head = { size: grown.size, root }
  return { head, proofs, tiles: written, bundles, edge: { ...head, tiles: grown.tiles, bundle } }
}

function frontierOf(edge: LogEdge): Frontier | undefined {
  try {
    return Frontier.fromEdge(sha256, edge)
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}

/** Entries of one length: a bundle is cut where a bundle of 256 of them ends. */
function extendBundles({ size, bundle }: LogEdge, encoded: readonly Uint8Array[]): LogGrowth['bundles'] {
  const all = concat(bundle, ...encoded.map((entry) => encodeBundle([entry])))
  const first = Math.floor(size / TILE_WIDTH)
  const full = TILE_WIDTH * BUNDLED_BYTES
  return Array.from({ length: Math.ceil(all.length / full) }, (_, i) => ({
    index: first + i,
    bytes: all.slice(i * full, (i + 1) * full),
  }))
}
