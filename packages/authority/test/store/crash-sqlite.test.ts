import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { SQLITE } from '../support/databases.ts'
import {
  checkEverything,
  checkStore,
  huntPair,
  momentsOf,
  prepare,
  ReceiptCheck,
  seeded,
} from '../support/hunting.ts'
import { Prey } from '../support/prey.ts'
import { onDatabase } from '../support/suite.ts'

const ROUNDS = process.env.SLOW ? 1000 : 16
const PAIR_ROUNDS = process.env.SLOW ? 200 : 4
/** The database is opened after so many kills, and recovered by the next victim after the others. */
const LOOK = 8
/** Longer than a group takes: a node can be killed at any step of it. */
const GROUP_MS = 20

onDatabase(SQLITE, {
  'a node that is killed': {
    [`loses nothing that it acknowledged, ${ROUNDS} times`]: async (scene, t) => {
      const random = seeded(t)
      const [client] = await prepare(scene, 1)
      assert.ok(client)
      const { address, folder } = scene.database
      const prey = new Prey({ address, folder, node: 'node', client: 1 })
      const receipts = new ReceiptCheck(scene)
      let looked = 0
      for (let round = 1; round <= ROUNDS; round++) {
        prey.start()
        await prey.hear(1 + random(32))
        await pause(random(GROUP_MS))
        await prey.kill()
        receipts.check(prey.acknowledged)
        if (round % LOOK !== 0) continue
        await checkStore(scene, client, prey.acknowledged, looked)
        looked = prey.acknowledged.at(-1)?.index ?? 0
      }
      await checkStore(scene, client, prey.acknowledged)
      await checkEverything(scene, receipts)
      const moments = momentsOf(prey.found)
      t.diagnostic(`${receipts.summary}; killed after a step: ${JSON.stringify(moments)}`)
      // Of so many kills some must have hit every step: else this would show nothing about them.
      if (ROUNDS >= 1000) assert.ok(Object.values(moments).every((count) => count > 0))
    },
  },

  'two processes of one database, of which one is killed': {
    [`have one log, and lose nothing that they acknowledged, ${PAIR_ROUNDS} times`]: (scene, t) =>
      huntPair(scene, t, PAIR_ROUNDS, (_, random) => pause(random(GROUP_MS))),
  },
})
