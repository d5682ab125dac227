import assert from 'node:assert/strict'
import {
  constants,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  publicDecrypt,
} from 'node:crypto'
import { suite, test } from 'node:test'
import { fromHex } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { HASHES } from '../../../src/cryptoapi/algorithm-table.ts'
import { CALG_SHA_256 } from '../../../src/cryptoapi/constants.ts'
import {
  signBlock,
  signX931Block,
  verifyBlock,
  verifyX931Block,
} from '../../../src/cryptoapi/rsa/signature-block.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { knownKey, privateKey } from './known-keys.ts'
import { brokenKey } from './broken-key.ts'

const KEY = privateKey('sig512')
const T = Uint8Array.from({ length: 20 }, (_, i) => i)
const DATA = Uint8Array.from([1, 2, 3])
// SHA-256 of 01 02 03, with its DigestInfo before it.
const DIGEST_INFO = fromHex(
  `${HASHES.get(CALG_SHA_256)?.digestInfo}039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81`,
)

suite('signature blocks of type 1', () => {
  test('are 00 01 FF .. 00 T, turned around', () => {
    const signature = signBlock(KEY, T)
    const block = publicDecrypt(
      { key: createPublicKey(knownKey('sig512').pem), padding: constants.RSA_NO_PADDING },
      signature.toReversed(),
    )
    assert.equal(block.toString('hex'), `0001${'ff'.repeat(41)}00${T.toHex()}`)
  })

  test('are what OpenSSL signs and verifies', () => {
    for (const name of ['sig1024', 'kx1032', 'kx1024e3', 'sig2048']) {
      const { pem } = knownKey(name)
      const key = privateKey(name)
      const ours = signBlock(key, DIGEST_INFO)
      const theirs = createSign('sha256').update(DATA).sign(createPrivateKey(pem))
      assert.deepEqual(ours.toReversed(), Uint8Array.from(theirs))
      assert.ok(createVerify('sha256').update(DATA).verify(createPublicKey(pem), ours.toReversed()))
      assert.ok(verifyBlock(key.publicKey, Uint8Array.from(theirs).toReversed(), DIGEST_INFO))
    }
  })

  test('need eight bytes of FF', () => {
    const longest = new Uint8Array(KEY.publicKey.length - 11)
    assert.ok(verifyBlock(KEY.publicKey, signBlock(KEY, longest), longest))
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => signBlock(KEY, new Uint8Array(longest.length + 1)))
    assert.equal(verifyBlock(KEY.publicKey, new Uint8Array(64), new Uint8Array(longest.length + 1)), false)
  })
})

suite('signature blocks of X9.31', () => {
  test('are 6B BB .. BA H 33 CC, turned around', () => {
    const block = publicDecrypt(
      { key: createPublicKey(knownKey('sig512').pem), padding: constants.RSA_NO_PADDING },
      signX931Block(KEY, T).toReversed(),
    )
    assert.equal(block.toString('hex'), `6b${'bb'.repeat(40)}ba${T.toHex()}33cc`)
  })

  test('need four bytes besides the hash', () => {
    const longest = new Uint8Array(KEY.publicKey.length - 4)
    assert.ok(verifyX931Block(KEY.publicKey, signX931Block(KEY, longest), longest))
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => signX931Block(KEY, new Uint8Array(longest.length + 1)))
  })
})

for (const [name, sign, verify] of [
  ['type 1', signBlock, verifyBlock],
  ['X9.31', signX931Block, verifyX931Block],
] as const) {
  suite(`what ${name} does not accept`, () => {
    const signature = sign(KEY, T)

    test('any flipped bit, any other text, any other key', () => {
      assert.ok(verify(KEY.publicKey, signature, T))
      for (let bit = 0; bit < 512; bit++) {
        const flipped = signature.with(bit >> 3, (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        assert.equal(verify(KEY.publicKey, flipped, T), false, `bit ${bit}`)
      }
      assert.equal(verify(KEY.publicKey, signature, T.with(0, 1)), false)
      assert.equal(verify(KEY.publicKey, signature, T.subarray(1)), false)
      assert.equal(verify(privateKey('kx512').publicKey, signature, T), false)
    })

    test('another length, or a number not below the modulus', () => {
      for (const other of [signature.subarray(1), Uint8Array.of(...signature, 0), new Uint8Array(0)]) {
        assert.equal(verify(KEY.publicKey, other, T), false)
      }
      assert.equal(verify(KEY.publicKey, KEY.publicKey.modulus.toReversed(), T), false)
      assert.equal(verify(KEY.publicKey, new Uint8Array(64).fill(0xff), T), false)
    })

    test('nothing leaves a key whose arithmetic goes wrong', () => {
      const error = throwsCode(CryptoApiError, 'NTE_FAIL', () => sign(brokenKey(), T))
      assert.equal(error.cause, undefined)
    })
  })
}

test('a forgery with room after the hash is refused, though the exponent is 3', () => {
  // Bleichenbacher 2006: a cube that reads 00 01 FF .. 00 T to whoever parses it and does not look behind T.
  const key = privateKey('kx1024e3').publicKey
  const head = fromHex(`0001${'ff'.repeat(8)}00${T.toHex()}`)
  const forged = fromHex(
    cubeRoot(BigInt(`0x${head.toHex()}${'ff'.repeat(97)}`))
      .toString(16)
      .padStart(256, '0'),
  )
  assert.deepEqual(key.raw(forged)?.subarray(0, head.length), head)
  assert.equal(verifyBlock(key, forged.toReversed(), T), false)
})

function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 400n]
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (middle ** 3n <= value) low = middle
    else high = middle
  }
  return low
}
