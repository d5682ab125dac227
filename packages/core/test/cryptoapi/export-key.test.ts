import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  acquireContext,
  CryptoApiError,
  type CryptoApiErrorCode,
  exportKeyBlob,
  type ExportOptions,
  RsaKey,
  SessionKey,
  wincrypt,
} from '../../src/cryptoapi/index.ts'
import { throwsCode } from '../support/throws-code.ts'
import { KNOWN_KEYS, knownKey } from './rsa/known-keys.ts'

const { CALG_AES_128, CALG_AES_256, CALG_RC4, PLAINTEXTKEYBLOB, PRIVATEKEYBLOB, PUBLICKEYBLOB, SIMPLEBLOB } =
  wincrypt

const context = acquireContext()
const [exchange, signature] = ['kx512', 'sig512'].map((name) => pairOf(name, true))
assert.ok(exchange && signature)
const kept = pairOf('kx512', false)
const session = context.generateKey(CALG_AES_128, { exportable: true })
const keptSession = context.generateKey(CALG_AES_128)
const [publicOnly] = [acquireContext().importKey(knownKey('kx512').publicBlob)]

/** What is asked for, and how it is refused. */
type Refusal = readonly [string, RsaKey | SessionKey, number, ExportOptions, CryptoApiErrorCode]

const REFUSALS: readonly Refusal[] = [
  ['a private key that is kept', kept, PRIVATEKEYBLOB, {}, 'NTE_BAD_KEY_STATE'],
  ['a session key that is kept', keptSession, PLAINTEXTKEYBLOB, {}, 'NTE_BAD_KEY_STATE'],
  ['a wrapped key that is kept', keptSession, SIMPLEBLOB, { wrapWith: exchange }, 'NTE_BAD_KEY_STATE'],
  ['the private part of a public key', publicOnly, PRIVATEKEYBLOB, {}, 'NTE_BAD_KEY_STATE'],
  ['a session key as a pair', session, PUBLICKEYBLOB, {}, 'NTE_BAD_KEY'],
  ['a session key as a private key', session, PRIVATEKEYBLOB, {}, 'NTE_BAD_KEY'],
  ['a pair as a session key', exchange, PLAINTEXTKEYBLOB, {}, 'NTE_BAD_TYPE'],
  ['a pair, wrapped', exchange, SIMPLEBLOB, { wrapWith: exchange }, 'NTE_BAD_TYPE'],
  ['a public key under another', exchange, PUBLICKEYBLOB, { wrapWith: session }, 'NTE_BAD_KEY'],
  ['a private key under a pair', exchange, PRIVATEKEYBLOB, { wrapWith: signature }, 'NTE_BAD_KEY'],
  ['a wrapped key for nobody', session, SIMPLEBLOB, {}, 'NTE_BAD_PUBLIC_KEY'],
  ['a wrapped key for a signature key', session, SIMPLEBLOB, { wrapWith: signature }, 'NTE_BAD_KEY'],
  ['a wrapped key under a session key', session, SIMPLEBLOB, { wrapWith: session }, 'NTE_BAD_KEY'],
  ['an unknown type', session, 0, {}, 'NTE_BAD_TYPE'],
  ['an opaque blob', session, wincrypt.OPAQUEKEYBLOB, {}, 'NTE_BAD_TYPE'],
]

suite('what is not exported', () => {
  for (const [what, key, type, options, code] of REFUSALS) {
    test(what, () => {
      throwsCode(CryptoApiError, code, () => exportKeyBlob(key, type, options))
    })
  }

  test('a key that does not fit into a block of the wrapping key', () => {
    const tiny = acquireContext().generatePair('exchange', { bits: 384 })
    const long = context.generateKey(CALG_AES_256, { exportable: true })
    // 48 bytes: 11 of PKCS #1 padding leave 37, 42 of OAEP leave 6.
    assert.equal(exportKeyBlob(long, SIMPLEBLOB, { wrapWith: tiny }).length, 12 + 48)
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () =>
      exportKeyBlob(long, SIMPLEBLOB, { wrapWith: tiny, oaep: true }),
    )
    throwsCode(CryptoApiError, 'NTE_BAD_LEN', () =>
      exportKeyBlob(session, SIMPLEBLOB, { wrapWith: tiny, oaep: true }),
    )
  })

  test('a key that was wiped', () => {
    const key = context.generateKey(CALG_RC4, { exportable: true })
    key.wipe()
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => exportKeyBlob(key, PLAINTEXTKEYBLOB))
    throwsCode(CryptoApiError, 'NTE_BAD_KEY', () => exportKeyBlob(key, SIMPLEBLOB, { wrapWith: exchange }))
  })
})

suite('what is exported', () => {
  for (const { name, privateBlob, publicBlob, bits } of KNOWN_KEYS) {
    test(`${name} is written as another program wrote it`, () => {
      const pair = pairOf(name, true)
      assert.deepEqual(exportKeyBlob(pair, PUBLICKEYBLOB), publicBlob)
      const blob = exportKeyBlob(pair, PRIVATEKEYBLOB)
      const [n, h] = [Math.ceil(bits / 8), Math.ceil(bits / 16)]
      assert.equal(blob.length, 20 + 2 * n + 5 * h)
      // A short private exponent is written at its full width.
      assert.deepEqual(blob.subarray(0, privateBlob.length - n), privateBlob.subarray(0, blob.length - n))
    })
  }

  test('every session key comes back the same, in the clear and wrapped', () => {
    for (const algorithm of context.provider.algorithms.keys()) {
      const made = attemptToMake(algorithm)
      if (made === undefined) continue
      const plain = exportKeyBlob(made, PLAINTEXTKEYBLOB)
      assert.deepEqual(plain.subarray(12), made.key)
      const blobs: [Uint8Array, boolean][] = [
        [plain, false],
        [exportKeyBlob(made, SIMPLEBLOB, { wrapWith: exchange }), false],
      ]
      // 64 bytes less the 42 of OAEP.
      if (made.key.length <= 22) {
        blobs.push([exportKeyBlob(made, SIMPLEBLOB, { wrapWith: exchange, oaep: true }), true])
      }
      for (const [blob, oaep] of blobs) {
        const back = context.importKey(blob, { unwrapWith: exchange, oaep })
        assert.ok(back instanceof SessionKey)
        assert.deepEqual([back.algorithm, back.key], [made.algorithm, made.key])
      }
    }
  })

  test('a wrapped key is another blob each time, and its ciphertext fits the modulus', () => {
    const blobs = Array.from({ length: 8 }, () => exportKeyBlob(session, SIMPLEBLOB, { wrapWith: exchange }))
    assert.equal(new Set(blobs.map(String)).size, 8)
    for (const blob of blobs) assert.equal(blob.length, 12 + 64)
  })

  test('a private key under a session key opens with it, and with nothing else', () => {
    for (const algorithm of [CALG_RC4, CALG_AES_128]) {
      const hide = context.generateKey(algorithm)
      const blob = exportKeyBlob(exchange, PRIVATEKEYBLOB, { wrapWith: hide })
      assert.deepEqual(blob.subarray(0, 8), knownKey('kx512').privateBlob.subarray(0, 8))
      const own = acquireContext()
      const back = own.importKey(blob, { unwrapWith: hide, exportable: true })
      assert.deepEqual(exportKeyBlob(back, PRIVATEKEYBLOB), knownKey('kx512').privateBlob)
      assert.ok(own.userPair('exchange').publicKey.equals(exchange.publicKey))
      const other = context.generateKey(algorithm)
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => own.importKey(blob, { unwrapWith: other }))
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => own.importKey(blob))
    }
  })

  test('what is exported is a copy', () => {
    const blob = exportKeyBlob(session, PLAINTEXTKEYBLOB)
    blob.fill(0)
    assert.ok(session.key.some((byte) => byte !== 0))
  })
})

function pairOf(name: string, exportable: boolean): RsaKey {
  const key = acquireContext().importKey(knownKey(name).privateBlob, { exportable })
  assert.ok(key instanceof RsaKey)
  return key
}

/** Hashes and pairs are no session keys. */
function attemptToMake(algorithm: number): SessionKey | undefined {
  try {
    return context.generateKey(algorithm, { exportable: true })
  } catch (error) {
    assert.ok(error instanceof CryptoApiError && error.code === 'NTE_BAD_ALGID')
    return undefined
  }
}
