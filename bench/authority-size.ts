/**
 * What does an authority cost that has a million deposits: disk, start, search, proof, and checking everything?
 *
 * Run: [DEPOSITS=N] node -C source bench/authority-size.ts [--quick] [--place SQLite]
 *
 * Every deposit has its own key blob of real size. The signatures in them are not theirs; checking everything verifies a valid one in
 * the place of each. Start is a new process, up to the log being writable.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fsck, type AuthorityLog } from '../packages/authority/src/log/index.ts'
import { sha256 } from '../packages/authority/src/model/index.ts'
import type { DepositSearch, Store } from '../packages/authority/src/store/index.ts'
import { databaseMakers, type BenchDatabase } from './authority-databases.ts'
import { milliseconds, quantile, timedCalls } from './authority-rates.ts'
import { BenchAuthority, bytesOf } from './authority-scene.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const COUNT = { quick: 20_000, full: 1_000_000 }
const BATCH = 1_000
const MIB = 2 ** 20
const ASKED = 200
/** Of a search that reads all deposits of the client. */
const ASKED_ALL = 5
const STARTS = 5
const OPENING = fileURLToPath(new URL('authority-opening.ts', import.meta.url))

/** One thing that was measured, as it is shown. */
interface Figure {
  readonly what: string
  readonly value: string
}

await withWorkbench(async (bench) => {
  const count = Number(process.env.DEPOSITS ?? (bench.quick ? COUNT.quick : COUNT.full))
  const authority = new BenchAuthority()
  const tables: { title: string; figures: Figure[] }[] = []
  for (const maker of await databaseMakers(bench.disk, bench.place)) {
    const database = await maker.make()
    const figures = await measure(database, authority, count)
    tables.push({ title: `${count.toLocaleString('en')} deposits, ${maker.name}`, figures })
    await maker.close()
  }
  publish('authority-size', { tables }, () => {
    for (const { title, figures } of tables) {
      console.log(`\n### ${title}\n\n${row(['', ''])}\n${row(['---', '---'])}`)
      for (const { what, value } of figures) console.log(row([what, value]))
    }
  })
})

async function measure(database: BenchDatabase, authority: BenchAuthority, count: number): Promise<Figure[]> {
  const figures: Figure[] = []
  const store = await database.open()
  const log = await authority.begin(store, database.folder)
  figures.push(await fill(log, authority, count))
  figures.push(await sizeOf(database, store, count))
  figures.push(startsOf(database, authority))
  figures.push(...(await searches(store, authority, count)))
  figures.push(await proofs(log, authority, count))
  figures.push(await check(store, log, authority, count))
  await store.close()
  return figures
}

async function fill(log: AuthorityLog, authority: BenchAuthority, count: number): Promise<Figure> {
  let [appendMs, lastMs] = [0, 0]
  for (let done = 0; done < count; done += BATCH) {
    const deposits = authority.deposits(done, BATCH)
    const start = performance.now()
    await log.append(deposits)
    lastMs = performance.now() - start
    appendMs += lastMs
  }
  const perSecond = (ms: number, items: number) => Math.round((1000 * items) / ms).toLocaleString('en')
  const value = `${milliseconds(appendMs)}, ${perSecond(appendMs, count)} a second; the last batch ${perSecond(lastMs, BATCH)}`
  return { what: `appended in batches of ${BATCH}`, value }
}

async function sizeOf(database: BenchDatabase, store: Store, count: number): Promise<Figure> {
  const bytes = await database.size()
  const [blobs] = (await store.usages()).filter(({ client }) => client === '')
  const value = `${(bytes / MIB).toFixed(0)} MiB, ${Math.round(bytes / count)} bytes a deposit, of which ${Math.round((blobs?.bytes ?? 0) / count)} are the key blob`
  return { what: 'on disk', value }
}

/** New processes, each of which says how long it took and how much memory it has then. */
function startsOf({ folder, settings }: BenchDatabase, authority: BenchAuthority): Figure {
  const { keysText, trust } = authority
  const opening = join(folder, 'opening.json')
  writeFileSync(opening, JSON.stringify({ folder, settings, keysText, identity: trust.identity }))
  const runs = Array.from({ length: STARTS }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-C', 'source', OPENING, opening], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`the opening ended with ${status}: ${stderr}`)
    const [openMs = Number.NaN, peakMiB = Number.NaN] = stdout.split(' ').map(Number)
    return { openMs, peakMiB }
  })
  const [ms, peak] = [runs.map(({ openMs }) => openMs), runs.map(({ peakMiB }) => peakMiB)]
  return {
    what: 'opened',
    value: `${milliseconds(quantile(ms, 0.5))}, ${quantile(peak, 0.5).toFixed(0)} MiB`,
  }
}

async function searches(store: Store, { client }: BenchAuthority, count: number): Promise<Figure[]> {
  const any = (i: number) => Math.floor((i * 0.618_033_988_7 * count) % count)
  const kinds: Record<string, { asked: number; search: (i: number) => DepositSearch }> = {
    'newest 100': { asked: ASKED, search: () => ({ limit: 100 }) },
    '100 from the middle': { asked: ASKED, search: (i) => ({ before: any(i) + 100, limit: 100 }) },
    'by serial number': { asked: ASKED, search: (i) => ({ serial: bytesOf(any(i), 16), limit: 100 }) },
    'by object': { asked: ASKED, search: (i) => ({ object: sha256(bytesOf(any(i), 8)), limit: 100 }) },
    'by part of the description': {
      asked: ASKED_ALL,
      search: (i) => ({ description: `contract ${any(i)} of`, limit: 100 }),
    },
    'by time': {
      asked: ASKED_ALL,
      search: (i) => ({ from: any(i), to: any(i) + 1, limit: 100 }),
    },
  }
  const figures: Figure[] = []
  for (const [name, { asked, search }] of Object.entries(kinds)) {
    const all = Array.from({ length: asked }, (_, i) => search(i))
    const { latencies } = await timedCalls(1, all, (it) => store.deposits(client, it))
    figures.push({ what: `search, ${name}`, value: middleAndWorst(latencies) })
  }
  return figures
}

async function proofs(log: AuthorityLog, authority: BenchAuthority, count: number): Promise<Figure> {
  const numbers = Array.from({ length: ASKED }, (_, i) => Math.floor((i * count) / ASKED))
  const digests = numbers.map((number) => authority.deposits(number, 1)[0]?.digest ?? bytesOf(0))
  const { latencies } = await timedCalls(1, digests, async (digest) => {
    if (!(await log.receipt(authority.client, digest))) throw new Error('a deposit is not there')
  })
  return { what: 'receipt of an old deposit, with its proof', value: middleAndWorst(latencies) }
}

async function check(
  store: Store,
  log: AuthorityLog,
  authority: BenchAuthority,
  count: number,
): Promise<Figure> {
  const start = performance.now()
  const { tolerant: trust, tolerantLater: verifyLater } = authority
  const options = { store, trust, verifyLater, signed: log.signed }
  const found = await Array.fromAsync(fsck(options))
  const ms = performance.now() - start
  if (found.length > 0) throw new Error(`findings: ${JSON.stringify(found.slice(0, 3))}`)
  const peak = process.resourceUsage().maxRSS / 1024
  const value = `${milliseconds(ms)}, ${Math.round((1000 * count) / ms).toLocaleString('en')} a second, ${peak.toFixed(0)} MiB with all before`
  return { what: 'everything checked', value }
}

function middleAndWorst(latencies: readonly number[]): string {
  return `p50 ${milliseconds(quantile(latencies, 0.5))}, p99 ${milliseconds(quantile(latencies, 0.99))}`
}
