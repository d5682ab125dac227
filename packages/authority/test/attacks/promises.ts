import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseCheckpoint, parseNote } from '@strongroom/core/tlog'
import { depositOne, verifiedLeaf, idOf } from '../http/requests.ts'
import { sha256 } from '../../src/model/digest.ts'
import type { TestClient } from '../support/authority.ts'
import type { FaultKind } from '../support/faulty-dialect.ts'
import { findings } from '../support/scene-fsck.ts'
import type { Scene } from '../support/scene.ts'
import { serve, whileServed, type Served } from '../support/served.ts'
import type { SceneTests } from '../support/suite.ts'

/** Deposits, each with a receipt that holds. */
async function depositAll(served: Served, client: TestClient, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const blob = client.blob(number)
    const answer = await depositOne(served, blob)
    assert.equal(answer.status, 200, answer.text)
    verifiedLeaf(served, answer.body, 'deposit', sha256(blob))
  }
}

/** That a service says that it is read-only, takes nothing, signs nothing, and that the broken promises are named. */
async function assertReadOnly(served: Served, client: TestClient, signed: number, node = 'node') {
  const { scene, service } = served
  const before = [readFileSync(scene.signedPath(node)), (await service.authority.store.checkpoint())?.note]
  assert.equal((await served.ask('GET', '/readyz')).problem.code, 'read-only')
  for (const number of [1, 900]) {
    assert.equal((await depositOne(served, client.blob(number))).problem.code, 'read-only')
  }
  const enrolment = await served.ask('POST', '/v1/enrolments', {
    type: 'application/vnd.dsse.envelope.v1+json',
    body: Buffer.from('{}'),
  })
  assert.equal(enrolment.problem.code, 'read-only')
  await service.authority.log.renew(0)
  const after = [readFileSync(scene.signedPath(node)), (await service.authority.store.checkpoint())?.note]
  assert.deepEqual(after, before)
  assert.equal(
    parseCheckpoint(parseNote(new Uint8Array(readFileSync(scene.signedPath(node)))).text).size,
    signed,
  )
  const { store, log } = service.authority
  const promise = (await findings(store, scene.authority, log.signed)).find(({ kind }) => kind === 'promise')
  assert.match(
    promise?.problem ?? '',
    /receipts for those from \d+ on are not honoured|their receipts are not honoured/,
  )
}

/** What is answered of a deposit: its bytes and a receipt that holds, or that something is wrong; never a receipt that does not hold. */
async function assertHonest(served: Served, client: TestClient, number: number): Promise<void> {
  const blob = client.blob(number)
  const receipt = await served.read(`/v1/deposits/${idOf(blob)}/receipt`, client)
  if (receipt.status === 200) verifiedLeaf(served, receipt.body, 'deposit', sha256(blob))
  else assert.ok(['internal', 'not-found', 'read-only'].includes(String(receipt.problem.code)), receipt.text)
}

async function cutTail(scene: Scene, size: number, root: Uint8Array): Promise<void> {
  const hex = Buffer.from(root).toString('hex')
  const literal = scene.database.address.startsWith('postgresql:') ? `'\\x${hex}'` : `x'${hex}'`
  await scene.database.sql(`delete from deposit where leaf >= ${size}`)
  await scene.database.sql(`delete from statement where leaf >= ${size}`)
  await scene.database.sql(`update log_state set size = ${size}, root = ${literal}`)
}

/** On both kinds of database. */
export const PROMISES: SceneTests = {
  'M13: the tail is cut off, and the head is what it was before': async (scene) => {
    const served = await serve(scene, { tenants: ['acme'] })
    const client = served.client()
    await depositAll(served, client, [1, 2])
    const { size, root } = await served.service.authority.store.head()
    await depositAll(served, client, [3, 4])
    await cutTail(scene, size, root)
    // The running node, and the same one started anew.
    assert.equal((await depositOne(served, client.blob(5))).problem.code, 'read-only')
    await assertReadOnly(served, client, size + 2)
    for (const number of [1, 2, 3, 4]) await assertHonest(served, client, number)
    await served.service.stop()
    await whileServed(
      scene,
      async (again) => {
        await assertReadOnly(again, client, size + 2)
        for (const number of [1, 2, 3, 4]) await assertHonest(again, client, number)
      },
      { clients: served.clients },
    )
  },

  'M14: an old copy of the database, and another that went on from it': async (scene) => {
    const first = await serve(scene, { tenants: ['acme'] })
    const client = first.client()
    await depositAll(first, client, [1])
    await first.service.stop()
    const restore = await scene.database.copy()
    const second = await serve(scene, { clients: first.clients })
    await depositAll(second, client, [2, 3])
    await second.service.stop()
    await restore()
    const clients = first.clients
    await whileServed(
      scene,
      async (served) => {
        await assertReadOnly(served, client, 5)
        for (const number of [1, 2, 3]) await assertHonest(served, client, number)
      },
      { clients },
    )
    // A node that has signed nothing yet cannot know, and goes on. What comes of it is a fork, and the first one does not sign it.
    const store = await scene.open()
    const fork = await scene.log(store, 'a node without a memory')
    await fork.append(client.deposits(20, 5))
    await scene.close(store)
    await whileServed(
      scene,
      async (served) => {
        await assertReadOnly(served, client, 5)
        for (const number of [1, 2, 3, 20]) await assertHonest(served, client, number)
      },
      { clients },
    )
  },

  'M14: a node to which nothing was sent remembers what the others signed': async (scene) => {
    const served = await serve(scene, { tenants: ['acme'] })
    const client = served.client()
    const store = await scene.open()
    const idle = await scene.log(store, 'an idle node')
    await depositAll(served, client, [1])
    const { size, root } = await store.head()
    await depositAll(served, client, [2, 3])
    // As the service does each minute.
    await idle.renew(-1)
    assert.equal(idle.signed.size, size + 2)
    await cutTail(scene, size, root)
    await assert.rejects(idle.append([client.deposit(4)]), { code: 'LOG_READ_ONLY' })
    assert.equal((await depositOne(served, client.blob(4))).problem.code, 'read-only')
    assert.equal((await store.head()).size, size)
    await served.service.stop()
  },
}

/** How many operations of the database one deposit has, at most. */
const MOST = 60

/** Lets each operation of the database fail in turn while one deposit is made, asked for again and again until it is answered. */
function faultyDeposits(kind: FaultKind): (scene: Scene) => Promise<void> {
  return async (scene) => {
    const sound = await scene.open()
    const { clients } = await scene.peopled(sound, ['acme'])
    const { store, fault } = scene.openFaulty()
    const served = await serve(scene, { store, clients })
    const client = served.client()
    let failed = 0
    for (let nth = 1; nth < MOST; nth += 3) {
      const blob = client.blob(nth)
      // What is kept ready is read again.
      scene.now += 6_000
      fault.arm(nth, kind)
      const before = readFileSync(scene.signedPath())
      let answer = await depositOne(served, blob)
      if (answer.status !== 200) {
        failed++
        assert.equal(answer.problem.code, 'unavailable', answer.text)
        // Nothing was signed that is not durable: another node finds all that this one has signed.
        await sound.checkFloor(served.service.authority.log.signed)
        if (kind === 'lost' && !before.equals(readFileSync(scene.signedPath()))) {
          assert.ok(await sound.statement(client.owner, sha256(blob)))
        }
      }
      const happened = fault.disarm()
      answer = await depositOne(served, blob)
      assert.equal(answer.status, 200, answer.text)
      const leaf = verifiedLeaf(served, answer.body, 'deposit', sha256(blob))
      const again = await depositOne(served, blob)
      assert.equal(verifiedLeaf(served, again.body, 'deposit', sha256(blob)), leaf)
      if (!happened) break
    }
    // What PostgreSQL loses with a connection is done again without anybody noticing.
    assert.ok(failed > 0 || sound.engine === 'postgres')
    const { size } = await sound.head()
    const listed = await sound.statementsFrom(client.owner, 0, 1_000)
    assert.equal(new Set(listed.map(({ digest }) => String(digest))).size, listed.length)
    assert.equal(listed.length, size - 1)
    assert.deepEqual(await findings(sound, scene.authority, served.service.authority.log.signed), [])
    await served.service.stop()
  }
}

/** What fails below a request. */
export const FAILURES: SceneTests = {
  'M15: what is lost on its way to the disk is not promised': faultyDeposits('lost'),
  'M16: what is durable and was not said to be is done once': faultyDeposits('persisted'),
}
