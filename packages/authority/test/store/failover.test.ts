import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseCheckpoint, parseNote } from '@strongroom/core/tlog'
import type { AuthorityLog } from '../../src/log/authority-log.ts'
import { openPostgresStore } from '../../src/store/postgres/open-postgres-store.ts'
import { StoreError } from '../../src/store/store-error.ts'
import type { Store } from '../../src/store/store.ts'
import type { TestClient } from '../support/authority.ts'
import { NO_QUOTAS } from '../support/databases.ts'
import { endPair, pairOf, prepare, ReceiptCheck, seeded } from '../support/hunting.ts'
import type { PostgresServer } from '../support/postgres-server.ts'
import { ReplicatedEngine } from '../support/replicated-engine.ts'
import { logged, type Scene } from '../support/scene.ts'
import { onDatabase, type SceneTests } from '../support/suite.ts'

const ROUNDS = process.env.SLOW ? 40 : 2
/** Longer than a group takes, its wait for the replica included. */
const GROUP_MS = 40

const engine = new ReplicatedEngine()

onDatabase(engine, {
  'two nodes of a primary with a synchronous replica, which takes over when the primary is gone': {
    [`have one log, and lose nothing that they acknowledged, ${ROUNDS} times`]: async (scene, t) => {
      const random = seeded(t)
      const clients = await prepare(scene, 2)
      const preys = pairOf(scene)
      for (const prey of preys) prey.start()
      const receipts = new ReceiptCheck(scene)
      for (let round = 1; round <= ROUNDS; round++) {
        // Everything that was ever said by then is from before the fall, and all of it must be there after.
        for (const prey of preys) await prey.hear(4 + random(32))
        await pause(random(GROUP_MS))
        await engine.pair.failOver()
        await engine.pair.renew()
        const [prey] = random(2) === 0 ? preys : preys.toReversed()
        assert.ok(prey)
        // One node goes on by itself, the other is started anew.
        await prey.kill()
        prey.start()
        for (const { acknowledged } of preys) receipts.check(acknowledged)
      }
      await endPair(scene, t, { clients, preys, receipts })
    },
  },

  'no promise is broken silently when': ending({
    'a replica takes over that lacks what was acknowledged: nodes sign nothing more': async (scene) => {
      const { pair } = engine
      const store = await scene.open()
      const { log, client } = await peopled(scene, store)
      await pair.synchronous(false)
      await pair.replica.crash()
      await log.append(client.deposits(1, 3))
      await pair.primary.crash()
      await pair.replica.launch()
      await pair.failOver()
      await pair.renew()

      await assert.rejects(
        until(() => log.append([client.deposit(9)])),
        { code: 'LOG_READ_ONLY' },
      )
      assert.ok(log.state.state === 'behind')
      assert.deepEqual(log.state.error.sizes, { signed: 5, found: 2 })
      assert.equal((await store.head()).size, 2)
      // Started anew, it still knows.
      assert.equal((await scene.log(store)).state.state, 'behind')
    },

    'a primary comes back alone, and shows what no replica has: nothing of it is signed': async (scene) => {
      const { pair } = engine
      const store = await scene.open()
      const { log, client } = await peopled(scene, store)
      await pair.replica.crash()
      const group = { statements: client.deposits(1, 3), received: scene.now }
      const appending = assert.rejects(store.append(group, log.signed), { code: 'STORE_UNCERTAIN' })
      await waiting(pair.primary)
      await pair.primary.crash()
      await pair.primary.launch()
      await appending
      // Committed there, as anybody can see, and only there.
      assert.equal((await until(() => store.head())).size, 5)
      const opening = until(() => scene.log(store, 'other node'))
      await waiting(pair.primary)
      assert.equal(existsSync(scene.signedPath('other node')), false)

      await pair.replica.launch()
      await pair.failOver()
      await pair.renew()
      // The group is gone, and nobody was told that it was there.
      const other = await opening
      assert.deepEqual([other.state.state, other.signed.size], ['writable', 2])
      const outcomes = await until(() => log.append(group.statements))
      assert.deepEqual(
        outcomes.map((outcome) => logged(outcome).index),
        [2, 3, 4],
      )
    },

    'somebody cancels the wait for the replica: the commit that then succeeds is not believed': async (
      scene,
    ) => {
      const { pair } = engine
      const store = await scene.open()
      const { log, client } = await peopled(scene, store)
      await pair.replica.crash()
      let answered = false
      const appending = log.append(client.deposits(1, 3)).finally(() => (answered = true))
      for (let cancelled = 0; cancelled < 2; cancelled++) {
        await waiting(pair.primary, () => answered)
        await pair.primary.query('postgres', `select pg_cancel_backend(pid) from (${WAITING}) it`)
      }
      // Twice it succeeded on the primary, and the node asks again.
      await waiting(pair.primary, () => answered)
      assert.deepEqual([answered, signedSize(scene)], [false, 2])
      await pair.replica.launch()
      const outcomes = await appending
      assert.deepEqual(
        outcomes.map((outcome) => logged(outcome).index),
        [2, 3, 4],
      )
    },

    'commits do not wait as the operator believes: it is refused, or said': async (scene) => {
      const { pair } = engine
      const [told, quotas] = [[] as string[], NO_QUOTAS]
      const onWarning = (warning: string) => told.push(warning)
      const open = async () => {
        told.length = 0
        await (await openPostgresStore({ url: scene.database.address, quotas, onWarning })).close()
        return told
      }
      const setting = (value: string) =>
        pair.primary.query('postgres', `alter role node_1 set synchronous_commit = ${value}`)
      assert.deepEqual(await open(), [])
      for (const value of ['off', 'local']) {
        await setting(value)
        await assert.rejects(open(), { code: 'STORE_UNSAFE', message: new RegExp(`= ${value}$`) })
      }
      await setting('remote_write')
      assert.match((await open()).join(), /^synchronous_commit = remote_write: a replica that loses power/)
      await setting('remote_apply')
      assert.deepEqual(await open(), [])
      await pair.synchronous(false)
      // Read again by the server when it gets round to it.
      while ((await open()).length === 0) continue
      assert.match(told.join(), /^no replica is synchronous/)
      await pair.replica.close()
      await setting('local')
      while ((await open()).length > 0) continue
    },
  }),
})

/** When a test fails, no commit waits any longer for a replica that is not there. */
function ending(tests: SceneTests): SceneTests {
  const guarded = Object.entries(tests).map(([title, run]): [string, SceneTests[string]] => [
    title,
    async (scene, t) => {
      try {
        await run(scene, t)
      } catch (error) {
        await engine.pair.close()
        throw error
      }
    },
  ])
  return Object.fromEntries(guarded)
}

async function peopled(scene: Scene, store: Store): Promise<{ log: AuthorityLog; client: TestClient }> {
  const people = await scene.peopled(store)
  return { log: people.log, client: people.client() }
}

const PASSING: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_UNCERTAIN'])

/** Does something again while the address is being moved. */
async function until<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreError) || !PASSING.has(error.code)) throw error
    }
  }
}

/** Commits that wait for a replica. */
const WAITING = "select pid from pg_stat_activity where wait_event = 'SyncRep'"

/** When a commit waits for a replica, or it is `over` without that. */
async function waiting(server: PostgresServer, over = () => false): Promise<void> {
  while (!over() && (await server.query('postgres', WAITING)).length === 0) continue
}

/** What the node has signed, as its own file says. */
function signedSize(scene: Scene): number {
  return parseCheckpoint(parseNote(readFileSync(scene.signedPath())).text).size
}
