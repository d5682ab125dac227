import assert from 'node:assert/strict'
import { join } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import { ClientError } from '@strongroom/core/client'
import {
  CustodianError,
  CustodianFolder,
  rewrapAll,
  RewrapFiles,
  type RewrapWire,
} from '../../src/custodian/index.ts'
import type { SceneTests } from '../support/suite.ts'
import { findings } from '../support/scene-fsck.ts'
import { faultyCalls } from './faulty-calls.ts'
import { RotationSite, type SiteOptions } from './rotation-site.ts'

/** Runs on a site with an open folder. */
async function onSite(
  scene: Parameters<typeof RotationSite.open>[0],
  options: SiteOptions,
  work: (site: RotationSite) => Promise<void>,
): Promise<void> {
  const site = await RotationSite.open(scene, options)
  try {
    await work(site)
  } finally {
    await site.end()
  }
}

/** One run of the loop, as a process of its own would have it. */
async function run(
  site: RotationSite,
  {
    batch = 2,
    folder: path = site.folder,
    calls,
    unopened = 0,
    through = (wire: RewrapWire) => wire,
  }: {
    batch?: number
    folder?: string
    calls?: Parameters<typeof faultyCalls>[0] extends number ? ReturnType<typeof faultyCalls>['calls'] : never
    unopened?: number
    through?: (wire: RewrapWire) => RewrapWire
  } = {},
) {
  const folder = CustodianFolder.open(path)
  const keys = site.keys(folder)
  try {
    const wire = through(bound(site.wire(keys)))
    return await rewrapAll(folder, keys, wire, { now: site.now, batch, unopened, ...(calls && { calls }) })
  } finally {
    keys.wipe()
    folder.close()
  }
}

/** Its calls one by one, so that some can be replaced. */
const bound = (wire: RewrapWire): RewrapWire => ({
  card: () => wire.card(),
  checkpoint: () => wire.checkpoint(),
  tile: (tile) => wire.tile(tile),
  chartersOf: (tenant) => wire.chartersOf(tenant),
  deposits: (query) => wire.deposits(query),
  sendRewrap: (submission) => wire.sendRewrap(submission),
  sendCompletion: (completion) => wire.sendCompletion(completion),
})

const lost = (): ClientError => new ClientError('CLIENT_UNREACHABLE', 'nobody answered')

/** How many statements of a kind the log has. */
async function statements(site: RotationSite, ...kinds: number[]): Promise<number> {
  const { store } = site.served.service.authority
  return (await store.recovery.statementsBetween(0, 100_000, kinds)).length
}

const backlog = (site: RotationSite) => site.served.service.authority.store.recovery.backlog(2)

/** What holds when all is done, however it came to that. */
async function checkDone(site: RotationSite): Promise<void> {
  const { store } = site.served.service.authority
  const blobs = await store.recovery.rewrapped('acme', site.ids)
  assert.equal(blobs.size, site.ids.length)
  const files = new RewrapFiles(site.folder, { from: 1, to: 2 })
  assert.equal(files.count, site.ids.length)
  assert.deepEqual(files.open(site.ids), [])
  assert.ok(files.completion()?.receipt)
  assert.deepEqual(await findings(store, site.scene.authority), [])
}

const REWRAP = 11
const COMPLETION = 12

export const ROTATION: SceneTests = {
  'M20: after a rotation every old deposit is wrapped for the new key, and only then is it certified': (
    scene,
  ) =>
    onSite(scene, {}, async (site) => {
      const [epoch] = await run(site)
      assert.deepEqual(
        { ...epoch, failed: epoch?.failed.map(toHex) },
        { from: 1, to: 2, wrapped: 5, failed: [], unopened: [], completed: true },
      )
      await checkDone(site)
      assert.equal(await statements(site, REWRAP), 3)
      // Once more: nothing is left to do, and nothing is said again.
      await run(site)
      assert.equal(await statements(site, REWRAP, COMPLETION), 4)
      // Nobody would open what is deposited for the old epoch now.
      assert.equal(await site.deposit(1, 900), 'epoch')
      assert.notEqual(await site.deposit(2, 901), 'epoch')
    }),

  'M20: a deposit that does not open is told by its id, and keeps the old key; the others go on': (scene) =>
    onSite(scene, { wrong: [2] }, async (site) => {
      const [epoch] = await run(site)
      assert.deepEqual(epoch?.failed.map(toHex), [toHex(site.ids[2] ?? new Uint8Array(0))])
      assert.equal(epoch.wrapped, 4)
      assert.equal(epoch.completed, false)
      assert.equal(await statements(site, COMPLETION), 0)
      assert.equal(await statements(site, REWRAP), 2)
      await run(site)
      assert.equal(await statements(site, REWRAP), 2)
    }),

  'deposits that open with no key are given up by just as many as a person says, and wait for nothing then': (
    scene,
  ) =>
    onSite(scene, { wrong: [1, 3] }, async (site) => {
      const dead = [1, 3].map((i) => toHex(site.ids[i] ?? new Uint8Array(0))).toSorted()
      for (const unopened of [0, 1, 3]) {
        const [epoch] = await run(site, { unopened })
        assert.deepEqual(epoch?.failed.map(toHex).toSorted(), dead)
        assert.equal(epoch.completed, false)
      }
      assert.equal((await backlog(site)).rewrap?.left, 2)
      const [epoch] = await run(site, { unopened: 2 })
      assert.deepEqual(epoch?.unopened.map(toHex).toSorted(), dead)
      assert.deepEqual([epoch.wrapped, epoch.failed, epoch.completed], [3, [], true])
      assert.equal((await backlog(site)).rewrap, null)
      // It is not asked again: neither by this epoch, nor by a folder that is read anew.
      await run(site)
      assert.equal(await statements(site, COMPLETION), 1)
    }),

  'what nobody shows the owner of opens, and cannot be given up': (scene) =>
    onSite(scene, { deposits: 3 }, async (site) => {
      const through = (wire: RewrapWire): RewrapWire => ({
        ...bound(wire),
        deposits: async (query) => ({ ...(await wire.deposits(query)), enrolments: [] }),
      })
      const [epoch] = await run(site, { unopened: 3, through })
      assert.deepEqual([epoch?.failed.length, epoch?.unopened, epoch?.completed], [3, [], false])
      const [after] = await run(site)
      assert.deepEqual([after?.wrapped, after?.completed], [3, true])
    }),

  'an answer that is lost anywhere is asked for again, and nothing is done twice (M16, M26)': (scene) =>
    onSite(scene, { deposits: 4 }, async (site) => {
      // The n-th call is lost, before it arrives or on the way back.
      for (let n = 0, again = true; again; n++) {
        again = false
        for (const arrives of [false, true]) {
          let calls = 0
          const lose = async <T>(call: () => Promise<T>): Promise<T> => {
            if (calls++ !== n) return await call()
            again = true
            if (arrives) await call()
            throw lost()
          }
          const through = (wire: RewrapWire): RewrapWire => ({
            card: () => lose(wire.card),
            checkpoint: () => lose(wire.checkpoint),
            tile: (tile) => lose(() => wire.tile(tile)),
            chartersOf: (tenant) => lose(() => wire.chartersOf(tenant)),
            deposits: (query) => lose(() => wire.deposits(query)),
            sendRewrap: (submission) => lose(() => wire.sendRewrap(submission)),
            sendCompletion: (completion) => lose(() => wire.sendCompletion(completion)),
          })
          await run(site, { batch: 1, through }).catch((error) =>
            assert.match(String(error), /nobody answered/),
          )
        }
      }
      await run(site)
      await checkDone(site)
      assert.equal(await statements(site, REWRAP), 4)
      assert.equal(await statements(site, COMPLETION), 1)
    }),

  'a disk that ends at any call leaves what the next run goes on with (M15, M16)': (scene) =>
    onSite(scene, { deposits: 3 }, async (site) => {
      for (let failing = 0; ; failing++) {
        const faults = faultyCalls(failing)
        await run(site, { batch: 1, calls: faults.calls }).catch((error) =>
          assert.match(String(error), /the disk is gone/),
        )
        if (!faults.failed()) break
      }
      await run(site)
      await checkDone(site)
      assert.equal(await statements(site, REWRAP), 3)
      assert.equal(await statements(site, COMPLETION), 1)
    }),

  'a folder that was restored from before takes what it wrapped and has forgotten from the log': (scene) =>
    onSite(scene, {}, async (site) => {
      const other = join(scene.database.folder, 'restored')
      site.makeFolder(other)
      await run(site)
      const [epoch] = await run(site, { folder: other })
      assert.equal(epoch?.wrapped, 5)
      assert.equal(epoch.completed, true)
      assert.equal(await statements(site, REWRAP), 3)
    }),

  'over several rotations each goes on from the key before, and not from the first': (scene) =>
    onSite(scene, { epochs: 3, deposits: 2 }, async (site) => {
      const epochs = await run(site)
      assert.deepEqual(
        epochs.map(({ from, to, wrapped, completed }) => [from, to, wrapped, completed]),
        [
          [1, 3, 2, true],
          [2, 3, 2, true],
        ],
      )
    }),

  'an authority that hides a deposit gets no certificate': (scene) =>
    onSite(scene, {}, async (site) => {
      const through = (wire: RewrapWire): RewrapWire => ({
        ...wire,
        deposits: async (query) => {
          const page = await wire.deposits(query)
          return { ...page, deposits: page.deposits.slice(1) }
        },
      })
      await assert.rejects(
        () => run(site, { through }),
        (error) => error instanceof CustodianError && error.code === 'CUSTODIAN_HIDDEN',
      )
      assert.equal(await statements(site, COMPLETION), 0)
    }),
}
