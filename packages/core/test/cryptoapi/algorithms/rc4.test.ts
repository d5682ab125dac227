import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex, toHex } from '@strongroom/core/bytes'
import { Rc4 } from '../../../src/cryptoapi/algorithms/rc4.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { foundOpenssl, opensslEnc } from './openssl-program.ts'
import { assertSameBytes, bytesArbitrary, piecesArbitrary, sampleBytes } from './pieces.ts'
import rfc6229 from './vectors/rfc6229.json' with { type: 'json' }

const KEY = fromHex('0102030405060708090a0b0c0d0e0f10')

test('RC4: the keystreams of RFC 6229', () => {
  assert.equal(rfc6229.streams.length, 14)
  assert.equal(rfc6229.offsets.length, 18)
  for (const { key, keystream } of rfc6229.streams) {
    const stream = new Rc4(fromHex(key)).process(new Uint8Array(4112))
    const pieces = rfc6229.offsets.map((offset) => toHex(stream.subarray(offset, offset + 16)))
    assert.deepEqual(pieces, keystream, key)
  }
})

test('RC4: as OpenSSL', (t) => {
  if (!foundOpenssl(t)) return
  const data = sampleBytes(100_003)
  for (const [cipher, length] of [
    ['rc4', 16],
    ['rc4-40', 5],
  ] as const) {
    const key = sampleBytes(length)
    assertSameBytes(new Rc4(key).process(data), opensslEnc(cipher, key, undefined, data), cipher)
  }
})

test('RC4: pieces of any size are the whole', () => {
  fc.assert(
    fc.property(bytesArbitrary(16), piecesArbitrary(), (key, pieces) => {
      const rc4 = new Rc4(key)
      const processed = pieces.map((piece) => rc4.process(piece))
      assert.deepEqual(concat(...processed), new Rc4(key).process(concat(...pieces)))
    }),
    PROPERTY,
  )
})

test('RC4: encrypting twice is decrypting, with keys of every length', () => {
  const data = sampleBytes(300)
  for (let length = 1; length <= 256; length++) {
    const key = sampleBytes(length)
    const ciphertext = new Rc4(key).process(data)
    assert.notDeepEqual(ciphertext, data)
    assert.deepEqual(new Rc4(key).process(ciphertext), data)
  }
})

test('RC4: a copy goes on from where it was made, alone', () => {
  const rc4 = new Rc4(KEY)
  rc4.process(new Uint8Array(77))
  const copy = rc4.copy()
  const next = rc4.process(new Uint8Array(100))
  rc4.wipe()
  assert.deepEqual(copy.process(new Uint8Array(100)), next)
  assert.deepEqual(next, new Rc4(KEY).process(new Uint8Array(177)).slice(77))
})

test('RC4: the result is an array of its own, and views are read where they lie', () => {
  const data = sampleBytes(64)
  const before = data.slice()
  const view = Buffer.from(data.buffer, 3, 40)
  assert.deepEqual(new Rc4(KEY).process(view), new Rc4(KEY).process(before.slice(3, 43)))
  assert.deepEqual(data, before)
})

test('RC4: nothing of a wiped state is left', () => {
  const rc4 = new Rc4(KEY)
  rc4.wipe()
  assert.deepEqual(rc4.process(new Uint8Array(32)), new Uint8Array(32))
})

test('RC4: keys of no length, and longer than 256 bytes, are refused', () => {
  assert.throws(() => new Rc4(new Uint8Array(0)), RangeError)
  assert.throws(() => new Rc4(new Uint8Array(257)), RangeError)
})
