import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { forEach, inFolder, startChild } from './support-crash/children.ts'
import { checkAfterKill, checked, copyOf, killEverywhere, prepared } from './support-crash/kills.ts'
import type { Scene } from './support-crash/scene.ts'
import { QUICK_SCENES, SCENES } from './support-crash/scenes.ts'

for (const scene of SCENES.filter((one) => !QUICK_SCENES.includes(one) && !one.readOnly)) {
  test(`killed at any call that changes the disk, the files are old or new: ${scene.name}`, async () => {
    assert.ok((await killEverywhere(scene)) >= (scene.streams ? 1 : 6))
  })
}

// Long enough for worker threads, and for a kill to come in the middle.
const BYTES = 9 * 1_048_576
const KILLS = 50
const RANDOM = ['seal', 'seal over another', 'open', 'rewrap in place', 'rewrap anew', 'reseal']

for (const scene of SCENES.filter(({ name }) => RANDOM.includes(name))) {
  test(`killed at any moment, the files are old or new: ${scene.name}`, (t) =>
    inFolder(async (root) => {
      const template = await prepared(scene, join(root, 'template'), BYTES)
      const span = await duration(scene, template, root)
      let killed = 0
      const moments = Array.from({ length: KILLS }, (_, i) => (span * (i + Math.random())) / KILLS)
      await forEach([...moments.entries()], async ([i, moment]) => {
        const folder = copyOf(template, join(root, `kill-${i}`))
        await checked(`${scene.name}, killed after ${moment} ms`, async () => {
          if (await killAfter(scene, folder, moment)) killed++
          await checkAfterKill(scene, folder)
        })
        rmSync(folder, { recursive: true })
      })
      t.diagnostic(`${killed} of ${KILLS} killed within ${Math.round(span)} ms`)
      assert.ok(killed >= KILLS / 4, `only ${killed} of ${KILLS} were killed before they ended`)
    }))
}

/** How long an operation takes from its start to its end: milliseconds, the middle one of three. */
async function duration(scene: Scene, template: string, root: string): Promise<number> {
  const all: number[] = []
  for (const i of [1, 2, 3]) {
    const folder = copyOf(template, join(root, `alive-${i}`))
    const child = startChild('./victim.ts', scene.name, folder)
    await child.started
    const start = performance.now()
    const { status, stderr } = await child.ended
    assert.equal(status, 0, stderr)
    all.push(performance.now() - start)
    rmSync(folder, { recursive: true })
  }
  return all.toSorted((a, b) => a - b)[1] ?? assert.fail()
}

/** Kills an operation so long after its start; whether it was still at work. */
async function killAfter(scene: Scene, folder: string, ms: number): Promise<boolean> {
  const child = startChild('./victim.ts', scene.name, folder)
  await child.started
  const timer = setTimeout(() => child.process.kill('SIGKILL'), ms)
  const { signal } = await child.ended
  clearTimeout(timer)
  return signal === 'SIGKILL'
}
