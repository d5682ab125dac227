import assert from 'node:assert/strict'
import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { decryptOaep, encryptOaep } from '../../../src/cryptoapi/rsa/oaep.ts'
import { decryptPkcs1, encryptPkcs1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import type { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import type { ExpectedLengths } from '../../../src/cryptoapi/rsa/unpadding.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { knownKey, privateKey } from './known-keys.ts'
import {
  ciphertextOf,
  type Fault,
  MESSAGE,
  OAEP_FAULTS,
  oaepBlock,
  PKCS1_FAULTS,
  pkcs1Block,
} from './padded-blocks.ts'

const NAMES = ['kx512', 'kx1024', 'kx1024e3', 'kx1032', 'kx2048']
const SMALL = privateKey('kx512')

interface Scheme {
  readonly name: string
  readonly overhead: number
  readonly faults: readonly Fault[]
  /** A good block of 64 bytes: with v1.5, always the same, since a random one can be turned into another good one. */
  readonly sample: Uint8Array
  readonly block: (length: number, message: Uint8Array) => Uint8Array
  readonly encrypt: (key: RsaPrivateKey, message: Uint8Array) => Uint8Array
  readonly decrypt: (key: RsaPrivateKey, ciphertext: Uint8Array, expected?: ExpectedLengths) => Uint8Array
}

interface Damaged {
  readonly what: string
  readonly ciphertext: Uint8Array
  readonly lengths?: ExpectedLengths
  readonly with?: RsaPrivateKey
}

const SCHEMES: readonly Scheme[] = [
  {
    name: 'PKCS #1 v1.5',
    overhead: 11,
    faults: PKCS1_FAULTS,
    sample: Uint8Array.of(0, 2, ...new Uint8Array(45).fill(0x55), 0, ...MESSAGE),
    block: (length, message) => pkcs1Block(length, { message }),
    encrypt: (key, message) => encryptPkcs1(key.publicKey, message),
    decrypt: decryptPkcs1,
  },
  {
    name: 'OAEP',
    overhead: 42,
    faults: OAEP_FAULTS,
    sample: oaepBlock(64),
    block: (length, message) => oaepBlock(length, { message }),
    encrypt: (key, message) => encryptOaep(key.publicKey, message),
    decrypt: decryptOaep,
  },
]

for (const { name, overhead, faults, sample, block, encrypt, decrypt } of SCHEMES) {
  suite(name, () => {
    test('every length that fits comes back', () => {
      for (let length = 0; length <= SMALL.publicKey.length - overhead; length++) {
        const message = Uint8Array.from({ length }, (_, i) => i)
        assert.deepEqual(decrypt(SMALL, encrypt(SMALL, message)), message)
      }
    })

    test('any bytes come back under any key', () => {
      const keys = NAMES.map(privateKey)
      fc.assert(
        fc.property(fc.constantFrom(...keys), fc.uint8Array({ maxLength: 22 }), (key, message) => {
          assert.deepEqual(decrypt(key, encrypt(key, message)), Uint8Array.from(message))
        }),
        PROPERTY,
      )
    })

    test('a message that does not fit is refused', () => {
      const room = SMALL.publicKey.length - overhead
      throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => encrypt(SMALL, new Uint8Array(room + 1)))
    })

    test('blocks written by another hand are read', () => {
      for (const key of NAMES.map(privateKey)) {
        const { publicKey } = key
        for (const message of [new Uint8Array(0), MESSAGE, new Uint8Array(publicKey.length - overhead)]) {
          const ciphertext = ciphertextOf(publicKey, block(publicKey.length, message))
          assert.deepEqual(decrypt(key, ciphertext), message)
        }
      }
    })

    test('two encryptions of one message differ', () => {
      assert.notDeepEqual(encrypt(SMALL, MESSAGE), encrypt(SMALL, MESSAGE))
    })

    test('every fault has one code and one text', () => {
      const expected: ExpectedLengths = (length) => length === MESSAGE.length
      for (const key of NAMES.map(privateKey)) {
        const { publicKey } = key
        const good = ciphertextOf(publicKey, block(publicKey.length, MESSAGE))
        assert.deepEqual(decrypt(key, good, expected), MESSAGE)
        const damaged: readonly Damaged[] = [
          ...faults.map((fault) => ({ what: fault.name, ciphertext: fault.make(publicKey) })),
          { what: 'another length is expected', ciphertext: good, lengths: (n: number) => n === 24 },
          { what: 'no length is expected', ciphertext: good, lengths: () => false },
          { what: 'a byte short', ciphertext: good.subarray(1) },
          { what: 'a byte long', ciphertext: Uint8Array.of(...good, 0) },
          { what: 'empty', ciphertext: new Uint8Array(0) },
          { what: 'for another key', ciphertext: good, with: privateKey('sig512') },
        ]
        const answers = damaged.map(({ what, ciphertext, lengths = expected, with: other = key }) => {
          const error = throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decrypt(other, ciphertext, lengths))
          assert.deepEqual(Object.keys(error).toSorted(), ['code', 'name', 'needed'], what)
          return error.message
        })
        assert.deepEqual([...new Set(answers)], ['the private key does not open this'])
      }
    })

    test('a number above the modulus is refused, though one of its bytes less makes a good one', () => {
      let ciphertext = encrypt(SMALL, MESSAGE)
      while (ciphertext[63] !== 0) ciphertext = encrypt(SMALL, MESSAGE)
      assert.deepEqual(decrypt(SMALL, ciphertext), MESSAGE)
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decrypt(SMALL, ciphertext.with(63, 0xff)))
    })

    test('the caller is asked about lengths before the private key is used, and about all of them', () => {
      const asked: number[] = []
      const expected: ExpectedLengths = (length) => {
        asked.push(length)
        return true
      }
      const room = SMALL.publicKey.length - overhead
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decrypt(SMALL, new Uint8Array(64), expected))
      assert.deepEqual(
        asked,
        Array.from({ length: room + 1 }, (_, i) => room - i),
      )
    })

    test('a flipped bit of a ciphertext is a fault', () => {
      const ciphertext = ciphertextOf(SMALL.publicKey, sample)
      for (let bit = 0; bit < ciphertext.length * 8; bit++) {
        const flipped = ciphertext.with(bit >> 3, (ciphertext[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decrypt(SMALL, flipped, (n) => n === MESSAGE.length))
      }
    })
  })
}

suite('against OpenSSL in this process', () => {
  const { pem } = knownKey('kx2048')
  const key = privateKey('kx2048')

  test('OAEP with a label, both ways', () => {
    const label = Uint8Array.from([1, 2, 3])
    const options = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1', oaepLabel: label }
    const theirs = publicEncrypt({ key: createPublicKey(pem), ...options }, MESSAGE)
    assert.deepEqual(decryptOaep(key, Uint8Array.from(theirs).toReversed(), undefined, label), MESSAGE)
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => decryptOaep(key, Uint8Array.from(theirs).toReversed()))
    const ours = encryptOaep(key.publicKey, MESSAGE, label).toReversed()
    assert.deepEqual(
      Uint8Array.from(privateDecrypt({ key: createPrivateKey(pem), ...options }, ours)),
      MESSAGE,
    )
  })

  test('PKCS #1 v1.5 of theirs', () => {
    const padding = constants.RSA_PKCS1_PADDING
    const theirs = publicEncrypt({ key: createPublicKey(pem), padding }, MESSAGE)
    assert.deepEqual(decryptPkcs1(key, Uint8Array.from(theirs).toReversed()), MESSAGE)
  })
})
