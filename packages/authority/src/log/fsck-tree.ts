import { equalBytes } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import { EMPTY_EDGE, ENTRY_KINDS, TILE_WIDTH, tilePath, type Tile } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { BUNDLED_BYTES } from '../model/tile-cut.ts'
import { growLog, type LogEdge } from '../model/tree-growth.ts'
import type { AuditedStatement, Store } from '../store/store.ts'
import type { Finding } from './fsck.ts'
import { statementDigestOf } from './statement-digest.ts'

/** Grows the tree again from the bytes of all statements, and compares it with the tiles, the bundles and the root that are kept. */
export class TreeCheck {
  readonly #store: Store
  #edge: LogEdge = { ...EMPTY_EDGE, root: merkleTree(sha256).emptyRoot(), bundle: new Uint8Array(0) }
  /** Tiles that may still grow, by their path of full width. */
  readonly #open = new Map<string, { readonly tile: Tile; readonly bytes: Uint8Array }>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The next statements of the log. */
  async *add(page: readonly AuditedStatement[]): AsyncGenerator<Finding> {
    const entries = page.map(({ statement }) => ({
      kind: ENTRY_KINDS[statement.kind],
      digest: statementDigestOf(statement),
    }))
    const growth = growLog(this.#edge, entries)
    if (!growth) throw new RangeError('the edge that was just made is that of its root')
    const bundles = growth.bundles.map(({ index, bytes }) => {
      return { tile: { level: 'entries', index, width: bytes.length / BUNDLED_BYTES } as const, bytes }
    })
    for (const grown of [...growth.tiles, ...bundles]) {
      this.#open.set(tilePath({ ...grown.tile, width: TILE_WIDTH }), grown)
      if (grown.tile.width === TILE_WIDTH) yield* this.#compare(grown)
    }
    this.#edge = growth.edge
  }

  /** When there are no more statements. */
  async *finish(): AsyncGenerator<Finding> {
    for (const partial of this.#open.values()) yield* this.#compare(partial)
    const [head, { size, root }] = [await this.#store.head(), this.#edge]
    if (head.size !== size) {
      yield {
        kind: 'root',
        at: 'head',
        problem: `it counts ${head.size} leaves, there are ${size} statements`,
      }
    } else if (!equalBytes(head.root, root)) {
      yield { kind: 'root', at: 'head', problem: `it is not the root of the ${size} statements` }
    }
  }

  async *#compare({
    tile,
    bytes,
  }: {
    readonly tile: Tile
    readonly bytes: Uint8Array
  }): AsyncGenerator<Finding> {
    const at = tilePath({ ...tile, width: TILE_WIDTH })
    this.#open.delete(at)
    const found = await this.#store.tile(tile.level, tile.index)
    if (!found) yield { kind: 'tile', at, problem: 'it is missing' }
    else if (!equalBytes(found, bytes))
      yield { kind: 'tile', at, problem: 'it is not that of the statements' }
  }
}
