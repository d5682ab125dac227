/**
 * How many deposits a second does an authority take, below HTTP: from statements that are admitted to receipts that are signed,
 * with everything on the disk before it is acknowledged? And how much of that is evidence?
 *
 * Run: node -C source bench/authority-store.ts [--quick] [--rounds N] [--place SQLite]
 *
 * `rows alone` writes the same rows in the same transaction, without a log: no hashes, no tiles, no checkpoint, no receipts. `in the
 * log` is the transaction with the tree. `signed` is all of it: the checkpoint signed, remembered and kept, and receipts made.
 */
import { Gathering } from '../packages/authority/src/model/gathering.ts'
import { judgeGroup } from '../packages/authority/src/model/group-judgement.ts'
import type { AdmittedStatement } from '../packages/authority/src/model/index.ts'
import type { Engine } from '../packages/authority/src/store/engine.ts'
import { readSituation } from '../packages/authority/src/store/group-situation.ts'
import { writeStatements, writeUsage } from '../packages/authority/src/store/statement-rows.ts'
import { databaseMakers, type BenchDatabase, type DatabaseMaker } from './authority-databases.ts'
import { rateTable, timedCalls, type RateRow, type RateTable } from './authority-rates.ts'
import { BenchAuthority } from './authority-scene.ts'
import { publish } from './report.ts'
import { withWorkbench, type Workbench } from './workbench.ts'

type Append = (statements: readonly AdmittedStatement[]) => Promise<unknown>

/** A way to append. */
interface Way {
  readonly name: string
  readonly append: Append
  readonly close: () => Promise<void>
}

/** How statements come: so many callers, each with so many in a call. */
const LOADS = [
  { name: 'one caller, one at a time', callers: 1, size: 1, count: 300 },
  { name: '64 callers, one at a time', callers: 64, size: 1, count: 3_200 },
  { name: 'one caller, batches of 100', callers: 1, size: 100, count: 6_000 },
  { name: 'one caller, batches of 1,000', callers: 1, size: 1_000, count: 10_000 },
] as const
/** The number of the last deposit that was made. */
let next = 0
const ROUNDS = { quick: 1, full: 5 }

await withWorkbench(async (bench) => {
  const authority = new BenchAuthority()
  const tables: RateTable[] = []
  for (const maker of await databaseMakers(bench.disk, bench.place)) {
    tables.push(...(await measure(bench, maker, authority)))
    await maker.close()
  }
  publish('authority-store', { tables }, () => {
    for (const table of tables) rateTable(table)
  })
})

async function measure(bench: Workbench, maker: DatabaseMaker, authority: BenchAuthority) {
  const ways = [
    await rowsAlone(await maker.make(), authority),
    await inTheLog(await maker.make(), authority),
    await signed(await maker.make(), authority),
  ]
  const tables = []
  for (const load of LOADS) {
    const rows = await rowsOf(bench, ways, load, authority)
    tables.push({ title: `${maker.name}, ${load.name}`, base: 'rows alone', rows })
  }
  for (const { close } of ways) await close()
  return tables
}

/** Ways take turns, so that what drifts on the machine drifts for all. */
async function rowsOf(
  bench: Workbench,
  ways: readonly Way[],
  load: (typeof LOADS)[number],
  authority: BenchAuthority,
) {
  const rounds = Math.min(bench.rounds, bench.quick ? ROUNDS.quick : ROUNDS.full)
  const rows: RateRow[] = ways.map(({ name }) => ({ name, runs: [] }))
  const count = bench.quick ? Math.max(load.size, load.count / 10) : load.count
  // One more for the warm-up.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { append }] of ways.entries()) {
      const statements = authority.deposits((next += count), count)
      const run = await timedCalls(load.callers, cut(statements, load.size), append)
      if (round > 0) rows[i]?.runs.push({ ...run, items: count })
    }
  }
  return rows
}

function cut<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: items.length / size }, (_, i) => items.slice(i * size, (i + 1) * size))
}

async function signed(database: BenchDatabase, authority: BenchAuthority): Promise<Way> {
  const store = await database.open()
  const log = await authority.begin(store, database.folder)
  return { name: 'signed', append: (statements) => log.append(statements), close: () => store.close() }
}

/** Calls that come while a transaction runs share the next one here too. */
async function inTheLog(database: BenchDatabase, authority: BenchAuthority): Promise<Way> {
  const store = await database.open()
  const { signed: floor } = await authority.begin(store, database.folder)
  const append = gathered((statements) => store.append({ statements, received: Date.now() }, floor))
  return { name: 'in the log', append, close: () => store.close() }
}

async function rowsAlone(database: BenchDatabase, authority: BenchAuthority): Promise<Way> {
  const store = await database.open()
  await authority.begin(store, database.folder)
  await store.close()
  const engine = database.engine()
  let size = 2
  const append = gathered(async (statements) => {
    size = await writeRows(engine, statements, size)
  })
  return { name: 'rows alone', append, close: () => engine.close() }
}

/** What is done about a group, but for the log. */
function writeRows(engine: Engine, statements: readonly AdmittedStatement[], size: number): Promise<number> {
  return engine.writer.transaction().execute(async (db) => {
    await engine.facts.scope?.(db, ['', ...new Set(statements.map(({ owner }) => owner.tenant))])
    const [now, quotas] = [Date.now(), { client: {}, tenant: {} }]
    const situation = { ...(await readSituation(db, statements)), size, now, quotas }
    const { judgements, usage } = judgeGroup(statements, situation)
    const fresh = statements.flatMap((statement, i) => {
      const judgement = judgements[i]
      return judgement?.state === 'fresh' ? [{ statement, index: judgement.index }] : []
    })
    if (fresh.length !== statements.length) throw new Error('a deposit was not taken')
    await writeStatements(db, fresh, now)
    await writeUsage(db, usage)
    return size + fresh.length
  })
}

/** Groups calls as the log does. */
function gathered(append: Append): Append {
  const groups = new Gathering(async (statements: readonly AdmittedStatement[]) => {
    await append(statements)
    return statements
  }, 1_024)
  return (statements) => groups.add(statements)
}
