import { after, before, describe, test, type TestContext } from 'node:test'
import { PostgresEngine, SQLITE, type TestEngine } from './databases.ts'
import { Scene } from './scene.ts'

/** Tests by their titles; each gets a database of its own. */
export type SceneTests = Readonly<Record<string, (scene: Scene, t: TestContext) => Promise<void>>>

/** Runs tests on each kind of database. */
export function onEveryDatabase(name: string, tests: SceneTests): void {
  for (const engine of [SQLITE, new PostgresEngine()]) onDatabase(engine, name, tests)
}

/** Runs tests on one kind of database; skipped, by name, where there can be none. */
export function onDatabase(engine: TestEngine, name: string, tests: SceneTests): void {
  describe(`${name}, ${engine.name}`, () => {
    let missing: string | undefined
    before(async () => {
      missing = await engine.start()
    })
    after(() => engine.stop())
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
