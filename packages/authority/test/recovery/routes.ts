import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  encodeCharterProposal,
  encodeKeyBlobs,
  encodeRequestSubmission,
  MEDIA_TYPES,
  parseCharterPage,
  parseClientPage,
  parseCustodianDeposits,
  parseCustodianWork,
  parseDepositPage,
  parseDeposits,
  parseEnvelope,
  parseKeyBlobs,
  parseReceipt,
  parseRecoveryBundle,
  parseSubjectFile,
  parseSubjectPage,
  releaseListDigest,
  statementDigest,
  verifyCharters,
} from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, pairOf, TERMS } from '../support/authority.ts'
import { ADA, BO, CODE, CUSTODIAN, CY, DAY, EVE, NEWCOMER } from '../support/recovery.ts'
import { whileServed } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import { ask, asKey, send, setUp } from './asking.ts'

/** What is asked and answered about recovery, on every kind of database. */
export const ROUTES: SceneTests = {
  'from the request to the key blobs, over the routes alone': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const { answer, digest, body } = await ask(served, tenancy, deposits)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(parseReceipt(answer.body).statement, { kind: 'request', digest })
      const path = `/v1/requests/${toHex(digest)}`

      // The same again, after the challenge is too old, has the same leaf.
      scene.now += 700_000
      assert.equal((await send(served, '/v1/requests', body, MEDIA_TYPES.json)).status, 200)

      for (const officer of ['bo', 'cy'] as const) {
        const { bytes } = tenancy.approval(digest, scene.now, officer)
        assert.equal((await send(served, '/v1/statements', bytes)).status, 200)
      }
      const page = parseSubjectPage((await asKey(served, BO, '/v1/requests?state=approved')).body)
      assert.deepEqual(
        page.subjects.map((subject) => [toHex(subject.digest), subject.count, subject.standing.persons]),
        [[toHex(digest), 3, ['bo', 'cy']]],
      )
      const file = parseSubjectFile((await asKey(served, EVE, path)).body)
      assert.equal(file.standing.phase, 'approved')
      assert.equal(file.statements.length, 2)
      assert.deepEqual(
        file.evidence.map(({ envelope }) => envelope.payloadType),
        [ACTS.codes.payloadType],
      )
      assert.ok(file.enrolments.length === 1 && file.keys.includes(BO.signer) && file.release === null)

      const work = parseCustodianWork((await asKey(served, CUSTODIAN, '/v1/custodian/work')).body)
      assert.deepEqual(
        work.subjects.map((subject) => toHex(subject.digest)),
        [toHex(digest)],
      )
      assert.equal(work.unverified, 3)
      scene.now += DAY
      const got = await asKey(served, CUSTODIAN, `${path}/bundle`)
      assert.equal(got.status, 200, got.text)
      const bundle = parseRecoveryBundle(got.body)
      assert.deepEqual(
        bundle.deposits.map((blob) => toHex(sha256(blob))).toSorted(),
        deposits.map(toHex).toSorted(),
      )
      assert.equal(bundle.range.start, 0)

      const blobs = deposits.map((id, i) => ({ id, blob: bytesOf(i, 40) }))
      const release = tenancy.make(
        'release',
        {
          identity: tenancy.identity,
          tenant: 'acme',
          custodian: CUSTODIAN.signer,
          subject: digest,
          kind: 'request',
          count: 3,
          results: releaseListDigest(sha256, blobs),
          checkpoint: { size: 1, root: bytesOf(1) },
          created: scene.now,
        },
        [CUSTODIAN],
      )
      assert.equal((await asKey(served, NEWCOMER, `${path}/release`)).status, 404)
      assert.equal((await asKey(served, NEWCOMER, `${path}/deposits`)).status, 404)
      assert.equal((await send(served, '/v1/releases', release.bytes)).status, 200)
      const owed = parseCustodianWork((await asKey(served, CUSTODIAN, '/v1/custodian/work')).body)
      assert.deepEqual(owed.owed.map(toHex), [toHex(digest)])
      const sorted = blobs.toSorted((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))
      const put = { method: 'PUT', type: MEDIA_TYPES.keyBlobs }
      const wrong = encodeKeyBlobs(sorted.toReversed().map(({ blob }) => blob))
      assert.equal((await asKey(served, CUSTODIAN, `${path}/release`, { ...put, body: wrong })).status, 400)
      const right = encodeKeyBlobs(sorted.map(({ blob }) => blob))
      assert.equal((await asKey(served, BO, `${path}/release`, { ...put, body: right })).status, 404)
      const handed = await asKey(served, CUSTODIAN, `${path}/release`, { ...put, body: right })
      assert.equal(handed.status, 200, handed.text)
      const fetched = await asKey(served, NEWCOMER, `${path}/release`)
      assert.deepEqual(
        parseKeyBlobs(fetched.body),
        sorted.map(({ blob }) => blob),
      )
      const page1 = await asKey(served, NEWCOMER, `${path}/deposits`)
      assert.deepEqual(
        parseDeposits(page1.body).map((blob) => toHex(sha256(blob))),
        sorted.map(({ id }) => toHex(id)),
      )
      const last = parseDeposits((await asKey(served, NEWCOMER, `${path}/deposits?from=2`)).body)
      assert.deepEqual(
        last.map((blob) => toHex(sha256(blob))),
        sorted.slice(2).map(({ id }) => toHex(id)),
      )
      for (const [query, status] of [
        ['from=3', 404],
        ['from=-1', 400],
        ['from=1&from=2', 400],
        ['seen=1', 400],
      ] as const) {
        assert.equal((await asKey(served, NEWCOMER, `${path}/deposits?${query}`)).status, status, query)
      }
      for (const id of deposits) {
        const blob = await asKey(served, NEWCOMER, `/v1/deposits/${toHex(id)}`)
        assert.equal(toHex(sha256(blob.body)), toHex(id))
      }
      for (const other of [BO, CODE, ADA, EVE]) {
        assert.equal((await asKey(served, other, `${path}/release`)).status, 404)
        assert.equal((await asKey(served, other, `${path}/deposits`)).status, 404)
        assert.equal((await asKey(served, other, `/v1/deposits/${toHex(deposits[0] ?? digest)}`)).status, 404)
      }
      // The new container is a client now, the old one is replaced.
      const clients = parseClientPage((await asKey(served, ADA, '/v1/clients')).body)
      assert.deepEqual(
        clients.clients.map(({ state, signer }) => [state, signer]),
        [
          ['replaced', served.client().pair.signer],
          ['active', NEWCOMER.signer],
        ],
      )
    }),

  'I11: nobody of another tenant, and nobody at all, sees anything, and all hear the same': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const { digest } = await ask(served, tenancy, deposits)
      const path = `/v1/requests/${toHex(digest)}`
      const other = served.client(1)
      const targets = [path, `${path}/bundle`, `${path}/release`, `/v1/requests/${toHex(bytesOf(5))}`]
      const heard = new Set<string>()
      for (const target of targets) {
        const answer = await served.read(target, other)
        assert.equal(answer.status, 404, target)
        heard.add(answer.text)
      }
      for (const target of ['/v1/custodian/work', '/v1/custodian/deposits', '/v1/clients']) {
        const answer = await served.read(target, other)
        heard.add(answer.text)
      }
      assert.equal(heard.size, 1)
      assert.equal((await asKey(served, pairOf(99), path)).status, 401)
      assert.deepEqual(parseSubjectPage((await served.read('/v1/requests', other)).body).subjects, [])
      const own = parseSubjectPage((await served.read('/v1/requests')).body).subjects
      assert.deepEqual(
        own.map((subject) => toHex(subject.digest)),
        [toHex(digest)],
      )
      assert.equal((await served.read(path)).status, 200, 'the owner')
      assert.equal((await asKey(served, NEWCOMER, path)).status, 200, 'who asks')
      assert.equal((await asKey(served, CODE, path)).status, 200, 'the code that it was asked with')
      // Two tenants share the log: what others said is for the custodian alone.
      assert.equal((await asKey(served, BO, `${path}/bundle`)).status, 404)
    }),

  'a code finds the deposits and the charter of its client, and no others': async (scene) =>
    whileServed(scene, async (served) => {
      const { deposits } = await setUp(served)
      const { client } = served.client().owner
      const page = parseDepositPage((await asKey(served, CODE, `/v1/clients/${client}/deposits`)).body)
      assert.deepEqual(page.deposits.map(({ id }) => toHex(id)).toReversed(), deposits.map(toHex))
      const other = served.client(1).owner.client
      assert.equal((await asKey(served, CODE, `/v1/clients/${other}/deposits`)).status, 404)
      assert.equal((await asKey(served, CODE, '/v1/clients')).status, 404)
      const charters = parseCharterPage((await asKey(served, CODE, '/v1/charter')).body)
      const { trust, chain } = scene.authority
      const epoch = {
        epoch: chain.epochs[0]?.payload ?? chain.latest.payload,
        index: charters.epochs[0] ?? 0,
      }
      const found = verifyCharters(charters.charters, {
        ...trust,
        tenant: 'acme',
        custodianAt: () => epoch.epoch.custodian,
      })
      assert.equal(found.latest.statement.payload.number, 1)
      assert.deepEqual(charters.terms, TERMS)
      assert.equal((await asKey(served, CUSTODIAN, '/v1/charter')).status, 404)
      assert.equal((await asKey(served, CUSTODIAN, '/v1/charter?tenant=acme')).status, 200)
    }),

  'M17: codes that are not known are counted, whoever hears the answer': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const { client } = served.client().owner
      const wrong = pairOf(0x900)
      const evidence = [{ kind: 'recovery-code', key: wrong.signer }] as const
      for (let i = 0; i < 3; i++) {
        const { answer } = await ask(served, tenancy, deposits, { evidence }, [NEWCOMER, wrong])
        assert.equal(answer.status, 403)
        assert.match(answer.text, /urn:strongroom:problem:recovery/)
      }
      const attempts = () => served.service.authority.store.recovery.attempts('acme')
      assert.deepEqual(
        (await attempts()).map((row) => [row.client, row.count]),
        [[client, 3]],
      )
      const nobody = await ask(served, tenancy, deposits, { client: 'c-nobody' })
      assert.match(nobody.answer.text, /urn:strongroom:problem:recovery/)
      assert.equal((await attempts()).length, 1)
    }),

  'M8: a recipient that nobody holds, or another than was challenged, is refused': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const payload = tenancy.requestFor(served.client(), deposits, scene.now)
      const statement = parseEnvelope(tenancy.sign('request', payload, NEWCOMER, CODE))
      const body = encodeRequestSubmission({ statement, deposits, challenge: bytesOf(1) })
      const answer = await send(served, '/v1/requests', body, MEDIA_TYPES.json)
      assert.match(answer.text, /urn:strongroom:problem:challenge/)
    }),

  'M7: a list that is not the signed one is refused': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const payload = tenancy.requestFor(served.client(), deposits.slice(0, 2), scene.now)
      const statement = parseEnvelope(tenancy.sign('request', payload, NEWCOMER, CODE))
      const body = encodeRequestSubmission({ statement, deposits, challenge: bytesOf(1) })
      const answer = await send(served, '/v1/requests', body, MEDIA_TYPES.json)
      assert.match(answer.text, /urn:strongroom:problem:statement/)
    }),

  'officers vouch and propose over the routes, and the custodian opens what is there': async (scene) =>
    whileServed(scene, async (served) => {
      const { tenancy } = await setUp(served)
      const vetting = tenancy.vetting(served.client(), pairOf(0x901), scene.now)
      assert.equal((await send(served, '/v1/statements', vetting.bytes)).status, 200)
      const charter = {
        ...tenancy.first,
        number: 2,
        previous: tenancy.firstDigest,
        by: ADA.signer,
        created: scene.now,
      }
      const statement = parseEnvelope(tenancy.sign('charter', charter, ADA))
      const proposal = encodeCharterProposal({ statement, keys: [CY.signer] })
      const proposed = await send(served, '/v1/statements', proposal, MEDIA_TYPES.json)
      assert.equal(proposed.status, 200, proposed.text)
      const path = `/v1/requests/${toHex(statementDigest(sha256, statement))}`
      const file = parseSubjectFile((await asKey(served, CY, path)).body)
      assert.equal(file.kind, 'charter')
      const page = parseSubjectPage((await asKey(served, ADA, '/v1/requests?kind=charter')).body)
      assert.equal(page.subjects[0]?.requester, 'ada')
      const waiting = parseCustodianDeposits(
        (await asKey(served, CUSTODIAN, '/v1/custodian/deposits?limit=2')).body,
      )
      assert.equal(waiting.deposits.length, 2)
      assert.equal(waiting.enrolments.length, 1)
      const rest = await asKey(served, CUSTODIAN, `/v1/custodian/deposits?after=${waiting.next}`)
      assert.equal(parseCustodianDeposits(rest.body).deposits.length, 1)
    }),
}
