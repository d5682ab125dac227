import assert from 'node:assert/strict'
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
} from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { generateRsaPrivateKey } from '../../../src/cryptoapi/rsa/generate.ts'
import { encodeIntegerSequence } from '../../../src/cryptoapi/rsa/integer-sequence.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { brokenKey, keyOf, prime } from './broken-key.ts'
import { KNOWN_KEYS, knownKey, privateKey } from './known-keys.ts'

const KEY = privateKey('kx1024')
const { publicKey: PUBLIC } = KEY
const refused = (run: () => unknown): CryptoApiError => throwsCode(CryptoApiError, 'NTE_BAD_DATA', run)
/** A number below every modulus of so many bytes. */
const below = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i === 0 ? 1 : i))

suite('the bare operation', () => {
  test('is what OpenSSL computes, and each way undoes the other', () => {
    for (const { name, pem } of KNOWN_KEYS) {
      const key = privateKey(name)
      const block = below(key.publicKey.length)
      const signed = key.raw(block)
      const theirs = privateDecrypt({ key: pem, padding: constants.RSA_NO_PADDING }, block)
      assert.deepEqual(signed, Uint8Array.from(theirs), name)
      assert.ok(signed)
      assert.deepEqual(key.publicKey.raw(signed), block, name)
    }
  })

  test('takes numbers below the modulus, at its length', () => {
    for (const key of [KEY, PUBLIC]) {
      const { modulus } = PUBLIC
      assert.equal(key.raw(modulus), undefined)
      assert.equal(key.raw(new Uint8Array(128).fill(0xff)), undefined)
      for (const length of [0, 127, 129]) assert.equal(key.raw(new Uint8Array(length)), undefined)
      // e and d are odd: n - 1 is its own power.
      const last = modulus.with(127, (modulus[127] ?? 0) - 1)
      assert.deepEqual(key.raw(last), last)
      assert.deepEqual(key.raw(new Uint8Array(128)), new Uint8Array(128))
    }
  })

  test('gives no wrong result to be seen, not even when the arithmetic modulo one prime fails', () => {
    const key = brokenKey()
    assert.equal(key.rawChecked(below(64)), undefined)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 63, maxLength: 63 }), (tail) => {
        const block = Uint8Array.of(0, ...tail)
        const result = key.rawChecked(block)
        if (result !== undefined) assert.deepEqual(key.publicKey.raw(result), block)
      }),
      PROPERTY,
    )
  })

  test('is checked by OpenSSL while it is still blinded: it gets over a wrong exponent modulo one prime', () => {
    const { prime1, prime2, exponent1, exponent2, coefficient, privateExponent } = KEY.parts()
    const wrong = exponent1.with(63, (exponent1[63] ?? 0) ^ 2)
    const integers = [Uint8Array.of(0), PUBLIC.modulus, Uint8Array.of(1, 0, 1), privateExponent]
    const der = encodeIntegerSequence([...integers, prime1, prime2, wrong, exponent2, coefficient])
    const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs1' })
    const result = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, below(128))
    assert.deepEqual(Uint8Array.from(result), KEY.raw(below(128)))
  })

  test('gives the same to be seen and to be kept', () => {
    for (const name of ['kx512', 'kx1032', 'kx1024e3']) {
      const key = privateKey(name)
      const block = below(key.publicKey.length)
      assert.deepEqual(key.rawChecked(block), key.raw(block))
      assert.equal(key.rawChecked(key.publicKey.modulus), undefined)
    }
  })
})

suite('what makes a public key', () => {
  test('equal keys have one modulus and one exponent', () => {
    assert.ok(PUBLIC.equals(RsaPublicKey.fromKeyObject(createPublicKey(knownKey('kx1024').pem))))
    assert.ok(!PUBLIC.equals(RsaPublicKey.fromParts(PUBLIC.modulus, 3)))
    assert.ok(!PUBLIC.equals(privateKey('kx1024b').publicKey))
    assert.ok(!PUBLIC.equals(privateKey('kx512').publicKey))
  })

  test('the modulus is copied', () => {
    const modulus = PUBLIC.modulus.slice()
    const key = RsaPublicKey.fromParts(modulus, 65537)
    modulus.fill(0)
    assert.ok(key.equals(PUBLIC))
  })

  test('exponents that hide nothing, even moduli and wrong sizes are refused', () => {
    for (const exponent of [0, 1, 2, 4, 65536, 0xfffffffe]) {
      refused(() => RsaPublicKey.fromParts(PUBLIC.modulus, exponent))
    }
    for (const exponent of [3, 5, 65537, 0xffffffff]) RsaPublicKey.fromParts(PUBLIC.modulus, exponent)
    refused(() => RsaPublicKey.fromParts(PUBLIC.modulus.with(127, 2), 3))
    for (const length of [0, 1, 47, 2049]) refused(() => RsaPublicKey.fromParts(odd(length), 3))
    for (const length of [48, 49, 2048]) assert.equal(RsaPublicKey.fromParts(odd(length), 3).bits, length * 8)
    refused(() => RsaPublicKey.fromParts(new Uint8Array(128), 3))
    refused(() => RsaPublicKey.fromParts(odd(64).with(0, 0), 3))
  })

  test('recovery takes them, and computes with them', () => {
    const recovery = { recovery: true }
    const block = below(128)
    assert.deepEqual(RsaPublicKey.fromParts(PUBLIC.modulus, 1, recovery).raw(block), block)
    const last = (byte: number): Uint8Array => new Uint8Array(128).with(127, byte)
    assert.deepEqual(RsaPublicKey.fromParts(PUBLIC.modulus, 0, recovery).raw(block), last(1))
    assert.deepEqual(RsaPublicKey.fromParts(PUBLIC.modulus, 2, recovery).raw(last(2)), last(4))
    const even = RsaPublicKey.fromParts(new Uint8Array(48).with(0, 0x80), 3, recovery)
    assert.deepEqual(even.raw(new Uint8Array(48).with(47, 3)), new Uint8Array(48).with(47, 27))
    assert.equal(even.raw(new Uint8Array(48).with(0, 0x80)), undefined)
    refused(() => RsaPublicKey.fromParts(new Uint8Array(128), 3, recovery))
  })

  test('keys that are not RSA, or whose exponent has more than 32 bits, are refused', () => {
    refused(() => RsaPublicKey.fromKeyObject(generateKeyPairSync('ed25519').publicKey))
    const der = encodeIntegerSequence([PUBLIC.modulus, Uint8Array.of(1, 0, 0, 0, 1)])
    const publicKey = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'pkcs1' })
    refused(() => RsaPublicKey.fromKeyObject(publicKey))
  })
})

suite('what makes a private key', () => {
  const parts = KEY.parts()

  test('a missing, cut or wrong private exponent is computed again', () => {
    const { privateExponent, ...crt } = parts
    const [e, p, q] = [65537n, big(parts.prime1), big(parts.prime2)]
    for (const given of [
      undefined,
      new Uint8Array(0),
      privateExponent.subarray(1),
      privateExponent.with(60, 1),
    ]) {
      const key = RsaPrivateKey.fromParts(PUBLIC, { ...crt, privateExponent: given })
      const d = big(key.parts().privateExponent)
      assert.equal((d * e) % ((p - 1n) * (q - 1n)), 1n)
      assert.deepEqual(key.raw(below(128)), KEY.raw(below(128)))
      assert.deepEqual(key.substituteSecret(), KEY.substituteSecret())
    }
  })

  test('a right private exponent is kept, also one larger by the least common multiple of p - 1 and q - 1', () => {
    const [p, q, d] = [big(parts.prime1), big(parts.prime2), big(parts.privateExponent)]
    const common = ((p - 1n) * (q - 1n)) / divisor(p - 1n, q - 1n)
    for (const form of [d % common, (d % common) + common]) {
      const privateExponent = Uint8Array.fromHex(form.toString(16).padStart(256, '0'))
      const key = RsaPrivateKey.fromParts(PUBLIC, { ...parts, privateExponent })
      assert.deepEqual(key.parts(), { ...parts, privateExponent })
      assert.deepEqual(key.raw(below(128)), KEY.raw(below(128)))
      assert.deepEqual(key.substituteSecret(), KEY.substituteSecret())
    }
  })

  test('any other value that does not belong is refused, with one text', () => {
    const messages = (['prime1', 'prime2', 'exponent1', 'exponent2', 'coefficient'] as const).flatMap(
      (name) =>
        [0, 31, 63].flatMap((at) => {
          const value = parts[name]
          const changed = [value.with(at, (value[at] ?? 0) ^ 4), new Uint8Array(64), new Uint8Array(0)]
          return changed.map(
            (wrong) => refused(() => RsaPrivateKey.fromParts(PUBLIC, { ...parts, [name]: wrong })).message,
          )
        }),
    )
    assert.equal(new Set(messages).size, 1)
    const { prime1, prime2 } = parts
    refused(() => RsaPrivateKey.fromParts(PUBLIC, { ...parts, prime1: prime2, prime2: prime1 }))
    refused(() => RsaPrivateKey.fromParts(PUBLIC, { ...parts, prime1: one(), prime2: PUBLIC.modulus }))
    refused(() => RsaPrivateKey.fromParts(privateKey('kx1024b').publicKey, parts))
    refused(() => RsaPrivateKey.fromParts(RsaPublicKey.fromParts(PUBLIC.modulus, 3), parts))
  })

  test('values that are right but not reduced are refused', () => {
    const wide = big(parts.exponent1) + big(parts.prime1) - 1n
    const exponent1 = Uint8Array.fromHex(wide.toString(16).padStart(130, '0'))
    refused(() => RsaPrivateKey.fromParts(PUBLIC, { ...parts, exponent1 }))
  })

  test('primes that a blob has no room for, and an even one, are refused', () => {
    assert.equal(keyOf(() => [prime(256), prime(256)]).publicKey.bits, 512)
    refused(() => keyOf(() => [prime(260), prime(252)]))
    refused(() => keyOf(() => [prime(252), prime(260)]))
    refused(() => keyOf(() => [2n * prime(255), prime(256)], true))
  })

  test('an exponent of one is read in recovery, and changes nothing', () => {
    const publicKey = RsaPublicKey.fromParts(PUBLIC.modulus, 1, { recovery: true })
    const key = RsaPrivateKey.fromParts(publicKey, { ...parts, exponent1: one(), exponent2: one() })
    assert.deepEqual(key.raw(below(128)), below(128))
    assert.equal(big(key.parts().privateExponent), 1n)
    assert.equal(key.raw(PUBLIC.modulus), undefined)
  })

  test('keys come from node:crypto and go back', () => {
    for (const { name, pem } of KNOWN_KEYS) {
      const object = createPrivateKey(pem)
      const key = RsaPrivateKey.fromKeyObject(object)
      assert.deepEqual(key.parts(), privateKey(name).parts(), name)
      assert.ok(key.toKeyObject().equals(object), name)
      assert.ok(key.publicKey.toKeyObject().equals(createPublicKey(pem)), name)
    }
    refused(() => RsaPrivateKey.fromKeyObject(createPublicKey(knownKey('kx512').pem)))
    refused(() => RsaPrivateKey.fromKeyObject(generateKeyPairSync('ed25519').privateKey))
  })

  test('what is handed out is a copy, and a wiped key does nothing', () => {
    const key = RsaPrivateKey.fromParts(PUBLIC, parts)
    key.parts().prime1.fill(0)
    assert.deepEqual(key.parts(), parts)
    key.wipe()
    for (const use of [
      () => key.raw(below(128)),
      () => key.rawChecked(below(128)),
      () => key.parts(),
      () => key.substituteSecret(),
      () => key.toKeyObject(),
    ]) {
      throwsCode(CryptoApiError, 'NTE_BAD_KEY', use)
    }
    assert.deepEqual(parts, KEY.parts())
  })
})

suite('new key pairs', () => {
  for (const bits of [384, 392, 504, 512, 520, 1032]) {
    test(`${bits} bits`, () => {
      const key = generateRsaPrivateKey(bits)
      const { publicKey } = key
      assert.equal(publicKey.bits, bits)
      assert.ok((publicKey.modulus[0] ?? 0) >= 0x80)
      assert.equal(publicKey.exponent, 65537)
      const block = below(bits / 8)
      assert.deepEqual(publicKey.raw(key.raw(block) ?? block), block)
      assert.ok(!publicKey.equals(generateRsaPrivateKey(bits).publicKey))
    })
  }

  test('sizes that no key has', () => {
    for (const bits of [0, 8, 376, 385, 1023, 16392, 2 ** 31, -512, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => generateRsaPrivateKey(bits), RangeError)
    }
  })
})

/** An odd modulus of so many bytes. */
function odd(length: number): Uint8Array {
  return new Uint8Array(length).fill(0xff)
}

function one(): Uint8Array {
  return Uint8Array.of(1)
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : divisor(b, a % b)
}

function big(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toHex()}`)
}
