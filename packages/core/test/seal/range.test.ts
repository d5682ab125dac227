import assert from 'node:assert/strict'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import * as fc from 'fast-check'
import { LEAF_BYTES } from '@strongroom/core/keyblob'
import { openFile, type ByteRange, type Reader } from '@strongroom/core/seal'
import { headerLengthOf } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'
import { ageSeals, hasAge } from './support/stock-age.ts'

const RUNS = { numRuns: process.env['SLOW'] ? 1_000 : 40 }
const LEAF = 1_048_576
/** Four segments, the last of them of two chunks. */
const PLAINTEXT = noise(3 * LEAF + 65_536 + 1_000)
const SIZE = PLAINTEXT.length
const BORDERS = [
  0,
  1,
  65_535,
  65_536,
  65_537,
  LEAF - 1,
  LEAF,
  LEAF + 1,
  2 * LEAF,
  3 * LEAF,
  3 * LEAF + 65_536,
  SIZE - 1,
  SIZE,
]

const positions = fc.oneof(fc.constantFrom(...BORDERS), fc.integer({ min: 0, max: SIZE }))
const lengths = fc.oneof(
  fc.constantFrom(0, 1, 65_536, LEAF, SIZE, Number.MAX_SAFE_INTEGER - SIZE),
  fc.integer({ min: 0, max: 200_000 }),
)
const ranges: fc.Arbitrary<ByteRange> = fc.record({ offset: positions, length: lengths })

suite('a range of a sealed file', () => {
  const folder = folderFor()
  const owner = person('owner', 'classic')
  const reader: Reader = readerOf(owner)
  let path = ''
  let payloadAt = 0
  before(async () => {
    path = await sealBytes(folder, 'input', PLAINTEXT, sealerOf(owner))
    payloadAt = headerLengthOf(bytesOf(path)) + 16
  })

  const toFile = async (range: ByteRange, from = path, by = reader) => {
    const output = { path: join(folder, 'part'), overwrite: true }
    const { plaintextBytes } = await openFile({ input: { path: from }, output }, { ...by, range })
    const bytes = bytesOf(output.path)
    assert.equal(plaintextBytes, bytes.length)
    return bytes
  }

  const toStream = async (range: ByteRange) => {
    const stream = join(folder, 'stream')
    const fd = openSync(stream, 'w')
    try {
      await openFile({ input: { path }, output: { fd } }, { ...reader, range })
      return bytesOf(stream)
    } finally {
      closeSync(fd)
    }
  }

  const sliceOf = ({ offset, length }: ByteRange) => PLAINTEXT.slice(offset, offset + length)

  test('is that slice of the plaintext', async () => {
    await fc.assert(
      fc.asyncProperty(ranges, fc.constantFrom(toFile, toStream), async (range, open) => {
        assert.equal(Buffer.compare(await open(range), sliceOf(range)), 0)
      }),
      RUNS,
    )
  })

  test('outside of the file, or none at all, is refused', async () => {
    const wrong = [
      { offset: SIZE + 1, length: 0 },
      { offset: -1, length: 1 },
      { offset: 0, length: -1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: Number.NaN },
      { offset: 0, length: Infinity },
      { offset: 2 ** 53, length: 1 },
    ]
    for (const range of wrong) {
      const output = { path: join(folder, 'never') }
      const error = await refusal(openFile({ input: { path }, output }, { ...reader, range }))
      assert.equal(error.code, 'LIMIT')
      assert.throws(() => bytesOf(output.path), { code: 'ENOENT' })
    }
  })

  test('of an empty file is empty', async () => {
    const empty = await sealBytes(folder, 'empty', new Uint8Array(0), sealerOf(owner))
    for (const length of [0, 1, 100]) {
      assert.deepEqual(await toFile({ offset: 0, length }, empty), new Uint8Array(0))
    }
  })

  for (const segment of [0, 1, 2, 3]) {
    test(`does not mind damage elsewhere, but in its own segment: ${segment} of 4`, async () => {
      const damaged = put(folder, 'damaged.age', bytesOf(path))
      // The last byte of the segment: of the tag of its last chunk.
      const end = payloadAt + Math.min((segment + 1) * LEAF_BYTES, SIZE + 50 * 16)
      flip(damaged, end - 1)
      for (let other = 0; other < 4; other++) {
        const range = { offset: other * LEAF + 100, length: 5_000 }
        if (other !== segment) {
          assert.deepEqual(await toFile(range, damaged), sliceOf(range))
          continue
        }
        const error = await refusal(toFile(range, damaged))
        assert.equal(error.code, 'NOT_AUTHENTIC')
        assert.match(error.message, new RegExp(`segment ${segment} `))
      }
    })
  }

  test('up to the very border of damage, and from there on, touches nothing else', async () => {
    const damaged = put(folder, 'damaged.age', bytesOf(path))
    flip(damaged, payloadAt + LEAF_BYTES)
    for (const range of [
      { offset: 0, length: LEAF },
      { offset: LEAF - 1, length: 1 },
      { offset: LEAF, length: 0 },
      { offset: 2 * LEAF, length: LEAF },
    ]) {
      assert.equal(Buffer.compare(await toFile(range, damaged), sliceOf(range)), 0)
    }
  })

  test('across a border into damage is refused, and comes out of a stream up to the border alone', async () => {
    const damaged = put(folder, 'damaged.age', bytesOf(path))
    flip(damaged, payloadAt + LEAF_BYTES + 70_000)
    const range = { offset: LEAF - 10, length: 20 }
    const stream = join(folder, 'stream')
    const fd = openSync(stream, 'w')
    const opening = openFile({ input: { path: damaged }, output: { fd } }, { ...reader, range })
    assert.equal((await refusal(opening)).code, 'NOT_AUTHENTIC')
    closeSync(fd)
    assert.deepEqual(bytesOf(stream), PLAINTEXT.slice(LEAF - 10, LEAF))
    const kept = put(folder, 'part', 'kept')
    assert.equal((await refusal(toFile(range, damaged))).code, 'NOT_AUTHENTIC')
    assert.equal(Buffer.from(bytesOf(kept)).toString(), 'kept')
  })

  test('of a file that nobody signed: each chunk is verified as age does', async (t) => {
    if (!hasAge(t)) return
    const plain = put(folder, 'plain.age', ageSeals(owner.identity.recipient().toString(), PLAINTEXT))
    const unsigned = { ...reader, allowUnsigned: true }
    const range = { offset: 2 * LEAF - 5, length: 70_000 }
    assert.deepEqual(await toFile(range, plain, unsigned), sliceOf(range))
    assert.equal((await refusal(toFile(range, plain))).code, 'NOT_SIGNED')
    flip(plain, headerLengthOf(bytesOf(plain)) + 16 + 2 * LEAF_BYTES + 9)
    assert.equal((await refusal(toFile(range, plain, unsigned))).code, 'NOT_AUTHENTIC')
    const sound = { offset: 5, length: 70_000 }
    assert.deepEqual(await toFile(sound, plain, unsigned), sliceOf(sound))
  })
})

function flip(path: string, at: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, Uint8Array.of((bytesOf(path)[at] ?? 0) ^ 0x10), 0, 1, at)
  closeSync(fd)
}
