import assert from 'node:assert/strict'
import { PostgresEngine } from '../support/databases.ts'
import { checkEverything, checkStore, prepare, randomFrom, ReceiptCheck } from '../support/hunting.ts'
import { Prey } from '../support/prey.ts'
import { onDatabase } from '../support/suite.ts'

const ROUNDS = process.env.SLOW ? 1000 : 16
/** The server itself goes down after so many rounds, in the middle of whatever the nodes do. */
const SERVER_DOWN = 8

const engine = new PostgresEngine()

onDatabase(engine, {
  'two nodes of one database, of which one or the server is killed': {
    [`have one log, and lose nothing that they acknowledged, ${ROUNDS} times`]: async (scene, t) => {
      const seed = Date.now() % 2 ** 31
      t.diagnostic(`seed ${seed}`)
      const random = randomFrom(seed)
      const clients = await prepare(scene, 2)
      const { address, folder } = scene.database
      const preys = clients.map((_, i) => new Prey({ address, folder, node: `node ${i}`, client: i + 1 }))
      for (const prey of preys) prey.start()
      const receipts = new ReceiptCheck(scene)
      for (let round = 1; round <= ROUNDS; round++) {
        const [prey, other] = random(2) === 0 ? preys : preys.toReversed()
        assert.ok(prey && other)
        await prey.hear(1 + random(32))
        if (round % SERVER_DOWN === 0) {
          await engine.server.kill()
          await engine.server.launch()
        }
        await prey.kill()
        prey.start()
        // The other one goes on.
        await other.hear(1)
        receipts.check(prey.acknowledged)
      }
      for (const [i, prey] of preys.entries()) {
        await prey.hear(12)
        await prey.kill()
        receipts.check(prey.acknowledged)
        const client = clients[i]
        assert.ok(client)
        await checkStore(scene, client, prey.acknowledged)
      }
      await checkEverything(scene, receipts)
      t.diagnostic(receipts.summary)
    },
  },
})
