import assert from 'node:assert/strict'
import { toHex } from '@strongroom/core/bytes'
import { RECOVERY_LIMITS, sortedIds } from '@strongroom/core/protocol'
import { bytesOf, pairOf } from '../support/authority.ts'
import { all, chartered, DAY, fate, fateOf, Tenancy } from '../support/recovery.ts'
import { findings } from '../support/scene-fsck.ts'
import { logged } from '../support/scene.ts'
import type { SceneTests } from '../support/suite.ts'

/** What an authority keeps and refuses about probes, on every kind of database. */
export const PROBES: SceneTests = {
  'a probe waits, is answered once by the custodian, and gets its leaf again': async (scene) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    const { probes } = store.recovery
    const probe = tenancy.probe(client, deposits, scene.now)
    const first = logged((await log.append([probe]))[0])
    assert.deepEqual(await probes.waiting(0, 9), [probe.digest])
    assert.deepEqual(await probes.waiting(scene.now, 9), [], 'it came before')
    assert.equal(await probes.home(probe.digest), 'acme')
    assert.equal((await probes.find('acme', probe.digest))?.answer, undefined)
    assert.equal(await probes.find('other', probe.digest), undefined)
    assert.equal(logged((await log.append([probe]))[0]).index, first.index)

    const answer = tenancy.probeAnswer(probe.digest, deposits, scene.now)
    assert.equal(await fate(log, answer), 'logged')
    assert.deepEqual(await probes.waiting(0, 9), [])
    const found = await probes.find('acme', probe.digest)
    assert.deepEqual(
      found?.answer?.results.map(({ id, mac }) => [toHex(id), mac && toHex(mac)]),
      sortedIds(deposits).map((id, i) => [toHex(id), i === 0 ? null : toHex(bytesOf(i))]),
    )
    const again = tenancy.probeAnswer(probe.digest, deposits, scene.now + 1000)
    assert.equal(await fate(log, again), 'decided', 'answered twice')
    assert.equal(await fate(log, answer), 'logged', 'the same bytes have their leaf')
    assert.deepEqual(await findings(store, scene.authority), [])
  },

  'M18: what is another client’s, another tenant’s or nobody’s is absent in one word': async (scene) => {
    const { store, log, tenancy, client, deposits } = await chartered(scene)
    await store.addTenant({ tenant: 'other', created: scene.now })
    const stranger = scene.authority.client('other', 7)
    const neighbour = scene.authority.client('acme', 8)
    for (const one of [stranger, neighbour]) {
      await store.addInvitation(one.invitation)
      await all(log, [one.enrolment()])
    }
    const [theirs, own] = [stranger.deposit(50), neighbour.deposit(51)]
    await all(log, [theirs, own])
    const refused = [theirs.digest, own.digest, bytesOf(9), neighbour.enrolment().digest]
    for (const id of refused) {
      assert.equal(await fate(log, tenancy.probe(client, [id], scene.now)), 'not-found')
      assert.equal(await fate(log, tenancy.probe(client, [...deposits, id], scene.now)), 'not-found')
    }
    const other = new Tenancy(scene.authority, 'other')
    assert.equal(await fate(log, other.probe(stranger, deposits, scene.now)), 'not-found')
    assert.equal(await fate(log, other.probe(client, deposits, scene.now)), 'unauthenticated')
    assert.equal(
      await fate(log, tenancy.probe(client, deposits, scene.now, { pair: pairOf(5) })),
      'unauthenticated',
    )
    await store.setClientState(client.owner, 'suspended')
    assert.equal(await fate(log, tenancy.probe(client, deposits, scene.now)), 'unauthenticated')
  },

  'what was derived from a password holds no key, and is refused by name': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const [derived, blob] = [
      client.deposit(60, { format: 'password-parameters', enclosed: bytesOf(1, 48) }),
      client.deposit(61, { format: 'simple-blob', enclosed: bytesOf(2, 48) }),
    ]
    await all(log, [derived, blob])
    assert.equal(await fate(log, tenancy.probe(client, [...deposits, derived.digest], scene.now)), 'no-key')
    assert.equal(await fate(log, tenancy.probe(client, [...deposits, blob.digest], scene.now)), 'logged')
  },

  'only the custodian answers, to that probe, on a tree that has it, in time': async (scene) => {
    const { log, tenancy, client, deposits } = await chartered(scene)
    const probe = tenancy.probe(client, deposits, scene.now)
    const single = tenancy.probe(client, deposits.slice(0, 1), scene.now)
    await all(log, [probe, single])
    const { digest } = probe
    const { now } = scene
    for (const pair of [pairOf(5), client.pair, pairOf(0x30002)]) {
      assert.equal(await fate(log, tenancy.probeAnswer(digest, deposits, now, { pair })), 'unauthenticated')
    }
    assert.equal(await fate(log, tenancy.probeAnswer(bytesOf(3), deposits, now)), 'not-found')
    assert.equal(
      await fate(log, tenancy.probeAnswer(single.digest, deposits, now)),
      'not-found',
      'another list',
    )
    assert.equal(
      await fate(log, tenancy.probeAnswer(digest, deposits, now, { tenant: 'other' })),
      'not-found',
    )
    assert.equal(await fate(log, tenancy.probeAnswer(digest, deposits, now, { size: 1 })), 'stale')
    scene.now += RECOVERY_LIMITS.probeSeconds * 1000
    assert.equal(await fate(log, tenancy.probeAnswer(digest, deposits, scene.now)), 'decided', 'expired')
  },

  'M17: a day’s budget is counted by what was logged, and nothing but time resets it': async (scene) => {
    const quotas = { client: {}, tenant: {}, probes: { deposits: 7 } }
    const store = await scene.open(quotas)
    const { log, tenancy, client, deposits } = await chartered(scene, store)
    const probe = tenancy.probe(client, deposits, scene.now)
    await all(log, [probe, tenancy.probe(client, deposits, scene.now)])
    assert.equal(await fate(log, tenancy.probe(client, deposits, scene.now)), 'probe-budget')
    const both = await log.append([
      tenancy.probe(client, deposits.slice(0, 1), scene.now),
      tenancy.probe(client, deposits.slice(1, 2), scene.now),
    ])
    assert.deepEqual(both.map(fateOf), ['logged', 'probe-budget'], 'two at once')
    assert.equal(await fate(log, probe), 'logged', 'the same again counts once')
    await scene.close(store)
    const again = await scene.open(quotas)
    const restarted = await scene.log(again)
    assert.equal(
      await fate(restarted, tenancy.probe(client, deposits.slice(0, 1), scene.now)),
      'probe-budget',
    )
    scene.now += DAY
    assert.equal(await fate(restarted, tenancy.probe(client, deposits, scene.now)), 'logged')
  },
}
