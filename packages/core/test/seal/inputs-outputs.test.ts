import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SealError, sealFiles } from '../../src/seal/index.ts'
import { inFolder, runChild, forEach } from './support-crash/children.ts'
import { leftovers, sealedContent } from './support-crash/look.ts'
import { bytesOf, sealer } from './support-crash/people.ts'
import { at, CONVERTERS, namesIn, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { job, PLAIN, SEALED, seal, write } from './support-crash/scene.ts'
import { sceneOf } from './support-crash/scenes.ts'
import type { Report } from './support-crash/victim.ts'

/** An input that each converter takes. */
async function inputsIn(folder: string): Promise<Record<string, string>> {
  await seal(folder, PLAIN, SEALED, 100_000)
  return { seal: PLAIN, 'seal with a password': PLAIN, open: SEALED }
}

test('an output that is no file is refused, whether it may be replaced or not', () =>
  inFolder(async (folder) => {
    const inputs = await inputsIn(folder)
    writeFileSync(join(folder, 'theirs'), 'theirs')
    symlinkSync('theirs', join(folder, 'link'))
    symlinkSync('nothing', join(folder, 'dangling'))
    mkdirSync(join(folder, 'folder'))
    assert.equal(spawnSync('mkfifo', [join(folder, 'pipe')]).status, 0)
    const before = namesIn(folder)
    const kinds = {
      link: 'SYMLINK',
      dangling: 'SYMLINK',
      folder: 'UNSUPPORTED',
      pipe: 'UNSUPPORTED',
    } as const
    for (const { name, convert } of CONVERTERS) {
      const to = (path: string, overwrite: boolean) => () =>
        convert(at(folder, inputs[name] ?? ''), { path, overwrite })
      for (const overwrite of [false, true]) {
        for (const [kind, code] of Object.entries(kinds)) {
          await refuses(code, to(join(folder, kind), overwrite))
        }
        await refuses('UNSUPPORTED', to('/dev/null', overwrite))
        await refuses('IO', to(join(folder, 'no-folder', 'out'), overwrite), 'ENOENT')
        await refuses('IO', to(join(folder, 'theirs', 'out'), overwrite), 'ENOTDIR')
      }
      await refuses('EXISTS', to(join(folder, 'theirs'), false))
    }
    assert.deepEqual(namesIn(folder), before)
    assert.equal(readFileSync(join(folder, 'theirs'), 'utf8'), 'theirs')
    assert.equal(readlinkSync(join(folder, 'dangling')), 'nothing')
    assert.ok(lstatSync('/dev/null').isCharacterDevice())
  }))

test('an output never takes the place of its own input, by whatever name', () =>
  inFolder(async (folder) => {
    const inputs = await inputsIn(folder)
    for (const { name, convert } of CONVERTERS) {
      const input = inputs[name] ?? ''
      const bytes = readFileSync(join(folder, input))
      linkSync(join(folder, input), join(folder, `${name} twin`))
      symlinkSync(input, join(folder, `${name} link`))
      for (const from of [input, `${name} link`, `${name} twin`]) {
        for (const overwrite of [false, true]) {
          await refuses('UNSUPPORTED', () =>
            convert(at(folder, from), { path: join(folder, input), overwrite }),
          )
        }
      }
      assert.deepEqual(readFileSync(join(folder, input)), bytes)
    }
    assert.deepEqual(leftovers(folder), [])
  }))

test('an output that somebody makes meanwhile is theirs', () =>
  inFolder(async (folder) => {
    const inputs = await inputsIn(folder)
    for (const { name, convert } of CONVERTERS) {
      const path = join(folder, `${name} out`)
      const onProgress = () => writeFileSync(path, 'theirs')
      await refuses('EXISTS', () => convert(at(folder, inputs[name] ?? ''), { path }, { onProgress }))
      assert.equal(readFileSync(path, 'utf8'), 'theirs')
    }
    assert.deepEqual(leftovers(folder), [])
  }))

test('of those who seal to one output at once, one succeeds', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', 100_000)
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => sealOne(at(folder, PLAIN), at(folder, SEALED))),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    assert.equal(refused.length, 3)
    for (const { reason } of refused) assert.equal(reason instanceof SealError && reason.code, 'EXISTS')
    assert.equal(await sealedContent(join(folder, SEALED)), 'new')
    assert.deepEqual(leftovers(folder), [])
  }))

test('of two processes that seal to one output at once, one succeeds', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', 100_000)
    const codes: (string | null)[] = []
    await forEach([1, 2], async () => {
      const report = await runChild<Report>('./victim.ts', 'seal', folder)
      codes.push(...report.codes)
    })
    assert.deepEqual(new Set(codes), new Set(['EXISTS', null]))
    assert.deepEqual(await sceneOf('seal').states(folder), ['new'])
    assert.deepEqual(leftovers(folder), [])
  }))

test('of those who may replace one output at once, one does: the others would replace what they never saw', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', 100_000)
    const path = join(folder, SEALED)
    for (const refusal of ['EXISTS', 'INPUT_CHANGED']) {
      const results = await Promise.allSettled(
        Array.from({ length: 4 }, () => sealOne(at(folder, PLAIN), { path, overwrite: true })),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      assert.equal(refused.length, 3)
      for (const { reason } of refused) assert.equal(reason instanceof SealError && reason.code, refusal)
      assert.equal(await sealedContent(path), 'new')
      assert.deepEqual(leftovers(folder), [])
    }
  }))

test('two jobs of a group with one output: the first has it, the second is refused', () =>
  inFolder(async (folder) => {
    write(folder, PLAIN, 'new', 1000)
    write(folder, 'other', 'old', 1000)
    const results = await sealFiles([job(folder, PLAIN, SEALED), job(folder, 'other', SEALED)], sealer)
    const codes = results.map(({ error }) => (error instanceof SealError ? error.code : error))
    assert.deepEqual(new Set(codes), new Set(['EXISTS', undefined]))
    const winner = codes[0] === undefined ? 'new' : 'old'
    assert.equal(await sealedContent(join(folder, SEALED)), winner)
    assert.deepEqual(leftovers(folder), [])
  }))

test('an output in a folder with a relative name', () =>
  inFolder(async (folder) => {
    const cwd = process.cwd()
    process.chdir(folder)
    try {
      writeFileSync(PLAIN, bytesOf('new', 10))
      await sealOne({ path: PLAIN }, { path: SEALED })
      await openOne({ path: SEALED }, { path: 'out' })
      assert.deepEqual(namesIn('.'), ['out', PLAIN, SEALED])
    } finally {
      process.chdir(cwd)
    }
  }))
