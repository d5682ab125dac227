import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  resealFile,
  rewrapFile,
  verifyFile,
  type SealErrorCode,
  type SealOptions,
} from '../../src/seal/index.ts'
import { inFolder } from './support-crash/children.ts'
import { sealedContent } from './support-crash/look.ts'
import { crowd, bob, reader, sealer } from './support-crash/people.ts'
import { at, CONVERTERS, namesIn, refuses } from './support-crash/refusals.ts'
import { PLAIN, SEALED, seal } from './support-crash/scene.ts'

const MIB = 1_048_576
// Enough for several leaves in one thread, and for workers.
const SMALL = 3 * MIB + 5
const LARGE = 8 * MIB + 5

type Watching = Pick<SealOptions, 'onProgress' | 'signal' | 'threads'>

/** Everything that reads a whole file; `input` is what it reads. */
const READERS = [
  ...CONVERTERS.map(({ name, convert }) => ({
    name,
    input: name === 'open' ? SEALED : PLAIN,
    read: (folder: string, watching: Watching): Promise<unknown> =>
      convert(at(folder, name === 'open' ? SEALED : PLAIN), at(folder, 'out'), watching),
  })),
  {
    name: 'verify',
    input: SEALED,
    read: (folder: string, watching: Watching): Promise<unknown> =>
      verifyFile(at(folder, SEALED), { ...reader, ...watching }),
  },
  {
    name: 'reseal',
    input: SEALED,
    read: (folder: string, watching: Watching): Promise<unknown> =>
      resealFile(join(folder, SEALED), { ...reader, ...sealer, ...watching }),
  },
]

/** What can happen to a file while it is read, and what must come of it. */
const CHANGES: Record<string, { readonly change: (path: string) => void; readonly codes: SealErrorCode[] }> =
  {
    'it grows': { change: (path) => appendFileSync(path, 'x'), codes: ['INPUT_CHANGED'] },
    'it becomes shorter': { change: (path) => truncateSync(path, 2 * MIB), codes: ['INPUT_CHANGED'] },
    'it becomes empty': { change: (path) => truncateSync(path, 0), codes: ['INPUT_CHANGED'] },
    'its last byte changes': {
      change: (path) => overwrite(path, -1),
      // What is sealed can tell by itself.
      codes: ['INPUT_CHANGED', 'NOT_AUTHENTIC'],
    },
    'a byte changes that was read': { change: (path) => overwrite(path, 20_000), codes: ['INPUT_CHANGED'] },
  }

function overwrite(path: string, position: number): void {
  const { length } = readFileSync(path)
  const fd = openSync(path, 'r+')
  writeSync(fd, Uint8Array.of(0x55), 0, 1, (position + length) % length)
  closeSync(fd)
}

for (const { name, input, read } of READERS) {
  test(`a file that changes while it is read is noticed: ${name}`, () =>
    inFolder(async (folder) => {
      for (const [what, { change, codes }] of Object.entries(CHANGES)) {
        const root = join(folder, what)
        await prepare(root, SMALL)
        const before = namesIn(root)
        let changed = false
        const onProgress = () => {
          if (!changed) change(join(root, input))
          changed = true
        }
        const error = await refuses(codes, () => read(root, { threads: 1, onProgress }))
        assert.ok(changed, what)
        assert.equal(error.path, join(root, input), what)
        assert.deepEqual(namesIn(root), before, what)
      }
    }))

  for (const threads of [1, 3]) {
    test(`stopped on request, nothing is left: ${name}, threads ${threads}`, () =>
      inFolder(async (folder) => {
        const root = join(folder, 'root')
        await prepare(root, threads === 1 ? SMALL : LARGE)
        const before = namesIn(root)
        const controller = new AbortController()
        let progress = 0
        const onProgress = () => {
          progress++
          controller.abort()
        }
        await refuses('CANCELLED', () => read(root, { threads, onProgress, signal: controller.signal }))
        assert.equal(progress, 1, 'it went on')
        await refuses('CANCELLED', () => read(root, { threads, onProgress, signal: AbortSignal.abort() }))
        assert.equal(progress, 1, 'it began')
        assert.deepEqual(namesIn(root), before)
        assert.equal(await sealedContent(join(root, SEALED)), 'new')
      }))
  }
}

test('a rewrap that writes the file anew is stopped in the middle, and nothing is left', () =>
  inFolder(async (folder) => {
    const root = join(folder, 'root')
    await prepare(root, SMALL)
    const before = namesIn(root)
    const bytes = readFileSync(join(root, SEALED))
    // Asked before every step: the third time is in the middle.
    let asked = 0
    const signal = Object.create(new AbortController().signal, {
      aborted: { get: () => ++asked >= 3 },
    }) as AbortSignal
    const recipients = [bob.recipient(), ...crowd]
    await refuses('CANCELLED', () => rewrapFile(join(root, SEALED), { ...reader, recipients, signal }))
    assert.equal(asked, 3)
    assert.deepEqual(namesIn(root), before)
    assert.deepEqual(readFileSync(join(root, SEALED)), bytes)
  }))

async function prepare(folder: string, bytes: number): Promise<void> {
  mkdirSync(folder)
  await seal(folder, PLAIN, SEALED, bytes)
  // Long ago: on a coarse clock, a change right after the file was made would leave its time as it is.
  for (const name of [PLAIN, SEALED]) utimesSync(join(folder, name), 1_000_000, 1_000_000)
}
