import assert from 'node:assert/strict'
import { createHmac as nodeHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex, utf8Encode } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { createDigest } from '../../../src/cryptoapi/algorithms/digest.ts'
import { createHmac } from '../../../src/cryptoapi/algorithms/hmac.ts'
import {
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
} from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import hashVectors from '../vectors/hashes.json' with { type: 'json' }
import { foundOpenssl, runOpenssl } from './openssl-program.ts'
import { piecesArbitrary, sampleBytes } from './pieces.ts'

const HASHES = [
  ['md2', CALG_MD2],
  ['md4', CALG_MD4],
  ['md5', CALG_MD5],
  ['sha1', CALG_SHA1],
  ['sha256', CALG_SHA_256],
  ['sha384', CALG_SHA_384],
  ['sha512', CALG_SHA_512],
] as const
const NATIVE = HASHES.slice(2)

const repeated = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte)
const COUNTED_KEY = Uint8Array.from({ length: 25 }, (_, i) => i + 1)
const LONG_KEY_TEXT = 'Test Using Larger Than Block-Size Key - Hash Key First'
const LONG_DATA_TEXT = 'Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data'
const LONGER_DATA_TEXT =
  'This is a test using a larger than block-size key and a larger than block-size data. ' +
  'The key needs to be hashed before being used by the HMAC algorithm.'

/** The cases of RFC 2202, which begin with those of RFC 2104: `length` is that of the keys of cases 1, 3 and 5. */
const rfc2202 = (length: number) => [
  { key: repeated(0x0b, length), data: utf8Encode('Hi There') },
  { key: utf8Encode('Jefe'), data: utf8Encode('what do ya want for nothing?') },
  { key: repeated(0xaa, length), data: repeated(0xdd, 50) },
  { key: COUNTED_KEY, data: repeated(0xcd, 50) },
  { key: repeated(0x0c, length), data: utf8Encode('Test With Truncation') },
  { key: repeated(0xaa, 80), data: utf8Encode(LONG_KEY_TEXT) },
  { key: repeated(0xaa, 80), data: utf8Encode(LONG_DATA_TEXT) },
]
/** The cases of RFC 4231 without the fifth, of which it gives only the first half. */
const RFC_4231 = [
  { key: repeated(0x0b, 20), data: utf8Encode('Hi There') },
  { key: utf8Encode('Jefe'), data: utf8Encode('what do ya want for nothing?') },
  { key: repeated(0xaa, 20), data: repeated(0xdd, 50) },
  { key: COUNTED_KEY, data: repeated(0xcd, 50) },
  { key: repeated(0xaa, 131), data: utf8Encode(LONG_KEY_TEXT) },
  { key: repeated(0xaa, 131), data: utf8Encode(LONGER_DATA_TEXT) },
]

const PUBLISHED = [
  {
    name: 'MD5: RFC 2202',
    algorithm: CALG_MD5,
    cases: rfc2202(16),
    values: [
      '9294727a3638bb1c13f48ef8158bfc9d',
      '750c783e6ab0b503eaa86e310a5db738',
      '56be34521d144c88dbb8c733f0e8b3f6',
      '697eaf0aca3a3aea3a75164746ffaa79',
      '56461ef2342edc00f9bab995690efd4c',
      '6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd',
      '6f630fad67cda0ee1fb1f562db3aa53e',
    ],
  },
  {
    name: 'SHA-1: RFC 2202',
    algorithm: CALG_SHA1,
    cases: rfc2202(20),
    values: [
      'b617318655057264e28bc0b6fb378c8ef146be00',
      'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
      '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
      '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
      '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04',
      'aa4ae5e15272d00e95705637ce8a3b55ed402112',
      'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
    ],
  },
  {
    name: 'SHA-256: RFC 4231',
    algorithm: CALG_SHA_256,
    cases: RFC_4231,
    values: [
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  },
  {
    name: 'SHA-384: RFC 4231',
    algorithm: CALG_SHA_384,
    cases: RFC_4231,
    values: [
      'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
      '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
      '3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb',
      '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
      '6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e',
    ],
  },
  {
    name: 'SHA-512: RFC 4231',
    algorithm: CALG_SHA_512,
    cases: RFC_4231,
    values: [
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
      'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb',
      'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd',
      '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598',
      'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58',
    ],
  },
]

for (const { name, algorithm, cases, values } of PUBLISHED) {
  test(name, () => {
    assert.deepEqual(
      cases.map(({ key, data }) => hmac(algorithm, key, data).toHex()),
      values,
    )
  })
}

for (const [name, algorithm] of NATIVE) {
  test(`${name}: as node:crypto, with keys of every length around two blocks`, () => {
    for (let length = 0; length <= 2 * 128 + 1; length++) {
      const [key, data] = [sampleBytes(length), sampleBytes(77)]
      assert.equal(
        hmac(algorithm, key, data).toHex(),
        nodeHmac(name, key).update(data).digest('hex'),
        `key of ${length} bytes`,
      )
    }
  })
}

test('md4: as OpenSSL', (t) => {
  if (!foundOpenssl(t)) return
  for (const length of [1, 16, 63, 64, 65, 200]) {
    const [key, data] = [sampleBytes(length), sampleBytes(100)]
    const options = ['dgst', '-md4', '-binary', '-mac', 'HMAC', '-macopt', `hexkey:${key.toHex()}`]
    assert.deepEqual(hmac(CALG_MD4, key, data), runOpenssl(options, data), `key of ${length} bytes`)
  }
})

for (const [name, algorithm] of HASHES) {
  suite(name, () => {
    test('has the lengths of its hash', () => {
      const { length, blockLength } = createDigest(algorithm)
      const mac = createHmac(algorithm, new Uint8Array(16))
      assert.deepEqual([mac.length, mac.blockLength], [length, blockLength])
    })

    test('is what the definition says, with own strings in place of the pads', () => {
      const { blockLength } = createDigest(algorithm)
      const [inner, outer] = [sampleBytes(blockLength), sampleBytes(2 * blockLength).slice(blockLength)]
      for (const key of [sampleBytes(16), sampleBytes(blockLength)]) {
        const innerValue = hash(algorithm, xor(inner, key), utf8Encode('data'))
        const expected = hash(algorithm, xor(outer, key), innerValue)
        const mac = createHmac(algorithm, key, inner, outer)
        mac.update(utf8Encode('data'))
        assert.deepEqual(mac.digest(), expected)
      }
    })

    test('an empty string is the pad that HMAC has', () => {
      const [key, none] = [sampleBytes(20), new Uint8Array(0)]
      const mac = createHmac(algorithm, key, none, none)
      mac.update(none)
      assert.deepEqual(mac.digest(), hmac(algorithm, key, none))
    })

    test('a string has its own length, and no part of a key is left out', () => {
      const key = sampleBytes(20)
      const shortInner = hash(algorithm, concat(xor(fromHex('010203'), key.slice(0, 3)), key.slice(3)))
      const { blockLength } = createDigest(algorithm)
      const outer = xor(repeated(0x5c, blockLength), key)
      const mac = createHmac(algorithm, key, fromHex('010203'))
      assert.deepEqual(mac.digest(), hash(algorithm, outer, shortInner))
    })

    test('pieces of any size are the whole, and copies compute alone', () => {
      const key = sampleBytes(20)
      fc.assert(
        fc.property(piecesArbitrary(), fc.nat(8), (pieces, at) => {
          const mac = createHmac(algorithm, key)
          for (const piece of pieces.slice(0, at)) mac.update(piece)
          const copy = mac.copy()
          mac.wipe()
          for (const piece of pieces.slice(at)) copy.update(piece)
          assert.deepEqual(copy.digest(), hmac(algorithm, key, concat(...pieces)))
        }),
        PROPERTY,
      )
    })

    test('takes no more once it is finished or wiped, and leaves what it was given', () => {
      for (const end of ['digest', 'wipe'] as const) {
        const given = [sampleBytes(20), sampleBytes(64), sampleBytes(64)] as const
        const mac = createHmac(algorithm, ...given)
        mac[end]()
        assert.deepEqual(given, [sampleBytes(20), sampleBytes(64), sampleBytes(64)])
        for (const use of [() => mac.update(fromHex('00')), () => mac.copy(), () => mac.digest()]) {
          throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', use)
        }
      }
    })
  })
}

test('own strings: the values that were recorded', () => {
  const recorded = hashVectors.cases.filter(({ name }) => name.startsWith('hmac-custom-pads/'))
  assert.ok(recorded.length >= 2)
  for (const { name, steps } of recorded) {
    const step = (fn: string): Readonly<Record<string, unknown>> =>
      steps.find((it) => it.fn === fn) ?? assert.fail(`${name} has no ${fn}`)
    const hex = (value: unknown): Uint8Array => fromHex(String(value))
    // A PLAINTEXTKEYBLOB: the key follows after twelve bytes.
    const key = hex(step('CryptImportKey')['blob']).subarray(12)
    const { hmacAlg, inner, outer } = step('CryptSetHashParam')
    const mac = createHmac(Number(hmacAlg), key, hex(inner), hex(outer))
    mac.update(hex(step('CryptHashData')['data']))
    const expected = step('CryptGetHashParam')['expect'] as { data: string }
    assert.equal(mac.digest().toHex(), expected.data, name)
  }
})

test('what is no hash without a key is refused', () => {
  assert.throws(() => createHmac(CALG_MAC, new Uint8Array(16)), RangeError)
})

function hmac(algorithm: number, key: Uint8Array, data: Uint8Array): Uint8Array {
  const mac = createHmac(algorithm, key)
  mac.update(data)
  return mac.digest()
}

function hash(algorithm: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  const digest = createDigest(algorithm)
  for (const piece of pieces) digest.update(piece)
  return digest.digest()
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0))
