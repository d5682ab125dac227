import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { createBlockCipher } from '../../../src/cryptoapi/algorithms/block-cipher.ts'
import { createCbcMac } from '../../../src/cryptoapi/algorithms/cbc-mac.ts'
import {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
} from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { foundOpenssl, opensslEnc } from './openssl-program.ts'
import { piecesArbitrary, sampleBytes } from './pieces.ts'

const CIPHERS = [
  { openssl: 'rc2-cbc', algorithm: CALG_RC2, keyLength: 16, block: 8 },
  { openssl: 'des-cbc', algorithm: CALG_DES, keyLength: 8, block: 8 },
  { openssl: 'des-ede-cbc', algorithm: CALG_3DES_112, keyLength: 16, block: 8 },
  { openssl: 'des-ede3-cbc', algorithm: CALG_3DES, keyLength: 24, block: 8 },
  { openssl: 'aes-128-cbc', algorithm: CALG_AES_128, keyLength: 16, block: 16 },
  { openssl: 'aes-256-cbc', algorithm: CALG_AES_256, keyLength: 32, block: 16 },
]

for (const { openssl, algorithm, keyLength, block } of CIPHERS) {
  const key = sampleBytes(keyLength)
  const iv = sampleBytes(50).slice(-block)
  const cipher = createBlockCipher(algorithm, key, 128)
  const macOf = (...pieces: readonly Uint8Array[]): Uint8Array => {
    const mac = createCbcMac(cipher, iv)
    for (const piece of pieces) mac.update(piece)
    return mac.digest()
  }

  suite(`MAC by ${openssl}`, () => {
    test('is the last block of what OpenSSL makes of the data, which pads it', (t) => {
      if (!foundOpenssl(t)) return
      for (const length of [0, 1, block - 1, block, block + 1, 3 * block - 1, 3 * block, 10_000]) {
        const data = sampleBytes(length)
        assert.deepEqual(
          macOf(data),
          opensslEnc(openssl, key, iv, data).slice(-block),
          `${length} bytes of data`,
        )
      }
    })

    test('pieces of any size are the whole, and neither copies nor the cipher in use disturb it', () => {
      fc.assert(
        fc.property(piecesArbitrary(), fc.nat(8), (pieces, at) => {
          const register = iv.slice()
          const mac = createCbcMac(cipher, register)
          register.fill(0)
          for (const piece of pieces.slice(0, at)) mac.update(piece)
          const copy = mac.copy()
          mac.update(fromHex('ff'))
          cipher.transform('encrypt', 'cbc', register, sampleBytes(4 * block))
          for (const piece of pieces.slice(at)) copy.update(piece)
          assert.deepEqual(mac.digest(), macOf(concat(...pieces.slice(0, at), fromHex('ff'))))
          assert.deepEqual(copy.digest(), macOf(concat(...pieces)))
        }),
        PROPERTY,
      )
    })

    test('has the length of a block, and takes no more once it is finished or wiped', () => {
      for (const end of ['digest', 'wipe'] as const) {
        const mac = createCbcMac(cipher, iv)
        assert.deepEqual([mac.length, mac.blockLength], [block, block])
        mac[end]()
        for (const use of [() => mac.update(fromHex('00')), () => mac.copy(), () => mac.digest()]) {
          throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', use)
        }
      }
      assert.equal(macOf(fromHex('00')).length, block)
    })

    test('a register that is no block is refused', () => {
      assert.throws(() => createCbcMac(cipher, new Uint8Array(block - 1)), RangeError)
    })
  })
}
