import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { verifyReceipt } from '@strongroom/core/protocol'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import { SqlStore } from '../../src/store/sql-store.ts'
import { sqliteEngine } from '../../src/store/sqlite/open-sqlite-store.ts'
import { NO_QUOTAS, SQLITE } from '../support/databases.ts'
import { checkEverything, checkStore, prepare, ReceiptCheck } from '../support/hunting.ts'
import { Prey } from '../support/prey.ts'
import { findings } from '../support/scene-fsck.ts'
import { logged } from '../support/scene.ts'
import { onDatabase } from '../support/suite.ts'

/** More pages than an empty database has, so that some appends find room. */
const PAGES_MORE = 40
/** Blocks of 512 bytes that a file may have: each ends the node at another place. */
const FILE_LIMITS = [700, 900, 1_100, 1_300, 1_500]

onDatabase(SQLITE, {
  'no promise is broken silently when': {
    'the disk is full: what does not fit is refused, and taken when there is room': async (scene, t) => {
      const sound = await scene.open()
      const { clients } = await scene.peopled(sound)
      await scene.close(sound)
      const client = scene.authority.client('acme', 1)
      assert.deepEqual(client.owner, clients[0]?.owner)
      const engine = sqliteEngine(scene.database.address)
      const store = new SqlStore(engine, NO_QUOTAS)
      t.after(() => store.close())
      const log = await scene.log(store)
      const allow = async (more: number) => {
        const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(engine.writer)
        const most = (rows[0]?.page_count ?? 0) + more
        await sql`pragma max_page_count = ${sql.lit(most)}`.execute(engine.writer)
      }
      await allow(PAGES_MORE)
      const taken: number[] = []
      const full = async () => {
        for (let number = 0; ; number++) {
          const deposit = client.deposit(number)
          const { index, receipt } = logged((await log.append([deposit]))[0])
          const statement = { kind: 'deposit', digest: deposit.digest } as const
          verifyReceipt(receipt, { ...scene.authority.trust, verifyRaw, statement })
          taken.push(index)
        }
      }
      await assert.rejects(full(), { code: 'STORE_FULL' })
      assert.ok(taken.length > 3, `${taken.length} found room`)
      const size = 2 + taken.length
      assert.deepEqual(
        [(await store.head()).size, log.signed.size, log.state.state],
        [size, size, 'writable'],
      )
      assert.deepEqual(await findings(store, scene.authority, log.signed), [])

      await allow(1_000)
      const outcome = logged((await log.append([client.deposit(taken.length)]))[0])
      assert.equal(outcome.index, size)
      assert.deepEqual(await findings(store, scene.authority, log.signed), [])
    },

    'a file may not grow: the node ends, and has all that it acknowledged when it starts again': async (
      scene,
      t,
    ) => {
      if (process.platform === 'win32') return t.skip('needs limits of file sizes')
      const [client] = await prepare(scene, 1)
      assert.ok(client)
      const { address, folder } = scene.database
      const prey = new Prey({ address, folder, node: 'node', client: 1 })
      const receipts = new ReceiptCheck(scene)
      for (const blocks of FILE_LIMITS) {
        prey.start(['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh'])
        assert.match(await prey.hearEnd(), /STORE_BROKEN|STORE_FULL/)
        receipts.check(prey.acknowledged)
        await checkStore(scene, client, prey.acknowledged)
      }
      prey.start()
      await prey.hear(12)
      await prey.kill()
      receipts.check(prey.acknowledged)
      await checkStore(scene, client, prey.acknowledged)
      await checkEverything(scene, receipts)
      t.diagnostic(receipts.summary)
    },
  },
})
