import { merkleTree } from '@strongroom/core/merkle'
import { EMPTY_EDGE, extendTiles, tilePath, type HashTile, type TileReader } from '@strongroom/core/tlog'
import { sha256 } from './node-keys.ts'

export const tree = merkleTree(sha256)

/** `count` different leaf hashes. */
export function leafHashes(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => tree.leafHash(new TextEncoder().encode(`leaf ${i}`)))
}

/** Tiles by their path, as a log keeps them, and which of them were read. */
export class TileStore {
  readonly tiles = new Map<string, Uint8Array>()
  readonly asked: string[] = []

  /** The tiles of these leaves. */
  static of(leaves: readonly Uint8Array[]): TileStore {
    const store = new TileStore()
    store.add(extendTiles(sha256, EMPTY_EDGE, leaves).written)
    return store
  }

  add(written: Iterable<{ readonly tile: HashTile; readonly bytes: Uint8Array }>): void {
    for (const { tile, bytes } of written) this.tiles.set(tilePath(tile), bytes)
  }

  /** Gives a tile, or the next wider one that there is: logs may delete partial tiles. */
  readonly read: TileReader = (tile) => {
    this.asked.push(tilePath(tile))
    for (let width = tile.width; width <= 256; width++) {
      const found = this.tiles.get(tilePath({ ...tile, width }))
      if (found) return found
    }
    throw new RangeError(`no ${tilePath(tile)}`)
  }
}
