import { after, before, describe, test } from 'node:test'
import { PostgresEngine } from '../support/databases.ts'
import { runModel } from './model-runs.ts'

describe('two nodes of one server', () => {
  const engine = new PostgresEngine()
  let missing: string | undefined
  before(async () => {
    missing = await engine.start()
  })
  after(() => engine.stop())

  test('whatever happens in whatever order: nobody gets what was not released', async (t) => {
    if (missing !== undefined) return t.skip(`needs ${missing}`)
    await runModel(engine, t)
  })
})
