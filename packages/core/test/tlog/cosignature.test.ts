import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { concat, fromPaddedBase64, utf8Encode } from '@strongroom/core/bytes'
import {
  noteSigner,
  noteVerifier,
  SIGNATURE_TYPES,
  signatureTime,
  signatureTypeById,
  TlogError,
  verifierKey,
} from '@strongroom/core/tlog'
import { throwsCode } from '../support/throws-code.ts'
import { sha256, testKey, verifyRaw } from './node-keys.ts'

// C2SP tlog-cosignature, the example and its "Ed25519 signed message".
const TEXT = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
`
const SIGNED = `cosignature/v1
time 1679315147
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
`
const text = utf8Encode(TEXT)
const rawKey = (type: 'ed25519' | 'ml-dsa-44', seed: number) =>
  createPrivateKey({
    key: Buffer.alloc(32, seed),
    format: type === 'ed25519' ? 'raw-private' : 'raw-seed',
    asymmetricKeyType: type,
  })

suite('what signatures cover', () => {
  test('type 0x01: the text of the note', () => {
    const { signer, verifier } = testKey('example.com/log', 'note', 1)
    const signature = signer.sign(text)
    assert.equal(signature.length, 64)
    assert.ok(verify(null, text, createPublicKey(rawKey('ed25519', 1)), signature))
    assert.ok(verifier.verify(text, signature))
    assert.ok(verifier.verify(utf8Encode('any text\n'), signer.sign(utf8Encode('any text\n'))))
  })

  test('type 0x04: the message of the specification, with the time in front of the signature', () => {
    const { signer, verifier } = testKey('witness.example.com/w1', 'cosignature', 1)
    const signature = signer.sign(text)
    assert.equal(signature.length, 72)
    assert.equal(Buffer.from(signature).readBigUInt64BE(), 1_679_315_147n)
    assert.ok(verify(null, utf8Encode(SIGNED), createPublicKey(rawKey('ed25519', 1)), signature.subarray(8)))
    assert.ok(verifier.verify(text, signature))
  })

  test('type 0x06: the structure of the specification', () => {
    const { signer, verifier } = testKey('witness.example.com/w1', 'subtree', 1)
    const signature = signer.sign(text)
    assert.equal(signature.length, 2428)
    // C2SP tlog-cosignature, "ML-DSA-44 signed message", written down by hand.
    const u64 = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(16, '0'), 'hex'))
    const message = concat(
      utf8Encode('subtree/v1\n\0'),
      Uint8Array.of(22),
      utf8Encode('witness.example.com/w1'),
      u64(1_679_315_147n),
      Uint8Array.of(27),
      utf8Encode('example.com/behind-the-sofa'),
      u64(0n),
      u64(20_852_163n),
      fromPaddedBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='),
    )
    assert.equal(message.length, 12 + 1 + 22 + 8 + 1 + 27 + 8 + 8 + 32)
    const publicKey = createPublicKey(rawKey('ml-dsa-44', 1))
    assert.ok(verify(null, message, publicKey, signature.subarray(8)))
    const byHand = concat(u64(1_679_315_147n), sign(null, message, rawKey('ml-dsa-44', 1)))
    assert.ok(verifier.verify(text, byHand))
  })

  test('type 0x06 covers the name of the signer and no extension line, type 0x04 the lines and no name', () => {
    const extended = utf8Encode(`${TEXT}extension\n`)
    for (const [type, byName, byLine] of [
      ['subtree', true, false],
      ['cosignature', false, true],
    ] as const) {
      const [one, two] = [testKey('w/1', type, 1), testKey('w/2', type, 1)]
      assert.equal(two.verifier.verify(text, one.signer.sign(text)), !byName, type)
      assert.equal(one.verifier.verify(extended, one.signer.sign(text)), !byLine, type)
    }
  })

  test('the example of a cosignature has the time that the specification gives', () => {
    const encoded =
      'jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=='
    const signature = fromPaddedBase64(encoded).subarray(4)
    assert.equal(signature.length, 72)
    assert.equal(signatureTime(signature), 1_679_315_147)
  })

  test('the table is that of the specification', () => {
    assert.deepEqual(
      Object.values(SIGNATURE_TYPES).map((type) => [
        type.id,
        type.algorithm,
        type.publicLength,
        type.signatureLength,
      ]),
      [
        [0x01, 'ed25519', 32, 64],
        [0x04, 'ed25519', 32, 64],
        [0x06, 'ml-dsa-44', 1312, 2420],
      ],
    )
    for (const id of [0, 2, 3, 5, 7, 0xff]) assert.equal(signatureTypeById(id), undefined)
  })
})

suite('signatures that are not valid', () => {
  for (const type of ['note', 'cosignature', 'subtree'] as const) {
    test(`${type}: of another length, time, key, text or type`, () => {
      const mine = testKey('w/1', type, 1)
      const signature = mine.signer.sign(text)
      const refused = (bytes: Uint8Array, of = text) => assert.equal(mine.verifier.verify(of, bytes), false)
      refused(new Uint8Array(0))
      refused(signature.slice(1))
      refused(signature.slice(0, -1))
      refused(concat(signature, Uint8Array.of(0)))
      refused(utf8Encode('short'))
      for (let i = 0; i < signature.length; i += type === 'subtree' ? 97 : 1) {
        refused(signature.with(i, (signature[i] ?? 0) ^ 1))
      }
      refused(testKey('w/1', type, 2).signer.sign(text))
      refused(signature, utf8Encode(TEXT.replace('163', '164')))
      for (const other of ['note', 'cosignature', 'subtree'] as const) {
        if (other !== type) refused(testKey('w/1', other, 1).signer.sign(text))
      }
    })
  }

  test('a cosignature of what is no checkpoint is neither made nor valid', () => {
    for (const type of ['cosignature', 'subtree'] as const) {
      const { signer, verifier } = testKey('w/1', type, 1)
      const signature = signer.sign(text)
      for (const other of ['', 'Dear all\n', 'a\n1\n', TEXT.slice(0, -1), `${TEXT}\n`]) {
        throwsCode(TlogError, 'TLOG_CHECKPOINT', () => signer.sign(utf8Encode(other)))
        assert.equal(verifier.verify(utf8Encode(other), signature), false)
      }
      throwsCode(TlogError, 'TLOG_CHECKPOINT', () => signer.sign(Uint8Array.of(0xff)))
    }
  })

  test('a time beyond 2^53 - 1 is not valid, and a clock that is no number of seconds signs nothing', () => {
    const secret = rawKey('ed25519', 1)
    const raw = new Uint8Array(createPublicKey(secret).export({ format: 'raw-public' }))
    const key = verifierKey(sha256, 'w/1', 'cosignature', raw)
    const make = (time: bigint) => {
      const message = utf8Encode(`cosignature/v1\ntime ${time}\n${TEXT}`)
      const signature = Buffer.alloc(72)
      signature.writeBigUInt64BE(time)
      signature.set(sign(null, message, secret), 8)
      return Uint8Array.from(signature)
    }
    const verifier = noteVerifier(key, verifyRaw)
    assert.ok(verifier.verify(text, make(0n)))
    assert.ok(verifier.verify(text, make(2n ** 53n - 1n)))
    for (const time of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      assert.equal(verifier.verify(text, make(time)), false)
      assert.equal(signatureTime(make(time)), undefined)
    }
    for (const now of [-1, 1.5, Number.NaN, 2 ** 53]) {
      const signer = noteSigner(key, { sign: () => new Uint8Array(64), now: () => now })
      throwsCode(TlogError, 'TLOG_RANGE', () => signer.sign(text))
    }
  })

  test('ML-DSA-44 covers names of at most 255 bytes', () => {
    const origin = (length: number) => utf8Encode(TEXT.replace(/.*/, 'é'.repeat(length).slice(0, length)))
    const { signer, verifier } = testKey('w/1', 'subtree', 1)
    const signature = signer.sign(origin(127))
    assert.ok(verifier.verify(origin(127), signature))
    throwsCode(TlogError, 'TLOG_LIMIT', () => signer.sign(origin(128)))
    assert.equal(verifier.verify(origin(128), signature), false)
    throwsCode(TlogError, 'TLOG_LIMIT', () => testKey('w'.repeat(256), 'subtree', 1).signer.sign(text))
    testKey('w'.repeat(255), 'subtree', 1).signer.sign(text)
  })

  test('the algorithm is never given a key or signature of another length than its own', () => {
    for (const [name, type] of Object.entries(SIGNATURE_TYPES)) {
      const { key, signer } = testKey('w/1', name as keyof typeof SIGNATURE_TYPES, 1)
      const seen: [number, number][] = []
      const verifier = noteVerifier(key, (_, publicKey, __, signature) => {
        seen.push([publicKey.length, signature.length])
        return true
      })
      const signature = signer.sign(text)
      assert.equal(verifier.verify(text, signature), true)
      for (const other of [
        signature.slice(1),
        concat(signature, signature),
        new Uint8Array(8),
        new Uint8Array(0),
      ]) {
        assert.equal(verifier.verify(text, other), false)
      }
      assert.deepEqual(seen, [[type.publicLength, type.signatureLength]])
    }
  })

  test('an error that is not of this layer is not taken for an invalid signature', () => {
    const { key } = testKey('w/1', 'note', 1)
    const broken = noteVerifier(key, () => {
      throw new RangeError('out of memory')
    })
    assert.throws(() => broken.verify(text, new Uint8Array(64)), RangeError)
  })
})
