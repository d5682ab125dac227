import assert from 'node:assert/strict'
import { PostgresEngine } from '../support/databases.ts'
import { whileServed } from '../support/served.ts'
import { onDatabase } from '../support/suite.ts'
import { FLOWS } from './flows.ts'
import { depositOne, verifiedLeaf } from './requests.ts'
import { sha256 } from '../../src/model/digest.ts'

const engine = new PostgresEngine()

onDatabase(engine, {
  'what clients do': FLOWS,
  'a database that goes away': {
    'is a problem until it is back': async (scene) =>
      whileServed(scene, async (served) => {
        const client = served.client()
        assert.equal((await depositOne(served, client.blob(1))).status, 200)
        await engine.server.kill()
        const answers = await Promise.all([
          depositOne(served, client.blob(2)),
          served.read('/v1/deposits'),
          served.ask('GET', '/checkpoint'),
          served.ask('GET', '/readyz'),
        ])
        for (const answer of answers) {
          assert.equal(answer.problem.code, 'unavailable')
          assert.ok(answer.field('retry-after'))
        }
        assert.equal((await served.ask('GET', '/healthz')).status, 200)
        const metrics = await (await fetch(served.service.metricsUrl ?? '')).text()
        assert.match(metrics, /^strongroom_database_up 0$/m)
        await engine.server.launch()
        const blob = client.blob(2)
        const receipt = await depositOne(served, blob)
        verifiedLeaf(served, receipt.body, 'deposit', sha256(blob))
        assert.equal((await served.ask('GET', '/readyz')).status, 200)
        assert.equal((await served.read('/v1/deposits')).status, 200)
      }),
  },
})
