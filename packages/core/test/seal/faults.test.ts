import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sealOneMore } from './support-crash/aftermath.ts'
import { forEach, inFolder, runChild } from './support-crash/children.ts'
import { leftovers, temporaries } from './support-crash/look.ts'
import { QUICK_SCENES, SCENES, sceneOf } from './support-crash/scenes.ts'
import type { Report } from './support-crash/victim.ts'

// In memory, where there is such a folder: thousands of files that no disk needs to see.
const MEMORY = '/dev/shm'
const SLOW = process.env['SLOW'] !== undefined
const NAMES = (SLOW ? SCENES : QUICK_SCENES).map(({ name }) => name)

// One for each way to write: at a position, to a stream, over a header.
const IN_PARTS = new Set(['seal', 'open to a stream', 'rewrap in place'])

// A disk that is lost for ever fails like one that fails once, but for what cannot be cleared up.
for (const how of SLOW ? ['lost', 'persisted', 'for-ever'] : ['lost', 'persisted']) {
  test(`whatever call fails, the files are old or new and the failure is told: ${how}`, async () => {
    const root = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'faults-'))
    try {
      const rounds = SLOW ? '3' : '1'
      const calls = await runChild<Record<string, number>>('./fault-sweep.ts', root, how, rounds, ...NAMES)
      assert.deepEqual(Object.keys(calls), NAMES)
      for (const name of NAMES) assert.ok((calls[name] ?? 0) >= 12, `${name}: only ${calls[name]} calls`)
      // The process that left them is no more: whoever writes next clears up.
      const left = readdirSync(root).filter((folder) => temporaries(join(root, folder)).length > 0)
      if (how !== 'lost') assert.ok(left.length > 0)
      for (const folder of left) await sealOneMore(join(root, folder))
    } finally {
      rmSync(root, { recursive: true })
    }
  })
}

test('where there are no hard links, files appear all the same, and take nobody’s name', async () => {
  await forEach(['seal', 'open', 'rewrap in place'].map(sceneOf), (scene) =>
    inFolder(async (folder) => {
      await scene.prepare(folder, scene.bytes)
      const run = () => runChild<Report>('./victim.ts', scene.name, folder, 'no-links')
      assert.deepEqual((await run()).codes, [null])
      assert.deepEqual(await scene.states(folder), ['new'])
      assert.deepEqual(leftovers(folder), [])
      assert.deepEqual((await run()).codes, [scene.exclusive ? 'EXISTS' : null])
      assert.deepEqual(await scene.states(folder), ['new'])
      assert.deepEqual(leftovers(folder), [])
    }),
  )
})

test('what a write leaves over is written by the next one', async () => {
  const scenes = SCENES.filter(({ name }) => SLOW || IN_PARTS.has(name))
  await forEach(scenes, (scene) =>
    inFolder(async (folder) => {
      await scene.prepare(folder, scene.bytes)
      const { codes, calls } = await runChild<Report>('./victim.ts', scene.name, folder, 'in-parts')
      assert.ok(
        codes.every((code) => code === null),
        scene.name,
      )
      if (scene.readOnly) return
      assert.ok(
        (await scene.states(folder)).every((state) => state === 'new'),
        scene.name,
      )
      const writes = calls.filter(({ name }) => name === 'writevSync' || name === 'write')
      assert.ok(writes.length > 4, `${scene.name}: only ${writes.length} writes`)
    }),
  )
})
