import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { concat } from '../../src/bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  type CryptoApiErrorCode,
  exportKeyBlob,
  importKeyBlob,
  type ImportOptions,
  RsaKey,
  SessionKey,
  STATUS,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { Caller } from './facade-caller.ts'
import { knownKey } from './rsa/known-keys.ts'

const {
  CALG_AES_128,
  CALG_AES_256,
  CALG_DES,
  CALG_RC2,
  CALG_RC4,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
  PLAINTEXTKEYBLOB,
  PRIVATEKEYBLOB,
  PUBLICKEYBLOB,
  SIMPLEBLOB,
} = wincrypt

const context = acquireContext()
context.importKey(knownKey('kx512').privateBlob)
const { provider } = context
const exchange = context.userPair('exchange')
const secret = context.generateKey(CALG_AES_128, { exportable: true })
const hiding = context.generateKey(CALG_RC4)
const hidden = knownKey('sig512')

/** A blob, how it is imported, and what CryptImportKey may say to what is no longer it. */
interface Sample {
  readonly name: string
  readonly blob: Uint8Array
  readonly options?: ImportOptions
  readonly codes: readonly CryptoApiErrorCode[]
}

const ANY: readonly CryptoApiErrorCode[] = ['NTE_BAD_VER', 'NTE_BAD_TYPE', 'NTE_BAD_DATA', 'NTE_BAD_ALGID']
const SAMPLES: readonly Sample[] = [
  { name: 'PUBLICKEYBLOB', blob: knownKey('kx512').publicBlob, codes: ANY },
  { name: 'PRIVATEKEYBLOB', blob: knownKey('kx512').privateBlob, codes: ANY },
  {
    name: 'PRIVATEKEYBLOB under a session key',
    blob: concat(hidden.privateBlob.slice(0, 8), hiding.encrypt(hidden.privateBlob.slice(8))),
    options: { unwrapWith: hiding },
    // What a flipped type makes of it is another blob, which a session key does not unwrap.
    codes: [...ANY, 'NTE_BAD_KEY'],
  },
  { name: 'PLAINTEXTKEYBLOB', blob: exportKeyBlob(secret, PLAINTEXTKEYBLOB), codes: ANY },
  {
    name: 'SIMPLEBLOB',
    blob: exportKeyBlob(secret, SIMPLEBLOB, { wrapWith: exchange }),
    options: { unwrapWith: exchange },
    codes: ANY,
  },
  {
    name: 'SIMPLEBLOB with OAEP',
    blob: exportKeyBlob(secret, SIMPLEBLOB, { wrapWith: exchange, oaep: true }),
    options: { unwrapWith: exchange, oaep: true },
    codes: ANY,
  },
]

suite('damaged blobs', () => {
  for (const { name, blob, options = {}, codes } of SAMPLES) {
    const check = (bytes: Uint8Array) => {
      const before = bytes.slice()
      const result = attempt(() => importKeyBlob(provider, bytes, options))
      if (result instanceof CryptoApiError) assert.ok(codes.includes(result.code), result.code)
      assert.deepEqual(bytes, before, 'a blob is only read')
      return result
    }

    test(`${name}: every truncation and every bit ends in a key or a documented code`, () => {
      assert.ok(!(check(blob) instanceof CryptoApiError))
      for (let length = 0; length < blob.length; length++) check(blob.subarray(0, length))
      for (const flipped of singleBitFlips(blob)) check(flipped)
    })

    test(`${name}: and so does anything near it, with any flags`, () => {
      const flags = fc.record({
        exportable: fc.boolean(),
        oaep: fc.boolean(),
        noSalt: fc.boolean(),
        hmacKey: fc.boolean(),
        recovery: fc.boolean(),
        implicitRejection: fc.boolean(),
      })
      const all: readonly CryptoApiErrorCode[] = [...codes, 'NTE_BAD_KEY', 'NTE_NO_KEY']
      fc.assert(
        fc.property(mutationsOf(blob), flags, fc.boolean(), (bytes, given, wrapped) => {
          const result = attempt(() =>
            importKeyBlob(provider, bytes, { ...(wrapped ? options : {}), ...given }),
          )
          if (result instanceof CryptoApiError) assert.ok(all.includes(result.code), result.code)
        }),
        PROPERTY,
      )
    })
  }

  test('the same through CryptImportKey, which stores no handle and installs no pair', () => {
    const caller = new Caller()
    const prov = caller.context()
    const byStatus = new Map<number, string>(Object.entries(STATUS).map(([name, status]) => [status, name]))
    const unwrap = caller.importKey(prov, knownKey('kx512').privateBlob)
    for (const { name, blob, codes, options } of SAMPLES) {
      if (options?.unwrapWith === hiding) continue
      const oaep = options?.oaep === true ? wincrypt.CRYPT_OAEP : 0
      for (let length = 0; length < blob.length; length++) {
        const out = { value: -1 }
        const ok = caller.api.CryptImportKey(prov, blob, length, unwrap, oaep, out)
        // A private exponent may be cut off: the rest says what it is.
        if (ok) assert.ok(name === 'PRIVATEKEYBLOB' && length >= blob.length - 64, `${name}, ${length}`)
        else assert.ok(([...codes] as string[]).includes(byStatus.get(caller.api.GetLastError()) ?? ''), name)
        assert.equal(out.value === -1, !ok)
      }
    }
    const out = { value: -1 }
    const { api } = caller
    const blob = knownKey('kx512').publicBlob
    for (const length of [-1, blob.length + 1, 0xffffffff]) {
      assert.equal(api.CryptImportKey(prov, blob, length, 0, 0, out), false)
      assert.equal(api.GetLastError(), STATUS.ERROR_INVALID_PARAMETER)
    }
  })

  test('every fault behind the private key is one code and one text', () => {
    const blob = exportKeyBlob(secret, SIMPLEBLOB, { wrapWith: exchange })
    for (const oaep of [false, true]) {
      const messages = new Set<string>()
      const payloads = [...singleBitFlips(blob.subarray(12))]
      // Not below the modulus, zero, one, and a block that is right in all but its last byte.
      payloads.push(new Uint8Array(64).fill(0xff), new Uint8Array(64), new Uint8Array(64).with(0, 1))
      for (const payload of payloads) {
        const bytes = concat(blob.subarray(0, 12), payload)
        const call = () => importKeyBlob(provider, bytes, { unwrapWith: exchange, oaep })
        messages.add(throwsCode(CryptoApiError, 'NTE_BAD_DATA', call).message)
      }
      // Another cipher, whose keys have another length, is found behind the key too.
      const other = blob.slice()
      new DataView(other.buffer).setUint32(4, CALG_AES_256, true)
      const wrongLength = () => importKeyBlob(provider, other, { unwrapWith: exchange, oaep })
      messages.add(throwsCode(CryptoApiError, 'NTE_BAD_DATA', wrongLength).message)
      assert.equal(messages.size, 1)
    }
  })

  test('implicit rejection answers with a key that fits nothing, the same each time', () => {
    const blob = exportKeyBlob(secret, SIMPLEBLOB, { wrapWith: exchange })
    const open = (bytes: Uint8Array) => {
      const key = importKeyBlob(provider, bytes, { unwrapWith: exchange, implicitRejection: true })
      assert.ok(key instanceof SessionKey)
      return key.key
    }
    assert.deepEqual(open(blob), secret.key)
    const damaged = blob.with(20, (blob[20] ?? 0) ^ 1)
    const first = open(damaged)
    assert.equal(first.length, 16)
    assert.deepEqual(open(damaged), first)
    assert.notDeepEqual(first, secret.key)
    assert.notDeepEqual(open(blob.with(20, (blob[20] ?? 0) ^ 2)), first)
  })
})

suite('the order of the checks', () => {
  const blob = exportKeyBlob(secret, SIMPLEBLOB, { wrapWith: exchange })
  const changed = (at: number, byte: number, from = blob) => from.with(at, byte)
  const cases: readonly [string, Uint8Array, CryptoApiErrorCode][] = [
    ['length before version', changed(1, 9).subarray(0, 7), 'NTE_BAD_DATA'],
    ['version before type', changed(0, 77, changed(1, 9)), 'NTE_BAD_VER'],
    ['type before the rest', changed(0, 77).subarray(0, 8), 'NTE_BAD_TYPE'],
    ['types that are only inspected', changed(0, wincrypt.OPAQUEKEYBLOB), 'NTE_BAD_TYPE'],
    ['fields before the algorithm', changed(4, 0xff).subarray(0, 11), 'NTE_BAD_DATA'],
    ['the algorithm before the wrapping one', changed(4, 0xff, changed(8, 0xff)), 'NTE_BAD_ALGID'],
    ['the wrapping algorithm before the payload', changed(8, 0xff).subarray(0, 12), 'NTE_BAD_ALGID'],
    ['the payload', blob.subarray(0, 75), 'NTE_BAD_DATA'],
  ]
  for (const [what, bytes, code] of cases) {
    test(what, () => {
      throwsCode(CryptoApiError, code, () => importKeyBlob(provider, bytes, { unwrapWith: exchange }))
    })
  }

  test('the key to unwrap with: none, of the wrong kind, without a private part', () => {
    const open = (unwrapWith?: RsaKey | SessionKey) =>
      importKeyBlob(provider, blob, unwrapWith === undefined ? {} : { unwrapWith })
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => open())
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => open(secret))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => open(pair(knownKey('sig512').privateBlob)))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => open(pair(knownKey('kx512').publicBlob)))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => open(pair(knownKey('kx1024').privateBlob)))
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => acquireContext().importKey(blob))
  })

  test('ciphers that the provider does not have', () => {
    const plain = exportKeyBlob(secret, PLAINTEXTKEYBLOB)
    const enhanced = acquireContext({ provider: 'enhanced' })
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => enhanced.importKey(plain))
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => enhanced.importKey(blob, { unwrapWith: exchange }))
    const swapped = knownKey('kx512').publicBlob.slice()
    new DataView(swapped.buffer).setUint32(4, CALG_RC4, true)
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => enhanced.importKey(swapped))
  })
})

suite('what is imported', () => {
  test('a private key that is cut off after its coefficient is the whole key', () => {
    const { privateBlob } = knownKey('kx512')
    const whole = pair(privateBlob)
    for (const length of [244, 245, 300, privateBlob.length]) {
      const cut = acquireContext().importKey(privateBlob.subarray(0, length), { exportable: true })
      assert.ok(cut instanceof RsaKey)
      assert.deepEqual(cut.decrypt(whole.encrypt(Uint8Array.of(7))), Uint8Array.of(7))
      assert.equal(exportKeyBlob(cut, PRIVATEKEYBLOB).length, privateBlob.length)
    }
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => pair(privateBlob.subarray(0, 243)))
  })

  test('pairs go to their places, and keys carry the permission that was given', () => {
    const own = acquireContext()
    for (const name of ['kx512', 'sig512']) {
      for (const exportable of [false, true]) {
        const key = own.importKey(knownKey(name).privateBlob, { exportable })
        assert.equal(key.exportable, exportable)
        const use = name === 'kx512' ? 'exchange' : 'signature'
        assert.equal(own.userPair(use).exportable, exportable)
        assert.equal(own.userPair(use).algorithm, use === 'exchange' ? CALG_RSA_KEYX : CALG_RSA_SIGN)
      }
    }
  })

  test('keys of 40 bits get their salt of zeros, unless it is not wanted', () => {
    const blob = plaintextBlob(CALG_RC4, new Uint8Array(5).fill(1))
    const saltOf = (options: ImportOptions) => {
      const key = importKeyBlob(provider, blob, options)
      assert.ok(key instanceof SessionKey)
      return key.salt
    }
    assert.deepEqual([saltOf({}), saltOf({ noSalt: true })], [new Uint8Array(11), new Uint8Array(0)])
  })

  test('keys of a wrong length are refused, but RC2 keys of any length are keys for HMAC', () => {
    for (const [algorithm, lengths] of [
      [CALG_AES_128, [0, 15, 17]],
      [CALG_DES, [7, 9, 16]],
      [CALG_RC4, [0, 4, 17]],
      [CALG_RC2, [0, 4, 17, 200]],
    ] as const) {
      for (const length of lengths) {
        const blob = plaintextBlob(algorithm, new Uint8Array(length))
        throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => importKeyBlob(provider, blob))
        const asHmac = attempt(() => importKeyBlob(provider, blob, { hmacKey: true }))
        assert.equal(asHmac instanceof SessionKey, algorithm === CALG_RC2 && length > 0)
        if (asHmac instanceof SessionKey)
          throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => asHmac.encrypt(blob))
      }
    }
  })

  test('parity stays as it came, and what stands behind the key is passed over', () => {
    const key = importKeyBlob(
      provider,
      concat(plaintextBlob(CALG_DES, new Uint8Array(8)), Uint8Array.of(1, 2)),
    )
    assert.ok(key instanceof SessionKey)
    assert.deepEqual(key.key, new Uint8Array(8))
  })

  test('exponents that hide nothing are taken in recovery only', () => {
    const blob = knownKey('kx512').publicBlob
    for (const exponent of [0, 1, 2, 65536]) {
      const weak = blob.slice()
      new DataView(weak.buffer).setUint32(16, exponent, true)
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => importKeyBlob(provider, weak))
      const key = importKeyBlob(provider, weak, { recovery: true })
      assert.ok(key instanceof RsaKey)
      assert.equal(key.publicKey.exponent, exponent)
      assert.deepEqual(exportKeyBlob(key, PUBLICKEYBLOB), weak)
    }
  })
})

function plaintextBlob(algorithm: number, key: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(12))
  head.setUint16(0, 0x0208, true)
  head.setUint32(4, algorithm, true)
  head.setUint32(8, key.length, true)
  return concat(new Uint8Array(head.buffer), key)
}

function pair(blob: Uint8Array): RsaKey {
  const key = importKeyBlob(provider, blob)
  assert.ok(key instanceof RsaKey)
  return key
}

/** What a call answers, or the error that it may end with. */
function attempt<T>(call: () => T): T | CryptoApiError {
  try {
    return call()
  } catch (error) {
    assert.ok(error instanceof CryptoApiError, String(error))
    return error
  }
}
