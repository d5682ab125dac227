/**
 * How long does it take from the last approval to the opened file, and how much of that is waiting until somebody asks again?
 *
 * Run: node -C source bench/recovery-time.ts [--quick] [--rounds N]
 *
 * Real processes of the command as it is released: an authority, a custodian with a round every second, `recover --wait`, which asks again
 * after 5 seconds, then after twice as many. The waiting time of the charter is over when the last officer agrees. Then the same with nobody
 * waiting: each is called when its turn has come, and what it takes is work, the start of its process included.
 */
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { milliseconds, quantile } from './authority-rates.ts'
import { RecoveringPeople, type Started } from './recovery-people.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const FILES = [1, 100]
const ROUNDS = { quick: 1, full: 3 }

/** What was measured: milliseconds by the name of the part, in their order. */
type Parts = Readonly<Record<string, number>>

await withWorkbench(async ({ disk, quick, rounds }) => {
  const most = Math.min(rounds, ROUNDS[quick ? 'quick' : 'full'])
  const tables: { title: string; runs: Parts[] }[] = []
  for (const count of FILES) {
    const people = await RecoveringPeople.make(join(disk, `people-${count}`), count)
    const [waited, worked]: [Parts[], Parts[]] = [[], []]
    try {
      for (let round = 0; round < most; round++) {
        waited.push(await withWaiting(people))
        worked.push(await withoutWaiting(people))
      }
    } finally {
      await people.clear()
    }
    const files = count === 1 ? '1 file' : `${count} files`
    tables.push({ title: `${files}, everybody asks again and again`, runs: waited })
    tables.push({ title: `${files}, work alone`, runs: worked })
  }
  publish('recovery-time', { tables }, () => {
    for (const { title, runs } of tables) print(title, runs)
  })
})

async function withWaiting(people: RecoveringPeople): Promise<Parts> {
  const custodian = await people.custodian()
  const request = await people.ask()
  const recovering = people.recover('--wait')
  // So that the pauses of one are not in step with those of the other.
  await setTimeout(1_500 + Math.random() * 3_000)
  await people.approve(request)
  const approved = Date.now()
  await recovering
  const recovered = Date.now()
  await people.open()
  const opened = Date.now()
  const [released, handedOut] = ['released', 'handed-out'].map((event) => timeOf(custodian, event))
  await custodian.stop()
  return {
    'approved to released': (released ?? Number.NaN) - approved,
    'released to handed out': (handedOut ?? Number.NaN) - (released ?? Number.NaN),
    'handed out to recovered': recovered - (handedOut ?? Number.NaN),
    'recovered to opened': opened - recovered,
    'all of it': opened - approved,
  }
}

async function withoutWaiting(people: RecoveringPeople): Promise<Parts> {
  const request = await people.ask()
  await people.approve(request)
  const custodian = await timed(() => people.custodianOnce())
  const recover = await timed(() => people.recover())
  const open = await timed(() => people.open())
  return {
    'custodian run --once': custodian,
    recover,
    open,
    'all of it': custodian + recover + open,
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function timeOf({ events }: Started, wanted: string): number {
  return events.find(({ event }) => event === wanted)?.at ?? Number.NaN
}

function print(title: string, runs: readonly Parts[]): void {
  console.log(
    `\n### ${title} (${runs.length} rounds)\n\n${row(['', 'median', 'most'])}\n${row(['---', '---', '---'])}`,
  )
  for (const part of Object.keys(runs[0] ?? {})) {
    const values = runs.map((run) => run[part] ?? Number.NaN)
    console.log(row([part, milliseconds(quantile(values, 0.5)), milliseconds(Math.max(...values))]))
  }
}
