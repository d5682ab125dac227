import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MlKem768X25519Identity, X25519Identity } from '@strongroom/core/age'
import { bech32Encode } from '@strongroom/core/bytes'
import { SIGNATURE_SUITES, SignerKey, SigningKey } from '@strongroom/core/container'
import {
  checkName,
  clientIdOf,
  fingerprintOf,
  formatFingerprint,
  objectNameDigest,
  parseFingerprint,
  parseSignerText,
  ProtocolError,
  recipientKindOf,
  signerIdOf,
} from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, CLIENT, exchangeOf, sha256 } from './fixtures.ts'

for (const suite of Object.values(SIGNATURE_SUITES)) {
  test(`${suite.name}: text, key id, fingerprint and lengths are those of key containers`, () => {
    const { signer } = SigningKey.generate(suite.name)
    const text = signer.toString()
    assert.deepEqual(parseSignerText(text), {
      text,
      suiteId: suite.id,
      signatureLength: suite.signatureLength,
      publicBytes: signer.publicBytes,
    })
    assert.deepEqual(signerIdOf(sha256, text), signer.keyId)
    assert.equal(fingerprintOf(sha256, text), signer.fingerprint)
    assert.deepEqual(parseFingerprint(signer.fingerprint), signer.keyId)
    assert.equal(formatFingerprint(signer.keyId), signer.fingerprint)
  })
}

test('what is no signer is none here and there', () => {
  const text = CLIENT.signer
  const [, encoded = ''] = text.split(' ')
  const others = [
    '',
    ' ',
    encoded,
    `ed25519${encoded}`,
    `ed25519  ${encoded}`,
    ` ${text}`,
    `${text} `,
    `${text}\n`,
    `${text}=`,
    `${text} comment`,
    `ED25519 ${encoded}`,
    `mldsa65 ${encoded}`,
    `ed25519+mldsa65 ${encoded}`,
    `ed25519 ${encoded.slice(0, -1)}`,
    `ed25519 ${encoded}AAAA`,
    `ed25519 ${'A'.repeat(10_000)}`,
    `__proto__ ${encoded}`,
  ]
  for (const other of others) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseSignerText(other))
    assert.throws(() => SignerKey.parse(other), other.slice(0, 40))
  }
})

test('what is no fingerprint', () => {
  const { fingerprint } = CLIENT
  const others = [
    '',
    fingerprint.slice(0, -1),
    `${fingerprint}A`,
    `${fingerprint}=`,
    fingerprint.toLowerCase(),
    fingerprint.replace('SHA256:', ''),
    fingerprint.replace('SHA256', 'MD5'),
    // 43 characters have two bits to spare; the last must not set them.
    `SHA256:${'A'.repeat(42)}B`,
  ]
  for (const other of others) throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseFingerprint(other))
})

test('recipients are those of age', () => {
  const hybrid = MlKem768X25519Identity.generate().recipient().toString()
  const classic = X25519Identity.generate().recipient().toString()
  assert.equal(recipientKindOf(hybrid), 'mlkem768x25519')
  assert.equal(recipientKindOf(classic), 'x25519')
  const others = [
    '',
    'age1',
    classic.toUpperCase(),
    `${classic.slice(0, -1)}${classic.endsWith('q') ? 'p' : 'q'}`,
    bech32Encode('age', bytesOf(1, 31)),
    bech32Encode('age1pq', bytesOf(1, 32)),
    bech32Encode('age', bytesOf(1, 1216)),
    bech32Encode('AGE-SECRET-KEY-', bytesOf(1, 32)),
    bech32Encode('age1yubikey', bytesOf(1, 33)),
  ]
  for (const other of others) throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => recipientKindOf(other))
  assert.equal(recipientKindOf(exchangeOf(1)), 'mlkem768x25519')
})

test('names are 1 to 64 of a few characters', () => {
  for (const name of ['a', '0', '-', 'acme-2', 'a'.repeat(64)]) assert.equal(checkName(name), name)
  for (const name of ['', 'A', 'a_b', 'a.b', 'a b', 'ä', 'a\n', 'a/..', 'a'.repeat(65)]) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => checkName(name))
  }
})

test('a client has one id in a tenant, and others elsewhere', () => {
  const id = clientIdOf(sha256, 'acme', CLIENT.signer)
  assert.match(id, /^c-[0-9a-f]{24}$/)
  assert.equal(checkName(id), id)
  assert.equal(clientIdOf(sha256, 'acme', CLIENT.signer), id)
  assert.notEqual(clientIdOf(sha256, 'acme2', CLIENT.signer), id)
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => clientIdOf(sha256, 'Acme', CLIENT.signer))
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => clientIdOf(sha256, 'acme', CLIENT.fingerprint))
})

test('the digest of a name is not that of the name alone', () => {
  const name = 'report.pdf'
  assert.equal(objectNameDigest(sha256, name).length, 32)
  assert.notDeepEqual(objectNameDigest(sha256, name), sha256(new TextEncoder().encode(name)))
})
