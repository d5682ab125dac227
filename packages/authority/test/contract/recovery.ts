import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { fingerprintOf } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf, pairOf } from '../support/authority.ts'
import {
  ADA,
  all,
  BO,
  chartered,
  CODE,
  CUSTODIAN,
  CY,
  DAY,
  EVE,
  fate,
  fateOf,
  HOUR,
  NEWCOMER,
  NOTICE,
} from '../support/recovery.ts'
import type { SceneTests } from '../support/suite.ts'

/** What an authority keeps and refuses about recovery, on every kind of database. */
export const RECOVERY: SceneTests = {
  'a request is approved, waited for and released, and its signer becomes the client': async (scene) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    const { trust } = scene.authority
    const request = tenancy.request(client, deposits, scene.now)
    await all(log, [request])
    const phase = async () =>
      (await store.recovery.subject(trust, 'acme', request.digest, scene.now))?.state.phase
    assert.equal(await phase(), 'requested')
    await all(log, [tenancy.approval(request.digest, scene.now)])
    assert.equal(await phase(), 'pending')
    await all(log, [tenancy.approval(request.digest, scene.now, 'cy')])
    assert.equal(await phase(), 'approved')
    const release = tenancy.release(request.digest, scene.now, { count: 3 })
    assert.equal(await fate(log, release), 'recovery', 'before the waiting time is over')
    scene.now += DAY
    assert.equal(await fate(log, release), 'logged')
    assert.equal(await phase(), 'released')
    const [old, bound] = await store.clients('acme')
    assert.deepEqual([old?.state, bound?.state, bound?.signer], ['replaced', 'active', NEWCOMER.signer])
    assert.equal((await store.client(bound?.client ?? ''))?.exchange, bound?.exchange)
    assert.equal(await fate(log, client.deposit(99)), 'unauthenticated')
    const found = await store.recovery.verdicts('acme', request.digest)
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ['approval', 'approval', 'release'],
    )
  },

  'M10: nobody approves twice, and nobody who asks, nobody else, nobody of another charter': async (
    scene,
  ) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const request = tenancy.request(client, deposits, scene.now)
    await all(log, [request])
    const { digest } = request
    assert.equal(await fate(log, tenancy.approval(digest, scene.now)), 'logged')
    assert.equal(await fate(log, tenancy.approval(digest, scene.now + 1000)), 'decided')
    assert.equal(await fate(log, tenancy.approval(digest, scene.now, 'ada')), 'not-found', 'no officer')
    assert.equal(await fate(log, tenancy.approval(digest, scene.now, 'eve')), 'not-found', 'no officer')
    assert.equal(await fate(log, tenancy.approval(digest, scene.now, 'cy', { pair: pairOf(7) })), 'not-found')
    assert.equal(await fate(log, tenancy.approval(bytesOf(9), scene.now, 'cy')), 'not-found')
    const own = tenancy.request(client, deposits, scene.now, {
      class: 'third-party',
      requester: 'cy',
      by: CY.signer,
      evidence: [],
      signer: pairOf(77).signer,
      pairs: [pairOf(77), CY],
    })
    await all(log, [own])
    assert.equal(await fate(log, tenancy.approval(own.digest, scene.now, 'cy')), 'involved')
    assert.equal(await fate(log, tenancy.approval(own.digest, scene.now, 'bo')), 'logged')
  },

  'M11: what was rejected, cancelled or has expired is not approved later': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const ends = [
      (digest: Uint8Array) => tenancy.rejection(digest, scene.now),
      (digest: Uint8Array) => tenancy.cancellation(digest, scene.now, NEWCOMER),
      (digest: Uint8Array) => tenancy.cancellation(digest, scene.now, client.pair, 'owner'),
      (digest: Uint8Array) => tenancy.cancellation(digest, scene.now, NOTICE, 'notice'),
    ]
    for (const [i, end] of ends.entries()) {
      const code = pairOf(0x500 + i)
      await all(log, [tenancy.vetting(client, code, scene.now)])
      const request = tenancy.request(client, deposits, scene.now, {
        evidence: [{ kind: 'vetting', key: code.signer }],
        pairs: [NEWCOMER, code],
      })
      await all(log, [request, tenancy.approval(request.digest, scene.now, 'cy')])
      await all(log, [end(request.digest)])
      assert.equal(await fate(log, tenancy.approval(request.digest, scene.now, 'bo')), 'decided')
      assert.equal(await fate(log, tenancy.rejection(request.digest, scene.now, 'ada')), 'decided')
      assert.equal(await fate(log, tenancy.release(request.digest, scene.now, { count: 3 })), 'decided')
    }
    const late = tenancy.request(client, deposits, scene.now)
    await all(log, [late])
    scene.now += 6 * DAY + 1000
    assert.equal(await fate(log, tenancy.approval(late.digest, scene.now, 'bo')), 'decided')
    assert.equal(await fate(log, tenancy.rejection(late.digest, scene.now)), 'decided')
  },

  'M11: approving, rejecting and cancelling in one group, the first counts': async (scene) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    const request = tenancy.request(client, deposits, scene.now)
    await all(log, [request])
    const { digest } = request
    const outcomes = await log.append([
      tenancy.approval(digest, scene.now, 'bo'),
      client.deposit(50),
      tenancy.rejection(digest, scene.now),
      tenancy.cancellation(digest, scene.now, NEWCOMER),
      tenancy.approval(digest, scene.now, 'cy'),
      client.deposit(51),
    ])
    assert.deepEqual(outcomes.map(fateOf), ['logged', 'logged', 'logged', 'decided', 'decided', 'logged'])
    const leaves = outcomes.flatMap((outcome) => (outcome.state === 'logged' ? [outcome.index] : []))
    assert.deepEqual(
      leaves,
      leaves.map((_, i) => (leaves[0] ?? 0) + i),
    )
    const found = await store.recovery.subject(scene.authority.trust, 'acme', digest, scene.now)
    assert.equal(found?.state.phase, 'denied')
  },

  'M11: two nodes that approve, reject and cancel at once agree on one end': async (scene) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    const [second] = [await scene.open()]
    const other = await scene.log(second, 'other')
    for (let round = 0; round < 4; round++) {
      const code = pairOf(0x600 + round)
      await all(log, [tenancy.vetting(client, code, scene.now)])
      const request = tenancy.request(client, deposits, scene.now, {
        evidence: [{ kind: 'vetting', key: code.signer }],
        pairs: [NEWCOMER, code],
      })
      await all(log, [request])
      const { digest } = request
      const fates = await Promise.all([
        fate(log, tenancy.rejection(digest, scene.now, 'cy')),
        fate(other, tenancy.cancellation(digest, scene.now, NEWCOMER)),
        fate(log, tenancy.approval(digest, scene.now, 'bo')),
        fate(other, tenancy.rejection(digest, scene.now, 'bo')),
      ])
      assert.equal(fates.filter((it, i) => it === 'logged' && i !== 2).length, 1, fates.join())
      const seen = await Promise.all(
        [store, second].map((it) => it.recovery.subject(scene.authority.trust, 'acme', digest, scene.now)),
      )
      assert.equal(seen[0]?.state.phase, seen[1]?.state.phase)
      assert.ok(['denied', 'cancelled'].includes(seen[0]?.state.phase ?? ''))
    }
  },

  'M12: an owner and a key have only so many requests open, and nobody else counts': async (scene) => {
    const store = await scene.open({ client: {}, tenant: {}, requests: { owner: 2, key: 1 } })
    const { log, tenancy, client, deposits } = await chartered(scene, store)
    const ask = async (code: number, signer: number) => {
      const [pair, key] = [pairOf(code), pairOf(signer)]
      await log.append([tenancy.vetting(client, pair, scene.now)])
      const request = tenancy.request(client, deposits, scene.now, {
        evidence: [{ kind: 'vetting', key: pair.signer }],
        signer: key.signer,
        pairs: [key, pair],
      })
      return { digest: request.digest, fate: await fate(log, request) }
    }
    const first = await ask(1, 101)
    assert.equal(first.fate, 'logged')
    assert.equal((await ask(2, 102)).fate, 'logged')
    assert.equal((await ask(3, 103)).fate, 'quota')
    await all(log, [tenancy.rejection(first.digest, scene.now)])
    assert.equal((await ask(3, 104)).fate, 'logged')
  },

  'M9: a code is good for one request, and older codes for none': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    await all(log, [tenancy.request(client, deposits, scene.now)])
    assert.equal(await fate(log, tenancy.request(client, deposits, scene.now)), 'recovery')
    const [next, another] = [pairOf(0x700), pairOf(0x701)]
    const first = tenancy.codes(client)
    assert.equal(
      await fate(log, tenancy.codes(client, [next])),
      'stale',
      'M27: without naming what it replaces',
    )
    await all(log, [tenancy.codes(client, [next], first.digest)])
    assert.equal(await fate(log, tenancy.codes(client, [another], first.digest)), 'stale')
    const request = (code = next) =>
      tenancy.request(client, deposits, scene.now, {
        evidence: [{ kind: 'recovery-code', key: code.signer }],
        pairs: [NEWCOMER, code],
      })
    assert.equal(await fate(log, request(another)), 'recovery')
    assert.equal(await fate(log, request()), 'logged')
  },

  'M18: a request for what is not of the owner, and for nobody, is refused in one word': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const stranger = scene.authority.client('acme', 50)
    const refused = [
      tenancy.request(client, [bytesOf(9)], scene.now),
      tenancy.request(client, [...deposits, bytesOf(9)], scene.now),
      tenancy.request(stranger, deposits, scene.now),
      tenancy.request(client, deposits, scene.now, {
        evidence: [{ kind: 'recovery-code', key: pairOf(5).signer }],
        pairs: [NEWCOMER, pairOf(5)],
      }),
      tenancy.request(client, deposits, scene.now, { signer: BO.signer, pairs: [BO, CODE] }),
      tenancy.request(client, deposits, scene.now, { expires: scene.now + 8 * DAY }),
      tenancy.request(client, deposits, scene.now, { created: scene.now + HOUR }),
    ]
    for (const request of refused) assert.equal(await fate(log, request), 'recovery')
    const stale = tenancy.request(client, deposits, scene.now, { charter: bytesOf(1) })
    assert.equal(await fate(log, stale), 'charter')
    const enrolled = tenancy.request(client, deposits, scene.now, {
      signer: client.pair.signer,
      pairs: [client.pair, CODE],
    })
    assert.equal(await fate(log, enrolled), 'enrolled')
  },

  'a charter changes by its own rules, once it was approved, waited for and released': async (scene) => {
    const { store, log, tenancy } = await chartered(scene)
    const [, , , di] = [...tenancy.first.people]
    const next = (changes = {}) =>
      tenancy.charter(
        {
          number: 2,
          previous: tenancy.firstDigest,
          people: tenancy.first.people.filter(({ id }) => id !== 'eve'),
          created: scene.now,
          ...changes,
        },
        ADA,
      )
    assert.ok(di)
    const proposal = next()
    assert.equal(await fate(log, tenancy.charter({ created: scene.now + 1000 })), 'charter', 'a second first')
    assert.equal(await fate(log, next({ standing: 'personal' })), 'charter')
    assert.equal(await fate(log, next({ number: 3 })), 'charter')
    assert.equal(await fate(log, proposal), 'logged')
    const { digest } = proposal
    await all(log, [tenancy.approval(digest, scene.now, 'bo'), tenancy.approval(digest, scene.now, 'cy')])
    scene.now += DAY
    const release = tenancy.release(digest, scene.now, { count: 0, kind: 'charter' })
    assert.equal(await fate(log, release), 'logged')
    const ground = await store.recovery.ground(scene.authority.trust, 'acme')
    assert.deepEqual(ground.charters?.latest.statement.digest, digest)
    assert.equal(ground.charters?.charters.length, 2)
  },

  'only the custodian of the epoch releases': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const request = tenancy.request(client, deposits, scene.now)
    const { digest } = request
    await all(log, [
      request,
      tenancy.approval(digest, scene.now, 'bo'),
      tenancy.approval(digest, scene.now, 'cy'),
    ])
    scene.now += DAY
    const pairs = [pairOf(8), BO, pairOf(0x30002)]
    for (const pair of pairs) {
      assert.equal(await fate(log, tenancy.release(digest, scene.now, { count: 3, pair })), 'unauthenticated')
    }
    assert.equal(await fate(log, tenancy.release(digest, scene.now, { count: 2 })), 'recovery')
    assert.equal(await fate(log, tenancy.release(bytesOf(4), scene.now, { count: 3 })), 'not-found')
    assert.equal(CUSTODIAN.signer, pairOf(0x30001).signer)
    assert.equal(await fate(log, tenancy.release(digest, scene.now, { count: 3 })), 'logged')
  },

  'the rows forbid by themselves what the rules forbid': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const request = tenancy.request(client, deposits, scene.now)
    await all(log, [request, tenancy.approval(request.digest, scene.now, 'bo')])
    const hex = (bytes: Uint8Array) =>
      scene.database.address.startsWith('postgres') ? `'\\x${toHex(bytes)}'` : `x'${toHex(bytes)}'`
    const [subject, other] = [hex(request.digest), hex(bytesOf(1))]
    await all(log, [tenancy.rejection(request.digest, scene.now)])
    const forbidden = [
      `insert into approval values ('acme', ${subject}, 'bo', ${other}, 99)`,
      `insert into ending values ('acme', ${subject}, 'released', ${other}, 99)`,
      `insert into ending values ('acme', ${other}, 'open', ${other}, 99)`,
      `insert into charter values ('acme', 1, ${other}, 99, 'shared', 2)`,
      `insert into charter values ('acme', 2, ${other}, 99, 'shared', 1)`,
      `insert into charter values ('acme', 2, ${other}, 99, 'none', 3)`,
    ]
    for (const text of forbidden) await assert.rejects(scene.database.sql(text), text)
  },

  'roles of a charter are of people, by their keys': async (scene) => {
    const { store } = await chartered(scene)
    const keys = await store.recovery.peopleKeys('acme')
    assert.ok(keys.includes(EVE.signer) && keys.includes(ADA.signer))
    assert.equal(keys.length, 5)
    assert.ok(fingerprintOf(sha256, EVE.signer).startsWith('SHA256:'))
  },
}
