import assert from 'node:assert/strict'
import { bytesOf, START } from '../support/authority.ts'
import type { SceneTests } from '../support/suite.ts'

export const PEOPLE: SceneTests = {
  'a client is found by its id alone, as it was enrolled': async (scene) => {
    const store = await scene.open()
    const { clients } = await scene.peopled(store, ['acme', 'beta'])
    const [client, other] = clients
    assert.ok(client && other)
    const enrolment = client.enrolment()
    const { facts } = enrolment
    assert.ok(facts.kind === 'enrolment')
    assert.deepEqual(await store.client(client.owner.client), {
      ...client.owner,
      ...facts.enrolment,
      enrolment: enrolment.digest,
      received: START,
      state: 'active',
    })
    assert.equal((await store.client(other.owner.client))?.tenant, 'beta')
    assert.equal(await store.client('c-0123'), undefined)
    assert.deepEqual(
      (await store.clients('acme')).map((it) => it.client),
      [client.owner.client],
    )
    assert.deepEqual(await store.clients('*'), [])
    assert.equal(
      await store.setClientState({ tenant: 'beta', client: client.owner.client }, 'suspended'),
      false,
    )
    assert.equal((await store.client(client.owner.client))?.state, 'active')
  },

  'a tenant is added once, and invitations are of one tenant': async (scene) => {
    const store = await scene.open()
    assert.equal(await store.addTenant({ tenant: 'zeta', created: 2 }), true)
    assert.equal(await store.addTenant({ tenant: 'acme', created: 1 }), true)
    assert.equal(await store.addTenant({ tenant: 'acme', created: 9 }), false)
    assert.deepEqual(await store.tenants(), [
      { tenant: 'acme', created: 1 },
      { tenant: 'zeta', created: 2 },
    ])
    const invitation = { tenant: 'acme', id: bytesOf(1), name: 'Sæbjørg', created: 5, expires: 9 }
    assert.equal(await store.addInvitation(invitation), true)
    await store.addInvitation({ ...invitation, id: bytesOf(2), created: 4 })
    assert.deepEqual(await store.invitation('acme', bytesOf(1)), invitation)
    assert.equal(await store.invitation('zeta', bytesOf(1)), undefined)
    assert.deepEqual(
      (await store.invitations('acme')).map(({ id }) => id),
      [bytesOf(2), bytesOf(1)],
    )
    assert.deepEqual(await store.invitations('zeta'), [])
  },

  'a nonce is used once by whoever comes first, on any node': async (scene) => {
    const [store, other] = [await scene.open(), await scene.open()]
    const nonce = { tenant: 'acme', client: 'c-1', nonce: bytesOf(1, 16), expires: START }
    const spent = [store, other, store, store, other].map((node) => node.spendNonce(nonce))
    assert.equal((await Promise.all(spent)).filter((fresh) => fresh).length, 1)
    assert.equal(await store.spendNonce(nonce), false)
    // The same bytes of somebody else are another nonce.
    const others = [
      { ...nonce, client: 'c-2' },
      { ...nonce, tenant: 'beta' },
      { ...nonce, nonce: bytesOf(2, 16), expires: START + 1 },
    ]
    assert.deepEqual(await Promise.all(others.map((it) => other.spendNonce(it))), [true, true, true])
    assert.equal(await store.forgetNonces(START), 0)
    assert.equal(await store.forgetNonces(START + 1), 3)
    assert.equal(await store.spendNonce(nonce), true)
    assert.equal(await store.spendNonce({ ...nonce, nonce: bytesOf(2, 16) }), false)
  },

  'nothing is done after the store was closed': async (scene) => {
    const store = await scene.open()
    const writing = store.addTenant({ tenant: 'acme', created: 1 })
    await store.close()
    assert.equal(await writing, true)
    await store.close()
    await assert.rejects(store.head(), { code: 'STORE_CLOSED' })
    await assert.rejects(store.spendNonce({ tenant: '', client: '', nonce: bytesOf(1), expires: 1 }), {
      code: 'STORE_CLOSED',
    })
    assert.equal((await (await scene.open()).tenants()).length, 1)
  },
}
