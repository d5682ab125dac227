/**
 * How long does it take to change the exchange key of an authority: to wrap so many deposits for the new one, killed once on the way?
 *
 * Run: node -C source bench/rotation.ts [--deposits N] [--quick]
 *
 * The service is in this process, on SQLite; the custodian in one of its own, over HTTP without TLS. Deposits are real, their owner's keys
 * are Ed25519, the custodian's those of the default profile. Each run reads, opens and wraps deposits, keeps the batch, has it logged, and in
 * the end reads the whole log and all deposits once more.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { RotationSite } from '../packages/authority/test/custodian/rotation-site.ts'
import { SQLITE } from '../packages/authority/test/support/databases.ts'
import { milliseconds } from './authority-rates.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const COUNT = { quick: 2_000, full: 100_000 }
const CUSTODIAN = fileURLToPath(new URL('rotation-custodian.ts', import.meta.url))

/** One process of the custodian. */
interface Run {
  readonly ms: number
  /** How many were wrapped when it ended, with those before. */
  readonly wrapped: number
  /** Undefined if it was killed. */
  readonly peakMiB: number | undefined
}

await withWorkbench(async (bench) => {
  const count = bench.deposits ?? (bench.quick ? COUNT.quick : COUNT.full)
  const site = await RotationSite.open({ database: await SQLITE.create() }, { deposits: count })
  try {
    const killed = await runOnce(site, Math.floor(count / 2))
    const rest = await runOnce(site)
    const again = await runOnce(site)
    if (rest.wrapped !== count) throw new Error(`${rest.wrapped} of ${count} deposits were wrapped`)
    const runs = { killed, rest, again }
    publish('rotation', { count, runs }, () => {
      console.log(`\n### ${count.toLocaleString('en')} deposits\n\n${row(['', ''])}\n${row(['---', '---'])}`)
      console.log(row(['until it was killed', told(killed, 0)]))
      console.log(row(['the rest, the roll call, the certificate', told(rest, killed.wrapped)]))
      console.log(row(['once more: nothing is left', milliseconds(again.ms)]))
      console.log(row(['peak of memory of the custodian', `${rest.peakMiB} MiB`]))
    })
  } finally {
    await site.end()
  }
})

function told({ ms, wrapped }: Run, before: number): string {
  const perSecond = Math.round((1000 * (wrapped - before)) / ms).toLocaleString('en')
  return `${(wrapped - before).toLocaleString('en')} deposits in ${milliseconds(ms)}, ${perSecond} a second`
}

/** @param most killed as soon as so many are wrapped */
async function runOnce({ folder, served, scene }: RotationSite, most = Infinity): Promise<Run> {
  const start = performance.now()
  const words = ['-C', 'source', CUSTODIAN, folder, String(served.port), String(scene.now)]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  let [wrapped, peakMiB] = [0, undefined as number | undefined]
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number, peak] = line.split(' ')
    wrapped = Number(number)
    if (word === 'done') peakMiB = Number(peak)
    if (wrapped >= most) child.kill('SIGKILL')
  }
  const [status, signal] = await ended
  if (status !== 0 && signal !== 'SIGKILL') throw new Error(`the custodian ended with ${status}`)
  return { ms: performance.now() - start, wrapped, peakMiB }
}
