/**
 * How many deposits a second can a custodian open and call right: by itself, in pages of 100, and in rounds with a real service?
 *
 * Run: node -C source bench/custodian-verify.ts [--quick]
 *
 * A round looks at the log, asks what there is, gets a page, verifies whose each deposit is and who signed it, opens it, compares its
 * session key with the promise, and sends a signed statement, for which the service gives a receipt. The service is a process of its own.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { custodianRound, verifyDeposits } from '../packages/authority/src/custodian/index.ts'
import { freePort } from '../tools/quickstart/stage.ts'
import { rateTable, timedCalls, type RateRow } from './authority-rates.ts'
import { SERVING } from './authority-service.ts'
import { CustodianScene } from './custodian-scene.ts'
import { publish } from './report.ts'
import { withWorkbench } from './workbench.ts'

const DEPOSITS = { quick: 200, full: 3_000 }
const PAGE = 100

await withWorkbench(async ({ disk, quick }) => {
  const scene = await CustodianScene.make(join(disk, 'scene'))
  const count = DEPOSITS[quick ? 'quick' : 'full']
  const deposits = await scene.owned(await scene.deposits(count))
  const pages = Array.from({ length: count / PAGE }, (_, i) => deposits.slice(i * PAGE, (i + 1) * PAGE))
  const { size, root } = scene.log.signed
  const trust = { ...scene.trust, identity: scene.identity }
  const judged = { trust, epochs: scene.chain, tree: { size, root }, now: scene.now }
  const alone = await timedCalls(1, pages, async (page) => {
    const { results } = verifyDeposits(page, 1, scene.keys, judged)
    if (!results.every(({ right }) => right)) throw new Error('a deposit is not right')
  })
  await scene.close()
  const rows: RateRow[] = [
    { name: 'in pages of 100, alone', runs: [{ ...alone, items: count }] },
    { name: 'in rounds with a service', runs: [{ ...(await inRounds(scene, count)), items: count }] },
  ]
  publish('custodian-verify', { rows }, () =>
    rateTable({ title: 'verified; p50 and p99 are of pages, CPU is that of the custodian', rows }),
  )
})

async function inRounds(scene: CustodianScene, count: number) {
  const port = await freePort()
  const words = ['-C', 'source', SERVING, scene.describe(port)]
  const service = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const folder = scene.custodian()
  try {
    await once(createInterface(service.stdout), 'line')
    const wire = scene.wire(`http://127.0.0.1:${port}`)
    let done = 0
    const rounds = Array.from({ length: count / PAGE })
    const run = await timedCalls(1, rounds, async () => {
      const { verified } = await custodianRound(folder, scene.keys, wire, { now: Date.now })
      if (verified.wrong > 0) throw new Error('a deposit is not right')
      done += verified.right
    })
    if (done !== count) throw new Error(`${done} of ${count} deposits were verified`)
    return run
  } finally {
    folder.close()
    service.stdin.end()
    await once(service, 'exit')
  }
}
