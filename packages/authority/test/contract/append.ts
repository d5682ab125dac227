import assert from 'node:assert/strict'
import { merkleTree } from '@strongroom/core/merkle'
import { encodeLogEntry, ENTRY_KINDS, type TreeHead } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { AppendOutcome, Store } from '../../src/store/store.ts'
import { START, type TestAuthority, type TestClient } from '../support/authority.ts'
import type { SceneTests } from '../support/suite.ts'

const tree = merkleTree(sha256)
const EMPTY: TreeHead = { size: 0, root: tree.emptyRoot() }

const leafHash = ({ facts, digest }: AdmittedStatement): Uint8Array =>
  tree.leafHash(encodeLogEntry({ kind: ENTRY_KINDS[facts.kind], digest }))

/** The tree of statements as RFC 9162 defines it, made by other code than the one that grows it. */
const headOf = (statements: readonly AdmittedStatement[]): TreeHead => ({
  size: statements.length,
  root: tree.rootOf(statements.map(leafHash)),
})

const append = (store: Store, statements: readonly AdmittedStatement[], floor = EMPTY) =>
  store.append({ statements, received: START }, floor)

const states = (outcomes: readonly AppendOutcome[]) =>
  outcomes.map((it) => (it.state === 'logged' ? it.index : it.reason))

/** Enrols a client; returns what was logged. */
async function enrol(store: Store, client: TestClient): Promise<AdmittedStatement[]> {
  await store.addTenant({ tenant: client.owner.tenant, created: START })
  await store.addInvitation(client.invitation)
  const enrolment = client.enrolment()
  await append(store, [enrolment])
  return [enrolment]
}

async function setUp(store: Store, authority: TestAuthority) {
  const client = authority.client('acme', 1)
  return { client, before: await enrol(store, client) }
}

export const APPENDING: SceneTests = {
  'the log is the tree of the statements in their order, and each is proved in it': async (scene) => {
    const store = await scene.open()
    const { client, before } = await setUp(store, scene.authority)
    const all = [...before]
    // Across the ends of tiles, in groups of many sizes.
    for (const [i, count] of [1, 2, 250, 3, 1, 300, 7].entries()) {
      const group = client.deposits(i * 1000, count)
      const { head, outcomes } = await append(store, group, headOf(all))
      const first = all.length
      all.push(...group)
      assert.deepEqual(head, headOf(all))
      assert.deepEqual(
        states(outcomes),
        group.map((_, n) => first + n),
      )
      for (const [n, outcome] of outcomes.entries()) {
        const [proof, statement] = [outcome.state === 'logged' && outcome.proof, group[n]]
        assert.ok(proof && statement)
        tree.verifyInclusion(leafHash(statement), first + n, head.size, [...proof], head.root)
      }
    }
    assert.deepEqual(await store.head(), headOf(all))
  },

  'the same statement has one leaf, in one group, in two, and at once on two nodes': async (scene) => {
    const [store, other] = [await scene.open(), await scene.open()]
    const { client, before } = await setUp(store, scene.authority)
    const [a, b] = [client.deposit(1), client.deposit(2)]
    assert.deepEqual(states((await append(store, [a, a, b, a])).outcomes), [1, 1, 2, 1])
    assert.deepEqual(states((await append(store, [b, a])).outcomes), [2, 1])
    const c = client.deposit(3)
    const [one, two] = await Promise.all([append(store, [c, a]), append(other, [c, b])])
    assert.deepEqual(states(one.outcomes), [3, 1])
    assert.deepEqual(states(two.outcomes), [3, 2])
    assert.deepEqual(await other.head(), headOf([...before, a, b, c]))
  },

  'an empty group tells the head': async (scene) => {
    const store = await scene.open()
    assert.deepEqual(await append(store, []), { head: EMPTY, outcomes: [] })
    const { before } = await setUp(store, scene.authority)
    assert.deepEqual(await append(store, []), { head: headOf(before), outcomes: [] })
  },

  'what is refused takes no leaf, and the others of the group stand': async (scene) => {
    const store = await scene.open()
    const { client, before } = await setUp(store, scene.authority)
    const stranger = scene.authority.client('acme', 2)
    const [a, b] = [client.deposit(1), client.deposit(2)]
    const { head, outcomes } = await append(store, [a, stranger.deposit(3), b])
    assert.deepEqual(states(outcomes), [1, 'unauthenticated', 2])
    assert.deepEqual(head, headOf([...before, a, b]))
    assert.equal(await store.statement(stranger.owner, stranger.deposit(3).digest), undefined)
  },

  'a suspended client deposits nothing new, and what it deposited is still answered': async (scene) => {
    const store = await scene.open()
    const { client } = await setUp(store, scene.authority)
    await append(store, [client.deposit(1)])
    assert.equal(await store.setClientState(client.owner, 'suspended'), true)
    const { outcomes } = await append(store, [client.deposit(1), client.deposit(2)])
    assert.deepEqual(states(outcomes), [1, 'unauthenticated'])
    await store.setClientState(client.owner, 'active')
    assert.deepEqual(states((await append(store, [client.deposit(2)])).outcomes), [2])
  },

  'an invitation enrols one client, once, in time and in its tenant': async (scene) => {
    const store = await scene.open()
    const [first, second] = [scene.authority.client('acme', 1), scene.authority.client('acme', 2)]
    const foreign = scene.authority.client('other', 3)
    assert.equal(await store.addInvitation(first.invitation), false, 'there is no such tenant yet')
    await store.addTenant({ tenant: 'acme', created: START })
    await store.addTenant({ tenant: 'other', created: START })
    assert.deepEqual(states((await append(store, [first.enrolment()])).outcomes), ['invitation'])
    assert.equal(await store.addInvitation(first.invitation), true)
    assert.equal(await store.addInvitation(first.invitation), false)
    const late = { statements: [first.enrolment()], received: first.invitation.expires }
    assert.deepEqual(states((await store.append(late, EMPTY)).outcomes), ['invitation'])
    // An invitation of one tenant, used in another.
    assert.deepEqual(states((await append(store, [foreign.enrolment(first)])).outcomes), ['invitation'])
    const group = [first.enrolment(), second.enrolment(first), first.enrolment()]
    assert.deepEqual(states((await append(store, group)).outcomes), [0, 'invitation', 0])
    assert.deepEqual(states((await append(store, group)).outcomes), [0, 'invitation', 0])
    assert.deepEqual((await store.invitation('acme', first.invitation.id))?.spent, group[0]?.digest)
  },

  'a key is enrolled once': async (scene) => {
    const store = await scene.open()
    const { client } = await setUp(store, scene.authority)
    const again = scene.authority.client('acme', 2)
    await store.addInvitation(again.invitation)
    assert.deepEqual(states((await append(store, [client.enrolment(again, 2)])).outcomes), ['enrolled'])
    assert.equal((await store.invitation('acme', again.invitation.id))?.spent, undefined)
  },

  'epoch records follow from each other': async (scene) => {
    const store = await scene.open()
    const [one, two] = scene.authority.epochs()
    assert.ok(one && two)
    assert.deepEqual(states((await append(store, [two])).outcomes), ['epoch'])
    assert.deepEqual(states((await append(store, [one, two, one])).outcomes), [0, 1, 0])
    assert.deepEqual(
      (await store.epochs()).map(({ bytes }) => bytes),
      [one.bytes, two.bytes],
    )
  },

  'quotas of clients and of tenants hold within a group and after it': async (scene) => {
    const first = scene.authority.client('acme', 1)
    const size = first.deposit(1).bytes.length
    const store = await scene.open({ client: { deposits: 2 }, tenant: { bytes: 3 * size } })
    const second = scene.authority.client('acme', 2)
    await enrol(store, first)
    await enrol(store, second)
    const mine = first.deposits(1, 3)
    assert.deepEqual(states((await append(store, mine)).outcomes), [2, 3, 'quota'])
    assert.deepEqual(await store.usage(first.owner), { deposits: 2, bytes: 2 * size })
    // A retry counts nothing.
    assert.deepEqual(states((await append(store, mine)).outcomes), [2, 3, 'quota'])
    assert.deepEqual(states((await append(store, second.deposits(1, 2))).outcomes), [4, 'quota'])
    assert.deepEqual(await store.usage({ tenant: 'acme', client: '' }), { deposits: 3, bytes: 3 * size })
  },

  'groups of several tenants are one group': async (scene) => {
    const store = await scene.open()
    const clients = ['acme', 'beta', 'core'].map((tenant, i) => scene.authority.client(tenant, i))
    const all: AdmittedStatement[] = []
    for (const client of clients) all.push(...(await enrol(store, client)))
    const group = clients.flatMap((client) => client.deposits(0, 3))
    const { head, outcomes } = await append(store, group, headOf(all))
    assert.deepEqual(states(outcomes), [3, 4, 5, 6, 7, 8, 9, 10, 11])
    assert.deepEqual(head, headOf([...all, ...group]))
  },

  'nothing is appended to a log that is not the one that was signed': async (scene) => {
    const store = await scene.open()
    const { client, before } = await setUp(store, scene.authority)
    await append(store, client.deposits(1, 5))
    const head = await store.head()
    const other = sha256(Uint8Array.of(1))
    const floors: TreeHead[] = [
      { size: 7, root: other }, // longer
      { size: 6, root: other }, // another of the same size
      { size: 1, root: other }, // another beginning
    ]
    for (const floor of floors) {
      const behind = { code: 'STORE_BEHIND', sizes: { signed: floor.size, found: 6 } }
      await assert.rejects(append(store, client.deposits(10, 1), floor), behind)
      await assert.rejects(store.checkFloor(floor), behind)
    }
    assert.deepEqual(await store.head(), head)
    assert.deepEqual(await store.checkFloor(headOf(before)), head)
    assert.deepEqual(states((await append(store, client.deposits(10, 1), headOf(before))).outcomes), [6])
  },

  'nothing is built on tiles that are not those of the root': async (scene) => {
    const store = await scene.open()
    const { client } = await setUp(store, scene.authority)
    await append(store, client.deposits(1, 5))
    await scene.database.sql('update log_tile set bytes = (select root from log_state) where level = 0')
    await assert.rejects(append(store, client.deposits(10, 1)), { code: 'STORE_CORRUPT' })
    assert.equal((await store.head()).size, 6)
  },
}
