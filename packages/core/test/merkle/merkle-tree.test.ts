import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { fromHex, toHex } from '@strongroom/core/bytes'
import { MerkleError, merkleTree } from '@strongroom/core/merkle'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { naiveConsistency, naivePath, naiveRoot } from './naive-tree.ts'

let hashes = 0

function sha256(...parts: Uint8Array[]): Uint8Array {
  hashes++
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const tree = merkleTree(sha256)

// The reference values of Certificate Transparency (google/certificate-transparency, cpp/merkletree tests).
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

ROOTS.forEach((root, size) => {
  test(`the reference root of ${size} leaves`, () => {
    const hashed = LEAVES.slice(0, size).map((leaf) => tree.leafHash(fromHex(leaf)))
    assert.equal(toHex(tree.rootOf(hashed)), root)
  })
})

test('the empty root is the root of no leaves', () => {
  assert.deepEqual(tree.emptyRoot(), tree.rootOf([]))
})

/** `count` different leaf hashes. */
function leafHashes(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => tree.leafHash(Uint8Array.of(i >> 8, i & 255)))
}

test('the proofs of the example in RFC 9162 §2.1.5', () => {
  const leaves = leafHashes(7)
  const [a, b, c, d, e, f, j] = leaves as [Uint8Array, ...Uint8Array[]] & Uint8Array[]
  const node = (left: Uint8Array | undefined, right: Uint8Array | undefined) =>
    tree.nodeHash(left ?? new Uint8Array(0), right ?? new Uint8Array(0))
  const [g, h, i] = [node(a, b), node(c, d), node(e, f)]
  const [k, l] = [node(g, h), node(i, j)]
  assert.deepEqual(tree.rootOf(leaves), node(k, l))
  assert.deepEqual(tree.inclusionProof(leaves, 0), [b, h, l])
  assert.deepEqual(tree.inclusionProof(leaves, 3), [c, g, l])
  assert.deepEqual(tree.inclusionProof(leaves, 4), [f, j, k])
  assert.deepEqual(tree.inclusionProof(leaves, 6), [i, k])
  assert.deepEqual(tree.consistencyProof(leaves, 3), [c, d, g, l])
  assert.deepEqual(tree.consistencyProof(leaves, 4), [l])
  assert.deepEqual(tree.consistencyProof(leaves, 6), [i, j, k])
})

test('every tree up to 40 leaves: root, all paths and all consistency proofs are those of the definition', () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = leafHashes(size)
    const { root, proofs } = tree.inclusionProofs(leaves)
    assert.deepEqual(root, naiveRoot(tree, leaves))
    leaves.forEach((leaf, index) => {
      assert.deepEqual(proofs[index], naivePath(tree, leaves, index))
      assert.deepEqual(tree.inclusionProof(leaves, index), proofs[index])
      tree.verifyInclusion(leaf, index, size, proofs[index] ?? [], root)
    })
    for (let oldSize = 0; oldSize <= size; oldSize++) {
      const proof = tree.consistencyProof(leaves, oldSize)
      if (oldSize > 0) assert.deepEqual(proof, naiveConsistency(tree, leaves, oldSize))
      tree.verifyConsistency(oldSize, tree.rootOf(leaves.slice(0, oldSize)), size, root, proof)
    }
  }
})

test('a proof that was changed in any way is refused', () => {
  const size = fc.integer({ min: 2, max: 300 })
  const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
  const refused = fc.property(size, fc.nat(), change, (count, place, [where, mask]) => {
    const leaves = leafHashes(count)
    const index = place % count
    const root = tree.rootOf(leaves)
    const leaf = leaves[index] ?? new Uint8Array(0)
    const proof = tree.inclusionProof(leaves, index)
    const damaged = proof.map((hash, i) => (i === where % proof.length ? flip(hash, where, mask) : hash))
    throwsCode(MerkleError, 'MERKLE_MISMATCH', () => tree.verifyInclusion(leaf, index, count, damaged, root))
    throwsCode(MerkleError, 'MERKLE_MISMATCH', () =>
      tree.verifyInclusion(flip(leaf, where, mask), index, count, proof, root),
    )
    throwsCode(MerkleError, 'MERKLE_MISMATCH', () =>
      tree.verifyInclusion(leaf, index, count, proof, flip(root, where, mask)),
    )
    throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () =>
      tree.verifyInclusion(leaf, index, count, [...proof, root], root),
    )
    throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () =>
      tree.verifyInclusion(leaf, index, count, proof.slice(1), root),
    )
  })
  fc.assert(refused, PROPERTY)
})

test('a leaf is at its own index only', () => {
  const leaves = leafHashes(13)
  const { root, proofs } = tree.inclusionProofs(leaves)
  for (const [index, leaf] of leaves.entries()) {
    for (let other = 0; other < leaves.length; other++) {
      if (other === index) continue
      assert.throws(() => tree.verifyInclusion(leaf, other, 13, proofs[index] ?? [], root), MerkleError)
    }
  }
})

test('a consistency proof that was changed in any way is refused', () => {
  const sizes = fc
    .integer({ min: 2, max: 200 })
    .chain((count) => fc.tuple(fc.integer({ min: 1, max: count - 1 }), fc.constant(count)))
  const refused = fc.property(
    sizes,
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
    ([oldSize, newSize], where, mask) => {
      const leaves = leafHashes(newSize)
      const [oldRoot, newRoot] = [tree.rootOf(leaves.slice(0, oldSize)), tree.rootOf(leaves)]
      const proof = tree.consistencyProof(leaves, oldSize)
      const damaged = proof.map((hash, i) => (i === where % proof.length ? flip(hash, where, mask) : hash))
      const verify = (from: Uint8Array, to: Uint8Array, path: Uint8Array[]) =>
        tree.verifyConsistency(oldSize, from, newSize, to, path)
      verify(oldRoot, newRoot, proof)
      throwsCode(MerkleError, 'MERKLE_MISMATCH', () => verify(oldRoot, newRoot, damaged))
      throwsCode(MerkleError, 'MERKLE_MISMATCH', () => verify(flip(oldRoot, where, mask), newRoot, proof))
      throwsCode(MerkleError, 'MERKLE_MISMATCH', () => verify(oldRoot, flip(newRoot, where, mask), proof))
      throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () => verify(oldRoot, newRoot, [...proof, newRoot]))
      throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () => verify(oldRoot, newRoot, proof.slice(0, -1)))
    },
  )
  fc.assert(refused, PROPERTY)
})

test('consistency at the ends: the empty tree and the same tree', () => {
  const root = tree.rootOf(leafHashes(5))
  const other = tree.rootOf(leafHashes(6))
  tree.verifyConsistency(0, tree.emptyRoot(), 5, root, [])
  tree.verifyConsistency(0, tree.emptyRoot(), 0, tree.emptyRoot(), [])
  tree.verifyConsistency(5, root, 5, root, [])
  throwsCode(MerkleError, 'MERKLE_MISMATCH', () => tree.verifyConsistency(0, root, 5, root, []))
  throwsCode(MerkleError, 'MERKLE_MISMATCH', () => tree.verifyConsistency(0, tree.emptyRoot(), 0, root, []))
  throwsCode(MerkleError, 'MERKLE_MISMATCH', () => tree.verifyConsistency(5, root, 5, other, []))
  throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () => tree.verifyConsistency(5, root, 5, root, [root]))
  throwsCode(MerkleError, 'MERKLE_PROOF_LENGTH', () =>
    tree.verifyConsistency(0, tree.emptyRoot(), 5, root, [root]),
  )
  throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.verifyConsistency(6, other, 5, root, []))
})

test('subtree roots of any size fold to the root of the whole', () => {
  const folds = fc.property(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: 0, max: 9 }),
    (count, level) => {
      const leaves = leafHashes(count)
      const size = 2 ** level
      const roots = Array.from({ length: Math.ceil(count / size) }, (_, i) =>
        tree.rootOf(leaves.slice(i * size, (i + 1) * size)),
      )
      assert.deepEqual(tree.foldSubtrees(roots, level, count), tree.rootOf(leaves))
      throwsCode(MerkleError, 'MERKLE_RANGE', () =>
        tree.foldSubtrees([...roots, tree.emptyRoot()], level, count),
      )
      if (count > 0)
        throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.foldSubtrees(roots.slice(1), level, count))
    },
  )
  fc.assert(folds, PROPERTY)
})

test('trees of more than 2^32 leaves', () => {
  const leaf = tree.leafHash(Uint8Array.of(1))
  // All leaves alike, so that a complete subtree of any height is known without its leaves.
  const complete = [leaf]
  for (let height = 1; height <= 40; height++) {
    const below = complete[height - 1] ?? leaf
    complete.push(tree.nodeHash(below, below))
  }
  const top = (height: number) => complete[height] ?? leaf
  tree.verifyInclusion(leaf, 2 ** 39 + 12_345, 2 ** 40, complete.slice(0, 40), top(40))
  const grown = tree.nodeHash(top(40), leaf)
  tree.verifyInclusion(leaf, 2 ** 40, 2 ** 40 + 1, [top(40)], grown)
  tree.verifyConsistency(2 ** 40, top(40), 2 ** 40 + 1, grown, [leaf])
  assert.deepEqual(tree.foldSubtrees([top(40), leaf], 40, 2 ** 40 + 1), grown)
})

test('indices and sizes that no tree has are refused', () => {
  const leaves = leafHashes(3)
  const [leaf = new Uint8Array(0)] = leaves
  for (const index of [-1, 3, 0.5, Number.NaN, 2 ** 53]) {
    throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.inclusionProof(leaves, index))
    throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.rootFromInclusion(leaf, index, 3, []))
  }
  throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.inclusionProof([], 0))
  throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.rootFromInclusion(leaf, 0, 0, []))
  throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.consistencyProof(leaves, 4))
  throwsCode(MerkleError, 'MERKLE_RANGE', () => tree.foldSubtrees(leaves, -1, 3))
})

test('a thousand proofs cost no more hashes than the tree has nodes', () => {
  const leaves = leafHashes(1000)
  hashes = 0
  const { proofs } = tree.inclusionProofs(leaves)
  assert.equal(proofs.length, 1000)
  assert.equal(hashes, 999)
})

function flip(hash: Uint8Array, where: number, mask: number): Uint8Array {
  const at = where % hash.length
  return hash.with(at, (hash[at] ?? 0) ^ mask)
}
