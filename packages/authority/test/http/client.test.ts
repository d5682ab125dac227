import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { randomBytes } from 'node:crypto'
import { toHex } from '@strongroom/core/bytes'
import {
  AuthorityClient,
  ClientError,
  enrol,
  httpsTransport,
  makeDeposit,
  nodeMeans,
  verifyRaw,
  type EnrolledClient,
  type MadeDeposit,
  type Transport,
} from '@strongroom/core/client'
import { createContainer, SigningKey } from '@strongroom/core/container'
import {
  encodeInvitation,
  encodeReceipt,
  fingerprintOf,
  logPolicyOf,
  signerIdOf,
  statementDigest,
  verifyReceipt,
  type Receipt,
} from '@strongroom/core/protocol'
import { TiledTree, verifyCheckpoint } from '@strongroom/core/tlog'
import { sha256 } from '../../src/model/digest.ts'
import { SQLITE } from '../support/databases.ts'
import { Scene } from '../support/scene.ts'
import { PUBLIC_URL, serve, type Served } from '../support/served.ts'

const DAY_MS = 86_400_000

describe('the client of the core and a service', () => {
  let served: Served
  let scene: Scene
  let transport: Transport
  const container = createContainer({ name: 'laptop', now: new Date(0) })
  const secret = new Uint8Array(randomBytes(32))
  let enrolled: EnrolledClient
  let client: AuthorityClient

  before(async () => {
    scene = new Scene(await SQLITE.create())
    const store = await scene.open()
    served = await serve(scene, { store })
    const invited = SigningKey.fromSecretBytes('ed25519', secret).signer.toString()
    await store.addInvitation({
      tenant: 'acme',
      id: signerIdOf(sha256, invited),
      name: 'a laptop',
      created: scene.now,
      expires: scene.now + DAY_MS,
    })
    transport = httpsTransport({ url: served.service.url })
  })
  after(async () => {
    transport.close()
    await served.service.stop()
    await scene.end()
  })

  const enrolAgain = (own = container) => {
    const identity = fingerprintOf(sha256, scene.authority.trust.identity)
    const expires = scene.now + DAY_MS
    const invitation = encodeInvitation({ url: PUBLIC_URL, tenant: 'acme', identity, secret, expires })
    const connect = () => ({ ...transport, close: () => undefined })
    return enrol({ invitation, name: 'laptop', container: own, connect, now: () => scene.now })
  }
  const deposit = (seed: number): MadeDeposit =>
    makeDeposit({
      epoch: enrolled.epochs.at(scene.now).epoch,
      tenant: enrolled.tenant,
      clientId: enrolled.clientId,
      signingKey: container.signingKey(),
      retention: 'ten-years',
      createdMs: scene.now,
      sessionKey: new Uint8Array(16).fill(seed),
      format: 'file',
      serial: new Uint8Array(16).fill(seed),
      description: { kind: 'plain', text: `file number ${seed}` },
    })
  const verified = (receipt: unknown, digest: Uint8Array, kind: 'deposit' | 'enrolment' = 'deposit') => {
    const { identity, epochs } = enrolled
    const trust = { ...nodeMeans, verifyRaw, identity, epochs, statement: { kind, digest } }
    return verifyReceipt(encodeReceipt(receipt as Receipt), trust)
  }

  test('enrol under an invitation, once', async () => {
    enrolled = await enrolAgain()
    const credentials = {
      clientId: enrolled.clientId,
      sign: (message: Uint8Array) => container.signingKey().sign(message),
    }
    client = new AuthorityClient({ url: PUBLIC_URL, transport, credentials, now: () => scene.now })
    scene.now += 1_000
    // Whoever lost what was answered finds it again; somebody else does not get in.
    assert.deepEqual((await enrolAgain()).enrolment, enrolled.enrolment)
    await assert.rejects(enrolAgain(createContainer({ name: 'other', now: new Date(0) })), (error) => {
      return error instanceof ClientError && error.problem?.code === 'invitation'
    })
  })
  test('deposit several at once, each with a receipt that holds, and the same again', async () => {
    const made = [1, 2, 3].map(deposit)
    const blobs = made.map(({ blob }) => blob)
    const first = await client.deposit(blobs)
    const again = await client.deposit(blobs)
    for (const [i, { id }] of made.entries()) {
      assert.equal(verified(first[i], id).index, verified(again[i], id).index)
      assert.deepEqual(verified(await client.receipt(id), id).statement.digest, id)
    }
    const damaged = made[0]?.blob.with(1000, 0x7e) ?? new Uint8Array(1)
    const [good, bad] = await client.deposit([deposit(4).blob, damaged])
    assert.ok(typeof good === 'object')
    assert.equal(bad, 'statement')
  })
  test('find them again, page by page, and read them byte for byte', async () => {
    const { deposits, next } = await client.searchDeposits({ description: 'FILE Number', limit: 3 })
    assert.equal(deposits.length, 3)
    assert.ok(next !== null)
    const rest = await client.searchDeposits({ description: 'FILE Number', limit: 3, before: next })
    assert.deepEqual([rest.deposits.length, rest.next], [1, null])
    const found = [...deposits, ...rest.deposits]
    assert.equal(new Set(found.map(({ index }) => index)).size, 4)
    for (const { id } of found) assert.deepEqual(sha256(await client.depositBlob(id)), id)
    assert.equal((await client.searchDeposits({ serial: new Uint8Array(16).fill(2) })).deposits.length, 1)
    assert.equal((await client.searchDeposits({ superseded: true })).deposits.length, 0)
  })
  test('name everything that was logged about the client, and nothing else', async () => {
    const { statements, next } = await client.statements()
    assert.equal(next, null)
    assert.deepEqual(
      statements.map(({ kind }) => kind),
      ['enrolment', 'deposit', 'deposit', 'deposit', 'deposit'],
    )
    assert.equal(toHex(statements[0]?.digest ?? secret), toHex(statementDigest(sha256, enrolled.enrolment)))
    const [, second] = statements
    assert.ok(second)
    assert.equal((await client.statements(second.index)).statements.length, 3)
  })
  test('agree about the log, tile by tile', async () => {
    const policy = logPolicyOf(enrolled.epochs.latest.payload, { sha256, verifyRaw })
    const checkpoint = verifyCheckpoint(await client.checkpoint(), policy)
    const tree = new TiledTree(sha256, checkpoint, (tile) => client.tile(tile))
    const bundle = await client.tile({ level: 'entries', index: 0, width: checkpoint.size })
    assert.equal(bundle.length, checkpoint.size * 35)
    assert.equal(tree.size, checkpoint.size)
    assert.ok((await tree.inclusionProof(0)).length > 0)
  })
  test('what is somebody else’s is not there', async () => {
    const stranger = served.client()
    const credentials = { clientId: stranger.owner.client, sign: stranger.pair.sign }
    const other = new AuthorityClient({ url: PUBLIC_URL, transport, credentials, now: () => scene.now })
    assert.deepEqual((await other.searchDeposits()).deposits, [])
    const { deposits } = await client.searchDeposits({ limit: 1 })
    const id = deposits[0]?.id ?? secret
    for (const ask of [() => other.depositBlob(id), () => other.receipt(id)]) {
      await assert.rejects(
        ask(),
        (error) => error instanceof ClientError && error.problem?.code === 'not-found',
      )
    }
  })
})
