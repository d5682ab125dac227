import { concat } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import type { LogRange } from '@strongroom/core/protocol'
import { edgeTiles, ENTRY_BYTES, splitTile, TILE_WIDTH } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { BUNDLED_BYTES } from '../model/tile-cut.ts'
import type { Store } from '../store/store.ts'

/** An entry of this log in a bundle begins with its length. */
const LENGTH_BYTES = BUNDLED_BYTES - ENTRY_BYTES

/** The entries of a log from one size to another, and the roots of the full subtrees before them. */
export async function readRange(store: Store, start: number, size: number): Promise<LogRange> {
  return { start, subtrees: await readSubtrees(store, start), entries: await readEntries(store, start, size) }
}

async function readEntries(store: Store, start: number, size: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let index = Math.floor(start / TILE_WIDTH); index * TILE_WIDTH < size; index++) {
    const bundle = (await store.tile('entries', index)) ?? new Uint8Array(0)
    const [first, last] = [
      Math.max(start - index * TILE_WIDTH, 0),
      Math.min(size - index * TILE_WIDTH, TILE_WIDTH),
    ]
    for (let i = first; i < last; i++) {
      pieces.push(bundle.subarray(i * BUNDLED_BYTES + LENGTH_BYTES, (i + 1) * BUNDLED_BYTES))
    }
  }
  return concat(...pieces)
}

/** One for each bit that is set, the greatest first: the edge tiles of the size have them all. */
async function readSubtrees(store: Store, start: number): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = []
  for (const { level, index, width } of edgeTiles(start).toReversed()) {
    const bytes = (await store.tile(level, index)) ?? new Uint8Array(0)
    const hashes = splitTile({ level, index, width }, bytes.subarray(0, width * 32))
    let at = 0
    for (let length = TILE_WIDTH / 2; length >= 1; length /= 2) {
      if ((width & length) === 0) continue
      roots.push(fold(hashes.slice(at, at + length)))
      at += length
    }
  }
  return roots
}

/** The root over hashes of full subtrees of one size, as many as a power of two. */
function fold(hashes: readonly Uint8Array[]): Uint8Array {
  const [only = new Uint8Array(32), ...others] = hashes
  if (others.length === 0) return only
  const half = hashes.length / 2
  return merkleTree(sha256).nodeHash(fold(hashes.slice(0, half)), fold(hashes.slice(half)))
}
