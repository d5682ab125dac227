/**
 * Does the memory of a service grow while it takes deposits for ten minutes?
 *
 * Run: [MINUTES=N] node -C source bench/authority-soak.ts [--quick] [--place SQLite]
 *
 * Single deposits over 16 connections, made while it runs, one after the other without a pause. Linux only.
 */
import { databaseMakers } from './authority-databases.ts'
import { PreparedDeposits } from './authority-requests.ts'
import { BenchAuthority } from './authority-scene.ts'
import { ServingProcess } from './authority-service.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const MINUTES = { quick: 0.5, full: 10 }
const CONNECTIONS = 16
/** Requests between two looks. */
const LOT = 1_000

/** What was seen after so many seconds. */
interface Look {
  readonly seconds: number
  readonly deposits: number
  readonly memoryMiB: number
}

await withWorkbench(async (bench) => {
  const minutes = Number(process.env.MINUTES ?? MINUTES[bench.quick ? 'quick' : 'full'])
  const tables: { title: string; looks: Look[] }[] = []
  for (const maker of await databaseMakers(bench.disk, bench.place)) {
    const authority = new BenchAuthority()
    const serving = await ServingProcess.start(await maker.make(), authority)
    tables.push({ title: maker.name, looks: await soak(serving, authority, minutes) })
    await serving.stop()
    await maker.close()
  }
  publish('authority-soak', { tables }, () => {
    for (const { title, looks } of tables) print(title, looks)
  })
})

async function soak(serving: ServingProcess, authority: BenchAuthority, minutes: number): Promise<Look[]> {
  const looks: Look[] = []
  const started = performance.now()
  for (let deposits = 0; performance.now() - started < minutes * 60_000; ) {
    // A new one each time, which forgets what it made.
    const made = new PreparedDeposits(authority, deposits)
    await serving.loaded(
      CONNECTIONS,
      Array.from({ length: LOT }, () => made.request(1)),
    )
    deposits += LOT
    const seconds = Math.round((performance.now() - started) / 1000)
    looks.push({ seconds, deposits, memoryMiB: Math.round(serving.memoryMiB()) })
  }
  return looks
}

/** About ten of the looks, and the greatest. */
function print(title: string, looks: readonly Look[]): void {
  const every = Math.ceil(looks.length / 10)
  console.log(`\n### ${title}\n`)
  console.log(row(['after', 'deposits', 'memory']))
  console.log(row(['---', '---', '---']))
  for (const { seconds, deposits, memoryMiB } of looks.filter(
    (_, i) => i % every === 0 || i === looks.length - 1,
  )) {
    console.log(row([`${seconds} s`, String(deposits), `${memoryMiB} MiB`]))
  }
  console.log(`\nAt most ${Math.max(...looks.map(({ memoryMiB }) => memoryMiB))} MiB.`)
}
