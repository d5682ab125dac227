import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { X25519Identity, decryptFile } from '@strongroom/core/age'
import { SIGNATURE_SUITES, SigningKey } from '@strongroom/core/container'
import { clientIdOf } from '@strongroom/core/protocol'
import { Challenges } from '../../src/http/challenges.ts'
import { clientAddress, limitedAddress } from '../../src/http/client-address.ts'
import { decoySigner, verifyingSigner } from '../../src/http/decoy-signers.ts'
import { KnownClients } from '../../src/http/known-clients.ts'
import { BodyBudget } from '../../src/http/request-body.ts'
import { TokenBuckets } from '../../src/http/token-buckets.ts'
import type { ClientRow } from '../../src/model/index.ts'
import { LogKeys } from '../../src/log/log-keys.ts'
import { sha256 } from '../../src/model/digest.ts'
import { pairOf } from '../support/authority.ts'

test('a bucket holds what a minute allows, fills evenly, and is forgotten when there are too many', () => {
  let now = 0
  const buckets = new TokenBuckets({ perMinute: 6, most: 3, now: () => now })
  const take = (name: string) => buckets.take(name)
  assert.deepEqual(
    Array.from({ length: 8 }, () => take('a')),
    [0, 0, 0, 0, 0, 0, 10, 10],
  )
  now = 9_999
  assert.equal(take('a'), 1)
  now = 10_000
  assert.deepEqual([take('a'), take('a')], [0, 10])
  now = 0
  assert.equal(take('a'), 10) // the clock was set back
  now = 1e9
  assert.deepEqual(Array.from({ length: 7 }, () => take('a')).filter((wait) => wait === 0).length, 6)
  for (let i = 0; i < 10_000; i++) take(`x${i}`)
  assert.equal(buckets.size, 3)
})

function from(remoteAddress: string, forwarded?: string): IncomingMessage {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

test('addresses are those that our own proxies saw', () => {
  assert.equal(clientAddress(from('192.0.2.1', '203.0.113.9'), 0), '192.0.2.1')
  assert.equal(clientAddress(from('192.0.2.1', '203.0.113.9'), 1), '203.0.113.9')
  assert.equal(clientAddress(from('192.0.2.1', '10.0.0.1, 203.0.113.9'), 1), '203.0.113.9')
  assert.equal(clientAddress(from('192.0.2.1', 'evil, 203.0.113.9,198.51.100.2'), 2), '203.0.113.9')
  assert.equal(clientAddress(from('192.0.2.1', '203.0.113.9'), 2), '192.0.2.1')
  assert.equal(clientAddress(from('192.0.2.1', 'evil'), 1), '192.0.2.1')
  assert.equal(clientAddress(from('192.0.2.1'), 1), '192.0.2.1')
})

test('an IPv6 network of one customer counts as one', () => {
  assert.equal(limitedAddress('::ffff:192.0.2.1'), '192.0.2.1')
  assert.equal(limitedAddress('2001:db8:0:1::5'), '2001:db8:0:1::/64')
  assert.equal(limitedAddress('2001:0DB8::0001:0:0:ffff:1'), limitedAddress('2001:db8:0:1:0:0:ffff:2'))
  assert.equal(limitedAddress('2001:db8::1'), '2001:db8:0:0::/64')
  assert.equal(limitedAddress('::1'), '0:0:0:0::/64')
  assert.equal(limitedAddress('fe80::1%eth0'), 'fe80:0:0:0::/64')
  assert.equal(limitedAddress(''), '')
})

test('bodies of all requests have a limit together', () => {
  const budget = new BodyBudget(10)
  budget.take(6)
  assert.throws(() => budget.take(5), { code: 'too-many' })
  budget.give(6)
  budget.take(10)
  assert.equal(budget.used, 10)
})

test('a decoy is of the suite whose signatures have that length, and is nobody’s key', () => {
  for (const suite of ['ed25519', 'ed25519+mldsa65'] as const) {
    const { signatureLength } = SIGNATURE_SUITES[suite]
    assert.ok(decoySigner(signatureLength).startsWith(`${suite} `))
    const signer = SigningKey.generate(suite).signer.toString()
    assert.equal(verifyingSigner({ signer }, signatureLength), signer)
    assert.equal(verifyingSigner(undefined, signatureLength), decoySigner(signatureLength))
    assert.equal(verifyingSigner({ signer }, 5), decoySigner(5))
  }
  const classic = SigningKey.generate('ed25519').signer.toString()
  assert.ok(verifyingSigner({ signer: classic }, 3_373).startsWith('ed25519+mldsa65 '))
})

test('a client’s row is read once in five seconds; one that is not there, and a failure, each time', async () => {
  let [now, asked] = [0, 0]
  const [one, two] = [1, 2].map((seed) => rowOf(seed))
  assert.ok(one && two)
  const rows = new Map([[one.client, one]])
  const store = {
    async client(id: string) {
      asked++
      if (id === 'broken') throw new Error('gone')
      return rows.get(id)
    },
  }
  const clients = new KnownClients(store, () => now)
  await Promise.all([clients.find(one.client), clients.find(one.client), clients.find(one.client)])
  now = 4_999
  assert.equal((await clients.find(one.client))?.client, one.client)
  assert.equal(asked, 1)
  now = 5_000
  await clients.find(one.client)
  assert.equal(asked, 2)
  assert.equal(await clients.find(two.client), undefined)
  rows.set(two.client, two)
  assert.equal((await clients.find(two.client))?.client, two.client)
  await assert.rejects(clients.find('broken'))
  await assert.rejects(clients.find('broken'))
  assert.equal(asked, 6)
  // Another client's key in the row, or another tenant: nobody signs for somebody else with it.
  now += 5_000
  for (const changed of [
    { ...one, signer: two.signer },
    { ...one, tenant: 'beta' },
    { ...one, signer: '' },
  ]) {
    rows.set(one.client, changed)
    await assert.rejects(clients.find(one.client), { code: 'STORE_CORRUPT' })
  }
})

function rowOf(seed: number): ClientRow {
  const { signer } = pairOf(seed)
  return { tenant: 'acme', client: clientIdOf(sha256, 'acme', signer), signer } as ClientRow
}

test('a challenge is known again by every node with the log’s keys, and by no other', () => {
  let now = Date.UTC(2026, 10, 21)
  const text = LogKeys.generate('vault.example.org/strongroom/0011223344556677')
  const other = LogKeys.generate('vault.example.org/strongroom/0011223344556677')
  const [one, two, stranger] = [text, text, other].map(
    (keys) => new Challenges(LogKeys.parse(keys), () => now),
  )
  assert.ok(one && two && stranger)
  const identity = X25519Identity.fromBytes(new Uint8Array(32).fill(3))
  const request = { invitation: 'ed25519 AAAA', exchange: identity.recipient().toString() }
  const challenge = decryptFile(one.give(request), [identity])
  assert.equal(challenge.length, 32)
  assert.equal(Buffer.from(challenge).readBigUInt64BE(), BigInt(now))
  assert.equal(two.accepts(challenge, request), true)
  assert.equal(stranger.accepts(challenge, request), false)
  assert.equal(one.accepts(challenge, { ...request, invitation: 'ed25519 AAAB' }), false)
  assert.equal(one.accepts(challenge, { ...request, exchange: `${request.exchange}x` }), false)
  for (let i = 0; i < 256; i++) {
    const changed = challenge.slice()
    changed[i >> 3] = (changed[i >> 3] ?? 0) ^ (1 << (i & 7))
    assert.equal(one.accepts(changed, request), false)
  }
  now += 600_000
  assert.equal(one.accepts(challenge, request), true)
  now += 1
  assert.equal(one.accepts(challenge, request), false)
  // Given by a node whose clock is ahead.
  now -= 660_001
  assert.equal(one.accepts(challenge, request), true)
  now -= 1
  assert.equal(one.accepts(challenge, request), false)
})
