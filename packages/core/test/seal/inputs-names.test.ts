import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { planSeal, resealFile, rewrapFile, sealFiles, verifyFile } from '../../src/seal/index.ts'
import { inFolder } from './support-crash/children.ts'
import { leftovers, plainContent, sealedContent } from './support-crash/look.ts'
import { bob, bytesOf, reader, sealer } from './support-crash/people.ts'
import { at, openOne, refuses, sealOne } from './support-crash/refusals.ts'
import { write } from './support-crash/scene.ts'

const NAMES = {
  'a newline': 'two\nlines',
  'control characters': 'bell\u0007 escape\u001b[31m return\r',
  'only spaces': '   ',
  'a dash in front': '--help',
  'a backslash': 'a\\b',
  'a combining accent': 'u\u0308ber',
  emoji: '🔒🏠',
  'the ending that files get': '.age',
}

test('names come back as they were', () =>
  inFolder(async (folder) => {
    for (const [what, name] of Object.entries(NAMES)) {
      write(folder, name, 'new', 100)
      await sealOne(at(folder, name), at(folder, `${name}.age`))
      const { metadata } = await verifyFile(at(folder, `${name}.age`), reader)
      assert.equal(metadata.name, name, what)
      await openOne(at(folder, `${name}.age`), at(folder, `${name} out`))
      assert.equal(plainContent(join(folder, `${name} out`)), 'new', what)
    }
  }))

test('a name as long as a file system allows can be sealed, opened, rewrapped and resealed', () =>
  inFolder(async (folder) => {
    const longest = 'ü'.repeat(127) + 'x'
    const path = join(folder, longest)
    write(folder, 'plain', 'new', 1_050_000)
    await sealOne(at(folder, 'plain'), { path })
    const rewrap = { ...reader, recipients: [bob.recipient()] }
    assert.equal((await rewrapFile(path, rewrap)).inPlace, false, 'its journal has no name')
    await resealFile(path, { ...reader, ...sealer })
    assert.equal(await sealedContent(path), 'new')
    await openOne({ path }, { path: join(folder, longest.replace('x', 'y')) })
    assert.deepEqual(leftovers(folder), [])
  }))

test('a name one byte too long for a journal, and one that just fits', () =>
  inFolder(async (folder) => {
    write(folder, 'plain', 'new', 1_050_000)
    const room = 255 - '..strongroom-journal'.length
    for (const [length, inPlace] of [
      [room, true],
      [room + 1, false],
    ] as const) {
      const path = join(folder, 'x'.repeat(length))
      await sealOne(at(folder, 'plain'), { path })
      const done = await rewrapFile(path, { ...reader, recipients: [bob.recipient()] })
      assert.equal(done.inPlace, inPlace)
      assert.equal(await sealedContent(path, [bob]), 'new')
    }
  }))

test('a name that is too long is refused and leaves nothing', () =>
  inFolder(async (folder) => {
    write(folder, 'plain', 'new', 100)
    await refuses('IO', () => sealOne(at(folder, 'plain'), at(folder, 'x'.repeat(256))), 'ENAMETOOLONG')
    assert.deepEqual(leftovers(folder), [])
  }))

test('a name that is longer than can be signed is refused and leaves nothing', () =>
  inFolder(async (folder) => {
    write(folder, 'plain', 'new', 100)
    const name = 'x'.repeat(1025)
    const jobs = [{ input: at(folder, 'plain'), output: at(folder, 'plain.age'), name }]
    const [result] = await sealFiles(jobs, sealer)
    await refuses('LIMIT', () => Promise.reject(result?.error))
    assert.deepEqual(leftovers(folder), [])
  }))

test('a name that is not UTF-8 is left out, and listed: its file is not forgotten without a word', () =>
  inFolder(async (folder) => {
    const below = join(folder, 'below')
    mkdirSync(below)
    writeFileSync(join(below, 'good'), bytesOf('new', 10))
    try {
      writeFileSync(Buffer.concat([Buffer.from(`${below}/bad-`), Uint8Array.of(0xff, 0xfe)]), 'x')
    } catch (error) {
      // A file system that takes only UTF-8 cannot come into this state.
      assert.equal((error as NodeJS.ErrnoException).code, 'EILSEQ')
      return
    }
    const { files, skipped } = planSeal([below])
    assert.deepEqual(
      files.map(({ name }) => name),
      ['below/good'],
    )
    assert.equal(skipped.length, 1)
    assert.match(skipped[0]?.reason ?? '', /not UTF-8/)
  }))
