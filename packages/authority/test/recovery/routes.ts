import assert from 'node:assert/strict'
import { decryptFile } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  CHALLENGE,
  encodeCharterProposal,
  encodeJson,
  encodeKeyBlobs,
  encodeRequestSubmission,
  keyNameOf,
  LIMITS,
  MEDIA_TYPES,
  parseCharterPage,
  parseClientPage,
  parseCustodianDeposits,
  parseCustodianWork,
  parseDepositPage,
  parseDeposits,
  parseEnvelope,
  parseJson,
  parseKeyBlobs,
  parseReceipt,
  parseRecoveryBundle,
  parseSubjectFile,
  parseSubjectPage,
  RECIPIENT_CHALLENGE,
  releaseListDigest,
  signRequest,
  statementDigest,
  verifyCharters,
  type MessageSigner,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { assertPage } from '../http/pages.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { bytesOf, pairOf, TERMS } from '../support/authority.ts'
import { mailServer } from '../support/mail-server.ts'
import {
  ADA,
  all,
  BO,
  CODE,
  CUSTODIAN,
  CY,
  DAY,
  EVE,
  NEWCOMER,
  RECIPIENT,
  Tenancy,
} from '../support/recovery.ts'
import { freshNonce, whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'

const HOST = 'vault.example.org'

/** A signed request of a key that is no client's. */
export async function asKey(
  served: Served,
  pair: MessageSigner,
  target: string,
  { method = 'GET', body, type }: { method?: string; body?: Uint8Array; type?: string } = {},
): Promise<RawAnswer> {
  const created = Math.floor(served.scene.now / 1000)
  const params = {
    created,
    expires: created + 60,
    nonce: freshNonce(),
    clientId: keyNameOf(sha256, pair.signer),
  }
  const request = { method, authority: HOST, target, ...(body && { body }) }
  const fields = signRequest(sha256, request, params, pair.sign)
  return served.ask(method, target, { fields: { ...fields }, ...(body && { body }), ...(type && { type }) })
}

const send = (served: Served, path: string, body: Uint8Array, type: string = MEDIA_TYPES.envelope) =>
  served.ask('POST', path, { body, type })

/** Sets the first tenant of a service up. */
export async function setUp(served: Served): Promise<{ tenancy: Tenancy; deposits: Uint8Array[] }> {
  const { store, log } = served.service.authority
  const tenancy = new Tenancy(served.scene.authority)
  const client = served.client()
  await store.recovery.addTerms(TERMS)
  const deposits = client.deposits(1, 3)
  await all(log, [tenancy.charter(), tenancy.codes(client), ...deposits])
  return { tenancy, deposits: deposits.map(({ digest }) => digest) }
}

/** Asks for deposits as a client that has lost everything but a code. */
async function ask(
  served: Served,
  tenancy: Tenancy,
  deposits: readonly Uint8Array[],
  changes: Partial<RecoveryRequest> = {},
  pairs: readonly MessageSigner[] = [NEWCOMER, CODE],
): Promise<{ readonly answer: RawAnswer; readonly digest: Uint8Array; readonly body: Uint8Array }> {
  const payload = tenancy.requestFor(served.client(), deposits, served.scene.now, changes)
  const { signer, recipient } = payload
  const wanted = encodeJson(RECIPIENT_CHALLENGE, { signer, recipient }, LIMITS.jsonBytes)
  const given = await send(served, '/v1/requests/challenge', wanted, MEDIA_TYPES.json)
  const { file } = parseJson(CHALLENGE, given.body, LIMITS.jsonBytes)
  const challenge = decryptFile(file, [RECIPIENT])
  const statement = parseEnvelope(tenancy.sign('request', payload, ...pairs))
  const body = encodeRequestSubmission({ statement, deposits, challenge })
  const answer = await send(served, '/v1/requests', body, MEDIA_TYPES.json)
  return { answer, digest: statementDigest(sha256, statement), body }
}

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

  'the link of a notice shows a page to whoever follows it, and cancels when its button is pressed': async (
    scene,
  ) =>
    whileServed(scene, async (served) => {
      const { tenancy, deposits } = await setUp(served)
      const { digest } = await ask(served, tenancy, deposits)
      const { NoticeKeys } = await import('../../src/notices/index.ts')
      const keys = new NoticeKeys(scene.authority.keys)
      const link = `/cancel/${toHex(digest)}${toHex(keys.secretOf(digest))}`
      const { trust } = scene.authority
      const phase = async () => {
        const found = await served.service.authority.store.recovery.subject(trust, 'acme', digest, scene.now)
        return found?.state.phase
      }
      const made = `/cancel/${toHex(digest)}${toHex(bytesOf(3))}`
      // Programs that look through mail follow links, in all ways but that of the button.
      const size = (await served.service.authority.store.head()).size
      const shown = await served.ask('GET', link)
      assertPage(shown)
      assert.match(shown.text, /<form method="post">.*<button type="submit">/)
      assert.equal(shown.text, (await served.ask('GET', made)).text)
      for (const method of ['HEAD', 'OPTIONS', 'PUT', 'DELETE']) await served.ask(method, link).catch(() => 0)
      assertPage(await served.ask('GET', `${link}?utm_source=mail`))
      assert.equal(await phase(), 'requested')
      assert.equal((await served.service.authority.store.head()).size, size)
      const cut = await served.ask('POST', link.slice(0, -1))
      assert.equal(cut.status, 404)
      assert.match(cut.text, /The link is not complete/)
      assertPage(cut)
      assert.match((await served.ask('POST', made)).text, /nothing to cancel/i)
      assert.equal(await phase(), 'requested')
      assert.match((await served.ask('POST', link)).text, /is cancelled/)
      assert.equal(await phase(), 'cancelled')
      assert.match((await served.ask('POST', link)).text, /cancel/)
      assert.equal(
        (await send(served, '/v1/statements', tenancy.approval(digest, scene.now).bytes)).status,
        409,
      )
    }),

  'M26: the owner has mail when somebody asks, and its link cancels': async (scene, t) => {
    const mail = await mailServer(t)
    t.mock.timers.enable({ apis: ['setInterval'] })
    const notices = { mail: { url: mail.url, from: 'vault@example.org' }, webhook: null }
    await whileServed(
      scene,
      async (served) => {
        const { tenancy, deposits } = await setUp(served)
        const { client } = served.client().owner
        const contact = { tenant: 'acme', client, channel: 'mail', address: 'owner@example.org' } as const
        await served.service.authority.store.recovery.notices.addContact(contact)
        const { answer, digest } = await ask(served, tenancy, deposits)
        assert.equal(answer.status, 200, answer.text)
        const arrived = mail.next()
        t.mock.timers.tick(60_000)
        const text = await arrived
        assert.match(text, /^To: owner@example\.org/m)
        const link = /https:\/\/vault\.example\.org(\/cancel\/[0-9a-f]{128})/.exec(text)?.[1] ?? ''
        assert.ok(link.startsWith(`/cancel/${toHex(digest)}`))
        assert.match((await served.ask('POST', link)).text, /is cancelled/)
        const approval = tenancy.approval(digest, scene.now).bytes
        assert.equal((await send(served, '/v1/statements', approval)).status, 409)
      },
      { changes: { notices } },
    )
  },

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
