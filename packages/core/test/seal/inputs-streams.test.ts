import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { test } from 'node:test'
import { CHILD_ENVIRONMENT, childArguments, inFolder } from './support-crash/children.ts'
import { leftovers, sealedContent } from './support-crash/look.ts'
import { bytesOf, contentOf } from './support-crash/people.ts'
import { at, namesIn, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { PLAIN, SEALED, seal, write } from './support-crash/scene.ts'

const BYTES = 3_000_000

/** Both ends of a pipe, neither of which waits: they answer EAGAIN. */
function openPipe(folder: string): { readonly reads: number; readonly writes: number } {
  const path = join(folder, 'pipe')
  assert.equal(spawnSync('mkfifo', [path]).status, 0)
  const reads = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { reads, writes: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) }
}

/** Writes little by little, whenever there is room. */
async function pour(fd: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += tried(() => writeSync(fd, bytes, done, Math.min(50_000, bytes.length - done))) ?? 0
    await setImmediate()
  }
  closeSync(fd)
}

/** Reads little by little until the other end closes or `most` bytes came. */
async function drain(fd: number, most = Infinity): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let got = 0
  while (got < most) {
    const buffer = new Uint8Array(30_000)
    const count = tried(() => readSync(fd, buffer))
    if (count === 0) break
    if (count !== undefined) parts.push(buffer.subarray(0, count))
    got += count ?? 0
    await setImmediate()
  }
  closeSync(fd)
  return Uint8Array.from(Buffer.concat(parts))
}

function tried(call: () => number): number | undefined {
  try {
    return call()
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN')
    return undefined
  }
}

test('a pipe that does not wait is read at the pace of its writer', () =>
  inFolder(async (folder) => {
    const { reads, writes } = openPipe(folder)
    const sealing = sealOne({ fd: reads }, at(folder, SEALED))
    await pour(writes, bytesOf('new', BYTES))
    assert.equal((await sealing).plaintextBytes, BYTES)
    closeSync(reads)
    assert.equal(await sealedContent(join(folder, SEALED)), 'new')
  }))

test('a pipe that does not wait is written at the pace of its reader', () =>
  inFolder(async (folder) => {
    await seal(folder, PLAIN, SEALED, BYTES)
    const { reads, writes } = openPipe(folder)
    const drained = drain(reads)
    await openOne(at(folder, SEALED), { fd: writes })
    closeSync(writes)
    assert.equal(contentOf(await drained), 'new')
  }))

test('a reader that goes away is noticed by who opens and who seals', () =>
  inFolder(async (folder) => {
    await seal(folder, PLAIN, SEALED, BYTES)
    const before = namesIn(folder)
    for (const convert of [
      (fd: number) => openOne(at(folder, SEALED), { fd }),
      (fd: number) => sealOne(at(folder, PLAIN), { fd }),
    ]) {
      const root = join(folder, 'pipe')
      const { reads, writes } = openPipe(folder)
      const drained = drain(reads, 200_000)
      await refuses('IO', () => convert(writes), 'EPIPE')
      assert.ok((await drained).length >= 200_000)
      closeSync(writes)
      spawnSync('rm', [root])
    }
    assert.deepEqual(namesIn(folder), before)
  }))

test('a descriptor that is closed is an error of the system', () =>
  inFolder(async (folder) => {
    await seal(folder, PLAIN, SEALED, 1000)
    const before = namesIn(folder)
    const fd = openSync(join(folder, PLAIN), 'r')
    closeSync(fd)
    await refuses('IO', () => sealOne({ fd }, at(folder, 'out')), 'EBADF')
    await refuses('IO', () => openOne({ fd }, at(folder, 'out')), 'EBADF')
    await refuses('IO', () => sealOne(at(folder, PLAIN), { fd }), 'EBADF')
    await refuses('IO', () => openOne(at(folder, SEALED), { fd }), 'EBADF')
    assert.deepEqual(namesIn(folder), before)
  }))

test('a descriptor that can only be written is no input, one that can only be read is no output', () =>
  inFolder(async (folder) => {
    await seal(folder, PLAIN, SEALED, 1000)
    const writes = openSync(join(folder, 'writes'), 'w')
    const reads = openSync(join(folder, PLAIN), 'r')
    await refuses('IO', () => sealOne({ fd: writes }, at(folder, 'out')), 'EBADF')
    await refuses('IO', () => openOne(at(folder, SEALED), { fd: reads }), 'EBADF')
    closeSync(writes)
    closeSync(reads)
    assert.equal(contentOf(readFileSync(join(folder, PLAIN))), 'new')
    assert.deepEqual(leftovers(folder), [])
  }))

test('standard input and output of a process, as pipes and as nothing', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', BYTES)
    const piped = await pipeThrough(folder, `cat "${PLAIN}" | "$@" seal | "$@" open > out`)
    assert.equal(piped, 0)
    assert.equal(contentOf(readFileSync(join(folder, 'out'))), 'new')
    // Node puts /dev/null where standard input is closed: an empty file is sealed, as from an empty pipe.
    assert.equal(await pipeThrough(folder, '"$@" seal <&- | "$@" open > empty'), 0)
    assert.equal(readFileSync(join(folder, 'empty')).length, 0)
    writeFileSync(join(folder, 'none'), '')
    assert.equal(await pipeThrough(folder, '"$@" seal < none | "$@" open > empty'), 0)
    // The whole pipe line ends when its reader has had enough.
    assert.equal(
      await pipeThrough(folder, `"$@" seal < "${PLAIN}" | head -c 1000 > head; test $PIPESTATUS = 7`),
      0,
    )
    assert.deepEqual(leftovers(folder), [])
  }))

/** Runs a line of the shell in which `"$@"` is the filter that seals and opens. */
async function pipeThrough(folder: string, line: string): Promise<number | null> {
  const [program, args] = childArguments('./filter.ts')
  const shell = spawn('bash', ['-c', `set -o pipefail; ${line}`, 'bash', program, ...args], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...CHILD_ENVIRONMENT, TMPDIR: folder },
  })
  const [status] = (await once(shell, 'close')) as [number | null]
  return status
}
