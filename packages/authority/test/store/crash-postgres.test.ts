import { PostgresEngine } from '../support/databases.ts'
import { huntPair } from '../support/hunting.ts'
import { onDatabase } from '../support/suite.ts'

const ROUNDS = process.env.SLOW ? 1000 : 16
/** The server itself goes down after so many rounds, in the middle of whatever the nodes do. */
const SERVER_DOWN = 8

const engine = new PostgresEngine()

onDatabase(engine, {
  'two nodes of one database, of which one or the server is killed': {
    [`have one log, and lose nothing that they acknowledged, ${ROUNDS} times`]: (scene, t) =>
      huntPair(scene, t, ROUNDS, async (round) => {
        if (round % SERVER_DOWN !== 0) return
        await engine.server.kill()
        await engine.server.launch()
      }),
  },
})
