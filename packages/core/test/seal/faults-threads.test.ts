import assert from 'node:assert/strict'
import {
  closeSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  statfsSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { resealFile, type SealError, type SealErrorCode, type SealOptions } from '../../src/seal/index.ts'
import { StreamWorker } from '../../src/seal/stream-worker.ts'
import { inFolder } from './support-crash/children.ts'
import { plainContent, temporaries } from './support-crash/look.ts'
import { reader, sealer } from './support-crash/people.ts'
import { at, namesIn, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { OUT, PLAIN, SEALED, seal, write } from './support-crash/scene.ts'
import { onSmallDisk } from './support-crash/small-disk.ts'

const MIB = 1_048_576
// Enough for workers to be started.
const BYTES = 8 * MIB + 5

type Watching = Pick<SealOptions, 'onProgress' | 'threads'>

/** How this thread is kept until the workers come to something; a worker that never does is no reason to wait for ever. */
const PATIENCE_MS = 10_000

function keepUntil(condition: () => boolean): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + PATIENCE_MS
  while (!condition() && performance.now() < end) Atomics.wait(clock, 0, 0, 1)
}

/** Progress that, after this thread's first leaf, does something and keeps it until another thread has come further. */
function keptUntil(condition: () => boolean, before: () => void = () => undefined): Watching {
  let first = true
  return {
    threads: 2,
    onProgress: () => {
      if (!first) return
      first = false
      before()
      keepUntil(condition)
    },
  }
}

/** Whether the file under construction in a folder has so many bytes. */
function hasGrownTo(folder: string, bytes: number): boolean {
  const [name] = temporaries(folder)
  return name !== undefined && lstatSync(join(folder, name)).size >= bytes
}

/** What a caller can tell errors apart by. */
function facts({ code, message, path, cause }: SealError) {
  return { code, message, path, cause: cause instanceof Error && 'code' in cause ? cause.code : undefined }
}

/** Asserts that a worker's failure looks like this thread's own. */
async function failsAlike(
  code: SealErrorCode,
  alone: () => Promise<unknown>,
  withWorker: () => Promise<unknown>,
): Promise<void> {
  const expected = await refuses(code, alone)
  assert.deepEqual(facts(await refuses(code, withWorker)), facts(expected))
}

/** Changes one byte in the third leaf of a sealed file. */
function damage(path: string): void {
  const byte = new Uint8Array(1)
  const fd = openSync(path, 'r+')
  readSync(fd, byte, 0, 1, 3 * MIB - 100_000)
  writeSync(fd, byte.with(0, (byte[0] ?? 0) ^ 1), 0, 1, 3 * MIB - 100_000)
  closeSync(fd)
}

test('a damaged chunk that a worker comes upon stops all of them', () =>
  inFolder(async (folder) => {
    await seal(folder, PLAIN, SEALED, BYTES)
    damage(join(folder, SEALED))
    const bytes = readFileSync(join(folder, SEALED))
    const kept = () => keptUntil(() => hasGrownTo(folder, 2 * MIB))
    const open = (watching: Watching) => openOne(at(folder, SEALED), at(folder, OUT), watching)
    const reseal = (watching: Watching) =>
      resealFile(join(folder, SEALED), { ...reader, ...sealer, ...watching })
    for (const work of [open, reseal]) {
      await failsAlike(
        'NOT_AUTHENTIC',
        () => work({ threads: 1 }),
        () => work(kept()),
      )
      assert.deepEqual(namesIn(folder), [PLAIN, SEALED])
    }
    assert.deepEqual(readFileSync(join(folder, SEALED)), bytes)
  }))

test('an input that becomes too short for a worker stops all of them', () =>
  inFolder(async (folder) => {
    const work = async (condition: () => boolean, threads: number) => {
      write(folder, PLAIN, 'new', BYTES)
      // Four leaves are left, and a few bytes of the fifth.
      const shorten = () => truncateSync(join(folder, PLAIN), 4 * MIB + 5)
      return sealOne(at(folder, PLAIN), at(folder, OUT), { ...keptUntil(condition, shorten), threads })
    }
    await failsAlike(
      'INPUT_CHANGED',
      () => work(() => true, 1),
      () => work(() => hasGrownTo(folder, 4 * MIB), 2),
    )
    assert.deepEqual(namesIn(folder), [PLAIN])
  }))

test('a disk that is full for a worker stops all of them', async (t) =>
  onSmallDisk(t, 6, async (small, roomy) => {
    await seal(roomy, PLAIN, SEALED, BYTES)
    const isFull = () => statfsSync(small).bfree === 0
    const works = [
      (watching: Watching) => sealOne(at(roomy, PLAIN), at(small, OUT), watching),
      (watching: Watching) => openOne(at(roomy, SEALED), at(small, OUT), watching),
    ]
    for (const work of works) {
      await failsAlike(
        'IO',
        () => work({ threads: 1 }),
        () => work(keptUntil(isFull)),
      )
      assert.deepEqual(namesIn(small), [])
    }
  }))

test('a worker that broke down says so when it is given more, however much it was given before', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', 10)
    const fd = openSync(join(folder, PLAIN), 'r')
    const output = { fd, offset: 0, key: new Uint8Array(32) }
    const worker = new StreamWorker({ plaintextLength: Infinity, input: { fd, offset: 0 }, output }, () =>
      assert.fail('it wrote to a file that can only be read'),
    )
    const leaf = (index: number) => ({ leaf: index, bytes: new Uint8Array(MIB), last: false })
    while (worker.isFree) worker.send(leaf(0))
    await refuses('IO', () => worker.idle(), 'EBADF')
    assert.ok(worker.isFree)
    await refuses('IO', async () => worker.send(leaf(1)), 'EBADF')
    await worker.end()
    closeSync(fd)
  }))

test('a stream without end ends when a worker has no room', async (t) =>
  onSmallDisk(t, 20, async (small) => {
    const endless = openSync('/dev/zero', 'r')
    for (const threads of [1, 2, 4]) {
      await refuses('IO', () => sealOne({ fd: endless }, at(small, OUT), { threads }), 'ENOSPC')
      assert.deepEqual(namesIn(small), [])
    }
    closeSync(endless)
  }))

test('what many threads seal, one opens, and the other way round', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', BYTES)
    await sealOne(at(folder, PLAIN), at(folder, 'many.age'), { threads: 3 })
    await sealOne(at(folder, PLAIN), at(folder, 'one.age'), { threads: 1 })
    await openOne(at(folder, 'many.age'), at(folder, 'many'), { threads: 1 })
    await openOne(at(folder, 'one.age'), at(folder, 'one'), { threads: 3 })
    for (const name of ['many', 'one']) assert.equal(plainContent(join(folder, name)), 'new')
  }))
