import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AgeError,
  hpkeSuite,
  openBase,
  sealBase,
  XWING_KEM_ID,
  XWingPrivateKey,
  XWingPublicKey,
  type KemPrivateKey,
  type KemPublicKey,
} from '@strongroom/core/age'
import { fromHex, utf8Encode } from '@strongroom/core/bytes'
import { singleBitFlips } from '../support/mutations.ts'
import { throwsCode } from '../support/throws-code.ts'
import hpkeVectors from './vectors/hpke-mlkem768x25519.json' with { type: 'json' }
import xwingVectors from './vectors/xwing.json' with { type: 'json' }

const NO_AAD = new Uint8Array(0)

test('X-Wing: keys and shared secrets of the published vectors', () => {
  assert.equal(xwingVectors.vectors.length, 3)
  for (const { sk, pk, ct, ss } of xwingVectors.vectors) {
    const key = new XWingPrivateKey(fromHex(sk))
    assert.deepEqual(key.publicKey.toBytes(), fromHex(pk))
    assert.deepEqual(key.decapsulate(fromHex(ct)), fromHex(ss))
  }
})

test('X-Wing: what is encapsulated is decapsulated, never twice the same', () => {
  const key = new XWingPrivateKey(new Uint8Array(32).fill(1))
  const publicKey = new XWingPublicKey(key.publicKey.toBytes())
  const [first, second] = [publicKey.encapsulate(), publicKey.encapsulate()]
  assert.deepEqual(key.decapsulate(first.enc), first.sharedSecret)
  assert.deepEqual(key.decapsulate(second.enc), second.sharedSecret)
  assert.notDeepEqual(first.sharedSecret, second.sharedSecret)
})

test('X-Wing: keys and ciphertexts of other lengths and impossible keys are refused', () => {
  for (const length of [0, 31, 33, 64]) {
    throwsCode(AgeError, 'KEY', () => new XWingPrivateKey(new Uint8Array(length)))
  }
  const key = new XWingPrivateKey(new Uint8Array(32))
  const publicKey = key.publicKey.toBytes()
  throwsCode(AgeError, 'KEY', () => new XWingPublicKey(publicKey.subarray(1)))
  throwsCode(AgeError, 'KEY', () => new XWingPublicKey(new Uint8Array(1216).fill(0xff)))
  throwsCode(AgeError, 'KEY', () => key.decapsulate(new Uint8Array(1119)))
  throwsCode(AgeError, 'KEY', () => key.decapsulate(new Uint8Array(1120)))
})

test('HPKE: the published message for MLKEM768-X25519 opens', () => {
  assert.equal(hpkeVectors.vectors.length, 1)
  for (const vector of hpkeVectors.vectors) {
    assert.equal(vector.kemId, XWING_KEM_ID)
    const key = new XWingPrivateKey(fromHex(vector.skRm))
    assert.deepEqual(key.publicKey.toBytes(), fromHex(vector.pkRm))
    assert.deepEqual(key.decapsulate(fromHex(vector.enc)), fromHex(vector.sharedSecret))
    const suite = hpkeSuite(vector.kemId, fromHex(vector.info))
    const plaintext = openBase(suite, key, fromHex(vector.enc), fromHex(vector.aad), fromHex(vector.ct))
    assert.deepEqual(plaintext, fromHex(vector.pt))
  }
})

// RFC 9180, Appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence 0. Our
// HPKE takes any KEM; here it is given the shared secret that the appendix prints.
const RFC_9180 = {
  kemId: 0x0020,
  info: fromHex('4f6465206f6e2061204772656369616e2055726e'),
  enc: fromHex('1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a'),
  sharedSecret: fromHex('0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7'),
  aad: fromHex('436f756e742d30'),
  plaintext: fromHex('4265617574792069732074727574682c20747275746820626561757479'),
  ciphertext: fromHex(
    '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
  ),
}

const printedSecret: KemPublicKey & KemPrivateKey = {
  encapsulate: () => ({ sharedSecret: RFC_9180.sharedSecret.slice(), enc: RFC_9180.enc }),
  decapsulate: () => RFC_9180.sharedSecret.slice(),
}

test('HPKE: RFC 9180, Appendix A.2.1, both ways', () => {
  const suite = hpkeSuite(RFC_9180.kemId, RFC_9180.info)
  const { enc, ciphertext } = sealBase(suite, printedSecret, RFC_9180.aad, RFC_9180.plaintext)
  assert.deepEqual(enc, RFC_9180.enc)
  assert.deepEqual(ciphertext, RFC_9180.ciphertext)
  assert.deepEqual(openBase(suite, printedSecret, enc, RFC_9180.aad, ciphertext), RFC_9180.plaintext)
})

test('HPKE: nothing opens with another info, other data, another key or any bit changed', () => {
  const key = new XWingPrivateKey(new Uint8Array(32).fill(3))
  const suite = hpkeSuite(XWING_KEM_ID, utf8Encode('info'))
  const { enc, ciphertext } = sealBase(suite, key.publicKey, NO_AAD, utf8Encode('attack at dawn'))
  const open = ({
    suite: s,
    key: k,
    enc: e,
    aad,
    text,
  }: Partial<{
    suite: typeof suite
    key: KemPrivateKey
    enc: Uint8Array
    aad: Uint8Array
    text: Uint8Array
  }>) => openBase(s ?? suite, k ?? key, e ?? enc, aad ?? NO_AAD, text ?? ciphertext)
  assert.deepEqual(open({}), utf8Encode('attack at dawn'))
  assert.equal(open({ suite: hpkeSuite(XWING_KEM_ID, utf8Encode('Info')) }), undefined)
  assert.equal(open({ suite: hpkeSuite(0x0020, utf8Encode('info')) }), undefined)
  assert.equal(open({ key: new XWingPrivateKey(new Uint8Array(32).fill(4)) }), undefined)
  assert.equal(open({ aad: Uint8Array.of(0) }), undefined)
  assert.equal(open({ text: new Uint8Array(15) }), undefined)
  for (const text of singleBitFlips(ciphertext)) assert.equal(open({ text }), undefined)
  for (const at of [0, 1087, 1088, 1119]) {
    assert.equal(open({ enc: enc.with(at, (enc[at] ?? 0) ^ 1) }), undefined, `byte ${at} of enc`)
  }
})
