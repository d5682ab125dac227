import assert from 'node:assert/strict'
import { toHex, utf8Decode } from '@strongroom/core/bytes'
import {
  LIMITS,
  logPolicyOf,
  parseAuthorityCard,
  parseDepositPage,
  parseEnvelope,
  parseStatementPage,
  statementDigest,
  verifyEpochs,
} from '@strongroom/core/protocol'
import { tilePath, verifyCheckpoint } from '@strongroom/core/tlog'
import { verifyRaw } from '../../src/log/node-signatures.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, type TestClient } from '../support/authority.ts'
import { whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import {
  challengeFor,
  depositOne,
  depositSeveral,
  enrol,
  enrolmentOf,
  EXCHANGES,
  idOf,
  verifiedLeaf,
  verifiedList,
} from './requests.ts'

/** What clients do, on every kind of database. */
export const FLOWS: SceneTests = {
  'a client enrols with either kind of exchange key, deposits, and reads what it has': async (scene) =>
    whileServed(scene, async (served) => {
      for (const [i, exchange] of EXCHANGES.entries()) {
        const client = scene.authority.client('acme', 50 + i)
        await served.service.authority.store.addInvitation(client.invitation)
        const challenge = await challengeFor(served, client.invited.signer, exchange)
        const envelope = enrolmentOf(served, client, challenge, { exchange: exchange.recipient().toString() })
        const answer = await enrol(served, envelope)
        assert.equal(answer.status, 200, answer.text)
        const digest = statementDigest(sha256, parseEnvelope(envelope))
        const leaf = verifiedLeaf(served, answer.body, 'enrolment', digest)
        // The same again has the same leaf, also when the challenge is too old.
        scene.now += 601_000
        assert.equal(verifiedLeaf(served, (await enrol(served, envelope)).body, 'enrolment', digest), leaf)
        const blob = client.blob(i)
        const receipt = await depositOne(served, blob)
        assert.equal(receipt.field('content-type'), 'application/vnd.strongroom.receipt.v1+json')
        verifiedLeaf(served, receipt.body, 'deposit', sha256(blob))
        assert.deepEqual((await served.read(`/v1/deposits/${idOf(blob)}`, client)).body, blob)
        const again = await served.read(`/v1/deposits/${idOf(blob)}/receipt`, client)
        verifiedLeaf(served, again.body, 'deposit', sha256(blob))
        const { statements, next } = parseStatementPage((await served.read('/v1/statements', client)).body)
        assert.deepEqual(
          statements.map(({ kind, bytes }) => [kind, bytes]),
          [
            ['enrolment', envelope],
            ['deposit', blob],
          ],
        )
        assert.equal(next, null)
      }
    }),

  'a thousand deposits in one request get a thousand receipts, and the same ones again': async (scene) =>
    whileServed(scene, async (served) => {
      const blobs = Array.from({ length: 1_000 }, (_, i) => served.client().blob(i))
      const first = await depositSeveral(served, blobs)
      assert.equal(first.status, 200, first.text.slice(0, 200))
      assert.deepEqual(
        verifiedList(served, first, blobs, 50),
        blobs.map((_, i) => i + 3),
      )
      const second = await depositSeveral(served, blobs)
      assert.equal(second.text, first.text)
      const receipt = await depositOne(served, blobs[7] ?? new Uint8Array(0))
      assert.equal(verifiedLeaf(served, receipt.body, 'deposit', sha256(blobs[7] ?? new Uint8Array(0))), 10)
      const pages = await search(served, '')
      assert.equal(pages.length, 1_000)
    }),

  'each deposit of a list stands or falls by itself': async (scene) =>
    whileServed(scene, async (served) => {
      const [client, stranger] = [served.client(), scene.authority.client('acme', 99)]
      const damaged = client.blob(2).slice()
      damaged[damaged.length - 100] = (damaged[damaged.length - 100] ?? 0) === 65 ? 66 : 65
      const blobs = [
        client.blob(1),
        Uint8Array.of(1, 2, 3),
        stranger.blob(3),
        served.client(1).blob(4),
        client.blob(5, { epochDigest: bytesOf(77) }),
        client.blob(6, { policy: bytesOf(78) }),
        client.blob(7, { tenant: 'beta' }),
        client.blob(8, { recipientDigest: bytesOf(79) }),
        client.blob(1),
      ]
      assert.deepEqual(verifiedList(served, await depositSeveral(served, blobs), blobs), [
        3,
        'statement',
        'unauthenticated',
        4,
        'epoch',
        'epoch',
        'unauthenticated',
        'statement',
        3,
      ])
      // Nothing is taken: the list has the checkpoint that there is.
      const none = [stranger.blob(3), Uint8Array.of(1)]
      assert.deepEqual(verifiedList(served, await depositSeveral(served, none), none), [
        'unauthenticated',
        'statement',
      ])
      for (const [blob, code] of [
        [damaged, /statement|unauthenticated/],
        [stranger.blob(3), /unauthenticated/],
        [blobs[4], /epoch/],
      ] as const) {
        assert.match((await depositOne(served, blob ?? new Uint8Array(0))).problem.code ?? '', code)
      }
    }),

  'deposits are searched by page, and are nobody else’s': async (scene) =>
    whileServed(
      scene,
      async (served) => {
        const [client, colleague, stranger] = [served.client(0), served.client(1), served.client(2)]
        const blobs = Array.from({ length: 7 }, (_, i) =>
          client.blob(i, {
            description: { kind: 'plain', text: `Größe ${i % 2 === 0 ? 'even' : 'odd'}` },
            ...(i === 6 && { previous: sha256(client.blob(5, {})) }),
          }),
        )
        await depositSeveral(served, [...blobs, colleague.blob(100), stranger.blob(101)])
        assert.deepEqual(await search(served, 'limit=2'), ids(blobs.toReversed()))
        const even = `description=${encodeURIComponent('GRÖSSE EVEN'.replace('SS', 'ß'))}`
        assert.equal((await search(served, even)).length, 4)
        assert.deepEqual(await search(served, `serial=${toHex(bytesOf(3, 16))}`), ids(blobs.slice(3, 4)))
        assert.equal((await search(served, 'level=2')).length, 0)
        assert.equal((await search(served, 'superseded=false&level=0')).length, 7)
        // What is somebody else's is absent: to the byte.
        const ours = idOf(blobs[0] ?? new Uint8Array(0))
        for (const path of [
          (id: string) => `/v1/deposits/${id}`,
          (id: string) => `/v1/deposits/${id}/receipt`,
        ]) {
          const absent = await served.read(path('0'.repeat(64)), client)
          assert.equal(absent.problem.code, 'not-found')
          for (const other of [colleague, stranger]) {
            assert.equal((await served.read(path(ours), other)).comparable, absent.comparable)
          }
        }
        assert.equal((await search(served, '', colleague)).length, 1)
        // An enrolment is a statement of the client, and no deposit.
        const page = parseStatementPage((await served.read('/v1/statements?limit=1', client)).body)
        const enrolment = page.statements[0]
        assert.ok(enrolment?.kind === 'enrolment' && page.next === enrolment.index)
        assert.equal((await served.read(`/v1/deposits/${toHex(enrolment.digest)}`)).problem.code, 'not-found')
        assert.equal((await served.read(`/v1/deposits/${toHex(enrolment.digest)}/receipt`)).status, 404)
        const rest = parseStatementPage((await served.read(`/v1/statements?after=${page.next}`, client)).body)
        assert.deepEqual(
          rest.statements.map(({ bytes }) => bytes),
          blobs,
        )
      },
      { tenants: ['acme', 'acme', 'beta'] },
    ),

  'the card and the log are there for everybody': async (scene) =>
    whileServed(scene, async (served) => {
      await depositOne(served, served.client().blob(1))
      const { epochs, limits } = parseAuthorityCard((await served.ask('GET', '/v1/authority')).body)
      const chain = verifyEpochs(epochs, scene.authority.trust)
      assert.deepEqual(limits, { depositBytes: LIMITS.depositBytes, depositsPerRequest: 1_000 })
      const note = await served.ask('GET', '/checkpoint')
      const policy = logPolicyOf(chain.latest.payload, { sha256, verifyRaw })
      const { size } = verifyCheckpoint(note.body, policy)
      assert.equal(size, 4)
      assert.equal(note.field('cache-control'), 'no-cache')
      const tile = await served.ask('GET', `/${tilePath({ level: 0, index: 0, width: size })}`)
      assert.equal(tile.body.length, 32 * size)
      const wider = await served.ask('GET', `/${tilePath({ level: 0, index: 0, width: size + 1 })}`)
      assert.equal(wider.problem.code, 'not-found')
      for (const path of [
        'tile/0/0',
        'tile/0/000.p/04',
        'tile/0/000.p/256',
        'tile/00/000',
        'tile/x/000',
        'tile/0/000/',
      ]) {
        assert.equal((await served.ask('GET', `/${path}`)).comparable, wider.comparable, path)
      }
      // Another node logs an epoch: this one sees it as soon as somebody deposits for it.
      const [, second] = scene.authority.epochs()
      assert.ok(second)
      await served.service.authority.log.append([second])
      scene.now += 1_000
      const future = served.client().blob(9, { epochNumber: 2 })
      assert.equal((await depositOne(served, future)).problem.code, 'epoch')
      assert.equal(parseAuthorityCard((await served.ask('GET', '/v1/authority')).body).epochs.length, 2)
      scene.now = scene.authority.chain.latest.payload.notBefore
      assert.equal((await depositOne(served, future)).status, 200)
    }),

  'a suspended client writes nothing more at once, and still reads': async (scene) =>
    whileServed(scene, async (served) => {
      const client = served.client()
      assert.equal((await depositOne(served, client.blob(1))).status, 200)
      // As another process does it: this node has the client's row in memory.
      const other = await scene.open()
      await other.setClientState(client.owner, 'suspended')
      assert.equal((await depositOne(served, client.blob(2))).problem.code, 'unauthenticated')
      scene.now += 5_000
      assert.equal((await depositOne(served, client.blob(3))).problem.code, 'unauthenticated')
      assert.equal((await search(served, '')).length, 1)
      await other.setClientState(client.owner, 'active')
      scene.now += 5_000
      assert.equal((await depositOne(served, client.blob(3))).status, 200)
    }),

  'an authority whose database was set back reads, and takes nothing': async (scene) => {
    let blob: Uint8Array = new Uint8Array(0)
    const peopled: TestClient[] = []
    await whileServed(scene, async (served) => {
      peopled.push(...served.clients)
      blob = served.client().blob(1)
      assert.equal((await depositOne(served, blob)).status, 200)
    })
    const restore = await scene.database.copy()
    const again = { clients: peopled }
    await whileServed(
      scene,
      async (served) => assert.equal((await depositOne(served, served.client().blob(2))).status, 200),
      again,
    )
    await restore()
    await whileServed(
      scene,
      async (served) => {
        const client = served.client()
        const refused = await depositOne(served, client.blob(3))
        assert.equal(refused.problem.code, 'read-only')
        assert.ok(Number(refused.field('retry-after')) >= 1)
        assert.equal((await depositSeveral(served, [client.blob(3)])).problem.code, 'read-only')
        assert.equal((await enrol(served, blob)).problem.code, 'read-only')
        assert.equal((await served.ask('GET', '/readyz')).problem.code, 'read-only')
        assert.equal((await served.ask('GET', '/healthz')).status, 200)
        assert.deepEqual((await served.read(`/v1/deposits/${idOf(blob)}`)).body, blob)
        const receipt = await served.read(`/v1/deposits/${idOf(blob)}/receipt`)
        verifiedLeaf(served, receipt.body, 'deposit', sha256(blob))
        assert.equal((await served.ask('GET', '/v1/authority')).status, 200)
        assert.equal((await served.ask('GET', '/checkpoint')).status, 200)
        const metrics = await (await fetch(served.service.metricsUrl ?? '')).text()
        assert.match(metrics, /^strongroom_writable 0$/m)
      },
      again,
    )
  },

  'quotas are of clients and of tenants': async (scene) =>
    whileServed(
      scene,
      async (served) => {
        const blobs = [1, 2, 3].map((n) => served.client().blob(n))
        assert.deepEqual(verifiedList(served, await depositSeveral(served, blobs), blobs), [3, 4, 'quota'])
        assert.equal((await depositOne(served, served.client().blob(4))).problem.code, 'quota')
        assert.equal((await depositOne(served, blobs[0] ?? new Uint8Array(0))).status, 200)
      },
      { quotas: { client: { deposits: 2 }, tenant: {} } },
    ),
}

function ids(blobs: readonly Uint8Array[]): string[] {
  return blobs.map(idOf)
}

/** All pages of a search, as ids. */
async function search(served: Served, query: string, client = served.client()): Promise<string[]> {
  const found: string[] = []
  let before = ''
  for (;;) {
    const target = `/v1/deposits?${[query, before].filter((part) => part !== '').join('&')}`.replace(
      /\?$/,
      '',
    )
    const answer = await served.read(target, client)
    assert.equal(answer.status, 200, utf8Decode(answer.body).slice(0, 300))
    const { deposits, next } = parseDepositPage(answer.body)
    found.push(...deposits.map(({ id }) => toHex(id)))
    if (next === null) return found
    before = `before=${next}`
  }
}
