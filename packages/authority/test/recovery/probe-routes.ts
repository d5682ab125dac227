import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import {
  encodeProbeAnswerSubmission,
  encodeProbeSubmission,
  MEDIA_TYPES,
  parseCustodianWork,
  parseEnvelope,
  parseProbeFile,
  parseProbeStanding,
  parseReceipt,
  RECOVERY_LIMITS,
  sortedIds,
  type ProbeResult,
} from '@strongroom/core/protocol'
import type { AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { bytesOf, pairOf } from '../support/authority.ts'
import { CODE, CUSTODIAN } from '../support/recovery.ts'
import { whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import { asKey, setUp } from './asking.ts'

const ask = (served: Served, { bytes }: AdmittedStatement, deposits: readonly Uint8Array[]) =>
  served.ask('POST', '/v1/probes', {
    body: encodeProbeSubmission({ statement: parseEnvelope(bytes), deposits }),
    type: MEDIA_TYPES.json,
  })

const tell = (served: Served, { bytes }: AdmittedStatement, answers: readonly ProbeResult[]) =>
  served.ask('POST', '/v1/probes/answers', {
    body: encodeProbeAnswerSubmission({ statement: parseEnvelope(bytes), answers }),
    type: MEDIA_TYPES.json,
  })

const resultsFor = (ids: readonly Uint8Array[]): ProbeResult[] =>
  sortedIds(ids).map((id, i) => ({ id, mac: i === 0 ? null : bytesOf(i) }))

/** What is asked and answered about probes, on every kind of database. */
export const PROBE_ROUTES: SceneTests = {
  'from the probe to its answer, over the routes alone': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const client = served.client()
      const probe = tenancy.probe(client, deposits, scene.now)
      const asked = await ask(served, probe, deposits)
      assert.equal(asked.status, 200, asked.text)
      assert.deepEqual(parseReceipt(asked.body).statement, { kind: 'probe', digest: probe.digest })
      assert.equal((await ask(served, probe, deposits)).status, 200, 'the same again')

      const path = `/v1/probes/${toHex(probe.digest)}`
      const waiting = parseProbeStanding((await served.read(path, client)).body)
      assert.deepEqual([waiting.state, waiting.answer, waiting.receipt], ['waiting', null, null])

      const work = parseCustodianWork((await asKey(served, CUSTODIAN, '/v1/custodian/work')).body)
      assert.deepEqual(work.probes.map(toHex), [toHex(probe.digest)])
      const file = parseProbeFile((await asKey(served, CUSTODIAN, `/v1/custodian${path.slice(3)}`)).body)
      assert.deepEqual(file.ids, sortedIds(deposits))
      assert.equal(file.deposits.length, 3)
      assert.equal(file.enrolments.length, 1)

      const answer = tenancy.probeAnswer(probe.digest, deposits, scene.now)
      const told = await tell(served, answer, resultsFor(deposits))
      assert.equal(told.status, 200, told.text)
      const standing = parseProbeStanding((await served.read(path, client)).body)
      assert.equal(standing.state, 'answered')
      assert.deepEqual(standing.answers, resultsFor(deposits))
      const { statement } = parseReceipt(standing.receipt ?? new Uint8Array(0))
      assert.deepEqual(statement, { kind: 'probe-answer', digest: answer.digest })
      assert.deepEqual(
        parseCustodianWork((await asKey(served, CUSTODIAN, '/v1/custodian/work')).body).probes,
        [],
      )
    }),

  'M18: what is not one’s own is absent, and only the custodian is shown deposits': async (scene) =>
    whileServed(
      scene,
      async (served) => {
        const { tenancy, deposits } = await setUp(served)
        const probe = tenancy.probe(served.client(), deposits, scene.now)
        await ask(served, probe, deposits)
        const [path, inside] = [
          `/v1/probes/${toHex(probe.digest)}`,
          `/v1/custodian/probes/${toHex(probe.digest)}`,
        ]
        const absent = await served.read(`/v1/probes/${toHex(bytesOf(9))}`, served.client(1))
        const foreign = await served.read(path, served.client(1))
        assert.deepEqual([foreign.status, foreign.text], [404, absent.text])
        for (const pair of [CODE, pairOf(99)])
          assert.notEqual((await asKey(served, pair, inside)).status, 200)
        assert.equal((await served.read(inside, served.client())).status, 404)
        assert.equal((await asKey(served, CUSTODIAN, path)).status, 401, 'the answer is the client’s')
        assert.equal(
          (await asKey(served, CUSTODIAN, `/v1/custodian/probes/${toHex(bytesOf(9))}`)).status,
          404,
        )
        const other = tenancy.probe(served.client(), [bytesOf(9)], scene.now)
        assert.equal((await ask(served, other, [bytesOf(9)])).status, 404)
      },
      { tenants: ['acme', 'other'] },
    ),

  'hostile probes and answers are refused each by its code': async (scene) =>
    whileServed(
      scene,
      async (served) => {
        const { tenancy, deposits } = await setUp(served)
        const client = served.client()
        const probe = tenancy.probe(client, deposits, scene.now)
        const code = ({ text }: { readonly text: string }) => /problem:([a-z-]+)/.exec(text)?.[1]
        assert.equal(code(await ask(served, probe, deposits.slice(1))), 'statement', 'another list')
        assert.equal((await ask(served, probe, deposits)).status, 200)
        const more = tenancy.probe(client, deposits.slice(0, 1), scene.now)
        const spent = await ask(served, more, deposits.slice(0, 1))
        assert.deepEqual([spent.status, code(spent)], [429, 'probe-budget'])
        const foreign = tenancy.probe(client, deposits, scene.now, { pair: pairOf(5) })
        assert.equal(code(await ask(served, foreign, deposits)), 'unauthenticated')
        const results = resultsFor(deposits)
        const answer = tenancy.probeAnswer(probe.digest, deposits, scene.now)
        const changed = results.map(({ id }) => ({ id, mac: bytesOf(7) }))
        assert.equal(code(await tell(served, answer, changed)), 'statement', 'other results than were signed')
        const stranger = tenancy.probeAnswer(probe.digest, deposits, scene.now, { pair: pairOf(5) })
        assert.equal(code(await tell(served, stranger, results)), 'unauthenticated')
        assert.equal((await tell(served, answer, results)).status, 200)
        const second = tenancy.probeAnswer(probe.digest, deposits, scene.now + 1000)
        assert.equal(code(await tell(served, second, results)), 'decided')
      },
      { quotas: { client: {}, tenant: {}, probes: { deposits: 3 } } },
    ),

  'a probe that nobody answered has expired': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const probe = tenancy.probe(served.client(), deposits, scene.now)
      await ask(served, probe, deposits)
      scene.now += RECOVERY_LIMITS.probeSeconds * 1000
      const path = `/v1/probes/${toHex(probe.digest)}`
      const standing = parseProbeStanding((await served.read(path, served.client())).body)
      assert.equal(standing.state, 'expired')
      assert.deepEqual(
        parseCustodianWork((await asKey(served, CUSTODIAN, '/v1/custodian/work')).body).probes,
        [],
      )
    }),
}
