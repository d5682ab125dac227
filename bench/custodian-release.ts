/**
 * How many requests a second can a custodian release, and how many deposits a second within one request?
 *
 * Run: node -C source bench/custodian-release.ts [--quick]
 *
 * A request of one deposit with two approvals: its bundle is read and checked, the deposit opened and wrapped for the requester, the
 * subject made spent on the disk, the release signed and kept there. The bundles are made before. Then the same of one request of 1,000.
 */
import { join } from 'node:path'
import { readBundle, releaseBundle, type CustodianFolder } from '../packages/authority/src/custodian/index.ts'
import { rateTable, timedCalls, type RateRow } from './authority-rates.ts'
import { CustodianScene } from './custodian-scene.ts'
import { publish } from './report.ts'
import { withWorkbench } from './workbench.ts'

const REQUESTS = { quick: 20, full: 300 }
const DEPOSITS = { quick: 100, full: 1_000 }
const LARGE = { quick: 1, full: 3 }

await withWorkbench(async ({ disk, quick }) => {
  const kind = quick ? 'quick' : 'full'
  const scene = await CustodianScene.make(join(disk, 'scene'))
  const folder = scene.custodian()
  const warm = await bundlesOf(scene, folder, { count: 5, size: 1 })
  await released(scene, folder, warm)
  const single = await bundlesOf(scene, folder, { count: REQUESTS[kind], size: 1 })
  const third = Math.ceil(single.length / 3)
  const rows: RateRow[] = []
  // What a folder knows must not make it slower: the first of it beside the last.
  for (const [name, part] of [
    ['one deposit each, the first third', single.slice(0, third)],
    ['the second third', single.slice(third, 2 * third)],
    ['the last third', single.slice(2 * third)],
  ] as const) {
    rows.push({ name, runs: [{ ...(await released(scene, folder, part)), items: part.length }] })
  }
  const large = await bundlesOf(scene, folder, { count: LARGE[kind], size: DEPOSITS[kind] })
  const name = `deposits, ${DEPOSITS[kind]} in a request`
  const run = await released(scene, folder, large)
  rows.push({ name, runs: [{ ...run, items: large.length * DEPOSITS[kind] }] })
  folder.close()
  await scene.close()
  publish('custodian-release', { rows }, () =>
    rateTable({ title: 'released; p50 and p99 are of requests', rows }),
  )
})

/** Bundles of requests that waited long enough, each of deposits of its own. */
async function bundlesOf(
  scene: CustodianScene,
  folder: CustodianFolder,
  { count, size }: { readonly count: number; readonly size: number },
): Promise<Uint8Array[]> {
  const ids = await scene.deposits(count * size)
  const seen = scene.look(folder)
  const requests: Uint8Array[] = []
  for (let i = 0; i < count; i++) requests.push(await scene.request(ids.slice(i * size, (i + 1) * size)))
  scene.waitOut()
  const bundles: Uint8Array[] = []
  for (const request of requests) bundles.push(await scene.bundle(request, seen))
  return bundles
}

function released(scene: CustodianScene, folder: CustodianFolder, bundles: readonly Uint8Array[]) {
  return timedCalls(1, bundles, async (bundle) => {
    const { again } = releaseBundle(readBundle(bundle), folder, scene.keys, scene.now)
    if (again) throw new Error('it was released before')
  })
}
