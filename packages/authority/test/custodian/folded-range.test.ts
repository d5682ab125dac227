import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import { Frontier } from '@strongroom/core/tlog'
import { foldRange } from '../../src/custodian/folded-range.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'

const tree = merkleTree(sha256)
const ENTRIES = Array.from({ length: 70 }, (_, i) => concat(Uint8Array.of((i % 14) + 1), bytesOf(i)))

test('a range from anywhere leads to the root, and to those on its way', () => {
  for (let start = 0; start <= ENTRIES.length; start++) {
    const before = new Frontier(sha256)
    for (const entry of ENTRIES.slice(0, start)) before.append(tree.leafHash(entry))
    const sizes = [start, Math.min(start + 5, 70), 70]
    const { root, size, roots, found } = foldRange(
      { start, subtrees: before.hashes, entries: concat(...ENTRIES.slice(start)) },
      { sizes, entries: [{ kind: 13, digest: bytesOf(68) }], kinds: new Set([7]) },
    )
    assert.equal(size, 70)
    assert.deepEqual(root, tree.rootOf(ENTRIES.map((entry) => tree.leafHash(entry))))
    for (const at of sizes) {
      assert.deepEqual(roots.get(at), tree.rootOf(ENTRIES.slice(0, at).map((entry) => tree.leafHash(entry))))
    }
    const wanted = ENTRIES.flatMap((entry, index) => {
      const isWanted = index >= start && (entry[0] === 7 || index === 68)
      return isWanted ? [{ kind: entry[0], digest: entry.slice(1), index }] : []
    })
    assert.deepEqual(found, wanted)
  }
})

test('subtrees that are not those of the start are refused', () => {
  const wanted = { sizes: [], entries: [], kinds: new Set<number>() }
  for (const subtrees of [[], [bytesOf(1), bytesOf(2), bytesOf(3)]]) {
    assert.throws(() => foldRange({ start: 3, subtrees, entries: new Uint8Array(0) }, wanted), {
      code: 'TLOG_RANGE',
    })
  }
})
