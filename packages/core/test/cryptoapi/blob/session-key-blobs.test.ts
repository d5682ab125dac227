import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import {
  encodePlaintextKeyBlob,
  parsePlaintextKeyBlob,
} from '../../../src/cryptoapi/blob/plaintext-key-blob.ts'
import { encodeSimpleBlob, parseSimpleBlob } from '../../../src/cryptoapi/blob/simple-blob.ts'
import {
  CALG_3DES,
  CALG_AES_256,
  CALG_MD5,
  CALG_RC2,
  CALG_RC4,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
} from '../../../src/cryptoapi/constants.ts'
import { PROPERTY } from '../../support/property-runs.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { EVERY, NONE, withNumber } from './blob-samples.ts'

const KEY = Uint8Array.of(1, 2, 3, 4, 5)
const ALGORITHMS = [CALG_RC2, CALG_RC4, CALG_3DES, CALG_AES_256]

suite('PLAINTEXTKEYBLOB', () => {
  const blob = encodePlaintextKeyBlob(CALG_RC4, KEY)

  test('is header, length, key', () => {
    assert.equal(blob.toHex(), '0802000001680000050000000102030405')
    assert.deepEqual(parsePlaintextKeyBlob(blob), { algorithm: CALG_RC4, key: KEY })
  })

  test('carries any bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALGORITHMS), fc.uint8Array({ maxLength: 300 }), (algorithm, bytes) => {
        const key = Uint8Array.from(bytes)
        assert.deepEqual(parsePlaintextKeyBlob(encodePlaintextKeyBlob(algorithm, key)), { algorithm, key })
      }),
      PROPERTY,
    )
  })

  test('a length is held against the bytes that are there', () => {
    assert.deepEqual(parsePlaintextKeyBlob(withNumber(blob, 8, 0)).key, new Uint8Array(0))
    assert.deepEqual(parsePlaintextKeyBlob(withNumber(blob, 8, 3)).key, KEY.subarray(0, 3))
    for (const length of [6, 255, 2 ** 31, 2 ** 32 - 1]) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePlaintextKeyBlob(withNumber(blob, 8, length)))
    }
    for (let length = 0; length < blob.length; length++) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePlaintextKeyBlob(blob.subarray(0, length)))
    }
  })

  test('what follows is ignored, and the key is a copy', () => {
    const padded = concat(blob, KEY)
    const { key } = parsePlaintextKeyBlob(padded)
    padded.fill(0)
    assert.deepEqual(key, KEY)
  })

  test('the algorithm is a cipher that the provider has; lengths come first', () => {
    for (const algorithm of [0, CALG_MD5, CALG_RSA_KEYX, 0x660d]) {
      const other = withNumber(blob, 4, algorithm)
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parsePlaintextKeyBlob(other))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePlaintextKeyBlob(other.subarray(0, -1)))
    }
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parsePlaintextKeyBlob(blob, NONE))
  })
})

suite('SIMPLEBLOB', () => {
  const blob = encodeSimpleBlob(CALG_RC4, KEY)

  test('is header, wrapping algorithm, ciphertext', () => {
    assert.equal(blob.toHex(), '010200000168000000a400000102030405')
    assert.deepEqual(parseSimpleBlob(blob, EVERY), {
      algorithm: CALG_RC4,
      wrapAlgorithm: CALG_RSA_KEYX,
      payload: KEY,
    })
  })

  test('carries any bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALGORITHMS), fc.uint8Array({ maxLength: 600 }), (algorithm, bytes) => {
        const payload = Uint8Array.from(bytes)
        const found = parseSimpleBlob(encodeSimpleBlob(algorithm, payload), EVERY)
        assert.deepEqual(found, { algorithm, wrapAlgorithm: CALG_RSA_KEYX, payload })
      }),
      PROPERTY,
    )
  })

  test('is checked in order: length, cipher, wrapping algorithm', () => {
    const strange = withNumber(blob, 8, CALG_RSA_SIGN)
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parseSimpleBlob(strange, EVERY))
    for (const length of [8, 9, 11]) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parseSimpleBlob(strange.subarray(0, length), NONE))
    }
    const [cipher, wrapping] = [
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parseSimpleBlob(strange, NONE)),
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => parseSimpleBlob(strange, EVERY)),
    ]
    assert.match(cipher.message, /0x6801/)
    assert.match(wrapping.message, /0x2400/)
    assert.equal(parseSimpleBlob(blob.subarray(0, 12), EVERY).payload.length, 0)
  })
})
