import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { BytesError, concat } from '@strongroom/core/bytes'
import {
  fromBigInteger,
  inverse,
  inverseOfExponent,
  powerOfPublicValues,
  toBigInteger,
} from '../../../src/cryptoapi/rsa/big-integer.ts'
import {
  decodeIntegerSequence,
  encodeIntegerSequence,
  withoutLeadingZeros,
} from '../../../src/cryptoapi/rsa/integer-sequence.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { KNOWN_KEYS } from './known-keys.ts'

const wide = fc.bigInt({ min: 2n, max: 2n ** 600n })

suite('integers of any size', () => {
  test('bytes and back', () => {
    assert.equal(toBigInteger(new Uint8Array(0)), 0n)
    assert.equal(toBigInteger(Uint8Array.of(0, 1, 2)), 258n)
    assert.deepEqual(fromBigInteger(258n, 3), Uint8Array.of(0, 1, 2))
    for (const [value, length] of [
      [256n, 1],
      [1n, 0],
      [-1n, 4],
    ] as const) {
      assert.throws(() => fromBigInteger(value, length), RangeError)
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        assert.deepEqual(fromBigInteger(toBigInteger(bytes), bytes.length), Uint8Array.from(bytes))
      }),
      PROPERTY,
    )
  })

  test('powers', () => {
    const exponent = fc.integer({ min: 0, max: 2000 })
    fc.assert(
      fc.property(wide, exponent, wide, (base, e, modulus) => {
        assert.equal(powerOfPublicValues(base, e, modulus), base ** BigInt(e) % modulus)
      }),
      { numRuns: PROPERTY.numRuns / 4 },
    )
    assert.equal(powerOfPublicValues(3n, 0, 1n), 0n)
  })

  test('inverses', () => {
    fc.assert(
      fc.property(wide, wide, (value, modulus) => {
        const found = inverse(value, modulus)
        if (found === undefined) assert.notEqual(divisor(value, modulus), 1n)
        else assert.ok(found >= 0n && found < modulus && (found * value) % modulus === 1n)
      }),
      PROPERTY,
    )
  })

  test('inverses of exponents', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 32n - 1n }), wide, (e, modulus) => {
        const found = inverseOfExponent(e, modulus)
        if (found === undefined) assert.notEqual(divisor(e, modulus), 1n)
        else assert.equal((found * e) % modulus, 1n)
      }),
      PROPERTY,
    )
  })
})

suite('sequences of integers', () => {
  test('are byte for byte the PKCS #1 that OpenSSL writes', () => {
    for (const { name, pem } of KNOWN_KEYS) {
      for (const key of [createPrivateKey(pem), createPublicKey(pem)]) {
        const der = Uint8Array.from(key.export({ format: 'der', type: 'pkcs1' }))
        const integers = decodeIntegerSequence(der)
        assert.ok(integers)
        assert.equal(integers.length, key.type === 'private' ? 9 : 2, name)
        assert.deepEqual(encodeIntegerSequence(integers), der, name)
        assert.deepEqual(encodeIntegerSequence(integers.map((i) => concat(new Uint8Array(3), i))), der, name)
      }
    }
  })

  test('come back at every width of a length', () => {
    const lengths = [1, 126, 127, 128, 129, 255, 256, 257, 2048]
    const integers = lengths.flatMap((length) => [filled(length, 0x7f), filled(length, 0x80)])
    assert.deepEqual(decodeIntegerSequence(encodeIntegerSequence(integers)), integers)
    assert.deepEqual(decodeIntegerSequence(encodeIntegerSequence([new Uint8Array(5)])), [Uint8Array.of(0)])
    assert.deepEqual(decodeIntegerSequence(encodeIntegerSequence([])), [])
  })

  test('anything else is refused', () => {
    const der = encodeIntegerSequence([Uint8Array.of(1), Uint8Array.of(2)])
    for (let length = 0; length < der.length; length++) {
      assert.throws(() => decodeIntegerSequence(der.subarray(0, length)), BytesError)
    }
    assert.throws(() => decodeIntegerSequence(concat(der, Uint8Array.of(0))), BytesError)
    assert.equal(decodeIntegerSequence(der.with(0, 0x31)), undefined)
    assert.equal(decodeIntegerSequence(der.with(2, 0x04)), undefined)
  })

  test('leading zeros go, the last byte stays', () => {
    assert.deepEqual(withoutLeadingZeros(Uint8Array.of(0, 0, 1, 0)), Uint8Array.of(1, 0))
    assert.deepEqual(withoutLeadingZeros(Uint8Array.of(0, 0)), Uint8Array.of(0))
  })
})

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte)
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : divisor(b, a % b)
}
