import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { forEach, inFolder, runChild } from './support-crash/children.ts'
import { leftovers } from './support-crash/look.ts'
import { PLAIN, SEALED, type Scene } from './support-crash/scene.ts'
import { sceneOf } from './support-crash/scenes.ts'
import { NOBODY } from './support-crash/nobody.ts'
import type { Report } from './support-crash/victim.ts'

/** What a user may not, and what an operation then says; it must have changed nothing. */
interface Denial {
  readonly scene: string
  /** Permission bits of the folder, or of one of its files. */
  readonly modes: Readonly<Record<string, number>>
  readonly cause: string
}

const READ_ONLY_FOLDER = { '.': 0o500 }

const DENIALS: readonly Denial[] = [
  { scene: 'seal', modes: { [PLAIN]: 0 }, cause: 'EACCES' },
  { scene: 'open', modes: { [SEALED]: 0o200 }, cause: 'EACCES' },
  { scene: 'verify', modes: { [SEALED]: 0 }, cause: 'EACCES' },
  { scene: 'rewrap in place', modes: { [SEALED]: 0o400 }, cause: 'EACCES' },
  { scene: 'reseal', modes: { [SEALED]: 0 }, cause: 'EACCES' },
  { scene: 'seal', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
  { scene: 'seal over another', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
  { scene: 'open over another', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
  { scene: 'rewrap in place', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
  { scene: 'rewrap anew', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
  { scene: 'reseal', modes: READ_ONLY_FOLDER, cause: 'EACCES' },
]

test('what a user may not read or write is refused, and nothing has changed', () =>
  inFolder(async (root) => {
    chmodSync(root, 0o755)
    await forEach([...DENIALS.entries()], async ([i, { scene: name, modes, cause }]) => {
      const scene = sceneOf(name)
      const folder = join(root, String(i))
      mkdirSync(folder)
      await scene.prepare(folder, scene.bytes)
      giveAway(folder)
      const before = contentsOf(folder)
      for (const [file, mode] of Object.entries(modes)) chmodSync(join(folder, file), mode)
      const { codes, causes } = await runChild<Report>('./victim.ts', name, folder, 'unprivileged')
      assert.deepEqual({ codes, causes }, { codes: ['IO'], causes: [cause] }, name)
      for (const file of Object.keys(modes)) chmodSync(join(folder, file), 0o700)
      assert.deepEqual(contentsOf(folder), before, name)
      assert.deepEqual(await scene.states(folder), ['old'], name)
    })
  }))

test('a file that may only be read can be sealed, opened and resealed', () =>
  inFolder(async (root) => {
    chmodSync(root, 0o755)
    const scenes: readonly (readonly [Scene, string])[] = [
      [sceneOf('seal'), PLAIN],
      [sceneOf('open'), SEALED],
      [sceneOf('reseal'), SEALED],
    ]
    await forEach(scenes, async ([scene, file]) => {
      const folder = join(root, scene.name)
      mkdirSync(folder)
      await scene.prepare(folder, scene.bytes)
      giveAway(folder)
      chmodSync(join(folder, file), 0o400)
      const { codes } = await runChild<Report>('./victim.ts', scene.name, folder, 'unprivileged')
      assert.deepEqual(codes, [null])
      assert.deepEqual(await scene.states(folder), ['new'])
      assert.deepEqual(leftovers(folder), [])
    })
  }))

/** All of a folder to the user who is to work in it. */
function giveAway(folder: string): void {
  if (process.getuid?.() !== 0) return
  for (const name of ['.', ...readdirSync(folder)]) chownSync(join(folder, name), NOBODY, NOBODY)
}

function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]),
  )
}
