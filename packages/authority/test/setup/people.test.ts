import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createContainer, parseContainer, publicCard, SigningKey } from '@strongroom/core/container'
import { parseInvitation, signerIdOf } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/index.ts'
import {
  addContact,
  addTenant,
  invite,
  listClients,
  listContacts,
  listEpochs,
  listTenants,
  lockFolder,
  newEpoch,
  openStore,
  readCustodianCard,
  removeContact,
  setClientState,
  validFor,
} from '../../src/setup/index.ts'
import { START } from '../support/authority.ts'
import { FilledAuthority } from './filled-authority.ts'
import { made, NOW, PASSPHRASE } from './made-authority.ts'

const DAY = 86_400_000

suite('invitations', () => {
  test('are known to the authority by their public key alone', async (t) => {
    const { configuration } = await made(t)
    const { text, id, expires } = await invite(configuration, {
      tenant: 'default',
      name: 'Alice',
      days: 7,
      now: NOW,
    })
    const invitation = parseInvitation(text)
    assert.equal(invitation.expires, expires)
    assert.equal(expires, NOW + 7 * DAY)
    assert.equal(invitation.identity, configuration.identity)
    const pair = SigningKey.fromSecretBytes('ed25519', invitation.secret)
    assert.deepEqual(signerIdOf(sha256, pair.signer.toString()), id)
    const store = await openStore(configuration)
    const [kept] = await store.invitations('default')
    await store.close()
    assert.deepEqual(kept, { tenant: 'default', id, name: 'Alice', created: NOW, expires })
  })

  test('of no tenant, or with a name that forges a line', async (t) => {
    const { configuration } = await made(t)
    const wanted = { tenant: 'default', name: 'x', days: 1, now: NOW }
    await assert.rejects(invite(configuration, { ...wanted, tenant: 'none' }), { code: 'SETUP_TENANT' })
    await assert.rejects(invite(configuration, { ...wanted, tenant: 'A' }), { code: 'SETUP_NAME' })
    await assert.rejects(invite(configuration, { ...wanted, name: 'a\nb' }), { code: 'SETUP_NAME' })
    await assert.rejects(invite(configuration, { ...wanted, name: 'x'.repeat(129) }), { code: 'SETUP_NAME' })
  })
})

suite('tenants and clients', () => {
  test('are counted', async (t) => {
    const authority = new FilledAuthority(t)
    await authority.fill(4)
    const tenants = await listTenants(authority.configuration, START + 1)
    assert.deepEqual(
      tenants.map(({ tenant, clients: count, suspended, invitations, deposits }) => [
        tenant,
        count,
        suspended,
        invitations,
        deposits,
      ]),
      [
        ['acme', 2, 1, 0, 10],
        ['empty', 0, 0, 1, 0],
        ['zeta', 1, 0, 0, 5],
      ],
    )
    const listed = await listClients(authority.configuration)
    assert.deepEqual(
      listed.map(({ client, deposits, state, invited }) => [client, deposits, state, invited]),
      authority.clients.map(({ owner }, i) => [
        owner.client,
        5,
        i === 1 ? 'suspended' : 'active',
        `person ${i + 1}`,
      ]),
    )
    assert.equal((await listClients(authority.configuration, 'zeta')).length, 1)
    await assert.rejects(listClients(authority.configuration, 'none'), { code: 'SETUP_TENANT' })
  })

  test('a client is suspended and let in again', async (t) => {
    const authority = new FilledAuthority(t)
    await authority.fill(1)
    const id = authority.clients[0]?.owner.client ?? ''
    const stateOf = async () =>
      (await listClients(authority.configuration)).find(({ client }) => client === id)?.state
    assert.equal(await setClientState(authority.configuration, id, 'suspended'), 'acme')
    assert.equal(await stateOf(), 'suspended')
    await setClientState(authority.configuration, id, 'active')
    assert.equal(await stateOf(), 'active')
    await assert.rejects(setClientState(authority.configuration, 'c-none', 'active'), {
      code: 'SETUP_CLIENT',
    })
  })

  test('a tenant is added once', async (t) => {
    const { configuration } = await made(t)
    await addTenant(configuration, 'sales', NOW)
    await assert.rejects(addTenant(configuration, 'sales', NOW), { code: 'SETUP_TENANT' })
    await assert.rejects(addTenant(configuration, '', NOW), { code: 'SETUP_NAME' })
  })
})

suite('contacts', () => {
  test('are of the people of a tenant, or of a client that it has', async (t) => {
    const authority = new FilledAuthority(t)
    await authority.fill(1)
    const { configuration } = authority
    const client = authority.clients[0]?.owner.client ?? ''
    const people = { tenant: 'acme', client: '', channel: 'mail', address: 'desk@example.org' } as const
    const owner = { ...people, client, address: 'owner@example.org' }
    for (const contact of [owner, people, owner]) await addContact(configuration, contact)
    assert.deepEqual(await listContacts(configuration, 'acme'), [people, owner])
    await removeContact(configuration, people)
    assert.deepEqual(await listContacts(configuration, 'acme'), [owner])
    await assert.rejects(removeContact(configuration, people), { code: 'SETUP_CONTACT' })
    await assert.rejects(addContact(configuration, { ...owner, tenant: 'zeta' }), { code: 'SETUP_CLIENT' })
    await assert.rejects(addContact(configuration, { ...owner, tenant: 'none' }), { code: 'SETUP_TENANT' })
    await assert.rejects(listContacts(configuration, 'none'), { code: 'SETUP_TENANT' })
  })

  test('have one address each, and nothing that another header could be made of', async (t) => {
    const { configuration } = await made(t)
    const wrong = ['', 'desk', 'a@b\r\nBcc: c@d', 'a@b, c@d', '<a@b>', 'a@b@c', `${'a'.repeat(250)}@b.org`]
    for (const address of wrong) {
      const contact = { tenant: 'default', client: '', channel: 'mail', address } as const
      await assert.rejects(addContact(configuration, contact), { code: 'SETUP_CONTACT' }, address)
    }
  })
})

suite('epochs', () => {
  test('follow each other, with the custodian of the one before or another', async (t) => {
    const { configuration, parent } = await made(t)
    const file = new Uint8Array(readFileSync(join(parent, 'identity.container')))
    const identity = parseContainer(file).unlock(PASSPHRASE)
    const later = NOW + DAY
    const second = await newEpoch(configuration, { identity, validity: validFor(900, later), now: later })
    const [first] = await listEpochs(configuration, later)
    assert.deepEqual([second.number, second.inUse, first?.inUse], [2, true, false])
    assert.equal(second.exchange, first?.exchange)
    const card = publicCard(createContainer({ name: 'other', now: new Date(NOW) }))
    const third = await newEpoch(configuration, {
      identity,
      validity: validFor(1000, later + DAY),
      custodian: readCustodianCard(card),
      now: later,
    })
    assert.notEqual(third.exchange, second.exchange)
    assert.deepEqual([third.standing, third.inUse], ['future', false])
  })

  test('that leave a gap, or do not follow, are not signed', async (t) => {
    const { configuration, parent } = await made(t)
    const file = new Uint8Array(readFileSync(join(parent, 'identity.container')))
    const identity = parseContainer(file).unlock(PASSPHRASE)
    const wrong = [validFor(900, NOW), validFor(900, NOW + 800 * DAY), validFor(10, NOW + DAY)]
    for (const validity of wrong) {
      await assert.rejects(newEpoch(configuration, { identity, validity, now: NOW }), { code: 'SETUP_EPOCH' })
    }
    const stranger = createContainer({ name: 'x', now: new Date(NOW) })
    const validity = validFor(900, NOW + DAY)
    await assert.rejects(newEpoch(configuration, { identity: stranger, validity, now: NOW }), {
      code: 'SETUP_IDENTITY',
    })
    assert.equal((await listEpochs(configuration, NOW)).length, 1)
  })
})

test('a folder is held by one at a time, and free when that one is done', async (t) => {
  const { configuration } = await made(t)
  const lock = lockFolder(configuration.folder)
  assert.throws(() => lockFolder(configuration.folder), { code: 'SETUP_BUSY' })
  lock.release()
  lockFolder(configuration.folder).release()
})
