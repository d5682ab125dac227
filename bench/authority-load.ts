/**
 * How many deposits a second does a service take over HTTP, with connections kept, on as many cores as there are for it and for who
 * sends them? And how many receipts a second can anybody verify offline?
 *
 * Run: node -C source bench/authority-load.ts [--quick] [--rounds N] [--place SQLite]
 *
 * Deposits are signed before: the figures have nothing of a client's cryptography. The service verifies both signatures of each,
 * commits, signs the checkpoint and answers with receipts. PROFILE=folder writes a CPU profile of the service there.
 */
import { verifyReceipt } from '../packages/core/src/protocol/index.ts'
import { verifyRaw } from '../packages/authority/src/log/index.ts'
import { databaseMakers, type DatabaseMaker } from './authority-databases.ts'
import { rateTable, timedCalls, type RateRow, type RateTable } from './authority-rates.ts'
import { PreparedDeposits } from './authority-requests.ts'
import { BenchAuthority } from './authority-scene.ts'
import { ServingProcess } from './authority-service.ts'
import { publish } from './report.ts'
import { withWorkbench, type Workbench } from './workbench.ts'

/** How deposits come: over so many connections, so many in a request. */
const LOADS = [
  { name: '1 connection, single', connections: 1, size: 1, count: 200 },
  { name: '64 connections, single', connections: 64, size: 1, count: 2_560 },
  { name: '4 connections, batches of 100', connections: 4, size: 100, count: 6_000 },
] as const
const ROUNDS = { quick: 1, full: 5 }

await withWorkbench(async (bench) => {
  const authority = new BenchAuthority()
  const rounds = Math.min(bench.rounds, bench.quick ? ROUNDS.quick : ROUNDS.full)
  // The same for every database: each has a log of its own.
  const blobs = new PreparedDeposits(authority)
  const tables: RateTable[] = []
  for (const maker of await databaseMakers(bench.disk, bench.place)) {
    blobs.again()
    tables.push(await measure(bench, maker, authority, { rounds, blobs }))
    await maker.close()
  }
  tables.push(await verified(blobs.receipts, authority, rounds))
  publish('authority-load', { tables }, () => {
    for (const table of tables) rateTable(table)
  })
})

interface Load {
  readonly rounds: number
  readonly blobs: PreparedDeposits
}

async function measure(
  bench: Workbench,
  maker: DatabaseMaker,
  authority: BenchAuthority,
  { rounds, blobs }: Load,
): Promise<RateTable> {
  const serving = await ServingProcess.start(await maker.make(), authority)
  const rows: RateRow[] = LOADS.map(({ name }) => ({ name, runs: [] }))
  // One more for the warm-up.
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { connections, size, count }] of LOADS.entries()) {
      const items = bench.quick ? Math.max(size * connections, count / 10) : count
      const requests = Array.from({ length: Math.ceil(items / size) }, () => blobs.request(size))
      const run = await serving.loaded(connections, requests)
      if (round > 0) rows[i]?.runs.push({ ...run, items: requests.length * size })
      if (size > 1) blobs.keep(requests.at(-1), serving.lastAnswer)
    }
  }
  await serving.stop()
  return { title: `over HTTP, ${maker.name}; CPU is that of the service`, rows }
}

/** Receipts are verified one after the other with the identity key alone, each as if it were the first. */
async function verified(
  receipts: PreparedDeposits['receipts'],
  { trust }: BenchAuthority,
  rounds: number,
): Promise<RateTable> {
  const rows: RateRow[] = [{ name: 'one processor', runs: [] }]
  for (let round = 0; round <= rounds; round++) {
    const run = await timedCalls(1, receipts, async ({ digest, receipt }) => {
      verifyReceipt(receipt, { ...trust, verifyRaw, statement: { kind: 'deposit', digest } })
    })
    if (round > 0) rows[0]?.runs.push({ ...run, items: receipts.length })
  }
  return { title: 'receipts verified offline', rows }
}
