import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import forge from 'node-forge'
import { fromHex } from '@strongroom/core/bytes'
import { createBlockCipher } from '../../../src/cryptoapi/algorithms/block-cipher.ts'
import { CALG_RC2 } from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { foundOpenssl, opensslEnc } from './openssl-program.ts'
import { assertSameBytes, bytesArbitrary, sampleBytes } from './pieces.ts'

/** RFC 2268 §5: key, effective bits, plaintext, ciphertext. */
const RFC_2268 = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  [
    '88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e',
    129,
    '0000000000000000',
    '5b78d3a43dfff1f1',
  ],
] as const

/** The ciphers of `openssl enc` that fix both the length of a key, in bytes, and its effective bits. */
const OPENSSL = [
  ['rc2', 16, 128],
  ['rc2-64', 8, 64],
  ['rc2-40', 5, 40],
] as const

/** Every length of a key with one effective length, and every effective length with one key. */
const EVERY_LENGTH = [
  ...Array.from({ length: 128 }, (_, i) => ({ bytes: i + 1, bits: 128 })),
  ...Array.from({ length: 1024 }, (_, i) => ({ bytes: 100, bits: i + 1 })),
]

test('RC2: the vectors of RFC 2268, both ways', () => {
  for (const [key, bits, plaintext, ciphertext] of RFC_2268) {
    const cipher = createBlockCipher(CALG_RC2, fromHex(key), bits)
    const none = new Uint8Array(8)
    assert.deepEqual(cipher.transform('encrypt', 'ecb', none, fromHex(plaintext)), fromHex(ciphertext), key)
    assert.deepEqual(cipher.transform('decrypt', 'ecb', none, fromHex(ciphertext)), fromHex(plaintext), key)
  }
})

test('RC2: CBC as OpenSSL, both ways', (t) => {
  if (!foundOpenssl(t)) return
  const data = sampleBytes(80_000)
  const iv = fromHex('f1e2d3c4b5a69788')
  for (const [name, length, bits] of OPENSSL) {
    const key = sampleBytes(length)
    const cipher = createBlockCipher(CALG_RC2, key, bits)
    const ciphertext = opensslEnc(`${name}-cbc`, key, iv, data, '-nopad')
    assertSameBytes(cipher.transform('encrypt', 'cbc', iv.slice(), data), ciphertext, name)
    assertSameBytes(cipher.transform('decrypt', 'cbc', iv.slice(), ciphertext), data, name)
  }
})

test('RC2: ECB as OpenSSL', (t) => {
  if (!foundOpenssl(t)) return
  const key = sampleBytes(16)
  const data = sampleBytes(80_000)
  const ciphertext = createBlockCipher(CALG_RC2, key, 128).transform(
    'encrypt',
    'ecb',
    new Uint8Array(8),
    data,
  )
  assertSameBytes(ciphertext, opensslEnc('rc2-ecb', key, undefined, data, '-nopad'), 'rc2-ecb')
})

// node-forge takes other bits of a key that is cut within a byte; for those there are the vectors above.
test('RC2: keys of every length and effective length in bytes as node-forge', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 128 }),
      fc.integer({ min: 1, max: 128 }),
      fc.nat(20).chain((count) => bytesArbitrary(8 * count)),
      (key, effectiveBytes, data) => {
        const iv = sampleBytes(8)
        const theirs = forge.rc2.createEncryptionCipher(binaryOf(key), 8 * effectiveBytes)
        theirs.start(binaryOf(iv))
        theirs.update(forge.util.createBuffer(binaryOf(data)))
        theirs.finish(() => true) // no padding
        const ours = createBlockCipher(CALG_RC2, key, 8 * effectiveBytes)
        assert.equal(ours.transform('encrypt', 'cbc', iv, data).toHex(), theirs.output.toHex())
      },
    ),
    PROPERTY,
  )
})

test('RC2: keys of every length and effective length decrypt what they encrypted', () => {
  const data = sampleBytes(24)
  for (const { bytes, bits } of EVERY_LENGTH) {
    const cipher = createBlockCipher(CALG_RC2, sampleBytes(bytes), bits)
    const register = { there: new Uint8Array(8), back: new Uint8Array(8) }
    const ciphertext = cipher.transform('encrypt', 'cbc', register.there, data)
    assert.deepEqual(cipher.transform('decrypt', 'cbc', register.back, ciphertext), data)
  }
})

test('RC2: each length and each effective length in bytes is another key', () => {
  // Not each in bits: the bits that are cut off may have been zero.
  const lengths = EVERY_LENGTH.filter(({ bytes, bits }) => bits % 8 === 0 && (bytes !== 100 || bits !== 128))
  const values = lengths.map(({ bytes, bits }) => {
    const cipher = createBlockCipher(CALG_RC2, sampleBytes(bytes), bits)
    return cipher.transform('encrypt', 'ecb', new Uint8Array(8), new Uint8Array(8)).toHex()
  })
  assert.equal(lengths.length, 128 + 128 - 2)
  assert.equal(new Set(values).size, lengths.length)
})

test('RC2: lengths that it does not have are refused', () => {
  for (const [length, bits] of [
    [0, 40],
    [129, 128],
    [16, 0],
    [16, 1025],
    [16, 40.5],
    [16, Number.NaN],
  ] as const) {
    assert.throws(() => createBlockCipher(CALG_RC2, new Uint8Array(length), bits), RangeError)
  }
})

/** Bytes as node-forge takes them: a character each. */
function binaryOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
