import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createContainer,
  encodeContainer,
  exchangePair,
  generateKeyPair,
  parseContainer,
  signaturePair,
  SigningKey,
} from '../../src/container/index.ts'
import { MlKem768X25519Identity, X25519Identity } from '../../src/age/index.ts'
import { NOW, isError } from './fixtures.ts'

test('a new container has the keys of its profile', () => {
  const kinds = (options: object) =>
    createContainer({ name: 'default', now: NOW, ...options })
      .info()
      .keys.map(({ use, algorithm, state }) => `${state} ${use} ${algorithm}`)
  const pq = ['active exchange mlkem768x25519', 'active signature ed25519+mldsa65']
  const classic = ['active exchange x25519', 'active signature ed25519']
  assert.deepEqual(kinds({}), pq)
  assert.deepEqual(kinds({ withClassic: true }), [...pq, 'active exchange x25519'])
  assert.deepEqual(kinds({ profile: 'classic' }), classic)
  assert.deepEqual(kinds({ profile: 'classic', withClassic: true }), classic)
})

test('names that cannot be files are refused', () => {
  for (const name of ['', '.hidden', '..', 'a/b', 'a b', 'é', 'x'.repeat(65), 'a\0']) {
    assert.throws(() => createContainer({ name, now: NOW }), isError('CONTAINER_NAME'), name)
  }
  for (const name of ['a', '0', '_', 'x'.repeat(64), 'work.2026-01']) {
    assert.equal(createContainer({ name, profile: 'classic', now: NOW }).name, name)
  }
})

test('the description carries times in seconds and fingerprints', () => {
  const container = createContainer({ name: 'default', now: NOW })
  const info = container.info()
  assert.equal(info.created, '2026-01-31T12:00:00Z')
  assert.equal(info.keys[1]?.id, container.signingKey().signer.fingerprint)
  assert.equal(info.keys[0]?.public, container.recipient().toString())
  assert.match(info.keys[0]?.id ?? '', /^SHA256:[A-Za-z0-9+/]{43}$/)
})

test('the other profile needs keys of its own', () => {
  const container = createContainer({ name: 'default', now: NOW })
  assert.equal(container.recipient().postQuantum, true)
  assert.throws(
    () => container.recipient('classic'),
    isError('CONTAINER_KEY', /exchange key of profile classic/),
  )
  assert.throws(() => container.signingKey('classic'), isError('CONTAINER_KEY', /signature key/))
  container.addKey(generateKeyPair('x25519'), { state: 'active', now: NOW })
  container.addKey(generateKeyPair('ed25519'), { state: 'active', now: NOW })
  assert.equal(container.recipient('classic').kind, 'X25519')
  assert.equal(container.signingKey('classic').signer.suite, 'ed25519')
  assert.equal(container.recipient().kind, 'mlkem768x25519')
})

test('what is added is retired unless told: it opens and is recognised, but nothing new uses it', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const [recipient, signer] = [container.recipient().toString(), container.signingKey().signer.fingerprint]
  const exchange = exchangePair(X25519Identity.generate())
  const signature = signaturePair(SigningKey.generate('ed25519'))
  assert.equal(container.addKey(exchange, { now: NOW }).state, 'retired')
  container.addKey(signature, { now: NOW })
  assert.equal(container.recipient().toString(), recipient)
  assert.equal(container.signingKey().signer.fingerprint, signer)
  assert.equal(container.identities().includes(exchange.identity), true)
  const fingerprints = container.signers().map((known) => known.fingerprint)
  assert.deepEqual(fingerprints, [signer, signature.signingKey.signer.fingerprint])
})

test('an active key takes the place of the one before, which is kept', () => {
  const container = createContainer({ name: 'default', now: NOW })
  const before = container.recipient().toString()
  const pair = exchangePair(MlKem768X25519Identity.generate())
  container.addKey(pair, { state: 'active', now: NOW })
  assert.equal(container.recipient().toString(), pair.publicText)
  assert.equal(container.identities()[0], pair.identity)
  const old = container.info().keys.find((key) => key.public === before)
  assert.equal(old?.state, 'retired')
  const again = parseContainer(encodeContainer(container, { kind: 'none' })).unlock()
  assert.deepEqual(again.info(), container.info())
  assert.equal(again.identities().length, 2)
})

test('the same key is not taken twice', () => {
  const container = createContainer({ name: 'default', now: NOW })
  const pair = generateKeyPair('x25519')
  container.addKey(pair, { now: NOW })
  const before = container.info()
  for (const state of ['active', 'retired'] as const) {
    assert.throws(() => container.addKey(pair, { state, now: NOW }), isError('CONTAINER_EXISTS'))
  }
  assert.deepEqual(container.info(), before)
  assert.throws(
    () => container.addKey(generateKeyPair('x25519'), { use: 'signature', now: NOW }),
    isError('CONTAINER_KEY', /x25519: expected one of the uses exchange, got signature/),
  )
})

test('more keys than a file may hold are refused', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  for (let i = 2; i < 256; i++) container.addKey(generateKeyPair('x25519'), { now: NOW })
  assert.throws(
    () => container.addKey(generateKeyPair('x25519'), { now: NOW }),
    isError('CONTAINER_FORMAT', /at most 256/),
  )
  assert.equal(
    parseContainer(encodeContainer(container, { kind: 'none' }))
      .unlock()
      .identities().length,
    255,
  )
})

test('a wiped container does nothing more', () => {
  const container = createContainer({ name: 'default', now: NOW })
  const signingKey = container.signingKey()
  container.wipe()
  assert.throws(() => container.recipient(), isError('CONTAINER_KEY'))
  assert.throws(() => container.signingKey(), isError('CONTAINER_KEY'))
  assert.throws(() => signingKey.sign(new Uint8Array(1)), isError('CONTAINER_KEY'))
  assert.throws(() => encodeContainer(container, { kind: 'none' }), isError('CONTAINER_KEY', /wiped/))
  assert.deepEqual(container.identities(), [])
})
