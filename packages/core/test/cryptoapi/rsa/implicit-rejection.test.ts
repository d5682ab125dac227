import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { unwrapOrSubstitute } from '../../../src/cryptoapi/rsa/implicit-rejection.ts'
import { oaep } from '../../../src/cryptoapi/rsa/oaep.ts'
import { PKCS1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { privateKey } from './known-keys.ts'
import { ciphertextOf, MESSAGE, OAEP_FAULTS, oaepBlock, PKCS1_FAULTS, pkcs1Block } from './padded-blocks.ts'

const LABEL = Uint8Array.of(1, 2)
const SCHEMES = [
  { name: 'PKCS #1 v1.5', padding: PKCS1, faults: PKCS1_FAULTS, block: pkcs1Block },
  { name: 'OAEP', padding: oaep(), faults: OAEP_FAULTS, block: oaepBlock },
]

for (const { name, padding, faults, block } of SCHEMES) {
  suite(`a substitute instead of a refusal: ${name}`, () => {
    for (const keyName of ['kx512', 'kx1032']) {
      const key = privateKey(keyName)
      const { publicKey } = key

      test(`${keyName}: a good ciphertext gives its key`, () => {
        const ciphertext = ciphertextOf(publicKey, block(publicKey.length))
        assert.deepEqual(unwrapOrSubstitute(key, ciphertext, padding, MESSAGE.length), MESSAGE)
      })

      test(`${keyName}: every fault gives a key of the right length, always the same`, () => {
        for (const fault of faults) {
          const ciphertext = fault.make(publicKey)
          const substitute = unwrapOrSubstitute(key, ciphertext, padding, 16)
          assert.deepEqual(substitute, unwrapOrSubstitute(key, ciphertext, padding, 16), fault.name)
          assert.deepEqual(substitute, documentedSubstitute(key, ciphertext, 16), fault.name)
        }
      })
    }

    test('a key of another length is no key, unless it is expected too', () => {
      const key = privateKey('kx1024')
      const ciphertext = ciphertextOf(key.publicKey, block(key.publicKey.length))
      const longer = unwrapOrSubstitute(key, ciphertext, padding, 24)
      assert.deepEqual(longer, documentedSubstitute(key, ciphertext, 24))
      const either = unwrapOrSubstitute(key, ciphertext, padding, 24, (n) => n === 16 || n === 24)
      assert.deepEqual(either, MESSAGE)
    })

    test('only a ciphertext that is not as long as the modulus is refused', () => {
      const key = privateKey('kx512')
      for (const length of [0, 63, 65]) {
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () =>
          unwrapOrSubstitute(key, new Uint8Array(length), padding, 16),
        )
      }
    })
  })
}

test('a label is part of the padding', () => {
  const key = privateKey('kx512')
  const ciphertext = ciphertextOf(key.publicKey, oaepBlock(64, { label: LABEL }))
  assert.deepEqual(unwrapOrSubstitute(key, ciphertext, oaep(LABEL), 16), MESSAGE)
  assert.notDeepEqual(unwrapOrSubstitute(key, ciphertext, oaep(), 16), MESSAGE)
})

test('substitutes depend on the private key and on the ciphertext', () => {
  const [first, second] = [privateKey('kx1024'), privateKey('kx1024b')]
  const ciphertext = new Uint8Array(128).with(0, 1)
  const substitutes = [
    unwrapOrSubstitute(first, ciphertext, PKCS1, 32),
    unwrapOrSubstitute(second, ciphertext, PKCS1, 32),
    unwrapOrSubstitute(first, ciphertext.with(0, 2), PKCS1, 32),
  ]
  assert.equal(new Set(substitutes.map((bytes) => bytes.toHex())).size, 3)
})

test('a key read without its private exponent makes the same substitutes', () => {
  const key = privateKey('kx1024')
  const { privateExponent: _, ...crt } = key.parts()
  const again = RsaPrivateKey.fromParts(key.publicKey, crt)
  const ciphertext = new Uint8Array(128)
  assert.deepEqual(
    unwrapOrSubstitute(key, ciphertext, PKCS1, 48),
    unwrapOrSubstitute(again, ciphertext, PKCS1, 48),
  )
})

/** As the documentation has it, written with whole buffers. */
function documentedSubstitute(key: RsaPrivateKey, ciphertext: Uint8Array, length: number): Uint8Array {
  const { exponent1, exponent2 } = key.parts()
  const secret = createHash('sha256').update(exponent1).update(exponent2).digest()
  const stream = [0, 1].map((counter) =>
    createHmac('sha256', secret)
      .update(Uint8Array.of(0, 0, 0, counter, ...ciphertext))
      .digest(),
  )
  return Uint8Array.from(Buffer.concat(stream).subarray(0, length))
}
