import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { toHex } from '@strongroom/core/bytes'
import {
  depositMessage,
  parseDepositBody,
  parseDepositPage,
  parseStatementPage,
  signerIdOf,
  type DepositContext,
} from '@strongroom/core/protocol'
import { parseDepositBlob } from '../../src/model/deposit-blob.ts'
import { sha256 } from '../../src/model/digest.ts'
import { pairOf, START, TestClient } from '../support/authority.ts'
import { encodeRequest, exchange } from '../support/raw-request.ts'
import { onService, type Served } from '../support/served.ts'
import { depositOne, depositSeveral, idOf, verifiedLeaf, verifiedList } from '../http/requests.ts'

const DAY = 86_400_000

async function listed(served: Served, client = served.client(), query = '') {
  const answer = await served.read(`/v1/deposits${query}`, client)
  assert.equal(answer.status, 200, answer.text)
  return parseDepositPage(answer.body).deposits
}

async function leafOf(served: Served, blob: Uint8Array): Promise<number> {
  const answer = await depositOne(served, blob)
  assert.equal(answer.status, 200, answer.text)
  return verifiedLeaf(served, answer.body, 'deposit', sha256(blob))
}

/** Sends a deposit and is gone before the answer comes. */
async function loseReply(served: Served, blob: Uint8Array): Promise<void> {
  const fields = [
    ['Host', 'vault.example.org'],
    ['Content-Type', 'application/vnd.strongroom.deposit'],
    ['Content-Length', String(blob.length)],
  ] as const
  const bytes = encodeRequest({ method: 'POST', target: '/v1/deposits', fields, body: blob })
  await exchange(served.port, (socket) => socket.write(bytes, () => socket.destroy()))
}

onService(
  'limits and lost replies',
  {
    'M17: a deposit whose reply was lost is counted once, and stands in the log once': async (served) => {
      const client = served.client()
      const blob = client.blob(1)
      for (let i = 0; i < 3; i++) await loseReply(served, blob)
      const leaf = await leafOf(served, blob)
      for (let i = 0; i < 3; i++) assert.equal(await leafOf(served, blob), leaf)
      assert.equal((await listed(served)).length, 1)
      // Of a quota of three there is room for two, and no retry makes more.
      const outcomes = verifiedList(
        served,
        await depositSeveral(served, [blob, client.blob(2), client.blob(3), client.blob(4)]),
        [blob, client.blob(2), client.blob(3), client.blob(4)],
      )
      assert.deepEqual(outcomes, [leaf, leaf + 1, leaf + 2, 'quota'])
      for (let i = 0; i < 3; i++) {
        await loseReply(served, client.blob(4))
        assert.equal((await depositOne(served, client.blob(4))).problem.code, 'quota')
      }
      assert.deepEqual(await served.service.authority.store.usage(client.owner), {
        deposits: 3,
        bytes: [1, 2, 3].reduce((sum, number) => sum + client.blob(number).length, 0),
      })
    },
  },
  { tenants: ['acme'], quotas: { client: { deposits: 3 }, tenant: {} } },
)

onService(
  'limits of requests',
  {
    'M17: no retry, no new connection and no refusal gives a request back': async (served) => {
      const [client, other] = [served.client(), served.client(1)]
      const codes: (string | undefined)[] = []
      for (let i = 0; i < 6; i++) {
        if (i % 2 === 0) await loseReply(served, client.blob(1))
        const answer = await depositOne(served, client.blob(1))
        codes.push(answer.status === 200 ? 'taken' : answer.problem.code)
      }
      // Five in a minute: each was counted before it was answered, also when nobody heard the answer.
      const taken = codes.filter((code) => code === 'taken').length
      assert.ok(taken <= 4 && taken >= 2, codes.join())
      assert.deepEqual(
        codes.slice(taken),
        Array.from({ length: 6 - taken }, () => 'too-many'),
      )
      const answer = await served.read('/v1/deposits')
      assert.equal(answer.problem.code, 'too-many')
      assert.ok(Number(answer.field('retry-after')) >= 1)
      // A clock that is set back, or a request of somebody else, gives nothing back either.
      served.scene.now -= 30_000
      assert.equal((await depositOne(served, client.blob(1))).problem.code, 'too-many')
      assert.equal((await depositOne(served, other.blob(1))).status, 200)
      assert.equal((await depositOne(served, client.blob(1))).problem.code, 'too-many')
      served.scene.now = START + 60_000
      assert.equal((await depositOne(served, client.blob(1))).status, 200)
    },
  },
  { changes: { limits: { requestsPerMinute: { address: 1_000, client: 5 } } } },
)

/** Contexts with what others have tidied: zeros in front and behind, empty and very long texts. */
const zeros = (length: number) =>
  fc
    .tuple(fc.nat(length), fc.nat(length), fc.uint8Array({ minLength: length, maxLength: length }))
    .map(([front, behind, bytes]) => bytes.fill(0, 0, front).fill(0, length - behind))
const contexts: fc.Arbitrary<Partial<DepositContext>> = fc.record(
  {
    serial: zeros(16),
    commitment: zeros(32),
    sealId: zeros(32),
    previous: zeros(32),
    object: fc.record({ nameDigest: zeros(32), size: fc.maxSafeNat() }),
    description: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 250 }).map((text) => ({ kind: 'plain' as const, text })),
      zeros(40).map((bytes) => ({ kind: 'sealed' as const, bytes })),
    ),
    createdMs: fc.integer({ min: 0, max: 8.64e15 }),
  },
  { requiredKeys: [] },
)

onService('deposits', {
  'M28: bytes come back as they went in, and so does every field': async (served) => {
    const client = served.client()
    let number = 1_000
    await fc.assert(
      fc.asyncProperty(contexts, async (changes) => {
        const blob = client.blob(++number, changes)
        await leafOf(served, blob)
        const { body } = await served.read(`/v1/deposits/${idOf(blob)}`)
        assert.equal(toHex(body), toHex(blob))
        const serial = toHex(changes.serial ?? parseDepositBody(parseDepositBlob(blob).body).context.serial)
        const found = (await listed(served, client, `?serial=${serial}`)).find(
          ({ id }) => toHex(id) === idOf(blob),
        )
        assert.ok(found)
        const { description, createdMs, previous, sealId, commitment, object } = changes
        assert.equal(found.description, description?.kind === 'plain' ? description.text : null)
        if (commitment) assert.equal(toHex(found.commitment), toHex(commitment))
        assert.equal(found.previous && toHex(found.previous), previous ? toHex(previous) : null)
        assert.equal(found.sealId && toHex(found.sealId), sealId ? toHex(sealId) : null)
        assert.deepEqual(found.object?.size, object?.size)
        if (createdMs !== undefined) assert.equal(found.created, createdMs)
      }),
      { numRuns: process.env.SLOW ? 300 : 15 },
    )
  },

  'M27: who replaces what somebody else has replaced meanwhile replaces what was seen, and nothing is lost':
    async (served) => {
      const [client, stranger] = [served.client(), served.client(1)]
      const seen = client.blob(1)
      await leafOf(served, seen)
      const previous = sha256(seen)
      // Two computers of one client saw the same version; both answer to it at once.
      const [one, other] = [client.blob(2, { previous }), client.blob(3, { previous })]
      const [stale, foreign] = [client.blob(4, { previous }), stranger.blob(5, { previous })]
      await Promise.all([one, other, foreign].map((blob) => leafOf(served, blob)))
      await leafOf(served, client.blob(6, { previous: sha256(one) }))
      await leafOf(served, stale)
      const superseded = new Map((await listed(served)).map((it) => [toHex(it.id), it.superseded]))
      const states = [seen, one, other, stale].map((blob) => superseded.get(idOf(blob)))
      assert.deepEqual(states, [true, true, false, false])
      for (const blob of [seen, one, other, stale]) {
        const { body } = await served.read(`/v1/deposits/${idOf(blob)}`)
        assert.equal(toHex(body), toHex(blob))
      }
      // A stranger's deposit replaces nothing of the client's, also if it names nothing else that is there.
      const own = client.blob(7)
      await leafOf(served, own)
      await leafOf(served, stranger.blob(8, { previous: sha256(own) }))
      assert.equal((await listed(served)).find(({ id }) => toHex(id) === idOf(own))?.superseded, false)
    },

  'M29: nobody deposits under the name of somebody else': async (served) => {
    const [victim, attacker] = [served.client(), served.client(1)]
    const before = await Promise.all([served.read('/v1/statements', victim), listed(served, victim)])
    const { owner, pair } = victim
    const victimId = signerIdOf(sha256, pair.signer)
    const forgeries: Partial<DepositContext>[] = [
      { tenant: owner.tenant, clientId: owner.client },
      { tenant: owner.tenant, clientId: owner.client, signer: { suiteId: 1, id: victimId } },
      { clientId: owner.client },
      { tenant: owner.tenant },
      { signer: { suiteId: 1, id: victimId } },
      { tenant: owner.tenant, clientId: owner.client, signer: { suiteId: 2, id: victimId } },
    ]
    for (const [i, changes] of forgeries.entries()) {
      for (const signing of [attacker, new TestClient(served.scene.authority, owner.tenant, 4711)]) {
        let blob: Uint8Array
        try {
          blob = signing.blob(600 + i, changes)
        } catch {
          continue // A signature of another length than its suite's cannot even be encoded.
        }
        const { code } = (await depositOne(served, blob)).problem
        assert.ok(code === 'unauthenticated' || code === 'statement', `${i}: ${code}`)
        assert.deepEqual(verifiedList(served, await depositSeveral(served, [blob]), [blob]), [code])
      }
    }
    const after = await Promise.all([served.read('/v1/statements', victim), listed(served, victim)])
    assert.equal(after[0].text, before[0].text)
    assert.deepEqual(after[1], before[1])
  },

  'M29: who deposited is who signed, whatever the deposit says about others': async (served) => {
    const [victim, attacker] = [served.client(), served.client(1)]
    const text = `key of ${victim.owner.client}, deposited by ${victim.owner.tenant}/${victim.owner.client}`
    const [serial, commitment, sealId] = [sha256().slice(0, 16), sha256(), sha256()]
    const changes = { serial, commitment, sealId, description: { kind: 'plain', text } } as const
    await leafOf(served, victim.blob(700, changes))
    const planted = attacker.blob(701, changes)
    await leafOf(served, planted)
    const found = await listed(served, victim, `?serial=${toHex(serial)}`)
    assert.deepEqual(
      found.map(({ id }) => toHex(id)),
      [idOf(victim.blob(700, changes))],
    )
    const row = await served.service.authority.store.statement(attacker.owner, sha256(planted))
    assert.ok(row)
    const { context, contextBytes, signature } = parseDepositBody(parseDepositBlob(row.bytes).body)
    assert.deepEqual([context.tenant, context.clientId], [attacker.owner.tenant, attacker.owner.client])
    const { verify } = served.scene.authority.trust
    assert.ok(verify(attacker.pair.signer, depositMessage(contextBytes), signature))
    assert.ok(!verify(victim.pair.signer, depositMessage(contextBytes), signature))
    assert.equal((await served.read(`/v1/deposits/${idOf(planted)}`, victim)).problem.code, 'not-found')
    const { statements } = parseStatementPage((await served.read('/v1/statements', victim)).body)
    assert.ok(!statements.some(({ digest }) => toHex(digest) === idOf(planted)))
    assert.equal(pairOf(0x10001).signer, victim.pair.signer)
  },

  'M25: an epoch that is over is good for thirty days more, and what is logged stays logged': async (
    served,
  ) => {
    const { scene } = served
    const client = served.client()
    const [epoch] = scene.authority.chain.epochs
    assert.ok(epoch)
    const made = client.blob(800)
    const logged = await leafOf(served, made)
    scene.now = epoch.payload.notAfter + 30 * DAY - 1_000
    await leafOf(served, client.blob(801))
    scene.now = epoch.payload.notAfter + 30 * DAY + 60_000
    assert.equal((await depositOne(served, client.blob(802))).problem.code, 'epoch')
    // A client whose reply was lost asks again, later than it should: the same bytes, the same answer.
    assert.equal(await leafOf(served, made), logged)
    assert.deepEqual(
      verifiedList(served, await depositSeveral(served, [client.blob(802), made]), [client.blob(802), made]),
      ['epoch', logged],
    )
    await served.service.authority.store.setClientState(client.owner, 'suspended')
    scene.now += 6_000
    assert.equal(await leafOf(served, made), logged)
    assert.equal((await depositOne(served, client.blob(802))).status, 401)
    await served.service.authority.store.setClientState(client.owner, 'active')
    // Reading, receipts and the log do not end with an epoch.
    assert.equal((await served.read(`/v1/deposits/${idOf(made)}`)).status, 200)
    const receipt = await served.read(`/v1/deposits/${idOf(made)}/receipt`)
    assert.equal(verifiedLeaf(served, receipt.body, 'deposit', sha256(made)), logged)
    scene.now = START
  },
})
