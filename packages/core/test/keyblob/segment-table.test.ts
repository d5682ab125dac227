import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { sealedPayloadLength } from '@strongroom/core/age'
import { ByteReader, ByteWriter } from '@strongroom/core/bytes'
import {
  KeyBlobError,
  LEAF_BYTES,
  leafCount,
  segmentTable,
  type SegmentTable,
} from '@strongroom/core/keyblob'
import {
  payloadRoot,
  readSegmentTable,
  segmentLevel,
  segmentTableBytes,
  writeSegmentTable,
} from '../../src/keyblob/segment-table.ts'
import { noise } from '../seal/support/files.ts'
import { rootOf, sha256 } from '../seal/support/rfc6962.ts'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { assertExact } from './exact.ts'

// The oracle is RFC 6962 as it is defined, in test/seal/support/rfc6962.ts.

const LEAVES = Array.from({ length: 1_030 }, (_, i) => noise(32, `leaf ${i}`))
const COUNTS = [1, 2, 3, 5, 8, 255, 256, 257, 300, 511, 512, 513, 1_023, 1_024, 1_025, 1_030]
const hex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash).toString('hex'))

/** The level by the words of the specification: the smallest at which there are at most 256 segments. */
function levelOf(leaves: number): number {
  let level = 0
  while (Math.ceil(leaves / 2 ** level) > 256) level++
  return level
}

for (const count of COUNTS) {
  test(`the table of ${count} leaves holds the roots of its segments and folds to the payload root`, () => {
    const leaves = LEAVES.slice(0, count)
    const table = segmentTable(leaves)
    assert.equal(table.level, levelOf(count))
    const size = 2 ** table.level
    assert.equal(table.roots.length, Math.ceil(count / size))
    const expected = table.roots.map((_, i) => rootOf(leaves.slice(i * size, (i + 1) * size)))
    assert.deepEqual(hex(table.roots), hex(expected))
    const root = rootOf(leaves)
    // The longest payload of so many leaves, and the shortest: a last chunk of one byte.
    for (const length of [count * LEAF_BYTES, (count - 1) * LEAF_BYTES + 17]) {
      assert.equal(leafCount(length), count)
      assert.deepEqual(payloadRoot(table, length), root)
      const bytes = encode(table)
      assert.equal(bytes.length, segmentTableBytes(table.roots.length))
      assert.deepEqual(readSegmentTable(new ByteReader(bytes), length, root), table)
    }
  })
}

test('no payload has no segments, and its root is the hash of nothing', () => {
  const table = segmentTable([])
  assert.deepEqual(table, { level: 0, roots: [] })
  assert.deepEqual(payloadRoot(table, 0), sha256())
  assert.deepEqual(readSegmentTable(new ByteReader(Uint8Array.of(0, 0, 0)), 0, sha256()), table)
})

test('a leaf is 16 chunks: a payload of n MiB has n leaves, and an empty one has one', () => {
  assert.equal(LEAF_BYTES, 1_048_832)
  const mebibytes = [0, 1, 1_048_575, 1_048_576, 1_048_577, 300 * 1_048_576, 300 * 1_048_576 + 1]
  assert.deepEqual(
    mebibytes.map((plain) => leafCount(sealedPayloadLength(plain))),
    [1, 1, 1, 1, 2, 300, 301],
  )
})

test('levels are the smallest that fit, up to the longest payload', () => {
  const leaves = fc.oneof(
    fc.integer({ min: 1, max: 5_000 }),
    fc.integer({ min: 1, max: 2 ** 33 }),
    fc.tuple(fc.integer({ min: 8, max: 33 }), fc.integer({ min: -2, max: 2 })).map(([k, d]) => 2 ** k + d),
  )
  fc.assert(
    fc.property(leaves, (count) => assert.equal(segmentLevel(count), levelOf(count))),
    PROPERTY,
  )
})

test('a table is read only as it is written, and only if it leads to the root', () => {
  for (const count of [1, 3, 257, 513]) {
    const leaves = LEAVES.slice(0, count)
    const length = count * LEAF_BYTES
    const root = rootOf(leaves)
    const codec = {
      parse: (bytes: Uint8Array) => {
        const reader = new ByteReader(bytes)
        const table = readSegmentTable(reader, length, root)
        reader.end()
        return table
      },
      encode,
    }
    const sound = encode(segmentTable(leaves))
    fc.assert(
      fc.property(mutationsOf(sound), (bytes) => assertExact(codec, bytes)),
      PROPERTY,
    )
    for (let end = 0; end < Math.min(sound.length, 200); end++) assertExact(codec, sound.slice(0, end))
  }
})

test('a table of another level, number, order or payload is refused', () => {
  const table = segmentTable(LEAVES.slice(0, 257))
  const length = 257 * LEAF_BYTES
  const root = rootOf(LEAVES.slice(0, 257))
  const refuse = (changed: SegmentTable, code: 'SEAL_FORMAT' | 'NOT_AUTHENTIC', of = length) =>
    throwsCode(KeyBlobError, code, () => readSegmentTable(new ByteReader(encode(changed)), of, root))
  refuse({ ...table, level: 0 }, 'SEAL_FORMAT')
  refuse({ ...table, level: 2 }, 'SEAL_FORMAT')
  refuse({ ...table, level: 255 }, 'SEAL_FORMAT')
  refuse({ ...table, roots: table.roots.slice(1) }, 'SEAL_FORMAT')
  refuse({ ...table, roots: [...table.roots, noise(32)] }, 'SEAL_FORMAT')
  refuse({ ...table, roots: table.roots.toReversed() }, 'NOT_AUTHENTIC')
  refuse(table, 'SEAL_FORMAT', 255 * LEAF_BYTES)
  refuse(table, 'SEAL_FORMAT', 0)
  // A payload length with the same level and number, and with it the same root: the statement binds the length.
  assert.deepEqual(readSegmentTable(new ByteReader(encode(table)), length - 1, root), table)
})

function encode(table: SegmentTable): Uint8Array {
  const writer = new ByteWriter()
  writeSegmentTable(writer, table)
  return writer.toBytes()
}
