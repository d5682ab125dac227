import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { checkEverything, checkStore, prepare, randomFrom, ReceiptCheck } from '../support/hunting.ts'
import { Prey } from '../support/prey.ts'
import { ReplicatedEngine } from '../support/replicated-engine.ts'
import { onDatabase } from '../support/suite.ts'

const ROUNDS = process.env.SLOW ? 100 : 2
/** Longer than a group takes, its wait for the replica included. */
const GROUP_MS = 40

const engine = new ReplicatedEngine()

onDatabase(engine, {
  'two nodes of a primary with a synchronous replica, which takes over when the primary is gone': {
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
      for (const prey of preys) {
        await prey.hear(12)
        await prey.kill()
        receipts.check(prey.acknowledged)
      }
      for (const [i, { acknowledged }] of preys.entries()) {
        const client = clients[i]
        assert.ok(client)
        await checkStore(scene, client, acknowledged)
      }
      await checkEverything(scene, receipts)
      t.diagnostic(receipts.summary)
    },
  },
})
