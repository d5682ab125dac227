import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../../../src/bytes/index.ts'
import { openFile, verifyFile, type Input, type Output } from '../../../src/seal/index.ts'
import { modeOf, plainContent, sealedContent } from './look.ts'
import { bytesOf, reader } from './people.ts'
import { OUT, outcome, PLAIN, SEALED, seal, withStream, write, type Scene } from './scene.ts'

const RANGE = { offset: 65_000, length: 140_000 }
const RANGE_OF = 300_000

const finishedPlain = async (path: string) => plainContent(path)

/** What reads sealed files. */
export const OPENING_SCENES: readonly Scene[] = [
  {
    name: 'open',
    bytes: 100_000,
    exclusive: true,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) => outcome(() => openTo({ path: join(folder, SEALED) }, { path: join(folder, OUT) })),
    states: async (folder) => {
      if (existsSync(join(folder, OUT))) assert.equal(modeOf(join(folder, OUT)), 0o600)
      return [plainContent(join(folder, OUT)) ?? 'old']
    },
    finished: finishedPlain,
  },
  {
    name: 'open over another',
    bytes: 100_000,
    prepare: async (folder, bytes) => {
      await seal(folder, PLAIN, SEALED, bytes)
      write(folder, OUT, 'old', 50_000)
    },
    run: (folder) =>
      outcome(() =>
        openTo(
          { path: join(folder, SEALED) },
          { path: join(folder, OUT), overwrite: true },
          { restoreMode: true },
        ),
      ),
    states: async (folder) => {
      assert.equal(modeOf(join(folder, OUT)), 0o640)
      return [plainContent(join(folder, OUT)) ?? assert.fail('it is gone')]
    },
    finished: finishedPlain,
  },
  {
    name: 'open a range',
    bytes: RANGE_OF,
    exclusive: true,
    prepare: (folder) => seal(folder, PLAIN, SEALED, RANGE_OF),
    run: (folder) =>
      outcome(() => openTo({ path: join(folder, SEALED) }, { path: join(folder, OUT) }, { range: RANGE })),
    states: async (folder) => {
      if (!existsSync(join(folder, OUT))) return ['old']
      isRange(join(folder, OUT))
      return ['new']
    },
    finished: async (path) => isRange(path),
  },
  {
    name: 'open from a stream',
    bytes: 100_000,
    exclusive: true,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) =>
      withStream(join(folder, SEALED), 'r', (input) =>
        outcome(() => openTo(input, { path: join(folder, OUT) })),
      ),
    states: async (folder) => [plainContent(join(folder, OUT)) ?? 'old'],
    finished: finishedPlain,
  },
  {
    name: 'open to a stream',
    bytes: 100_000,
    streams: true,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) =>
      withStream(join(folder, OUT), 'w', (output) =>
        outcome(() => openTo({ path: join(folder, SEALED) }, output)),
      ),
    states: async (folder) => {
      if (!existsSync(join(folder, OUT))) return ['old']
      const got = readFileSync(join(folder, OUT))
      const all = readFileSync(join(folder, PLAIN))
      assert.ok(equalBytes(got, all.subarray(0, got.length)), 'bytes that were not sealed')
      return [got.length === all.length ? 'new' : 'old']
    },
    finished: finishedPlain,
  },
  {
    name: 'verify',
    bytes: 100_000,
    readOnly: true,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) => outcome(() => verifyFile({ path: join(folder, SEALED) }, reader)),
    states: async (folder) => {
      assert.equal(await sealedContent(join(folder, SEALED)), 'new')
      return ['old']
    },
    finished: sealedContent,
  },
]

function openTo(input: Input, output: Output, more = {}) {
  return openFile({ input, output }, { ...reader, ...more })
}

function isRange(path: string): void {
  const { offset, length } = RANGE
  const expected = bytesOf('new', RANGE_OF).subarray(offset, offset + length)
  assert.ok(equalBytes(readFileSync(path), expected), 'not the range')
}
