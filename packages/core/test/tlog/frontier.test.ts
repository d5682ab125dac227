import assert from 'node:assert/strict'
import { test } from 'node:test'
import { merkleTree } from '@strongroom/core/merkle'
import { EMPTY_EDGE, extendTiles, Frontier, TlogError } from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { naivePath, naiveRoot } from '../merkle/naive-tree.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256 } from './node-keys.ts'
import { leafHashes, tree } from './tile-store.ts'

const none = new Uint8Array(0)

test('the root after every append is the root of the leaves', () => {
  const leaves = leafHashes(300)
  const frontier = new Frontier(sha256)
  assert.deepEqual(frontier.root(), tree.emptyRoot())
  for (const [index, leaf] of leaves.entries()) {
    assert.equal(frontier.append(leaf), index)
    assert.equal(frontier.size, index + 1)
    if (index < 70 || index % 7 === 0) {
      assert.deepEqual(frontier.root(), tree.rootOf(leaves.slice(0, index + 1)))
    }
  }
  assert.deepEqual(frontier.root(), naiveRoot(tree, leaves))
})

test('proofs of leaves about to be appended are those of the longer tree', () => {
  for (let before = 0; before <= 40; before++) {
    const leaves = leafHashes(before + 20)
    const frontier = new Frontier(sha256)
    for (const leaf of leaves.slice(0, before)) frontier.append(leaf)
    for (const count of [0, 1, 2, 3, 9, 20]) {
      const all = leaves.slice(0, before + count)
      const { root, proofs } = frontier.prove(leaves.slice(before, before + count))
      assert.deepEqual(root, tree.rootOf(all))
      assert.equal(proofs.length, count)
      for (const [i, proof] of proofs.entries()) {
        assert.deepEqual(proof, naivePath(tree, all, before + i), `${before} + ${i} of ${count}`)
      }
    }
    assert.equal(frontier.size, before)
    assert.deepEqual(frontier.root(), tree.rootOf(leaves.slice(0, before)))
  }
})

test('a frontier is made again from its hashes, or from the partial tiles', () => {
  const leaves = leafHashes(1300)
  const sizes = fc.tuple(fc.integer({ min: 0, max: 1300 }), fc.integer({ min: 0, max: 40 }))
  const again = fc.property(sizes, ([size, more]) => {
    const frontier = new Frontier(sha256)
    for (const leaf of leaves.slice(0, size)) frontier.append(leaf)
    const { edge } = extendTiles(sha256, EMPTY_EDGE, leaves.slice(0, size))
    const copies = [new Frontier(sha256, frontier.size, frontier.hashes), Frontier.fromEdge(sha256, edge)]
    for (const copy of copies) {
      assert.deepEqual([copy.size, copy.hashes], [frontier.size, frontier.hashes])
      for (const leaf of leaves.slice(size, size + more)) copy.append(leaf)
      assert.deepEqual(copy.root(), tree.rootOf(leaves.slice(0, size + more)))
    }
    assert.deepEqual(frontier.root(), tree.rootOf(leaves.slice(0, size)))
  })
  fc.assert(again, { numRuns: PROPERTY.numRuns / 3 })
})

test('buffers that are used again outside change nothing inside', () => {
  const leaves = leafHashes(3)
  const buffer = new Uint8Array(32)
  const frontier = new Frontier(sha256)
  for (const leaf of leaves) {
    buffer.set(leaf)
    frontier.append(buffer)
  }
  const again = new Frontier(sha256, 1, [buffer])
  const [before] = leafHashes(4).slice(3)
  const { root, proofs } = frontier.prove([before ?? none])
  for (const hash of [buffer, root, ...proofs.flat(), ...frontier.hashes, frontier.root()]) hash.fill(0)
  assert.deepEqual(frontier.root(), tree.rootOf(leaves))
  assert.deepEqual(again.root(), leaves[2])
  const single = new Frontier(sha256, 1, again.hashes)
  single.root().fill(0)
  assert.deepEqual(single.root(), leaves[2])
})

test('a million leaves cost a million hashes, and a root twenty', () => {
  let hashes = 0
  // A cheap stand-in: what is counted is the number of calls.
  const counting = () => {
    hashes++
    return new Uint8Array(32)
  }
  const frontier = new Frontier(counting)
  const leaf = new Uint8Array(32)
  for (let i = 0; i < 999_999; i++) frontier.append(leaf)
  assert.ok(hashes < 1_000_000, String(hashes))
  assert.ok(frontier.hashes.length <= 20)
  hashes = 0
  frontier.root()
  assert.ok(hashes <= 20, String(hashes))
  frontier.prove([leaf])
  assert.ok(hashes <= 40, String(hashes))
})

test('trees of up to 2^53 - 1 leaves', () => {
  const roots = [tree.leafHash(Uint8Array.of(1))]
  for (let height = 1; height <= 53; height++) {
    const below = roots[height - 1] ?? none
    roots.push(tree.nodeHash(below, below))
  }
  const [leaf = none] = roots
  const full = (from: number, to: number) => roots.slice(from, to).toReversed()
  const frontier = new Frontier(sha256, 2 ** 52 - 1, full(0, 52))
  assert.equal(frontier.append(leaf), 2 ** 52 - 1)
  assert.deepEqual(frontier.hashes, [roots[52]])
  const { root, proofs } = frontier.prove([leaf])
  merkleTree(sha256).verifyInclusion(leaf, 2 ** 52, 2 ** 52 + 1, proofs[0] ?? [], root)
  const last = new Frontier(sha256, 2 ** 53 - 1, full(0, 53))
  throwsCode(TlogError, 'TLOG_RANGE', () => last.append(leaf))
  throwsCode(TlogError, 'TLOG_RANGE', () => last.prove([leaf]))
  assert.equal(last.size, 2 ** 53 - 1)
})

test('what is no frontier, and what is no leaf hash', () => {
  const [leaf = none] = leafHashes(1)
  throwsCode(TlogError, 'TLOG_RANGE', () => new Frontier(sha256, 1, []))
  throwsCode(TlogError, 'TLOG_RANGE', () => new Frontier(sha256, 2, [leaf, leaf]))
  throwsCode(TlogError, 'TLOG_RANGE', () => new Frontier(sha256, 1, [leaf.slice(1)]))
  throwsCode(TlogError, 'TLOG_RANGE', () => new Frontier(sha256, -1, []))
  const frontier = new Frontier(sha256)
  throwsCode(TlogError, 'TLOG_RANGE', () => frontier.append(none))
  throwsCode(TlogError, 'TLOG_RANGE', () => frontier.prove([leaf, none]))
  assert.equal(frontier.size, 0)
  throwsCode(TlogError, 'TLOG_TILE', () => Frontier.fromEdge(sha256, { size: 3, tiles: [] }))
})
