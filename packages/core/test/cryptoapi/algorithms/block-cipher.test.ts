import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex } from '@strongroom/core/bytes'
import {
  type BlockCipher,
  type CipherMode,
  createBlockCipher,
} from '../../../src/cryptoapi/algorithms/block-cipher.ts'
import {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
  CALG_RC4,
  CALG_SHA1,
} from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { foundOpenssl, opensslEnc } from './openssl-program.ts'
import { assertSameBytes, piecesArbitrary, sampleBytes } from './pieces.ts'

/** `openssl`: what its command calls the cipher in each mode that it has. Its cfb of RC2 is another: 64 bits. */
const CIPHERS = [
  { name: 'RC2', algorithm: CALG_RC2, keyLength: 16, block: 8, openssl: { cbc: 'rc2-cbc', ecb: 'rc2-ecb' } },
  {
    name: 'DES',
    algorithm: CALG_DES,
    keyLength: 8,
    block: 8,
    openssl: { cbc: 'des-cbc', ecb: 'des-ecb', cfb: 'des-cfb8' },
  },
  {
    name: 'two-key triple DES',
    algorithm: CALG_3DES_112,
    keyLength: 16,
    block: 8,
    openssl: { cbc: 'des-ede-cbc', ecb: 'des-ede' },
  },
  {
    name: 'triple DES',
    algorithm: CALG_3DES,
    keyLength: 24,
    block: 8,
    openssl: { cbc: 'des-ede3-cbc', ecb: 'des-ede3', cfb: 'des-ede3-cfb8' },
  },
  ...([128, 192, 256] as const).map((bits) => ({
    name: `AES-${bits}`,
    algorithm: { 128: CALG_AES_128, 192: CALG_AES_192, 256: CALG_AES_256 }[bits],
    keyLength: bits / 8,
    block: 16,
    openssl: { cbc: `aes-${bits}-cbc`, ecb: `aes-${bits}-ecb`, cfb: `aes-${bits}-cfb8` },
  })),
]
const MODES = ['cbc', 'ecb', 'cfb'] as const

for (const { name, algorithm, keyLength, block, openssl } of CIPHERS) {
  const key = sampleBytes(keyLength)
  const iv = sampleBytes(99).slice(-block)
  const cipher = createBlockCipher(algorithm, key, 128)
  const unit = (mode: CipherMode): number => (mode === 'cfb' ? 1 : block)

  suite(name, () => {
    test('a block has its length', () => assert.equal(cipher.blockLength, block))

    test('as OpenSSL, both ways', (t) => {
      if (!foundOpenssl(t)) return
      const data = sampleBytes(1200 * block)
      for (const [mode, theirs] of Object.entries(openssl) as [CipherMode, string][]) {
        const ciphertext = opensslEnc(theirs, key, mode === 'ecb' ? undefined : iv, data, '-nopad')
        assertSameBytes(cipher.transform('encrypt', mode, iv.slice(), data), ciphertext, theirs)
        assertSameBytes(cipher.transform('decrypt', mode, iv.slice(), ciphertext), data, theirs)
      }
    })

    test('every mode is what its definition makes of single blocks', () => {
      for (let length = 0; length <= 4 * block; length++) {
        for (const mode of MODES.filter((it) => length % unit(it) === 0)) {
          const data = sampleBytes(length)
          const register = iv.slice()
          const expected = TWINS[mode](cipher, iv, data)
          const ciphertext = cipher.transform('encrypt', mode, register, data)
          assert.deepEqual(ciphertext, expected, `${mode}, ${length} bytes`)
          const after = mode === 'ecb' ? iv : concat(iv, ciphertext).slice(-block)
          assert.deepEqual(register, after, `register of ${mode} after ${length} bytes`)
        }
      }
    })

    for (const mode of MODES) {
      test(`${mode}: pieces are the whole, and decrypting undoes it, its register included`, () => {
        fc.assert(
          fc.property(piecesArbitrary(unit(mode)), (pieces) => {
            const data = concat(...pieces)
            const register = { there: iv.slice(), back: iv.slice(), whole: iv.slice() }
            const encrypted = pieces.map((it) => cipher.transform('encrypt', mode, register.there, it))
            const ciphertext = cipher.transform('encrypt', mode, register.whole, data)
            assert.deepEqual(concat(...encrypted), ciphertext)
            const decrypted = encrypted.map((it) => cipher.transform('decrypt', mode, register.back, it))
            assert.deepEqual(concat(...decrypted), data)
            assert.deepEqual(register.there, register.whole)
            assert.deepEqual(register.back, register.whole)
          }),
          PROPERTY,
        )
      })

      test(`${mode}: the result is an array of its own, and views are read and written where they lie`, () => {
        const memory = sampleBytes(100)
        const data = Buffer.from(memory.buffer, 3, 3 * block)
        const register = memory.subarray(100 - block)
        const expected = cipher.transform('encrypt', mode, register.slice(), Uint8Array.from(data))
        const result = cipher.transform('encrypt', mode, register, data)
        assert.deepEqual(result, expected)
        assert.equal(Object.getPrototypeOf(result), Uint8Array.prototype)
        assert.deepEqual(memory.subarray(0, 100 - block), sampleBytes(100).subarray(0, 100 - block))
      })
    }

    test('calls do not depend on the calls before', () => {
      const call = fc.record({
        direction: fc.constantFrom('encrypt' as const, 'decrypt' as const),
        mode: fc.constantFrom(...MODES),
        register: fc.constantFrom('zeros', 'left off'),
        blocks: fc.nat(3),
      })
      fc.assert(
        fc.property(fc.array(call, { minLength: 2, maxLength: 12 }), (calls) => {
          const used = createBlockCipher(algorithm, key, 128)
          let left = iv.slice()
          for (const { direction, mode, register, blocks } of calls) {
            const mine = register === 'left off' ? left : new Uint8Array(block)
            const fresh = mine.slice()
            const data = sampleBytes(blocks * block)
            const expected = createBlockCipher(algorithm, key, 128).transform(direction, mode, fresh, data)
            assert.deepEqual(used.transform(direction, mode, mine, data), expected)
            assert.deepEqual(mine, fresh)
            left = mine
          }
        }),
        PROPERTY,
      )
    })

    test('keys are copied, and wiping ends the use of ours', () => {
      const given = key.slice()
      const mine = createBlockCipher(algorithm, given, 128)
      given.fill(0)
      const data = sampleBytes(block)
      const ciphertext = cipher.transform('encrypt', 'ecb', iv, data)
      assert.deepEqual(mine.transform('encrypt', 'ecb', iv, data), ciphertext)
      mine.wipe()
      assert.notDeepEqual(mine.transform('encrypt', 'ecb', iv, data), ciphertext)
      mine.wipe() // what was wiped may be wiped again
      assert.deepEqual(cipher.transform('encrypt', 'ecb', iv, data), ciphertext)
    })

    test('parts of blocks, and registers that are no block, are refused', () => {
      for (const direction of ['encrypt', 'decrypt'] as const) {
        for (const mode of ['cbc', 'ecb'] as const) {
          for (const length of [1, block - 1, block + 1]) {
            assert.throws(
              () => cipher.transform(direction, mode, iv.slice(), new Uint8Array(length)),
              RangeError,
            )
          }
        }
        for (const mode of MODES) {
          for (const length of [0, block - 1, block + 1, 24 - block]) {
            assert.throws(
              () => cipher.transform(direction, mode, new Uint8Array(length), new Uint8Array(block)),
              RangeError,
            )
          }
        }
      }
    })

    if (algorithm !== CALG_RC2) {
      test('keys of other lengths are refused', () => {
        for (const length of [0, keyLength - 1, keyLength + 1, 33]) {
          assert.throws(() => createBlockCipher(algorithm, new Uint8Array(length), 128), RangeError)
        }
      })
    }
  })
}

test('parity bits of a DES key change nothing', () => {
  const [even, odd] = [fromHex('0022446688aaccee'), fromHex('0123456789abcdef')]
  const data = sampleBytes(8)
  const none = new Uint8Array(8)
  assert.deepEqual(
    createBlockCipher(CALG_DES, even, 0).transform('encrypt', 'ecb', none, data),
    createBlockCipher(CALG_DES, odd, 0).transform('encrypt', 'ecb', none, data),
  )
})

test('what is no block cipher is refused', () => {
  for (const algorithm of [CALG_RC4, CALG_SHA1, 0, 0x660d]) {
    assert.throws(() => createBlockCipher(algorithm, new Uint8Array(16), 128), RangeError)
  }
})

/** The modes as their definitions read, from single blocks of ECB. */
const TWINS: Record<CipherMode, (cipher: BlockCipher, iv: Uint8Array, data: Uint8Array) => Uint8Array> = {
  ecb: (cipher, _iv, data) => concat(...blocksOf(cipher, data).map((it) => encryptBlock(cipher, it))),
  cbc: (cipher, iv, data) => {
    const out = [iv]
    for (const it of blocksOf(cipher, data))
      out.push(encryptBlock(cipher, xor(it, out.at(-1) ?? new Uint8Array(0))))
    return concat(...out.slice(1))
  },
  cfb: (cipher, iv, data) => {
    let all = iv
    for (const byte of data) {
      const [mask = 0] = encryptBlock(cipher, all.slice(-cipher.blockLength))
      all = Uint8Array.from([...all, byte ^ mask])
    }
    return all.slice(cipher.blockLength)
  },
}

function encryptBlock(cipher: BlockCipher, block: Uint8Array): Uint8Array {
  return cipher.transform('encrypt', 'ecb', new Uint8Array(cipher.blockLength), block)
}

function blocksOf({ blockLength }: BlockCipher, data: Uint8Array): Uint8Array[] {
  return Array.from({ length: data.length / blockLength }, (_, i) =>
    data.slice(i * blockLength, (i + 1) * blockLength),
  )
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ (b[i] ?? 0))
