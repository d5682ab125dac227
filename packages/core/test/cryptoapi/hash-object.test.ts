import assert from 'node:assert/strict'
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '../../src/bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  deriveKey,
  exportKeyBlob,
  type HashObject,
  importKeyBlob,
  PROVIDERS,
  SessionKey,
  signHash,
  verifyHash,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { throwsCode } from '../support/throws-code.ts'
import { knownKey } from './rsa/known-keys.ts'

const RUNS = process.env['SLOW'] ? 2_000 : 60
const {
  CALG_AES_128,
  CALG_HMAC,
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_RC2,
  CALG_RC4,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
  PLAINTEXTKEYBLOB,
} = wincrypt

const context = acquireContext()
const NODE_NAMES: Readonly<Record<number, string>> = {
  [CALG_MD5]: 'md5',
  [CALG_SHA1]: 'sha1',
  [CALG_SHA_256]: 'sha256',
  [CALG_SHA_384]: 'sha384',
  [CALG_SHA_512]: 'sha512',
}
const PLAIN = [CALG_MD2, CALG_MD4, ...Object.keys(NODE_NAMES).map(Number)]
const known = fc.constantFrom(...Object.keys(NODE_NAMES).map(Number))
const chunks = fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 5 })

/** The hash of pieces. */
function hashOf(algorithm: number, parts: readonly Uint8Array[], key?: SessionKey): HashObject {
  const hash = context.createHash(algorithm, key)
  for (const part of parts) hash.update(part)
  return hash
}

/** A key for HMAC, of any length. */
function hmacKey(bytes: Uint8Array): SessionKey {
  const blob = concat(Uint8Array.of(8, 2, 0, 0, 2, 0x66, 0, 0, bytes.length, 0, 0, 0), bytes)
  const key = importKeyBlob(context.provider, blob, { hmacKey: true })
  assert.ok(key instanceof SessionKey)
  return key
}

suite('values', () => {
  test('OpenSSL has the same, whatever the pieces', () => {
    fc.assert(
      fc.property(known, chunks, (algorithm, parts) => {
        const expected = createHash(NODE_NAMES[algorithm] ?? '')
          .update(concat(...parts))
          .digest()
        const hash = hashOf(algorithm, parts)
        assert.equal(hash.length, expected.length)
        assert.deepEqual(hash.value(), Uint8Array.from(expected))
        assert.equal(hash.length, expected.length)
      }),
      { numRuns: RUNS },
    )
  })

  test('HMAC is that of RFC 2104, with keys of any length', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(known, chunks, bytes, (algorithm, parts, secret) => {
        const hash = context.createHash(CALG_HMAC, hmacKey(secret))
        hash.setHmac({ algorithm })
        for (const part of parts) hash.update(part)
        const expected = createHmac(NODE_NAMES[algorithm] ?? '', secret)
          .update(concat(...parts))
          .digest()
        assert.deepEqual(hash.value(), Uint8Array.from(expected))
      }),
      { numRuns: RUNS },
    )
  })

  test('MAC is the last block of the padded message, from the IV and with the key as they were', () => {
    fc.assert(
      fc.property(chunks, fc.uint8Array({ minLength: 16, maxLength: 16 }), (parts, iv) => {
        const key = context.generateKey(CALG_AES_128)
        key.iv = iv
        const hash = context.createHash(CALG_MAC, key)
        assert.equal(hash.length, 16)
        key.encrypt(new Uint8Array(16), { final: false })
        key.iv = new Uint8Array(16).fill(1)
        for (const part of parts) hash.update(part)
        const cipher = createCipheriv('aes-128-cbc', key.key, iv)
        const whole = concat(cipher.update(concat(...parts)), cipher.final())
        key.wipe()
        assert.deepEqual(hash.value(), whole.slice(-16))
      }),
      { numRuns: RUNS },
    )
  })

  test('a session key is fed backwards, or as it is stored', () => {
    const key = context.generateKey(CALG_RC4)
    const [reversed, stored] = [1, 2].map(() => context.createHash(CALG_SHA1))
    reversed?.updateWithKey(key, 'reversed')
    stored?.updateWithKey(key, 'stored')
    assert.deepEqual(reversed?.value(), hashOf(CALG_SHA1, [key.key.toReversed()]).value())
    assert.deepEqual(stored?.value(), hashOf(CALG_SHA1, [key.key]).value())
  })

  test('SSL3_SHAMD5 is what is set, 36 bytes of it, and takes no data at any time', () => {
    const hash = context.createHash(CALG_SSL3_SHAMD5)
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => hash.update(new Uint8Array(1)))
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.value())
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => hash.setValue(new Uint8Array(35)))
    hash.setValue(new Uint8Array(40).fill(7))
    assert.deepEqual(hash.value(), new Uint8Array(36).fill(7))
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => hash.update(new Uint8Array(1)))
  })
})

suite('states', () => {
  const finishers: Readonly<Record<string, (hash: HashObject) => unknown>> = {
    value: (hash) => hash.value(),
    setValue: (hash) => hash.setValue(new Uint8Array(64)),
    deriveKey: (hash) => deriveKey(hash, CALG_RC4),
    signHash: (hash) => signHash(pair(), hash),
    verifyHash: (hash) => verifyHash(pair(), hash, new Uint8Array(128)),
  }
  for (const [name, finish] of Object.entries(finishers)) {
    test(`${name} finishes a hash: it takes no more data, and keeps its value`, () => {
      for (const algorithm of PLAIN) {
        const hash = hashOf(algorithm, [new Uint8Array(3)])
        assert.equal(hash.finished, false)
        finish(hash)
        assert.equal(hash.finished, true)
        const value = hash.value()
        throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.update(new Uint8Array(1)))
        throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.expectOpen())
        throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () =>
          hash.updateWithKey(context.generateKey(CALG_RC4), 'stored'),
        )
        assert.deepEqual(hash.value(), value)
        assert.equal(hash.length, value.length)
        value.fill(0)
        assert.ok(hash.value().some((byte) => byte !== 0) || name === 'setValue', 'the value is a copy')
      }
    })
  }

  test('a copy stands where the hash stands, and goes its own way, open or finished', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PLAIN), chunks, chunks, (algorithm, before, after) => {
        const hash = hashOf(algorithm, before)
        const copy = hash.duplicate()
        for (const part of after) copy.update(part)
        assert.deepEqual(copy.value(), hashOf(algorithm, [...before, ...after]).value())
        assert.deepEqual(hash.value(), hashOf(algorithm, before).value())
        const second = hash.duplicate()
        hash.wipe()
        assert.deepEqual(second.value(), hashOf(algorithm, before).value())
      }),
      { numRuns: RUNS },
    )
  })

  test('copies of keyed hashes live on when the first is gone', () => {
    const key = context.generateKey(CALG_AES_128)
    const hmac = context.createHash(CALG_HMAC, key)
    hmac.setHmac({ algorithm: CALG_SHA1 })
    for (const hash of [context.createHash(CALG_MAC, key), hmac]) {
      hash.update(new Uint8Array(20))
      const [copy, another] = [hash.duplicate(), hash.duplicate()]
      hash.wipe()
      copy.update(Uint8Array.of(1))
      another.update(Uint8Array.of(1))
      assert.deepEqual(copy.value(), another.value())
    }
  })

  test('HMAC takes nothing before it knows its hash, and starts over when it is told again', () => {
    const key = context.generateKey(CALG_RC4)
    const hash = context.createHash(CALG_HMAC, key)
    assert.equal(hash.length, 0)
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.update(new Uint8Array(1)))
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.value())
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => deriveKey(hash, CALG_RC4))
    for (const algorithm of [CALG_HMAC, CALG_MAC, CALG_SSL3_SHAMD5, CALG_RC4, 0]) {
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => hash.setHmac({ algorithm }))
    }
    hash.setHmac({ algorithm: CALG_MD5 })
    hash.update(new Uint8Array(9))
    hash.setHmac({ algorithm: CALG_SHA1 })
    hash.update(Uint8Array.of(1))
    assert.deepEqual(
      hash.value(),
      Uint8Array.from(createHmac('sha1', key.key).update(Uint8Array.of(1)).digest()),
    )
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => hash.setHmac({ algorithm: CALG_MD5 }))
    throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () =>
      context.createHash(CALG_MD5).setHmac({ algorithm: CALG_MD5 }),
    )
  })

  test('a wiped hash answers nothing', () => {
    for (const finished of [false, true]) {
      const hash = hashOf(CALG_SHA_256, [new Uint8Array(3)])
      if (finished) hash.value()
      hash.wipe()
      for (const use of [
        () => hash.value(),
        () => hash.update(new Uint8Array(1)),
        () => hash.duplicate(),
        () => hash.setValue(new Uint8Array(32)),
        () => deriveKey(hash, CALG_RC4),
        () => signHash(pair(), hash),
      ]) {
        throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', use)
      }
    }
  })
})

suite('what makes no hash', () => {
  test('each provider has its own hashes', () => {
    for (const { id } of PROVIDERS) {
      const own = acquireContext({ provider: id })
      for (const algorithm of PLAIN) {
        const sha2 = [CALG_SHA_256, CALG_SHA_384, CALG_SHA_512].includes(algorithm)
        if (!sha2 || id === 'enhanced-aes') own.createHash(algorithm).value()
        else throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => own.createHash(algorithm))
      }
    }
    for (const algorithm of [0, CALG_RC4, wincrypt.CALG_RSA_SIGN, 0xffffffff, Number.NaN]) {
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => context.createHash(algorithm))
    }
  })

  test('keyed hashes need a fitting key', () => {
    for (const algorithm of [CALG_HMAC, CALG_MAC]) {
      throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => context.createHash(algorithm))
    }
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () =>
      context.createHash(CALG_MAC, context.generateKey(CALG_RC4)),
    )
    for (const length of [1, 200]) {
      throwsCode(CryptoApiError, 'NTE_BAD_KEY', () =>
        context.createHash(CALG_MAC, hmacKey(new Uint8Array(length))),
      )
    }
    const rc2 = context.generateKey(CALG_RC2, { exportable: true })
    assert.equal(exportKeyBlob(rc2, PLAINTEXTKEYBLOB).length, 28)
    assert.equal(context.createHash(CALG_MAC, rc2).length, 8)
  })
})

test('any sequence of calls ends in an answer or a CryptoApiError', () => {
  const all = [...PLAIN, CALG_HMAC, CALG_MAC, CALG_SSL3_SHAMD5]
  const step = fc.record({
    what: fc.constantFrom('update', 'value', 'setValue', 'setHmac', 'copy', 'key', 'derive', 'wipe'),
    data: fc.uint8Array({ maxLength: 80 }),
    algorithm: fc.constantFrom(...all, CALG_AES_128, CALG_RC2, 0),
  })
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.array(step, { maxLength: 20 }), (algorithm, steps) => {
      const key = context.generateKey(CALG_AES_128)
      let hash = context.createHash(algorithm, key)
      for (const { what, data, algorithm: other } of steps) {
        const calls: Readonly<Record<typeof what, () => unknown>> = {
          update: () => hash.update(data),
          value: () => assert.equal(hash.value().length, hash.length),
          setValue: () => hash.setValue(data),
          setHmac: () => hash.setHmac({ algorithm: other, inner: data, outer: data.toReversed() }),
          copy: () => (hash = hash.duplicate()),
          key: () => hash.updateWithKey(key, 'reversed'),
          derive: () => deriveKey(hash, other),
          wipe: () => hash.wipe(),
        }
        try {
          calls[what]()
        } catch (error) {
          assert.ok(error instanceof CryptoApiError, String(error))
        }
      }
    }),
    { numRuns: RUNS * 3 },
  )
})

/** A pair that is long enough for every hash. */
function pair() {
  const key = acquireContext().importKey(knownKey('sig1024').privateBlob)
  assert.ok(!(key instanceof SessionKey))
  return key
}
