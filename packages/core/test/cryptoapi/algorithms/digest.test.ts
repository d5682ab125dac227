import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex, utf8Encode } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { BlockDigest } from '../../../src/cryptoapi/algorithms/block-digest.ts'
import { createDigest } from '../../../src/cryptoapi/algorithms/digest.ts'
import { Md2 } from '../../../src/cryptoapi/algorithms/md2.ts'
import { Md4 } from '../../../src/cryptoapi/algorithms/md4.ts'
import {
  CALG_HMAC,
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_RC4,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
} from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { foundOpenssl, runOpenssl } from './openssl-program.ts'
import { piecesArbitrary, sampleBytes } from './pieces.ts'

/** The messages of the test suites of RFC 1319, 1320 and 1321, section A.5. */
const RFC_MESSAGES = [
  '',
  'a',
  'abc',
  'message digest',
  'abcdefghijklmnopqrstuvwxyz',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  '1234567890'.repeat(8),
]
const RFC_VALUES = [
  {
    name: 'MD2',
    algorithm: CALG_MD2,
    values: [
      '8350e5a3e24c153df2275c9f80692773',
      '32ec01ec4a6dac72c0ab96fb34c0b5d1',
      'da853b0d3f88d99b30283a69e6ded6bb',
      'ab4f496bfb2a530b219ff33031fe06b0',
      '4e8ddff3650292ab5a4108c3aa47940b',
      'da33def2a42df13975352846c30338cd',
      'd5976f79d83d3a0dc9806c3c66f3efd8',
    ],
  },
  {
    name: 'MD4',
    algorithm: CALG_MD4,
    values: [
      '31d6cfe0d16ae931b73c59d7e0c089c0',
      'bde52cb31de33e46245e05fbdbd6fb24',
      'a448017aaf21d8525fc10ae87aa6729d',
      'd9130a8164549fe818874806e1c7014b',
      'd79e1c308aa5bbcdeea8ed63df412da9',
      '043f8582f241db351ce627e153e7f0e4',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ],
  },
  {
    name: 'MD5',
    algorithm: CALG_MD5,
    values: [
      'd41d8cd98f00b204e9800998ecf8427e',
      '0cc175b9c0f1b6a831c399e269772661',
      '900150983cd24fb0d6963f7d28e17f72',
      'f96b697d7cb7938d525a2f31aaf161d0',
      'c3fcd3d76192e4007dfb496cca67e13b',
      'd174ab98d277d9f5a5611c2c9f419d9f',
      '57edf4a22be3c955ac49da2e2107b67a',
    ],
  },
]
/** `openssl`: whether its command has the hash. MD2 it has no longer. */
const HASHES = [
  { name: 'md2', algorithm: CALG_MD2, length: 16, blockLength: 64, openssl: false },
  { name: 'md4', algorithm: CALG_MD4, length: 16, blockLength: 64, openssl: true },
  { name: 'md5', algorithm: CALG_MD5, length: 16, blockLength: 64, openssl: true },
  { name: 'sha1', algorithm: CALG_SHA1, length: 20, blockLength: 64, openssl: true },
  { name: 'sha256', algorithm: CALG_SHA_256, length: 32, blockLength: 64, openssl: true },
  { name: 'sha384', algorithm: CALG_SHA_384, length: 48, blockLength: 128, openssl: true },
  { name: 'sha512', algorithm: CALG_SHA_512, length: 64, blockLength: 128, openssl: true },
]

for (const { name, algorithm, values } of RFC_VALUES) {
  test(`${name}: the test suite of its RFC`, () => {
    assert.deepEqual(
      RFC_MESSAGES.map((message) => hash(algorithm, utf8Encode(message)).toHex()),
      values,
    )
  })
}

for (const { name, algorithm, length, blockLength, openssl } of HASHES) {
  suite(name, () => {
    test('has its lengths', () => {
      const digest = createDigest(algorithm)
      assert.deepEqual([digest.length, digest.blockLength], [length, blockLength])
      const value = digest.digest()
      assert.equal(value.length, length)
      assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype)
    })

    test('pieces of any size are the whole, and copies compute alone', () => {
      fc.assert(
        fc.property(piecesArbitrary(), fc.nat(8), (pieces, at) => {
          const digest = createDigest(algorithm)
          for (const piece of pieces.slice(0, at)) digest.update(piece)
          const copy = digest.copy()
          digest.update(fromHex('ff'))
          for (const piece of pieces.slice(at)) copy.update(piece)
          const beginning = concat(...pieces.slice(0, at), fromHex('ff'))
          assert.deepEqual(digest.digest(), hash(algorithm, beginning))
          assert.deepEqual(copy.digest(), hash(algorithm, concat(...pieces)))
        }),
        PROPERTY,
      )
    })

    test('every length around three blocks, byte by byte', () => {
      const data = sampleBytes(3 * blockLength + 1)
      const running = createDigest(algorithm)
      for (const [i, byte] of data.entries()) {
        assert.deepEqual(running.copy().digest(), hash(algorithm, data.subarray(0, i)), `${i} bytes`)
        running.update(Uint8Array.of(byte))
      }
    })

    test('takes no more once it is finished or wiped', () => {
      for (const end of ['digest', 'wipe'] as const) {
        const digest = createDigest(algorithm)
        digest.update(fromHex('00'))
        digest[end]()
        digest.wipe()
        for (const use of [() => digest.update(fromHex('00')), () => digest.copy(), () => digest.digest()]) {
          throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', use)
        }
      }
    })

    if (openssl) {
      test('every length around three blocks, as OpenSSL', (t) => {
        if (!foundOpenssl(t)) return
        const inputs = Array.from({ length: 3 * blockLength + 2 }, (_, i) => sampleBytes(i))
        assert.deepEqual(
          inputs.map((input) => hash(algorithm, input).toHex()),
          opensslHashes(name, inputs),
        )
      })
    }
  })
}

test('MD4 and MD2 count past one megabyte', (t) => {
  if (!foundOpenssl(t)) return
  const data = sampleBytes(1_500_001)
  assert.deepEqual([hash(CALG_MD4, data).toHex()], opensslHashes('md4', [data]))
  const inPieces = createDigest(CALG_MD2)
  for (let at = 0; at < 100_000; at += 999) inPieces.update(data.subarray(at, Math.min(at + 999, 100_000)))
  assert.deepEqual(inPieces.digest(), hash(CALG_MD2, data.subarray(0, 100_000)))
})

test('the native hashes are those of node:crypto, views included', () => {
  const memory = sampleBytes(500)
  const view = memory.subarray(7, 400)
  for (const { name, algorithm } of HASHES.slice(2)) {
    assert.equal(hash(algorithm, view).toHex(), createHash(name).update(view).digest('hex'))
  }
  for (const algorithm of [CALG_MD2, CALG_MD4]) {
    assert.deepEqual(hash(algorithm, view), hash(algorithm, view.slice()))
  }
})

test('what a computation of ours has kept is overwritten when it ends', () => {
  for (const end of ['digest', 'wipe'] as const) {
    const md4 = Int32Array.of(1, 2, 3, 4)
    const md2 = [sampleBytes(48), sampleBytes(16)] as const
    const rest = sampleBytes(64)
    new BlockDigest(new Md4(md4), 16, 64, 0, rest)[end]()
    new BlockDigest(new Md2(...md2), 16, 64)[end]()
    for (const kept of [md4, ...md2, rest]) assert.ok(kept.every((it) => it === 0))
  }
})

test('what is no hash without a key is refused', () => {
  for (const algorithm of [CALG_HMAC, CALG_MAC, CALG_SSL3_SHAMD5, CALG_RC4, 0]) {
    assert.throws(() => createDigest(algorithm), RangeError)
  }
})

function hash(algorithm: number, data: Uint8Array): Uint8Array {
  const digest = createDigest(algorithm)
  digest.update(data)
  return digest.digest()
}

/** What `openssl dgst` says of each input, in one call. */
function opensslHashes(name: string, inputs: readonly Uint8Array[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'digest-test-'))
  try {
    const files = inputs.map((input, i) => {
      const file = join(folder, String(i))
      writeFileSync(file, input)
      return file
    })
    const lines = Buffer.from(runOpenssl(['dgst', `-${name}`, '-r'], undefined, files))
      .toString()
      .trim()
    return lines.split('\n').map((line) => line.split(' ', 1)[0] ?? '')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
