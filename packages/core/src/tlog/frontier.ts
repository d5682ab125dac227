import { copyOf } from '../bytes/index.ts'
import { merkleTree, type MerkleTree, type Sha256 } from '../merkle/index.ts'
import { checkCount, checkHash } from './line-texts.ts'
import { node, nodesOfTile, splitTile } from './tile-hashes.ts'
import { edgeTiles } from './tile-cover.ts'
import type { TileEdge } from './tile-edge.ts'
import { TlogError } from './tlog-error.ts'

/**
 * What a tree needs to remember to grow: the roots of its full subtrees, one for each bit of its size that is set, the
 * greatest first. At most 53 hashes, whatever the size.
 *
 * Appending costs one hash on average, the root at most 52. Not to be shared between writers.
 */
export class Frontier {
  readonly #tree: MerkleTree
  #size: number
  #hashes: Uint8Array[]

  /**
   * The frontier of the empty tree, or of a tree of which it is known.
   *
   * @throws TlogError TLOG_RANGE if it is of another size
   */
  constructor(sha256: Sha256, size = 0, hashes: readonly Uint8Array[] = []) {
    const expected = subtreeCount(checkCount('tree size', size))
    if (hashes.length !== expected) {
      throw new TlogError(
        'TLOG_RANGE',
        `expected ${expected} subtrees of ${size} leaves, got ${hashes.length}`,
      )
    }
    for (const hash of hashes) checkHash('TLOG_RANGE', hash)
    this.#tree = merkleTree(sha256)
    this.#size = size
    this.#hashes = hashes.map((hash) => copyOf(hash))
  }

  /**
   * The frontier of a tree from its partial tiles.
   *
   * @throws TlogError TLOG_RANGE for an impossible size, TLOG_TILE if the tiles are not those of the size
   */
  static fromEdge(sha256: Sha256, edge: TileEdge): Frontier {
    const nodes = edgeTiles(edge.size).map((tile, i) =>
      nodesOfTile(sha256, splitTile(tile, edge.tiles[i]?.bytes ?? new Uint8Array(0))),
    )
    return frontierOfNodes(sha256, edge.size, nodes)
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#size
  }

  /** The roots of the full subtrees, the greatest first: enough to make the frontier again. */
  get hashes(): readonly Uint8Array[] {
    return this.#hashes.map((hash) => hash.slice())
  }

  /**
   * Adds a leaf and returns its index.
   *
   * @throws TlogError TLOG_RANGE for what is no hash, or in a tree of 2^53 - 1 leaves
   */
  append(leafHash: Uint8Array): number {
    checkHash('TLOG_RANGE', leafHash)
    checkCount('tree size', this.#size + 1)
    // A copy: the caller may use its buffer again.
    let hash: Uint8Array = copyOf(leafHash)
    // As in a binary counter: each bit that is set carries into the next.
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      hash = this.#tree.nodeHash(node(this.#hashes, this.#hashes.length - 1), hash)
      this.#hashes.pop()
    }
    this.#hashes.push(hash)
    return this.#size++
  }

  /** The root of the tree: 32 bytes. */
  root(): Uint8Array {
    if (this.#hashes.length === 0) return this.#tree.emptyRoot()
    // The smaller subtree is always the right child.
    return this.#hashes.reduceRight((right, left) => this.#tree.nodeHash(left, right)).slice()
  }

  /**
   * The root that the tree has after these leaves, and the proof that each of them is in it, from the frontier alone: no
   * tile is read. The frontier stays as it is.
   *
   * @throws TlogError TLOG_RANGE for what is no hash, or more leaves than a tree has
   */
  prove(leafHashes: readonly Uint8Array[]): { readonly root: Uint8Array; readonly proofs: Uint8Array[][] } {
    for (const hash of leafHashes) checkHash('TLOG_RANGE', hash)
    checkCount('tree size', this.#size + leafHashes.length)
    if (leafHashes.length === 0) return { root: this.root(), proofs: [] }
    const levels = this.#levelsAfter(leafHashes)
    const top = levels.at(-1)?.hashes
    const proofs = leafHashes.map((_, i) => siblings(levels, this.#size + i))
    return { root: node(top, 0).slice(), proofs }
  }

  /** The nodes right of what the frontier hides, level by level up to the root. */
  #levelsAfter(leafHashes: readonly Uint8Array[]): Level[] {
    const left = this.#hashes.slice()
    const levels: Level[] = []
    let level: Level = { first: this.#size, hashes: [...leafHashes] }
    for (;;) {
      // A full subtree of this height is the left sibling of the first node; without one the first node is a left child.
      const sibling = level.first % 2 === 1 ? left.pop() : undefined
      if (sibling) level = { first: level.first - 1, hashes: [sibling, ...level.hashes] }
      levels.push(level)
      if (level.first === 0 && level.hashes.length === 1) return levels
      level = { first: level.first / 2, hashes: this.#above(level.hashes) }
    }
  }

  #above(hashes: readonly Uint8Array[]): Uint8Array[] {
    const above: Uint8Array[] = []
    for (let i = 0; i < hashes.length; i += 2) {
      const [left, right] = [node(hashes, i), hashes[i + 1]]
      // A last node without a sibling moves up unchanged, RFC 9162 §2.1.1.
      above.push(right ? this.#tree.nodeHash(left, right) : left)
    }
    return above
  }
}

/** Nodes `first`, `first` + 1, ... of one level of a tree. */
interface Level {
  readonly first: number
  readonly hashes: readonly Uint8Array[]
}

function siblings(levels: readonly Level[], index: number): Uint8Array[] {
  let position = index
  return levels.flatMap(({ first, hashes }) => {
    const sibling = hashes[(position % 2 === 1 ? position - 1 : position + 1) - first]
    position = Math.floor(position / 2)
    return sibling ? [sibling.slice()] : []
  })
}

/** How many bits of the size are set. */
function subtreeCount(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

/** The frontier of a tree from the nodes over its partial tiles, in the order of `edgeTiles`. */
export function frontierOfNodes(sha256: Sha256, size: number, nodes: readonly Uint8Array[][][]): Frontier {
  const smallestFirst = edgeTiles(size).flatMap(({ width }, i) => subtreesOf(nodes[i] ?? [], width))
  return new Frontier(sha256, size, smallestFirst.toReversed())
}

/** The roots of the full subtrees of a tile's first `width` hashes, the smallest first. */
function subtreesOf(nodes: readonly Uint8Array[][], width: number): Uint8Array[] {
  return nodes.flatMap((level, height) => {
    const count = Math.floor(width / 2 ** height)
    return count % 2 === 1 ? [node(level, count - 1)] : []
  })
}
