import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { MEDIA_TYPES, parseReceipt, parseReceiptList, verifyReceipt } from '@strongroom/core/protocol'
import { verifyRaw } from '@strongroom/core/client'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, pairOf } from '../support/authority.ts'
import { all, chartered, CUSTODIAN, DAY, fate, NEWCOMER } from '../support/recovery.ts'
import { findings } from '../support/scene-fsck.ts'
import { serve, whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'
import { depositOne, depositSeveral, verifiedLeaf } from '../http/requests.ts'
import { ask, asKey, people, releaseFor, send } from './asking.ts'

/** Every deposit that has a receipt comes back as it went in, and its receipt proves it still. */
async function assertHonoured(served: Served, blobs: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const leaves = new Set<number>()
  for (const [id, blob] of blobs) {
    const found = await served.read(`/v1/deposits/${id}`)
    assert.equal(found.status, 200, found.text)
    assert.ok(Buffer.from(found.body).equals(blob), id)
    const receipt = await served.read(`/v1/deposits/${id}/receipt`)
    leaves.add(verifiedLeaf(served, receipt.body, 'deposit', sha256(blob)))
  }
  assert.equal(leaves.size, blobs.size)
}

/** How often each leaf of the log is said to be somebody's: by the rows themselves. */
async function leavesOf({ scene }: Served): Promise<number[]> {
  const rows = await scene.database.sql('select leaf from statement')
  return rows.map(({ leaf }) => Number(leaf)).toSorted((one, other) => one - other)
}

export const SERVICE: SceneTests = {
  'I1: what has a receipt is there, byte for byte, whatever became of it since': async (scene) => {
    const served = await serve(scene)
    const client = served.client()
    const blobs = [
      // Zeros in front, the least and the most that a deposit says, one that replaces another, and lists of them.
      client.blob(0, { serial: new Uint8Array(16) }),
      client.blob(1, {
        description: { kind: 'plain', text: 'x'.repeat(200) },
        object: { nameDigest: bytesOf(1), size: 0 },
      }),
      ...Array.from({ length: 12 }, (_, i) => client.blob(10 + i)),
    ]
    const [first, second, ...several] = blobs
    assert.ok(first && second)
    const replacing = client.blob(2, {
      previous: sha256(second),
      object: { nameDigest: bytesOf(1), size: 0 },
    })
    const promised = new Map<string, Uint8Array>()
    for (const blob of [first, second, replacing]) {
      const answer = await depositOne(served, blob)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(parseReceipt(answer.body).statement.digest, sha256(blob))
      promised.set(toHex(sha256(blob)), blob)
    }
    const list = parseReceiptList((await depositSeveral(served, several)).body)
    assert.ok(list.outcomes.every((outcome) => 'index' in outcome))
    for (const blob of several) promised.set(toHex(sha256(blob)), blob)
    // The same again promises the same.
    await depositSeveral(served, several.toReversed())
    await assertHonoured(served, promised)
    await served.service.stop()
    const { clients } = served
    await whileServed(scene, async (again) => await assertHonoured(again, promised), { clients })
  },

  'I6: one set of approvals releases once, whoever sends the releases, and however many at a time': async (
    scene,
  ) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    const nodes = [log, await scene.log(await scene.open(), 'another node')]
    const request = tenancy.request(client, deposits, scene.now)
    const { digest } = request
    await all(log, [request, tenancy.approval(digest, scene.now), tenancy.approval(digest, scene.now, 'cy')])
    scene.now += DAY
    // Each is another statement, and each would be right.
    const releases = [0, 1, 2, 3].map((i) => tenancy.release(digest, scene.now + i * 1_000, { count: 3 }))
    const outcomes = await Promise.all(releases.map((release, i) => (nodes[i % 2] ?? log).append([release])))
    const states = outcomes.flat().map((outcome) => outcome.state)
    assert.equal(states.filter((state) => state === 'logged').length, 1, String(states))
    const verdicts = await store.recovery.verdicts('acme', digest)
    assert.deepEqual(
      verdicts.map(({ kind }) => kind),
      ['approval', 'approval', 'release'],
    )
    // The approvals are of that request: another one of the same owner has none.
    const code = pairOf(0x700)
    const evidence = [{ kind: 'vetting', key: code.signer }] as const
    const other = scene.authority.client('acme', 77)
    assert.notEqual(other.owner.client, client.owner.client)
    const fresh = tenancy.request(client, deposits, scene.now, { evidence, pairs: [NEWCOMER, code] })
    assert.notEqual(await fate(log, fresh), 'logged', 'the owner is the new container now')
    // And the code is spent.
    assert.notEqual(await fate(log, tenancy.request(client, deposits, scene.now)), 'logged')
  },

  'I9: every change of state has one leaf, what is refused has none, and nothing is handed out before its own':
    async (scene) =>
      whileServed(scene, async (served) => {
        const { store } = served.service.authority
        const leaves = async () => (await store.head()).size
        const before = await leaves()
        const client = served.client()
        const victim = await people(served, [client.blob(1), client.blob(2)])
        // A charter, codes, two deposits.
        assert.equal(await leaves(), before + 4)
        assert.equal((await depositOne(served, client.blob(1))).status, 200)
        assert.equal(await leaves(), before + 4, 'the same deposit again')
        const [id = bytesOf(0)] = victim.deposits
        const { digest } = await ask(served, { ...victim, deposits: [id] })
        assert.equal(await leaves(), before + 5)
        const { tenancy } = victim
        const approval = tenancy.approval(digest, scene.now)
        for (const at of [6, 6]) {
          assert.equal((await send(served, '/v1/statements', approval.bytes)).status, 200)
          assert.equal(await leaves(), before + at, 'one approval is one leaf, however often it is sent')
        }
        const blobs = [{ id, blob: bytesOf(77, 40) }]
        const { envelope, keyBlobs } = releaseFor(served, tenancy, { digest, blobs })
        const target = `/v1/requests/${toHex(digest)}/release`
        const put = { method: 'PUT', type: MEDIA_TYPES.keyBlobs, body: keyBlobs }
        const refused = [
          await send(served, '/v1/statements', tenancy.approval(digest, scene.now + 1_000).bytes),
          await send(served, '/v1/statements', tenancy.approval(digest, scene.now, 'eve').bytes),
          await send(served, '/v1/releases', envelope),
          await asKey(served, CUSTODIAN, target, put),
          await asKey(served, NEWCOMER, target),
          await asKey(served, NEWCOMER, `/v1/deposits/${toHex(id)}`),
        ]
        assert.ok(refused.every(({ status }) => status >= 400 && status < 500))
        assert.equal(await leaves(), before + 6)
        await send(served, '/v1/statements', tenancy.approval(digest, scene.now, 'cy').bytes)
        scene.now += DAY
        const released = releaseFor(served, tenancy, { digest, blobs })
        // Approved, waited for, and not in the log: still nothing.
        assert.equal((await asKey(served, CUSTODIAN, target, put)).status, 404)
        assert.equal((await asKey(served, NEWCOMER, `/v1/deposits/${toHex(id)}`)).status, 404)
        assert.equal((await send(served, '/v1/releases', released.envelope)).status, 200)
        assert.equal(await leaves(), before + 8)
        assert.equal((await asKey(served, NEWCOMER, target)).status, 404, 'released, and not handed out')
        const handed = await asKey(served, CUSTODIAN, target, put)
        assert.equal(handed.status, 200, handed.text)
        const receipt = verifyReceipt(handed.body, { ...scene.authority.trust, verifyRaw })
        assert.deepEqual([receipt.statement.kind, receipt.index], ['release', before + 7])
        assert.equal((await asKey(served, NEWCOMER, target)).status, 200)
        // What was handed out changes no state: it has no leaf. And every row has one, and no two the same.
        const size = await leaves()
        assert.equal(size, before + 8)
        assert.deepEqual(
          await leavesOf(served),
          Array.from({ length: size }, (_, i) => i),
        )
        assert.deepEqual(await findings(store, scene.authority, served.service.authority.log.signed), [])
      }),

  'I10: an authority that was set back to yesterday says so: it logs nothing, and signs for nothing that it had':
    async (scene) => {
      const first = await serve(scene)
      const victim = await people(first, [first.client().blob(1), first.client().blob(2)])
      const [id = bytesOf(0)] = victim.deposits
      const asked = await ask(first, { ...victim, deposits: [id] })
      const { tenancy } = victim
      const { digest } = asked
      await first.service.stop()
      const restore = await scene.database.copy()
      const { clients } = first
      const second = await serve(scene, { clients })
      // Today it is cancelled. Yesterday two officers could still have approved it.
      assert.equal(
        (await send(second, '/v1/statements', tenancy.cancellation(digest, scene.now, NEWCOMER).bytes))
          .status,
        200,
      )
      const late = second.client().blob(3)
      assert.equal((await depositOne(second, late)).status, 200)
      await second.service.stop()
      await restore()
      await whileServed(
        scene,
        async (served) => {
          for (const officer of ['bo', 'cy'] as const) {
            const answer = await send(
              served,
              '/v1/statements',
              tenancy.approval(digest, scene.now, officer).bytes,
            )
            assert.equal(answer.problem.code, 'read-only')
          }
          scene.now += DAY
          const blobs = [{ id, blob: bytesOf(77, 40) }]
          const { envelope, keyBlobs } = releaseFor(served, tenancy, { digest, blobs })
          assert.equal((await send(served, '/v1/releases', envelope)).problem.code, 'read-only')
          const put = { method: 'PUT', type: MEDIA_TYPES.keyBlobs, body: keyBlobs }
          const target = `/v1/requests/${toHex(digest)}/release`
          assert.equal((await asKey(served, CUSTODIAN, target, put)).status, 404)
          // What it promised and does not have any more it does not call unknown: it signs nothing at all.
          assert.equal((await depositOne(served, late)).problem.code, 'read-only')
          assert.equal((await served.ask('GET', '/readyz')).status, 503)
        },
        { clients },
      )
    },
}
