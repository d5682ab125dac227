import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  AuthorityClient,
  AuthorityStore,
  depositStatuses,
  enrol,
  flushOutbox,
  httpsTransport,
  makeDeposit,
  monitorAuthority,
  summarizeDeposits,
  verifyLog,
} from '@strongroom/core/client'
import { createContainer, SigningKey } from '@strongroom/core/container'
import { encodeInvitation, fingerprintOf, signerIdOf } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { SQLITE } from '../support/databases.ts'
import { Scene } from '../support/scene.ts'
import { PUBLIC_URL, serve } from '../support/served.ts'

const DAY_MS = 86_400_000

test('a client keeps, delivers and follows: outbox, receipts, log', async (t) => {
  const scene = new Scene(await SQLITE.create())
  const store = await scene.open()
  const served = await serve(scene, { store })
  const transport = httpsTransport({ url: served.service.url })
  const data = mkdtempSync(join(tmpdir(), 'client-state-'))
  t.after(async () => {
    transport.close()
    await served.service.stop()
    await scene.end()
    rmSync(data, { recursive: true })
  })
  const secret = new Uint8Array(randomBytes(32))
  const invited = SigningKey.fromSecretBytes('ed25519', secret).signer.toString()
  const expires = scene.now + DAY_MS
  const id = signerIdOf(sha256, invited)
  await store.addInvitation({ tenant: 'acme', id, name: 'a laptop', created: scene.now, expires })
  const container = createContainer({ name: 'laptop', now: new Date(0) })
  const identity = fingerprintOf(sha256, scene.authority.trust.identity)
  const invitation = encodeInvitation({ url: PUBLIC_URL, tenant: 'acme', identity, secret, expires })
  const connect = () => ({ ...transport, close: () => undefined })
  const now = () => scene.now
  const { tenant, clientId, epochs, receipt } = await enrol({
    invitation,
    name: 'laptop',
    container,
    connect,
    now,
  })
  const client = new AuthorityStore(data).create({
    name: 'vault',
    url: PUBLIC_URL,
    ca: null,
    tenant,
    clientId,
    signer: container.signingKey().signer.toString(),
    identity,
    container: 'laptop',
    epochs,
    receipt,
  })
  const sign = (message: Uint8Array) => container.signingKey().sign(message)
  const wire = new AuthorityClient({ url: PUBLIC_URL, transport, credentials: { clientId, sign }, now })
  const add = (seed: number) => {
    const { epoch } = epochs.at(scene.now)
    const { blob } = makeDeposit({
      epoch,
      tenant,
      clientId,
      signingKey: container.signingKey(),
      retention: 'ten-years',
      createdMs: scene.now,
      sessionKey: new Uint8Array(16).fill(seed),
      format: 'file',
      serial: new Uint8Array(16).fill(seed),
    })
    client.outbox.add({ blob }, client.load(), scene.now)
  }
  for (let seed = 1; seed <= 5; seed++) add(seed)
  const report = await flushOutbox(client, wire, { now })
  assert.deepEqual([report.stopped, report.delivered.length], [undefined, 5])
  const first = await monitorAuthority(client, wire, { now, stalledAfterMs: DAY_MS })
  assert.deepEqual([first.alarms, first.statements], [[], { seen: 6, unknown: [] }])
  add(6)
  assert.equal((await flushOutbox(client, wire, { now })).delivered.length, 1)
  const second = await monitorAuthority(client, wire, { now, stalledAfterMs: DAY_MS })
  assert.deepEqual([second.alarms, second.statements.seen], [[], 1])
  const { entries } = await verifyLog(wire, { epochs: client.load().epochs })
  assert.equal(entries['deposit'], 6)
  const statuses = depositStatuses(client, scene.now, { verify: true })
  assert.equal(summarizeDeposits(client, statuses).counts.safe, 6)
  // The authority is gone: what is sealed now waits.
  await served.service.stop()
  add(7)
  const gone = await flushOutbox(client, wire, { now })
  assert.deepEqual([gone.stopped?.code, gone.waiting.length], ['CLIENT_UNREACHABLE', 1])
})
