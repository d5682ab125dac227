import assert from 'node:assert/strict'
import { openSync, closeSync, ftruncateSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Profile } from '@strongroom/core/container'
import { LEAF_BYTES } from '@strongroom/core/keyblob'
import { openFile, verifyFile } from '@strongroom/core/seal'
import { headerLengthOf, takeApart } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealOne, sealerOf } from './support/files.ts'
import { person, PROFILES, readerOf } from './support/people.ts'
import { assertRefused, refusal } from './support/refusal.ts'
import { ageOpens, ageSeals, hasAge, typageOpens, typageSeals } from './support/stock-age.ts'

const SLOW = process.env['SLOW'] !== undefined
const CHUNK = 65_536
const PIECE = 4 * CHUNK
const LEAF = 16 * CHUNK
/** Around every border: chunks of 64 KiB, pieces of 256 KiB, leaves of 1 MiB, and 9 leaves: from 8 on workers join. */
const SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, PIECE - 1, PIECE, PIECE + 1, 15 * CHUNK + 1].concat([
  LEAF - 1,
  LEAF,
  LEAF + 1,
  2 * LEAF,
  8 * LEAF + 1,
])
/** What the profile changes stands in the header alone: some sizes are enough for the second. */
const SIZES_OF: Readonly<Record<Profile, readonly number[]>> = {
  classic: SIZES,
  pq: SLOW ? SIZES : [0, 1, CHUNK + 1, LEAF - 1, LEAF + 1],
}
const LONGEST = noise(Math.max(...SIZES))
const plaintextOf = (size: number) => LONGEST.subarray(0, size)

for (const profile of PROFILES) {
  for (const size of SIZES_OF[profile]) {
    test(`${size} bytes, ${profile}: sealed here, opened here and by age`, async (t) => {
      const folder = folderFor(t)
      const owner = person('owner', profile)
      const input = { path: put(folder, 'input', plaintextOf(size)) }
      const output = { path: join(folder, 'input.age') }
      const sealed = await sealOne({ input, output }, { ...sealerOf(owner), threads: 2 })
      const file = bytesOf(output.path)
      assert.deepEqual([sealed.plaintextBytes, sealed.sealedBytes], [size, file.length])
      assert.equal(takeApart(file).payload.length, size + 16 * Math.max(1, Math.ceil(size / CHUNK)))
      assertPlaceForHeader(file)
      for (const threads of size >= 8 * LEAF ? [1, 2] : [1]) {
        const opened = { path: join(folder, `opened by ${threads}`) }
        const result = await openFile({ input: output, output: opened }, { ...readerOf(owner), threads })
        assert.equal(result.plaintextBytes, size)
        assertSame(bytesOf(opened.path), plaintextOf(size))
      }
      const seal = await verifyFile(output, readerOf(owner))
      assert.equal(seal.table.roots.length, Math.max(1, Math.ceil(size / LEAF)))
      if (profile === 'pq') assertSame(await typageOpens(owner.identity, file), plaintextOf(size))
      else if (hasAge(t)) assertSame(ageOpens(owner.identity, file), plaintextOf(size))
    })

    test(`${size} bytes, ${profile}: made by age, opened here only if it need not be signed`, async (t) => {
      if (profile === 'classic' && !hasAge(t)) return
      const folder = folderFor(t)
      const owner = person('owner', profile)
      const recipient = owner.identity.recipient().toString()
      const file =
        profile === 'pq'
          ? await typageSeals([recipient], plaintextOf(size))
          : ageSeals(recipient, plaintextOf(size))
      const input = { path: put(folder, 'plain.age', file) }
      if (size <= CHUNK) await assertRefused(input.path, readerOf(owner), { code: 'NOT_SIGNED' })
      const output = { path: join(folder, 'opened') }
      const opened = await openFile(
        { input, output },
        { ...readerOf(owner), allowUnsigned: true, threads: 2 },
      )
      assert.deepEqual(opened, { proof: 'unsigned', seal: undefined, plaintextBytes: size })
      assertSame(bytesOf(output.path), plaintextOf(size))
    })
  }
}

/** In front of a payload of 1 MiB or more, header and nonce are whole blocks; docs/spec/sealed-file.md. */
function assertPlaceForHeader(file: Uint8Array): void {
  const place = headerLengthOf(file) + 16
  if (takeApart(file).payload.length >= LEAF) assert.equal(place % 4096, 0)
  assert.ok(place <= 16_384)
}

/** Megabytes are compared faster than `deepEqual` does. */
function assertSame(found: Uint8Array | undefined, expected: Uint8Array): void {
  assert.equal(found?.length, expected.length)
  assert.ok(found && Buffer.compare(found, expected) === 0, 'the bytes differ')
}

/** 300 MiB that take no space: zeros, and a few bytes in some places. */
function sparseFile(folder: string): { readonly path: string; readonly size: number } {
  const path = put(folder, 'sparse', '')
  const size = 300 * LEAF
  const fd = openSync(path, 'r+')
  ftruncateSync(fd, size)
  for (const leaf of [0, 1, 150, 299]) writeSync(fd, noise(64, `leaf ${leaf}`), 0, 64, leaf * LEAF + 7)
  closeSync(fd)
  return { path, size }
}

test('300 MiB: segments of two leaves', async (t: TestContext) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const { path, size } = sparseFile(folder)
  const output = { path: join(folder, 'sparse.age') }
  await sealOne({ input: { path }, output }, { ...sealerOf(owner), threads: 2 })
  const { table, payloadLength } = await verifyFile(output, { ...readerOf(owner), threads: 2 })
  assert.deepEqual([table.level, table.roots.length, payloadLength], [1, 150, 300 * LEAF_BYTES])
  for (const leaf of [0, 1, 150, 299]) {
    const part = { path: join(folder, `part of ${leaf}`) }
    const range = { offset: leaf * LEAF + 7, length: 64 }
    await openFile({ input: output, output: part }, { ...readerOf(owner), range })
    assert.deepEqual(bytesOf(part.path), noise(64, `leaf ${leaf}`))
  }
  const damaged = 2 * LEAF_BYTES + (statSync(output.path).size - 300 * LEAF_BYTES) + 5
  const fd = openSync(output.path, 'r+')
  writeSync(fd, Uint8Array.of(0xff, 0xff, 0xff), 0, 3, damaged)
  closeSync(fd)
  const range = { offset: 3 * LEAF, length: 1 }
  const job = { input: output, output: { path: join(folder, 'damaged') } }
  assert.match((await refusal(openFile(job, { ...readerOf(owner), range }))).message, /segment 1 /)
  if (!SLOW) return
  const opened = { path: join(folder, 'opened') }
  assert.equal(
    (await refusal(openFile({ input: output, output: opened }, readerOf(owner)))).code,
    'NOT_AUTHENTIC',
  )
  await sealOne({ input: { path }, output: { ...output, overwrite: true } }, sealerOf(owner))
  await openFile({ input: output, output: opened }, readerOf(owner))
  assertSame(bytesOf(opened.path), bytesOf(path))
  assert.equal(statSync(opened.path).size, size)
  if (hasAge(t)) assertSame(ageOpens(owner.identity, bytesOf(output.path)), bytesOf(path))
})

test('a description and name of 1,024 bytes each find room, one byte more does not', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'pq')
  const input = { path: put(folder, 'input', noise(LEAF)) }
  const output = { path: join(folder, 'input.age') }
  const long = { name: 'n'.repeat(1024), description: 'd'.repeat(1024) }
  await sealOne({ input, output, ...long }, { ...sealerOf(owner), threads: 1 })
  const { metadata } = await verifyFile(output, readerOf(owner))
  assert.deepEqual([metadata.name, metadata.description], [long.name, long.description])
  for (const field of ['name', 'description'] as const) {
    const job = { input, output: { path: join(folder, 'too long.age') }, [field]: 'x'.repeat(1025) }
    assert.equal((await refusal(sealOne(job, sealerOf(owner)))).code, 'LIMIT')
  }
})

test('many recipients: the header is longer, everything else is the same', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'pq')
  const others = Array.from({ length: 9 }, (_, i) => person(`reader ${i}`, 'pq'))
  const path = await sealBytes(folder, 'input', LONGEST.subarray(0, LEAF), sealerOf(owner, others))
  const file = bytesOf(path)
  assert.equal((headerLengthOf(file) + 16) % 4096, 0)
  for (const reader of [owner, ...others]) {
    assert.equal((await verifyFile({ path }, readerOf(reader, owner))).signerName, 'owner')
  }
  const last = others.at(-1) ?? owner
  assertSame(await typageOpens(last.identity, file), plaintextOf(LEAF))
})
