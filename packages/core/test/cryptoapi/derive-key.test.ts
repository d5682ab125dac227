import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat, fromHex, toHex } from '../../src/bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  deriveKey,
  type HashObject,
  type ProviderId,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { throwsCode } from '../support/throws-code.ts'

const RUNS = process.env['SLOW'] ? 2_000 : 100
const {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_MAC,
  CALG_MD5,
  CALG_RC2,
  CALG_RC4,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
} = wincrypt

const HASH_NAMES: Readonly<Record<number, string>> = {
  [CALG_MD5]: 'md5',
  [CALG_SHA1]: 'sha1',
  [CALG_SHA_256]: 'sha256',
  [CALG_SHA_512]: 'sha512',
}
/** Bytes of a key by default in the AES provider, and which ciphers stretch a hash. */
const CIPHERS: Readonly<Record<number, { bytes: number; stretches?: boolean; parity?: boolean }>> = {
  [CALG_RC2]: { bytes: 16 },
  [CALG_RC4]: { bytes: 16 },
  [CALG_DES]: { bytes: 8, parity: true },
  [CALG_3DES_112]: { bytes: 16, parity: true },
  [CALG_3DES]: { bytes: 24, stretches: true, parity: true },
  [CALG_AES_128]: { bytes: 16, stretches: true },
  [CALG_AES_192]: { bytes: 24, stretches: true },
  [CALG_AES_256]: { bytes: 32, stretches: true },
}

function hashOf(algorithm: number, data: Uint8Array, provider: ProviderId = 'enhanced-aes'): HashObject {
  const hash = acquireContext({ provider }).createHash(algorithm)
  hash.update(data)
  return hash
}

/** By the words of Microsoft's page, with another implementation of the hashes. */
function expectedKey(hash: number, cipher: number, data: Uint8Array): Uint8Array {
  const name = HASH_NAMES[hash] ?? ''
  const digest = (bytes: Uint8Array) => Uint8Array.from(createHash(name).update(bytes).digest())
  const value = digest(data)
  const row = CIPHERS[cipher]
  assert.ok(row)
  const masked = (mask: number) => {
    const buffer = new Uint8Array(64).fill(mask)
    return digest(buffer.map((byte, i) => byte ^ (value[i] ?? 0)))
  }
  const stretched = row.stretches === true && !name.startsWith('sha2') && !name.startsWith('sha5')
  const key = (stretched ? concat(masked(0x36), masked(0x5c)) : value).slice(0, row.bytes)
  return row.parity === true ? key.map(oddParity) : key
}

function oddParity(byte: number): number {
  const ones = (byte >> 1).toString(2).replaceAll('0', '').length
  return (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0)
}

suite('derived keys', () => {
  test('are those that Windows was seen to derive', () => {
    const password = new TextEncoder().encode('PasswordGoesHere')
    const published: readonly [number, string][] = [
      [CALG_3DES, '97628a641949d99dced35db0abce20f21ff4da9b46e00bce'],
      [CALG_DES, 'b0685d8c98f4854a'],
      [CALG_RC2, 'b0695d8d98f5844b9650a9f68eff105b'],
    ]
    for (const [cipher, key] of published) {
      assert.equal(toHex(deriveKey(hashOf(CALG_SHA1, password), cipher).key), key)
    }
  })

  test('follow from the hash by the published steps', () => {
    const hashes = fc.constantFrom(...Object.keys(HASH_NAMES).map(Number))
    const ciphers = fc.constantFrom(...Object.keys(CIPHERS).map(Number))
    fc.assert(
      fc.property(hashes, ciphers, fc.uint8Array({ maxLength: 100 }), (hash, cipher, data) => {
        assert.deepEqual(deriveKey(hashOf(hash, data), cipher).key, expectedKey(hash, cipher, data))
      }),
      { numRuns: RUNS },
    )
  })

  test('are the same each time, and the hash stays readable', () => {
    const hash = hashOf(CALG_SHA1, Uint8Array.of(1, 2, 3))
    const [one, two] = [deriveKey(hash, CALG_AES_256), deriveKey(hash, CALG_AES_256)]
    assert.deepEqual(one.key, two.key)
    one.wipe()
    assert.deepEqual(deriveKey(hash, CALG_AES_256).key, two.key)
    assert.deepEqual(hash.value(), hashOf(CALG_SHA1, Uint8Array.of(1, 2, 3)).value())
  })

  test('take their salt as made keys do, with the bytes of the hash where it is made', () => {
    const data = Uint8Array.of(9)
    const value = hashOf(CALG_SHA1, data).value()
    const options = { bits: 40, salt: 'create' } as const
    const base = deriveKey(hashOf(CALG_SHA1, data, 'base'), CALG_RC4, options)
    assert.deepEqual([base.key, base.salt], [value.slice(0, 5), value.slice(5, 16)])
    assert.equal(deriveKey(hashOf(CALG_SHA1, data, 'enhanced'), CALG_RC4, options).salt.length, 0)
    const plain = deriveKey(hashOf(CALG_SHA1, data), CALG_RC4, { bits: 40 })
    assert.deepEqual(plain.salt, new Uint8Array(11))
    assert.equal(deriveKey(hashOf(CALG_SHA1, data), CALG_RC4, { bits: 40, salt: 'none' }).salt.length, 0)
  })

  test('are exportable only if that is asked for', () => {
    const hash = hashOf(CALG_MD5, new Uint8Array(0))
    assert.equal(deriveKey(hash, CALG_RC4).exportable, false)
    assert.equal(deriveKey(hash, CALG_RC4, { exportable: true }).exportable, true)
  })
})

suite('what cannot be derived', () => {
  test('ids that are no session cipher of the provider, and lengths that it does not have', () => {
    const hash = () => hashOf(CALG_SHA1, Uint8Array.of(1))
    for (const algorithm of [0, wincrypt.CALG_AES, CALG_SHA1, wincrypt.CALG_RSA_KEYX, 1, 0x660d]) {
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => deriveKey(hash(), algorithm))
    }
    const base = hashOf(CALG_SHA1, Uint8Array.of(1), 'base')
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => deriveKey(base, CALG_3DES))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => deriveKey(base, CALG_RC4, { bits: 64 }))
    throwsCode(CryptoApiError, 'NTE_BAD_FLAGS', () => deriveKey(hash(), CALG_DES, { bits: 40 }))
    assert.equal(base.finished, false, 'what is refused beforehand does not finish the hash')
  })

  test('a key that is longer than its hash', () => {
    const context = acquireContext()
    const mac = context.createHash(CALG_MAC, context.generateKey(CALG_DES))
    mac.update(new Uint8Array(3))
    throwsCode(CryptoApiError, 'NTE_BAD_HASH', () => deriveKey(mac, CALG_RC4))
    assert.equal(mac.value().length, 8)
    assert.deepEqual(deriveKey(mac, CALG_RC4, { bits: 64 }).key, mac.value())
  })

  test('anything, before the hash has a value', () => {
    const ssl3 = acquireContext().createHash(CALG_SSL3_SHAMD5)
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => deriveKey(ssl3, CALG_RC4))
    ssl3.setValue(fromHex('ab'.repeat(36)))
    assert.deepEqual(deriveKey(ssl3, CALG_AES_256).key, fromHex('ab'.repeat(32)))
  })
})
