import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { toHex } from '@strongroom/core/bytes'
import { askedFor, deliverNotices, NoticeKeys, type NoticeChannels } from '../../src/notices/index.ts'
import type { Store } from '../../src/store/store.ts'
import { SQLITE } from '../support/databases.ts'
import { mailServer } from '../support/mail-server.ts'
import { all, chartered } from '../support/recovery.ts'
import { Scene } from '../support/scene.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown
}): Promise<void> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
}

/** A program that verifies each message as the library of Standard Webhooks does. */
async function webhookServer(t: TestContext) {
  const messages: { readonly type: string }[] = []
  const server = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (piece: Buffer) => (body += piece.toString()))
    incoming.on('end', () => {
      const headers = incoming.headers as Record<string, string>
      messages.push(new Webhook(SECRET).verify(body, headers) as { type: string })
      outgoing.writeHead(204).end()
    })
  })
  await listening(server)
  t.after(() => server.close())
  return { messages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

async function scene(t: TestContext) {
  const made = new Scene(await SQLITE.create())
  t.after(() => made.end())
  // Signatures of webhooks hold for minutes by the real clock.
  made.now = Math.floor(Date.now() / 1000) * 1000
  const tenant = await chartered(made)
  const { recovery } = tenant.store
  const { client } = tenant.client.owner
  await recovery.notices.addContact({ tenant: 'acme', client, channel: 'mail', address: 'owner@example.org' })
  await recovery.notices.addContact({ tenant: 'acme', client: '', channel: 'webhook', address: 'desk' })
  await recovery.notices.addContact({
    tenant: 'acme',
    client: '',
    channel: 'mail',
    address: 'desk@example.org',
  })
  return { made, ...tenant }
}

const outbox = (made: Scene, store: Store, channels: NoticeChannels) =>
  deliverNotices({
    notices: store.recovery.notices,
    about: askedFor({ store, trust: made.authority.trust }, () => made.now),
    keys: new NoticeKeys(made.authority.keys),
    channels,
    url: 'https://vault.example.org',
    name: 'Example archive',
    logger: { warn: () => {} },
    now: () => made.now,
  })

describe('notices', () => {
  test('M26: each event is told once on each channel, with the link of the owner, whichever nodes send', async (t) => {
    const { made, store, log, tenancy, client, deposits } = await scene(t)
    const [mail, hook] = [await mailServer(t), await webhookServer(t)]
    const channels = {
      mail: { url: mail.url, from: 'vault@example.org' },
      webhook: { url: hook.url, secret: SECRET },
    }
    const request = tenancy.request(client, deposits, made.now)
    await all(log, [
      request,
      tenancy.approval(request.digest, made.now),
      tenancy.rejection(request.digest, made.now),
    ])
    const second = await made.open()
    await Promise.all([
      outbox(made, store, channels),
      outbox(made, second, channels),
      outbox(made, store, channels),
    ])
    assert.deepEqual(hook.messages.map(({ type }) => type).toSorted(), [
      'recovery.approved',
      'recovery.denied',
      'recovery.requested',
    ])
    assert.equal(mail.mails.length, 6)
    const link = `/cancel/${toHex(request.digest)}${toHex(new NoticeKeys(made.authority.keys).secretOf(request.digest))}`
    const withLink = mail.mails.filter((text) => text.includes(link))
    assert.equal(withLink.length, 2, 'asked for and approved, to the owner')
    assert.ok(mail.mails.every((text) => /Class:    self\s+Keys:     \d+\s/.test(text)))
    assert.ok(withLink.every((text) => text.includes('To: owner@example.org')))
    assert.equal(await outbox(made, store, channels), 0)
  })

  test('M26: what could not be delivered, or was claimed by a process that died, is tried again later', async (t) => {
    const { made, store, log, tenancy, client, deposits } = await scene(t)
    let refusing = true
    const mail = await mailServer(t, () => refusing)
    const channels = { mail: { url: mail.url, from: 'vault@example.org' }, webhook: null }
    await all(log, [tenancy.request(client, deposits, made.now)])
    assert.equal(await outbox(made, store, channels), 0)
    refusing = false
    assert.equal(await outbox(made, store, channels), 0, 'not yet')
    made.now += 31_000
    // A process takes them over and dies.
    await store.recovery.notices.claim({ now: made.now, until: made.now + 60_000, limit: 99 })
    assert.equal(await outbox(made, store, channels), 0)
    made.now += 61_000
    assert.equal(await outbox(made, store, channels), 2)
    made.now += 7 * 3_600_000
    assert.equal(await outbox(made, store, channels), 0)
    assert.equal(mail.mails.length, 2)
  })

  test('nothing is told of a statement that was refused, or comes again', async (t) => {
    const { made, store, log, tenancy, client, deposits } = await scene(t)
    const request = tenancy.request(client, deposits, made.now)
    await all(log, [request, request, request])
    await log.append([tenancy.approval(request.digest, made.now, 'eve')])
    const claimed = await store.recovery.notices.claim({ now: made.now, until: made.now + 1, limit: 99 })
    assert.deepEqual(
      claimed.map(({ event }) => event),
      ['requested', 'requested', 'requested'],
    )
  })
})
