import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '../../src/bytes/index.ts'
import { acquireContext, CryptoApiError, type SessionKey, wincrypt } from '../../src/cryptoapi/index.ts'
import { throwsCode } from '../support/throws-code.ts'

const RUNS = process.env['SLOW'] ? 2_000 : 60
const {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
  CALG_RC4,
  CALG_SHA_256,
  CRYPT_MODE_CBC,
  CRYPT_MODE_CFB,
  CRYPT_MODE_ECB,
} = wincrypt

const context = acquireContext()
const CIPHERS = [
  CALG_RC4,
  CALG_RC2,
  CALG_DES,
  CALG_3DES_112,
  CALG_3DES,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
]
const MODES = [CRYPT_MODE_CBC, CRYPT_MODE_ECB, CRYPT_MODE_CFB]
const cipher = fc.constantFrom(...CIPHERS)
const mode = fc.constantFrom(...MODES)
const text = fc.uint8Array({ maxLength: 100 })

/** A key with a random IV. */
function keyOf(algorithm: number, modeOf = CRYPT_MODE_CBC): SessionKey {
  const key = context.generateKey(algorithm)
  if (key.blockLength > 0) key.mode = modeOf
  key.iv = Uint8Array.from({ length: key.blockLength }, (_, i) => i * 7 + 1)
  return key
}

/** Cuts a text into pieces that calls of one message can take. */
function pieces(key: SessionKey, data: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const unit = key.blockLength || 1
  const found: Uint8Array[] = []
  let at = 0
  for (const cut of cuts) {
    const end = Math.min(at + cut * unit, Math.floor(data.length / unit) * unit)
    found.push(data.subarray(at, end))
    at = end
  }
  return [...found, data.subarray(at)]
}

/** A message by several calls, of which the last is the final one. */
function inCalls(
  parts: readonly Uint8Array[],
  call: (part: Uint8Array, final: boolean) => Uint8Array,
): Uint8Array {
  return concat(...parts.map((part, i) => call(part, i === parts.length - 1)))
}

suite('messages', () => {
  test('a last piece that is no whole number of blocks, or empty, ends its message all the same', () => {
    const key = keyOf(CALG_AES_128, CRYPT_MODE_CBC)
    const block = new Uint8Array(16).fill(7)
    const fresh = key.encrypt(block, { final: false })
    for (const length of [0, 1, 15, 17]) {
      key.encrypt(block, { final: false })
      assert.throws(() => key.decrypt(new Uint8Array(length)), CryptoApiError)
      assert.deepEqual(key.encrypt(block, { final: false }), fresh)
    }
  })

  test('calls with pieces make the same message as one call', () => {
    const cuts = fc.array(fc.nat(3), { maxLength: 6 })
    fc.assert(
      fc.property(cipher, mode, text, cuts, (algorithm, modeOf, data, at) => {
        const key = keyOf(algorithm, modeOf)
        const whole = key.encrypt(data)
        assert.equal(whole.length, key.encryptedLength(data.length, true))
        const cut = inCalls(pieces(key, data, at), (part, final) => {
          const before = part.slice()
          const encrypted = key.encrypt(part, { final })
          assert.deepEqual(part, before, 'what is encrypted is left alone')
          assert.equal(encrypted.length, key.encryptedLength(part.length, final))
          return encrypted
        })
        assert.deepEqual(cut, whole)
        assert.deepEqual(key.decrypt(whole), data)
        // The last piece of a ciphertext must not be empty.
        const parts = pieces(key, whole.subarray(0, -1), at)
        const last = whole.subarray(whole.length - 1 - (parts.pop()?.length ?? 0))
        assert.deepEqual(
          inCalls([...parts, last], (part, final) => key.decrypt(part, { final })),
          data,
        )
      }),
      { numRuns: RUNS },
    )
  })

  const NODE_NAMES: Readonly<Record<number, string>> = {
    [CALG_AES_128]: 'aes-128',
    [CALG_AES_192]: 'aes-192',
    [CALG_AES_256]: 'aes-256',
    [CALG_3DES]: 'des-ede3',
  }
  const NODE_MODES = { [CRYPT_MODE_CBC]: 'cbc', [CRYPT_MODE_ECB]: 'ecb', [CRYPT_MODE_CFB]: 'cfb8' }

  test('OpenSSL makes the same messages', () => {
    const known = fc.constantFrom(...Object.keys(NODE_NAMES).map(Number))
    fc.assert(
      fc.property(known, mode, text, (algorithm, modeOf, data) => {
        const key = keyOf(algorithm, modeOf)
        const name = `${NODE_NAMES[algorithm]}-${NODE_MODES[modeOf as keyof typeof NODE_MODES]}`
        const theirs = createCipheriv(name, key.key, modeOf === CRYPT_MODE_ECB ? null : key.iv)
        // CryptoAPI pads in CFB too, which OpenSSL leaves to the caller.
        const count = key.blockLength - (data.length % key.blockLength)
        const padding = modeOf === CRYPT_MODE_CFB ? new Uint8Array(count).fill(count) : new Uint8Array(0)
        const expected = concat(theirs.update(concat(data, padding)), theirs.final())
        assert.deepEqual(key.encrypt(data), expected)
      }),
      { numRuns: RUNS },
    )
  })

  test('every message begins with the IV, and one that runs is not disturbed by a new IV', () => {
    const key = keyOf(CALG_AES_128)
    const [first, second] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
    const whole = key.encrypt(concat(first, second))
    assert.deepEqual(key.encrypt(concat(first, second)), whole)
    const begun = key.encrypt(first, { final: false })
    const iv = new Uint8Array(16).fill(9)
    key.iv = iv
    assert.deepEqual(key.iv, iv)
    iv.fill(0)
    assert.deepEqual(key.iv, new Uint8Array(16).fill(9), 'the IV was copied')
    assert.deepEqual(concat(begun, key.encrypt(second)), whole)
    assert.notDeepEqual(key.encrypt(concat(first, second)), whole)
  })

  test('RC4 has no IV, and the same keystream for every message', () => {
    const key = keyOf(CALG_RC4)
    assert.deepEqual([key.iv, key.mode], [new Uint8Array(0), 0])
    const zeros = new Uint8Array(30)
    const stream = key.encrypt(zeros)
    assert.deepEqual(
      concat(key.encrypt(zeros.subarray(20), { final: false }), key.encrypt(zeros.subarray(10))),
      stream,
    )
    key.encrypt(new Uint8Array(0))
    assert.deepEqual(key.decrypt(stream), zeros)
    assert.deepEqual(key.encrypt(new Uint8Array(0)), new Uint8Array(0))
  })

  test('a copy stands where the key stands, and goes its own way', () => {
    fc.assert(
      fc.property(cipher, mode, (algorithm, modeOf) => {
        const key = keyOf(algorithm, modeOf)
        const block = new Uint8Array(key.blockLength || 5).fill(3)
        const begun = key.encrypt(block, { final: false })
        const copy = key.duplicate()
        key.encrypt(block, { final: false })
        const rest = copy.encrypt(block)
        assert.deepEqual(concat(begun, rest), copy.encrypt(concat(block, block)))
        assert.deepEqual(copy.key, key.key)
        copy.wipe()
        assert.ok(key.key.some((byte) => byte !== 0))
        key.encrypt(block)
      }),
      { numRuns: RUNS },
    )
  })
})

suite('hashing along', () => {
  test('the hash takes the plaintext, before it is encrypted and after it was decrypted', () => {
    fc.assert(
      fc.property(cipher, text, (algorithm, data) => {
        const key = keyOf(algorithm)
        const [before, after, alone] = [1, 2, 3].map(() => context.createHash(CALG_SHA_256))
        assert.ok(before && after && alone)
        const encrypted = key.encrypt(data, { hash: before })
        key.decrypt(encrypted, { hash: after })
        alone.update(data)
        assert.deepEqual([before.value(), after.value()], [alone.value(), alone.value()])
      }),
      { numRuns: RUNS },
    )
  })

  test('a hash that is finished stops the call, and the message stands where it stood', () => {
    const key = keyOf(CALG_AES_128)
    const finished = context.createHash(CALG_SHA_256)
    finished.value()
    const block = new Uint8Array(16)
    const whole = key.encrypt(concat(block, block))
    const begun = key.encrypt(block, { final: false })
    throwsCode(CryptoApiError, 'NTE_BAD_HASH_STATE', () => key.encrypt(block, { hash: finished }))
    assert.deepEqual(concat(begun, key.encrypt(block)), whole)
  })
})

suite('refusals', () => {
  test('what is not whole blocks, or nothing to end with, is refused and changes nothing', () => {
    for (const algorithm of CIPHERS.filter((id) => id !== CALG_RC4)) {
      const key = keyOf(algorithm)
      const block = new Uint8Array(key.blockLength)
      const whole = key.encrypt(concat(block, block))
      const begun = key.encrypt(block, { final: false })
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => key.encrypt(block.subarray(1), { final: false }))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => key.encryptedLength(block.length - 1, false))
      assert.deepEqual(concat(begun, key.encrypt(block)), whole)
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => key.decrypt(whole.subarray(1)))
      throwsCode(CryptoApiError, 'NTE_BAD_LEN', () => key.decrypt(new Uint8Array(0)))
      assert.deepEqual(key.decrypt(new Uint8Array(0), { final: false }), new Uint8Array(0))
      assert.deepEqual(key.decrypt(whole), concat(block, block))
    }
  })

  test('every fault of the padding is one fault, and the next message begins anew', () => {
    const key = keyOf(CALG_AES_128, CRYPT_MODE_ECB)
    const good = key.encrypt(new Uint8Array(5))
    const blockOf = (last: readonly number[]) =>
      key.encrypt(concat(new Uint8Array(16 - last.length).fill(0x2a), Uint8Array.from(last)), {
        final: false,
      })
    const faults = [[0], [17], [255], [2], [1, 2], [2, 3, 3], [16]]
    const messages = faults.map((last) => {
      const block = blockOf(last)
      key.encrypt(new Uint8Array(0))
      const { message } = throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => key.decrypt(block))
      assert.deepEqual(key.decrypt(good), new Uint8Array(5), 'the message was ended')
      return message
    })
    assert.equal(new Set(messages).size, 1)
    // A whole block of padding, and one byte of it, are right.
    assert.equal(key.decrypt(blockOf([...new Uint8Array(16).fill(16)]), { final: false }).length, 16)
  })

  test('noise decrypts to something or is refused as damaged, nothing else', () => {
    fc.assert(
      fc.property(
        cipher,
        mode,
        fc.uint8Array({ maxLength: 64 }),
        fc.boolean(),
        (algorithm, modeOf, noise, final) => {
          const key = keyOf(algorithm, modeOf)
          const result = attempt(() => key.decrypt(noise, { final }))
          if (result instanceof CryptoApiError) assert.match(result.code, /^NTE_BAD_(?:DATA|LEN)$/)
          else assert.ok(result.length <= noise.length)
        },
      ),
      { numRuns: RUNS * 3 },
    )
  })

  test('modes that no provider has are kept, and refused when something is encrypted', () => {
    const key = keyOf(CALG_AES_128)
    for (const modeOf of [wincrypt.CRYPT_MODE_OFB, wincrypt.CRYPT_MODE_CTS, 0, 99]) {
      key.mode = modeOf
      assert.equal(key.mode, modeOf)
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => key.encrypt(new Uint8Array(1)))
      throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => key.decrypt(new Uint8Array(16)))
    }
  })

  test('IV, salt and effective length take what they can be, and keep what they were', () => {
    const [aes, rc2] = [keyOf(CALG_AES_128), keyOf(CALG_RC2)]
    const iv = aes.iv
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => void (aes.iv = new Uint8Array(15)))
    assert.deepEqual(aes.iv, iv)
    aes.iv = new Uint8Array(20).fill(4)
    assert.deepEqual(aes.iv, new Uint8Array(16).fill(4))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => void (aes.salt = new Uint8Array(1)))
    throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => void (aes.effectiveBits = 40))
    for (const length of [0, 1, 24]) {
      rc2.salt = new Uint8Array(length).fill(1)
      assert.equal(rc2.salt.length, length)
      rc2.encrypt(new Uint8Array(3))
    }
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => void (rc2.salt = new Uint8Array(25)))
    for (const bits of [1, 40, 1024]) {
      rc2.effectiveBits = bits
      assert.equal(rc2.effectiveBits, bits)
      assert.deepEqual(rc2.decrypt(rc2.encrypt(new Uint8Array(3))), new Uint8Array(3))
    }
    for (const bits of [0, -1, 1025, 2.5, Number.NaN, Infinity]) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => void (rc2.effectiveBits = bits))
      assert.equal(rc2.effectiveBits, 1024)
    }
  })

  test('the Base provider takes 40 effective bits alone, and falls back to them', () => {
    const key = acquireContext({ provider: 'base' }).generateKey(CALG_RC2, { bits: 56 })
    assert.equal(key.effectiveBits, 56)
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => void (key.effectiveBits = 56))
    assert.equal(key.effectiveBits, 40)
  })

  test('a wiped key is zeros, and nothing encrypts with them', () => {
    const key = keyOf(CALG_RC4)
    key.encrypt(new Uint8Array(4), { final: false })
    key.wipe()
    assert.deepEqual(key.key, new Uint8Array(16))
    const hash = context.createHash(CALG_SHA_256)
    for (const use of [
      () => key.encrypt(new Uint8Array(1)),
      () => key.decrypt(new Uint8Array(1)),
      () => key.duplicate(),
      () => hash.updateWithKey(key, 'stored'),
      () => context.createHash(wincrypt.CALG_HMAC, key),
    ]) {
      throwsCode(CryptoApiError, 'NTE_BAD_KEY', use)
    }
  })
})

test('any sequence of calls ends in an answer or a CryptoApiError', () => {
  const number = fc.oneof(fc.integer({ min: -1, max: 1100 }), fc.constantFrom(Number.NaN, 1.5))
  const step = fc.oneof(
    fc.record({ what: fc.constantFrom('encrypt', 'decrypt'), data: text, final: fc.boolean() }),
    fc.record({ what: fc.constantFrom('iv', 'salt', 'exportSalt'), data: fc.uint8Array({ maxLength: 30 }) }),
    fc.record({ what: fc.constantFrom('mode', 'effectiveBits', 'length'), number }),
    fc.record({ what: fc.constantFrom('copy') }),
    fc.record({ what: fc.constantFrom('wipe') }),
  )
  fc.assert(
    fc.property(cipher, fc.array(step, { maxLength: 20 }), (algorithm, steps) => {
      let key = keyOf(algorithm)
      for (const each of steps) {
        attempt(() => {
          const {
            data = new Uint8Array(0),
            final = true,
            number: n = 0,
          } = { ...each } as {
            data?: Uint8Array
            final?: boolean
            number?: number
          }
          const calls: Readonly<Record<string, () => unknown>> = {
            encrypt: () => key.encrypt(data, { final }),
            decrypt: () => key.decrypt(data, { final }),
            iv: () => (key.iv = data),
            salt: () => (key.salt = data),
            exportSalt: () => key.setExportSalt(data),
            mode: () => (key.mode = n),
            effectiveBits: () => (key.effectiveBits = n),
            length: () => key.encryptedLength(n, final),
            copy: () => (key = key.duplicate()),
            wipe: () => key.wipe(),
          }
          return calls[each.what]?.()
        })
      }
    }),
    { numRuns: RUNS * 3 },
  )
})

/** What a call answers, or the error that it may end with. */
function attempt<T>(call: () => T): T | CryptoApiError {
  try {
    return call()
  } catch (error) {
    assert.ok(error instanceof CryptoApiError, String(error))
    return error
  }
}
