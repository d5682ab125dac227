import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { TestEngine } from '../support/databases.ts'
import { Site } from '../support/recovery-site.ts'
import { Book } from './model-book.ts'
import { COMMANDS, fetchAll, round, start, type World } from './model-commands.ts'

/** How many runs there are, each with a database of its own. */
const RUNS = Number(process.env['RUNS'] ?? (process.env['SLOW'] ? 300 : 2))
/** Commands of one run: shorter ones come nowhere. */
const LENGTHS = { minLength: 30, maxLength: 50 }

const REACHED = [
  'request acknowledged',
  'charter acknowledged',
  'approval unanswered',
  'rejection acknowledged',
  'cancellation acknowledged',
  'keys fetched',
  'rolled back',
  'refused BUNDLE_BEHIND',
  'refused BUNDLE_FORKED',
  'refused BUNDLE_FORGOTTEN',
]

/**
 * Runs commands in whatever order on two nodes of a database. A failure prints the seed, and the commands that were run; `SEED` and
 * `RUNS` in the environment choose the seed and how many runs there are.
 */
export async function runModel(engine: TestEngine, t: TestContext): Promise<void> {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const tally = new Map<string, number>()
  const property = fc.asyncProperty(fc.array(COMMANDS, LENGTHS), async (commands) => {
    const site = await Site.open(await engine.create())
    try {
      const world: World = { book: new Book(site), copies: [], folders: [], tally }
      await world.book.look()
      await fc.asyncModelRun(() => ({ model: world, real: world }), commands)
      await goOn(world)
    } finally {
      await site.end()
    }
  })
  await fc.assert(property, { numRuns: RUNS, seed, endOnFailure: true })
  t.diagnostic(
    [...tally]
      .map(([what, count]) => `${what}: ${count}`)
      .toSorted()
      .join('; '),
  )
  // Of so many runs some must have come to every end: else they would show nothing about it.
  if (RUNS >= 100)
    assert.deepEqual(
      REACHED.filter((what) => !tally.has(what)),
      [],
    )
}

/** Whatever happened: when all nodes run again, what was released and not lost comes to whoever asked. */
async function goOn(world: World): Promise<void> {
  const { book } = world
  for (const [number] of book.site.nodes.entries()) await start(world, number)
  if (book.rolledBack.length > 0) return
  for (let i = 0; i < 3; i++) await round(world, i % 2)
  const remembered = book.released().every((name) => book.custodian.spent.has(name))
  await fetchAll(world, remembered)
}
