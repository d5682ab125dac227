import { after, before, describe, test, type TestContext } from 'node:test'
import type { TestEngine } from './databases.ts'
import { Scene } from './scene.ts'

/** Tests by their titles; each gets a database of its own. */
export type SceneTests = Readonly<Record<string, (scene: Scene, t: TestContext) => Promise<void>>>

/** Runs groups of tests on one kind of database; all skipped, by name, where there can be none. */
export function onDatabase(engine: TestEngine, groups: Readonly<Record<string, SceneTests>>): void {
  describe(engine.name, () => {
    let missing: string | undefined
    before(async () => {
      missing = await engine.start()
    })
    after(() => engine.stop())
    for (const [name, tests] of Object.entries(groups)) {
      describe(name, () => {
        for (const [title, run] of Object.entries(tests)) {
          test(title, async (t) => {
            if (missing !== undefined) return t.skip(`needs ${missing}`)
            const scene = new Scene(await engine.create())
            try {
              await run(scene, t)
            } finally {
              await scene.end()
            }
          })
        }
      })
    }
  })
}
