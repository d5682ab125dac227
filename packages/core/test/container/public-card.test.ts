import assert from 'node:assert/strict'
import { test } from 'node:test'
import { X25519Identity } from '../../src/age/index.ts'
import {
  SigningKey,
  createContainer,
  generateKeyPair,
  parsePublicCard,
  publicCard,
  rsaPair,
} from '../../src/container/index.ts'
import { generateKeyPairSync } from 'node:crypto'
import { NOW, isError } from './fixtures.ts'

test('a card carries the active public keys and nothing else', () => {
  const container = createContainer({ name: 'default', withClassic: true, now: NOW })
  container.addKey(generateKeyPair('x25519'), { now: NOW })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rsa = rsaPair(privateKey.export({ format: 'der', type: 'pkcs8' }))
  container.addKey(rsa, { use: 'exchange', state: 'active', now: NOW })
  const text = publicCard(container)
  const card = parsePublicCard(text)
  assert.deepEqual(
    card.recipients.map(String),
    [container.recipient(), container.recipient('classic')].map(String),
  )
  assert.deepEqual(
    card.signers.map((signer) => signer.fingerprint),
    [container.signingKey().signer.fingerprint],
  )
  assert.ok(text.includes(`# signature key ${container.signingKey().signer.fingerprint}\n`))
  assert.ok(!text.includes('SECRET'))
})

test('a recipients file of age and a single signer are cards', () => {
  const recipients = [X25519Identity.generate(), X25519Identity.generate()].map((one) =>
    one.recipient().toString(),
  )
  const file = `# created by age-keygen\r\n${recipients.join('\r\n')}\r\n`
  assert.deepEqual(parsePublicCard(file).recipients.map(String), recipients)
  assert.deepEqual(parsePublicCard(file).signers, [])
  const { signer } = SigningKey.generate('ed25519+mldsa65')
  const card = parsePublicCard(signer.toString())
  assert.deepEqual(card.signers.map(String), [signer.toString()])
  assert.deepEqual(card.recipients, [])
})

test('errors name the line', () => {
  const recipient = X25519Identity.generate().recipient().toString()
  const cases: readonly [string, RegExp][] = [
    ['', /^card: no public key/],
    ['# only words\n', /^card: no public key/],
    [`${recipient}\nhello`, /^line 2: /],
    [`${recipient} x`, /^line 1: /],
    [`\n\ned25519 AAAA`, /^line 3: ed25519 public key: expected 32 bytes, got 3/],
    [X25519Identity.generate().toString(), /^line 1: expected a recipient, got an identity/],
    ['#'.repeat(1024 * 1024 + 1), /^card: longer than/],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => parsePublicCard(text), isError('CONTAINER_FORMAT', message))
  }
})
