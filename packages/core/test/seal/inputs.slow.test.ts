import assert from 'node:assert/strict'
import {
  closeSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inFolder, runChild } from './support-crash/children.ts'
import { OUT, PLAIN, SEALED } from './support-crash/scene.ts'

const GIB = 2 ** 30
const BYTES = 5 * GIB + 12_345
const MIB_IN_KIB = 1024
// A stream's leaves are handed from thread to thread, or wait for the collector: some more of them, but no more with length.
const MOST_MIB: Readonly<Record<string, number>> = { 'seal-stream': 256, 'open-stream': 256 }
const MOST_MIB_OF_FILES = 160
const BUFFER_BYTES = 4 * 1024 * 1024

/** What is not zero, at places where a number of 32 bits ends, a leaf begins, and the file ends. */
const MARKS = new Map(
  [0, 2 ** 31 - 3, 2 ** 32 - 3, 5 * GIB - 2, BYTES - 5].map((place) => [place, `@${place}`.slice(-5)]),
)

/** A file with holes: it takes no room. */
function makeSparse(path: string): void {
  writeFileSync(path, '')
  truncateSync(path, BYTES)
  const fd = openSync(path, 'r+')
  for (const [place, mark] of MARKS) writeSync(fd, mark, place)
  closeSync(fd)
}

function assertSame(first: string, second: string): void {
  const fds = [openSync(first, 'r'), openSync(second, 'r')] as const
  const [a, b] = [Buffer.alloc(BUFFER_BYTES), Buffer.alloc(BUFFER_BYTES)]
  for (let at = 0; at < BYTES; at += BUFFER_BYTES) {
    const counts = [readSync(fds[0], a, 0, a.length, at), readSync(fds[1], b, 0, b.length, at)] as const
    assert.ok(counts[0] === counts[1] && a.equals(b), `they differ behind ${at}`)
  }
  for (const fd of fds) closeSync(fd)
}

test('5 GiB take no more memory than a few leaves', (t) =>
  inFolder(async (folder) => {
    makeSparse(join(folder, PLAIN))
    const measured: Record<string, number> = {}
    const run = async (step: string) => {
      measured[step] = await runChild<number>('./large-file.ts', step, folder)
      t.diagnostic(`${step}: ${Math.round((measured[step] ?? 0) / MIB_IN_KIB)} MiB`)
    }
    await run('seal')
    await run('verify')
    await run('open')
    assert.equal(statSync(join(folder, OUT)).size, BYTES)
    assertSame(join(folder, PLAIN), join(folder, OUT))
    await run('open-range')
    assert.deepEqual(
      readFileSync(join(folder, 'range')).subarray(2, 7),
      Buffer.from(MARKS.get(2 ** 32 - 3) ?? ''),
    )
    for (const name of [SEALED, OUT]) rmSync(join(folder, name))
    await run('seal-stream')
    await run('open-stream')
    assertSame(join(folder, PLAIN), join(folder, OUT))
    for (const [step, kib] of Object.entries(measured)) {
      const most = MOST_MIB[step] ?? MOST_MIB_OF_FILES
      assert.ok(kib < most * MIB_IN_KIB, `${step} took ${kib} KiB`)
    }
  }))
