import { copyOf, equalBytes } from '../bytes/index.ts'
import { merkleTree, type MerkleTree, type Sha256 } from '../merkle/index.ts'
import { frontierOfNodes } from './frontier.ts'
import { checkCount, checkHash } from './line-texts.ts'
import {
  consistencyRanges,
  inclusionRanges,
  nodesOfRange,
  type LeafRange,
  type SubtreeNode,
} from './proof-ranges.ts'
import { edgeTiles, widthIn, type HashTile } from './tile-cover.ts'
import { node, nodesOfTile, splitTile } from './tile-hashes.ts'
import { TILE_WIDTH } from './tile.ts'
import { TlogError } from './tlog-error.ts'

/**
 * Gets the content of a tile: from a disk, a database or a server; it need not be trusted. It may give a wider tile than
 * asked for, as a log may do that no longer has the partial one. What it throws is passed on.
 */
export type TileReader = (tile: HashTile) => Uint8Array | Promise<Uint8Array>

/** A tree that is known by its size and root, as a checkpoint gives them. */
export interface TreeHead {
  readonly size: number
  /** 32 bytes. */
  readonly root: Uint8Array
}

/** Tiles that are kept with their nodes, 16 KiB of hashes each. */
const CACHED_TILES = 128
/** 2^8 hashes stand in a tile. */
const TILE_HEIGHT = 8

/**
 * Proofs and hashes of one tree from its tiles.
 *
 * Every tile is checked against the root before a hash of it is used: partial tiles fold to the root, and each full tile
 * hashes to its place in the tile above. So what comes out is of the tree with that root, wherever the tiles came from.
 */
export class TiledTree {
  readonly #sha256: Sha256
  readonly #tree: MerkleTree
  readonly #head: TreeHead
  readonly #read: TileReader
  readonly #tiles = new Map<string, Promise<Uint8Array[][]>>()
  #edge: Promise<Map<string, Uint8Array[][]>> | undefined

  /** @throws TlogError TLOG_RANGE for an impossible size or a root that is no hash */
  constructor(sha256: Sha256, head: TreeHead, read: TileReader) {
    checkCount('tree size', head.size)
    checkHash('TLOG_RANGE', head.root)
    this.#sha256 = sha256
    this.#tree = merkleTree(sha256)
    this.#head = { size: head.size, root: copyOf(head.root) }
    this.#read = read
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#head.size
  }

  /**
   * The hash of a leaf.
   *
   * @throws TlogError TLOG_RANGE if there is no such leaf; TLOG_TILE, TLOG_MISMATCH for tiles of another tree, as all
   *   that follow
   */
  async leafHash(index: number): Promise<Uint8Array> {
    this.#checkLeaf(index)
    return this.#rootOf({ start: index, end: index + 1 })
  }

  /** The siblings of a leaf, bottom up. RFC 9162 §2.1.3.1. @throws TlogError TLOG_RANGE if there is no such leaf */
  async inclusionProof(index: number): Promise<Uint8Array[]> {
    this.#checkLeaf(index)
    return this.#rootsOf(inclusionRanges(index, this.size))
  }

  /**
   * The proof that the tree begins with its first `oldSize` leaves. RFC 9162 §2.1.4.1.
   *
   * @throws TlogError TLOG_RANGE if it is shorter
   */
  async consistencyProof(oldSize: number): Promise<Uint8Array[]> {
    checkCount('old tree size', oldSize, this.size)
    return this.#rootsOf(consistencyRanges(oldSize, this.size))
  }

  /** The root that the tree had when it was of `size` leaves. @throws TlogError TLOG_RANGE if it is shorter */
  async rootAt(size: number): Promise<Uint8Array> {
    checkCount('old tree size', size, this.size)
    if (size > 0) return this.#rootOf({ start: 0, end: size })
    await this.#edgeTiles()
    return this.#tree.emptyRoot()
  }

  #checkLeaf(index: number): void {
    if (checkCount('leaf index', index) >= this.size) {
      throw new TlogError('TLOG_RANGE', `expected a leaf index below ${this.size}, got ${index}`)
    }
  }

  async #rootOf(range: LeafRange): Promise<Uint8Array> {
    return node(await this.#rootsOf([range]), 0)
  }

  /** The roots of subtrees: first all tiles that they need, at once, then the hashes. */
  async #rootsOf(ranges: readonly LeafRange[]): Promise<Uint8Array[]> {
    const subtrees = ranges.map(nodesOfRange)
    const tiles = await this.#tilesWith(subtrees.flat())
    return subtrees.map((places) =>
      places
        .map((place) => nodeIn(tiles, place))
        .reduceRight((right, left) => this.#tree.nodeHash(left, right))
        // A copy: what was checked and is kept must stay as it is.
        .slice(),
    )
  }

  async #tilesWith(places: readonly SubtreeNode[]): Promise<Map<string, Uint8Array[][]>> {
    await this.#edgeTiles()
    const needed = new Map(places.map(tileWith).map((tile) => [keyOf(tile), tile]))
    return new Map(
      await Promise.all([...needed].map(async ([key, tile]) => [key, await this.#nodesOf(tile)] as const)),
    )
  }

  /** The nodes of a tile that was checked. */
  async #nodesOf(tile: TilePlace): Promise<Uint8Array[][]> {
    const key = keyOf(tile)
    const edge = (await this.#edgeTiles()).get(key)
    if (edge) return edge
    const cached = this.#tiles.get(key)
    if (cached) return cached
    const loading = this.#loadFull(tile)
    this.#tiles.set(key, loading)
    // What failed is not kept: the next call asks the reader again.
    loading.catch(() => this.#tiles.delete(key))
    this.#forgetOldest()
    return loading
  }

  /** Loads a full tile and the tile above it, in which its root must stand. */
  async #loadFull({ level, index }: TilePlace): Promise<Uint8Array[][]> {
    const above: SubtreeNode = { height: (level + 1) * TILE_HEIGHT, index }
    const [nodes, tiles] = await Promise.all([
      this.#load({ level, index, width: widthIn(this.size, level, index) }),
      this.#tilesWith([above]),
    ])
    if (!equalBytes(node(nodes.at(-1), 0), nodeIn(tiles, above))) {
      throw new TlogError('TLOG_MISMATCH', `tile ${index} of level ${level} is of another tree`)
    }
    return nodes
  }

  async #load(tile: HashTile): Promise<Uint8Array[][]> {
    return nodesOfTile(this.#sha256, splitTile(tile, await this.#read(tile)))
  }

  /** The partial tiles, once all of them together have folded to the root. */
  #edgeTiles(): Promise<Map<string, Uint8Array[][]>> {
    this.#edge ??= this.#loadEdge()
    return this.#edge
  }

  async #loadEdge(): Promise<Map<string, Uint8Array[][]>> {
    try {
      const { size, root } = this.#head
      const places = edgeTiles(size)
      const nodes = await Promise.all(places.map((tile) => this.#load(tile)))
      if (!equalBytes(frontierOfNodes(this.#sha256, size, nodes).root(), root)) {
        throw new TlogError('TLOG_MISMATCH', `the tiles lead to another root of ${size} leaves`)
      }
      return new Map(places.map((tile, i) => [keyOf(tile), nodes[i] ?? []]))
    } catch (error) {
      this.#edge = undefined
      throw error
    }
  }

  #forgetOldest(): void {
    if (this.#tiles.size <= CACHED_TILES) return
    const [oldest] = this.#tiles.keys()
    if (oldest !== undefined) this.#tiles.delete(oldest)
  }
}

/** Where a tile is, whatever its width. */
type TilePlace = Pick<HashTile, 'level' | 'index'>

function keyOf({ level, index }: TilePlace): string {
  return `${level}/${index}`
}

/** A subtree's root stands in the tile of its height, among the nodes over that tile's hashes. */
function tileWith({ height, index }: SubtreeNode): TilePlace {
  return { level: Math.floor(height / TILE_HEIGHT), index: Math.floor(index / nodesPerTile(height)) }
}

function nodeIn(tiles: ReadonlyMap<string, Uint8Array[][]>, place: SubtreeNode): Uint8Array {
  const nodes = tiles.get(keyOf(tileWith(place)))
  return node(nodes?.[place.height % TILE_HEIGHT], place.index % nodesPerTile(place.height))
}

function nodesPerTile(height: number): number {
  return TILE_WIDTH / 2 ** (height % TILE_HEIGHT)
}
