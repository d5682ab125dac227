import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  EMPTY_EDGE,
  extendTiles,
  joinTile,
  splitTile,
  TiledTree,
  tilePath,
  TlogError,
  touchedTiles,
  type HashTile,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { naiveConsistency, naivePath, naiveRoot } from '../merkle/naive-tree.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256 } from './node-keys.ts'
import { leafHashes, TileStore, tree } from './tile-store.ts'

const none = new Uint8Array(0)
const isMismatch = { name: 'TlogError', code: 'TLOG_MISMATCH' }
const isRange = { name: 'TlogError', code: 'TLOG_RANGE' }
const isTile = { name: 'TlogError', code: 'TLOG_TILE' }

suite('building tiles', () => {
  test('each hash is the one of the definition', () => {
    // 256 leaves under one hash of level 1: the definition is slow, so the tree is small.
    const leaves = leafHashes(600)
    for (const { tile, bytes } of extendTiles(sha256, EMPTY_EDGE, leaves).written) {
      const perHash = 256 ** tile.level
      // C2SP tlog-tiles: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])
      const expected = Array.from({ length: tile.width }, (_, i) => {
        const start = (tile.index * 256 + i) * perHash
        return naiveRoot(tree, leaves.slice(start, start + perHash))
      })
      assert.deepEqual(splitTile(tile, bytes), expected, tilePath(tile))
    }
  })

  test('however leaves are appended, the tiles are the same', () => {
    const leaves = leafHashes(1500)
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 8 })
    const same = fc.property(steps, (counts) => {
      let edge = EMPTY_EDGE
      const store = new TileStore()
      for (const count of counts) {
        const before = edge.size
        const grown = extendTiles(sha256, edge, leaves.slice(before, before + count))
        assert.deepEqual(
          grown.written.map(({ tile }) => tile),
          [...touchedTiles(before, grown.edge.size)],
        )
        store.add(grown.written)
        edge = grown.edge
      }
      const atOnce = extendTiles(sha256, EMPTY_EDGE, leaves.slice(0, edge.size))
      assert.deepEqual(edge, atOnce.edge)
      for (const { tile, bytes } of atOnce.written) {
        assert.deepEqual(store.tiles.get(tilePath(tile)), bytes)
      }
    })
    fc.assert(same, { numRuns: 20 })
  })

  test('a wider tile stands for a partial one in an edge', () => {
    const leaves = leafHashes(400)
    const wide = TileStore.of(leaves)
    const edge = (size: number) => extendTiles(sha256, EMPTY_EDGE, leaves.slice(0, size)).edge
    const widened = edge(300).tiles.map(({ tile }) => ({ tile, bytes: wide.read(tile) as Uint8Array }))
    assert.deepEqual(extendTiles(sha256, { size: 300, tiles: widened }, leaves.slice(300)).edge, edge(400))
  })

  test('an edge that does not fit its size, and leaves that are no hashes', () => {
    const [leaf = none] = leafHashes(1)
    throwsCode(TlogError, 'TLOG_TILE', () => extendTiles(sha256, { size: 1, tiles: [] }, [leaf]))
    const tile: HashTile = { level: 0, index: 0, width: 1 }
    for (const bytes of [none, leaf.slice(1), joinTile([leaf, leaf.slice(1)]), new Uint8Array(257 * 32)]) {
      throwsCode(TlogError, 'TLOG_TILE', () =>
        extendTiles(sha256, { size: 1, tiles: [{ tile, bytes }] }, [leaf]),
      )
    }
    throwsCode(TlogError, 'TLOG_RANGE', () => extendTiles(sha256, EMPTY_EDGE, [leaf.slice(1)]))
    throwsCode(TlogError, 'TLOG_RANGE', () => extendTiles(sha256, { size: -1, tiles: [] }, []))
  })
})

suite('proofs from tiles', () => {
  const leaves = leafHashes(540)
  const store = TileStore.of(leaves)
  const treeOf = (size: number, from = store) =>
    new TiledTree(sha256, { size, root: tree.rootOf(leaves.slice(0, size)) }, from.read)

  test('every leaf of every tree up to 300 leaves, and around 512', async () => {
    const few = (size: number) =>
      process.env['SLOW'] || size <= 70 || size % 17 === 0 || Math.abs(size - 256) < 3
    const sizes = [...Array.from({ length: 301 }, (_, i) => i).filter(few), 511, 512, 513]
    for (const size of sizes) {
      const tiled = treeOf(size)
      const { root, proofs } = tree.inclusionProofs(leaves.slice(0, size))
      assert.deepEqual(await tiled.rootAt(size), root)
      for (let index = 0; index < size; index++) {
        assert.deepEqual(await tiled.inclusionProof(index), proofs[index], `${index} of ${size}`)
      }
    }
  })

  test('every consistency of every tree up to 120 leaves, and around 256 and 512', async () => {
    const few = (size: number) => process.env['SLOW'] || size <= 40 || size % 11 === 0
    const sizes = [...Array.from({ length: 121 }, (_, i) => i).filter(few), 255, 256, 257, 511, 512, 513]
    for (const size of sizes) {
      const tiled = treeOf(size)
      for (let oldSize = 0; oldSize <= size; oldSize += size > 120 ? 37 : 1) {
        const proof = await tiled.consistencyProof(oldSize)
        assert.deepEqual(
          proof,
          tree.consistencyProof(leaves.slice(0, size), oldSize),
          `${oldSize} of ${size}`,
        )
        const oldRoot = await tiled.rootAt(oldSize)
        assert.deepEqual(oldRoot, tree.rootOf(leaves.slice(0, oldSize)))
        tree.verifyConsistency(oldSize, oldRoot, size, tree.rootOf(leaves.slice(0, size)), proof)
      }
    }
  })

  test('the proofs are those of the definition', async () => {
    for (const size of [1, 2, 3, 7, 256, 259, 513]) {
      const tiled = treeOf(size)
      const part = leaves.slice(0, size)
      for (const index of new Set([0, size >> 1, size - 1])) {
        assert.deepEqual(await tiled.inclusionProof(index), naivePath(tree, part, index))
        assert.deepEqual(await tiled.leafHash(index), leaves[index])
      }
      for (const oldSize of new Set([1, (size + 1) >> 1, size])) {
        assert.deepEqual(await tiled.consistencyProof(oldSize), naiveConsistency(tree, part, oldSize))
      }
    }
  })

  test('exactly the tiles that there are for a size are enough', async () => {
    for (const size of [1, 255, 256, 257, 511, 512, 513]) {
      const exact = TileStore.of(leaves.slice(0, size))
      const tiled = treeOf(size, exact)
      await tiled.inclusionProof(0)
      await tiled.consistencyProof(size - 1)
      const named = new Set([...touchedTiles(0, size)].map(tilePath))
      for (const path of exact.asked) assert.ok(named.has(path), path)
    }
  })

  test('a tile is read once, however many proofs need it', async () => {
    const counted = TileStore.of(leaves)
    const tiled = treeOf(540, counted)
    await Promise.all(leaves.map((_, index) => tiled.inclusionProof(index)))
    assert.deepEqual(counted.asked.toSorted(), [
      'tile/0/000',
      'tile/0/001',
      'tile/0/002.p/28',
      'tile/1/000.p/2',
    ])
  })

  function damagedStore(path: string, where: number, bit: number): TileStore {
    const damaged = new TileStore()
    for (const [name, bytes] of store.tiles) damaged.tiles.set(name, bytes)
    const bytes = store.tiles.get(path) ?? none
    const at = where % bytes.length
    damaged.tiles.set(path, bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)))
    return damaged
  }

  test('a changed bit in any tile is found before a hash of it is used', async () => {
    const place = fc.tuple(fc.constantFrom(...store.tiles.keys()), fc.nat(), fc.integer({ min: 0, max: 7 }))
    const damage = fc.asyncProperty(place, async ([path, where, bit]) => {
      const tiled = treeOf(540, damagedStore(path, where, bit))
      const refused = await Promise.all(
        [0, 255, 256, 511, 512, 539].map((index) =>
          tiled.inclusionProof(index).then(
            (proof) => {
              tree.verifyInclusion(leaves[index] ?? none, index, 540, proof, tree.rootOf(leaves))
              return false
            },
            (error: TlogError) => error.code === 'TLOG_MISMATCH',
          ),
        ),
      )
      // A full tile is needed for its own leaves alone, the edge for all.
      const expected = { 'tile/0/000': [0, 1], 'tile/0/001': [2, 3] }[path] ?? [0, 1, 2, 3, 4, 5]
      assert.deepEqual(
        refused.flatMap((wasRefused, i) => (wasRefused ? [i] : [])),
        expected,
      )
    })
    await fc.assert(damage, { numRuns: 20 })
  })

  test('tiles of another tree, and of another size of the same', async () => {
    const other = TileStore.of(leafHashes(541).slice(1))
    await assert.rejects(treeOf(540, other).rootAt(540), isMismatch)
    await assert.rejects(treeOf(540, other).rootAt(0), isMismatch)
    const wrongRoot = new TiledTree(sha256, { size: 540, root: tree.rootOf(leaves.slice(1)) }, store.read)
    await assert.rejects(wrongRoot.inclusionProof(3), isMismatch)
    const wrongSize = new TiledTree(sha256, { size: 539, root: tree.rootOf(leaves) }, store.read)
    await assert.rejects(wrongSize.inclusionProof(3), isMismatch)
    await assert.rejects(
      new TiledTree(sha256, { size: 0, root: tree.rootOf(leaves) }, store.read).rootAt(0),
      isMismatch,
    )
  })

  test('every truncation of a tile, and a tile that is too long', async () => {
    const full = store.tiles.get('tile/0/000') ?? none
    const replies = [none, new Uint8Array(full.length + 32), full.slice(1), full.slice(0, -32)]
    for (let length = 0; length < full.length; length += 257) replies.push(full.slice(0, length))
    for (const reply of replies) {
      const tiled = new TiledTree(sha256, { size: 540, root: tree.rootOf(leaves) }, (tile) =>
        tilePath(tile) === 'tile/0/000' ? reply : store.read(tile),
      )
      await assert.rejects(tiled.inclusionProof(0), isTile)
    }
  })

  test('a reader that failed is asked again, and its error is passed on', async () => {
    let failing = true
    const read = (tile: HashTile) => {
      if (failing) throw new RangeError('no network')
      return store.read(tile)
    }
    const tiled = new TiledTree(sha256, { size: 540, root: tree.rootOf(leaves) }, async (tile) => read(tile))
    await assert.rejects(tiled.inclusionProof(0), RangeError)
    failing = false
    await tiled.rootAt(540)
    failing = true
    await assert.rejects(tiled.inclusionProof(0), RangeError)
    failing = false
    assert.deepEqual(await tiled.inclusionProof(0), tree.inclusionProof(leaves, 0))
  })

  test('what the reader does with its buffer later changes nothing', async () => {
    const buffer = new Uint8Array(8192)
    const tiled = new TiledTree(sha256, { size: 540, root: tree.rootOf(leaves) }, async (tile) => {
      const bytes = await store.read(tile)
      buffer.set(bytes)
      return tile.level === 0 && tile.width === 256 ? buffer : bytes
    })
    const proof = await tiled.inclusionProof(0)
    buffer.fill(0)
    assert.deepEqual(await tiled.inclusionProof(1), tree.inclusionProof(leaves, 1))
    assert.deepEqual(proof, tree.inclusionProof(leaves, 0))
  })

  test('what the caller does with a proof or root later changes nothing', async () => {
    const root = tree.rootOf(leaves)
    const tiled = new TiledTree(sha256, { size: 540, root }, store.read)
    root.fill(0)
    const given = [
      await tiled.inclusionProof(0),
      await tiled.consistencyProof(300),
      [await tiled.leafHash(1)],
    ]
    for (const hash of given.flat()) hash.fill(0)
    assert.deepEqual(await tiled.inclusionProof(0), tree.inclusionProof(leaves, 0))
    assert.deepEqual(await tiled.leafHash(1), leaves[1])
  })

  test('places that the tree does not have', async () => {
    const tiled = treeOf(10)
    for (const index of [-1, 10, 0.5, Number.NaN, 2 ** 53]) {
      await assert.rejects(tiled.inclusionProof(index), isRange)
      await assert.rejects(tiled.leafHash(index), isRange)
    }
    for (const size of [-1, 11, 0.5]) {
      await assert.rejects(tiled.consistencyProof(size), isRange)
      await assert.rejects(tiled.rootAt(size), isRange)
    }
    throwsCode(
      TlogError,
      'TLOG_RANGE',
      () => new TiledTree(sha256, { size: 2 ** 53, root: none }, store.read),
    )
    throwsCode(TlogError, 'TLOG_RANGE', () => new TiledTree(sha256, { size: 1, root: none }, store.read))
  })

  test('trees of up to 2^53 - 1 leaves', async () => {
    const uniform = new UniformTree()
    const size = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 53 - 1 }),
      fc.integer({ min: 0, max: 52 }).map((bit) => 2 ** bit),
      fc.integer({ min: 1, max: 52 }).map((bit) => 2 ** bit + 1),
      fc.integer({ min: 1, max: 53 }).map((bit) => 2 ** bit - 1),
    )
    const proved = fc.asyncProperty(size, fc.nat(), fc.nat(), async (leafCount, a, b) => {
      const root = uniform.root(leafCount)
      const tiled = new TiledTree(sha256, { size: leafCount, root }, uniform.read)
      const within = (n: number) => Math.floor((n / 2 ** 31) * leafCount)
      for (const index of [0, within(a), leafCount - 1]) {
        const proof = await tiled.inclusionProof(index)
        tree.verifyInclusion(uniform.roots[0] ?? none, index, leafCount, proof, root)
      }
      for (const oldSize of [1, within(b) + 1, leafCount]) {
        const proof = await tiled.consistencyProof(oldSize)
        tree.verifyConsistency(oldSize, uniform.root(oldSize), leafCount, root, proof)
      }
    })
    await fc.assert(proved, { numRuns: PROPERTY.numRuns / 3 })
  })
})

/** A tree of any size whose leaves are all alike, so that every tile is known. */
class UniformTree {
  readonly roots: Uint8Array[] = [tree.leafHash(Uint8Array.of(1))]

  constructor() {
    for (let height = 1; height <= 53; height++) {
      const below = this.roots[height - 1] ?? none
      this.roots.push(tree.nodeHash(below, below))
    }
  }

  readonly read = (tile: HashTile): Uint8Array =>
    joinTile(Array.from({ length: tile.width }, () => this.roots[8 * tile.level] ?? none))

  /** By the binary digits of the size, the greatest first. */
  root(size: number): Uint8Array {
    const digits = BigInt(size).toString(2).split('')
    const subtrees = digits.flatMap((digit, i) =>
      digit === '1' ? [this.roots[digits.length - 1 - i] ?? none] : [],
    )
    return subtrees.reduceRight((right, left) => tree.nodeHash(left, right))
  }
}
