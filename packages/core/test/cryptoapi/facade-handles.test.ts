/** Handles: which live, how long, and what failures leave behind. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CryptoApiError, RsaPrivateKey, SessionKey, wincrypt } from '../../src/cryptoapi/index.ts'
import { Caller, failsWith, testBlob } from './facade-caller.ts'

const { CALG_AES_256, CALG_RC4, CALG_SHA_256, CRYPT_NEWKEYSET } = wincrypt
const BAD = 0x0badc0de

suite('handles', () => {
  test('what is no live handle of the right kind is refused by every function', () => {
    const caller = new Caller()
    const { api } = caller
    const prov = caller.context()
    const [key, hash] = [caller.key(prov, CALG_AES_256), caller.hash(prov, CALG_SHA_256)]
    const out = { value: 0 }
    const bytes = new Uint8Array(64)
    const len = () => ({ value: 64 })
    for (const no of [0, -1, BAD, key, hash, Number.NaN]) {
      const calls = [
        api.CryptContextAddRef(no, null, 0),
        api.CryptReleaseContext(no, 0),
        api.CryptGetProvParam(no, wincrypt.PP_NAME, bytes, len(), 0),
        api.CryptSetProvParam(no, 1, bytes, 0),
        api.CryptGenRandom(no, 4, bytes),
        api.CryptGenKey(no, CALG_AES_256, 0, out),
        api.CryptDeriveKey(no, CALG_AES_256, hash, 0, out),
        api.CryptImportKey(no, testBlob('kx512.public'), 84, 0, 0, out),
        api.CryptGetUserKey(no, 1, out),
        api.CryptCreateHash(no, CALG_SHA_256, 0, 0, out),
      ]
      for (const ok of calls) failsWith(api, 'ERROR_INVALID_PARAMETER', ok)
    }
    for (const no of [0, -1, BAD, prov, hash]) {
      const calls = [
        api.CryptExportKey(no, 0, 8, 0, bytes, len()),
        api.CryptDuplicateKey(no, null, 0, out),
        api.CryptDestroyKey(no),
        api.CryptGetKeyParam(no, wincrypt.KP_ALGID, bytes, len(), 0),
        api.CryptSetKeyParam(no, wincrypt.KP_IV, bytes, 0),
        api.CryptEncrypt(no, 0, true, 0, bytes, len(), 64),
        api.CryptDecrypt(no, 0, true, 0, bytes, len()),
        api.CryptHashSessionKey(hash, no, 0),
        api.CryptVerifySignature(hash, bytes, 64, no, null, 0),
      ]
      for (const ok of calls) failsWith(api, 'ERROR_INVALID_PARAMETER', ok)
    }
    for (const no of [0, -1, BAD, prov, key]) {
      const calls = [
        api.CryptHashData(no, bytes, 4, 0),
        api.CryptHashSessionKey(no, key, 0),
        api.CryptDuplicateHash(no, null, 0, out),
        api.CryptDestroyHash(no),
        api.CryptGetHashParam(no, wincrypt.HP_HASHVAL, bytes, len(), 0),
        api.CryptSetHashParam(no, wincrypt.HP_HASHVAL, bytes, 0),
        api.CryptSignHash(no, 1, null, 0, bytes, len()),
        api.CryptDeriveKey(prov, CALG_AES_256, no, 0, out),
        api.CryptVerifySignature(no, bytes, 64, key, null, 0),
      ]
      for (const ok of calls) failsWith(api, 'ERROR_INVALID_PARAMETER', ok)
    }
    assert.equal(out.value, 0, 'no failure stores a handle')
  })

  test('a number is never given twice, and a second destruction is refused', () => {
    const caller = new Caller()
    const prov = caller.context()
    const seen = new Set([prov])
    for (let i = 0; i < 20; i++) {
      const [key, hash] = [caller.key(prov, CALG_RC4), caller.hash(prov, CALG_SHA_256)]
      for (const handle of [key, hash]) {
        assert.ok(handle !== 0 && !seen.has(handle))
        seen.add(handle)
      }
      caller.expect(caller.api.CryptDestroyKey(key))
      caller.expect(caller.api.CryptDestroyHash(hash))
      failsWith(caller.api, 'ERROR_INVALID_PARAMETER', caller.api.CryptDestroyKey(key))
      failsWith(caller.api, 'ERROR_INVALID_PARAMETER', caller.api.CryptDestroyHash(hash))
    }
  })

  test('keys and hashes die with their context, at the last release, and not with another', () => {
    const caller = new Caller()
    const { api } = caller
    const [first, second] = [caller.context(), caller.context()]
    const [key, hash] = [caller.key(first, CALG_RC4), caller.hash(first, CALG_SHA_256)]
    const copies = [
      caller.make((out) => api.CryptDuplicateKey(key, null, 0, out)),
      caller.make((out) => api.CryptDuplicateHash(hash, null, 0, out)),
    ]
    const other = caller.key(second, CALG_RC4)
    caller.expect(api.CryptContextAddRef(first, null, 0))
    caller.expect(api.CryptReleaseContext(first, 0))
    caller.encrypt(key, new Uint8Array(3))
    // With flags it fails, and releases all the same.
    failsWith(api, 'NTE_BAD_FLAGS', api.CryptReleaseContext(first, 1))
    for (const handle of [key, copies[0] ?? 0]) {
      failsWith(api, 'ERROR_INVALID_PARAMETER', api.CryptDestroyKey(handle))
    }
    for (const handle of [hash, copies[1] ?? 0]) {
      failsWith(api, 'ERROR_INVALID_PARAMETER', api.CryptHashData(handle, new Uint8Array(1), 1, 0))
    }
    failsWith(api, 'ERROR_INVALID_PARAMETER', api.CryptReleaseContext(first, 0))
    caller.encrypt(other, new Uint8Array(3))
  })

  test('destroying a handle of a pair leaves the pair', () => {
    const caller = new Caller()
    const prov = caller.context()
    caller.expect(caller.api.CryptDestroyKey(caller.importKey(prov, testBlob('kx512.private'))))
    const [one, two] = [1, 2].map(() => caller.make((out) => caller.api.CryptGetUserKey(prov, 1, out)))
    assert.ok(one !== undefined && two !== undefined)
    caller.expect(caller.api.CryptDestroyKey(one))
    assert.deepEqual(caller.decrypt(two, caller.encrypt(two, Uint8Array.of(1, 2))), Uint8Array.of(1, 2))
  })

  test('what one handle of a pair is told does not show in the next', () => {
    const caller = new Caller()
    const prov = caller.context()
    const made = caller.importKey(prov, testBlob('kx512.private'))
    const label = Uint8Array.of(1, 2, 3)
    const labelOf = (key: number) =>
      caller.bytes((buffer, length) =>
        caller.api.CryptGetKeyParam(key, wincrypt.KP_OAEP_PARAMS, buffer, length, 0),
      )
    caller.expect(caller.api.CryptSetKeyParam(made, wincrypt.KP_OAEP_PARAMS, label, 0))
    const own = caller.make((out) => caller.api.CryptGetUserKey(prov, 1, out))
    assert.deepEqual([labelOf(made), labelOf(own)], [label, new Uint8Array(0)])
    const copy = caller.make((out) => caller.api.CryptDuplicateKey(made, null, 0, out))
    assert.deepEqual(labelOf(copy), label)
  })

  test('two programs know nothing of each other', () => {
    const [one, two] = [new Caller(), new Caller()]
    const prov = one.context()
    failsWith(two.api, 'ERROR_INVALID_PARAMETER', two.api.CryptReleaseContext(prov, 0))
    assert.equal(one.api.GetLastError(), 0)
    const create = (caller: Caller) =>
      caller.api.CryptAcquireContext({ value: 0 }, 'c', null, 1, CRYPT_NEWKEYSET)
    one.expect(create(one))
    two.expect(create(two))
  })
})

suite('state after failures', () => {
  test('GetLastError keeps the last failure through successes', () => {
    const caller = new Caller()
    assert.equal(caller.api.GetLastError(), 0)
    const no = caller.api.CryptDestroyKey(BAD)
    failsWith(caller.api, 'ERROR_INVALID_PARAMETER', no)
    caller.context()
    failsWith(caller.api, 'ERROR_INVALID_PARAMETER', no)
  })

  test('CryptDecrypt that fails leaves buffer and length, and the next message begins anew', () => {
    const caller = new Caller()
    const key = caller.key(caller.context(), CALG_AES_256)
    const ciphertext = caller.encrypt(key, new Uint8Array(40).fill(1))
    const damaged = Uint8Array.from(ciphertext, (byte, i) =>
      i === ciphertext.length - 17 ? byte ^ 0xff : byte,
    )
    const [buffer, length] = [damaged.slice(), { value: damaged.length }]
    failsWith(caller.api, 'NTE_BAD_DATA', caller.api.CryptDecrypt(key, 0, true, 0, buffer, length))
    assert.deepEqual(buffer, damaged)
    assert.equal(length.value, damaged.length)
    assert.deepEqual(caller.decrypt(key, ciphertext), new Uint8Array(40).fill(1))
  })

  test('a hash that takes no data stops CryptEncrypt and CryptDecrypt before the key has moved', () => {
    const caller = new Caller()
    const prov = caller.context()
    const key = caller.key(prov, CALG_RC4)
    const text = new Uint8Array(10).fill(5)
    const first = caller.encrypt(key, text, false)
    const hmac = caller.hash(prov, wincrypt.CALG_HMAC, new Uint8Array(0), caller.key(prov, CALG_RC4))
    const ssl3 = caller.hash(prov, wincrypt.CALG_SSL3_SHAMD5)
    const finished = caller.hash(prov, CALG_SHA_256)
    caller.bytes((b, l) => caller.api.CryptGetHashParam(finished, wincrypt.HP_HASHVAL, b, l, 0))
    for (const [hash, code] of [
      [hmac, 'NTE_BAD_HASH_STATE'],
      [ssl3, 'NTE_BAD_ALGID'],
      [finished, 'NTE_BAD_HASH_STATE'],
    ] as const) {
      const [data, length] = [text.slice(), { value: text.length }]
      failsWith(caller.api, code, caller.api.CryptEncrypt(key, hash, false, 0, data, length, 10))
      failsWith(caller.api, code, caller.api.CryptDecrypt(key, hash, false, 0, data, length))
      assert.deepEqual(data, text)
    }
    const second = caller.encrypt(key, text)
    const whole = caller.encrypt(key, new Uint8Array(20).fill(5))
    assert.deepEqual(Uint8Array.of(...first, ...second), whole)
  })

  test('exporting a private key under a session key, or asking how long it is, disturbs no message', () => {
    const caller = new Caller()
    const prov = caller.context()
    const pair = caller.importKey(prov, testBlob('kx512.private'), 0, wincrypt.CRYPT_EXPORTABLE)
    const key = caller.key(prov, CALG_AES_256)
    const text = new Uint8Array(32).fill(9)
    const whole = caller.encrypt(key, text)
    const begun = caller.encrypt(key, text.subarray(0, 16), false)
    const blob = caller.bytes((b, l) =>
      caller.api.CryptExportKey(pair, key, wincrypt.PRIVATEKEYBLOB, 0, b, l),
    )
    const rest = caller.encrypt(key, text.subarray(16))
    assert.deepEqual(Uint8Array.of(...begun, ...rest), whole)
    assert.equal(blob.length % 16, 8)
  })

  test('CryptSignHash asks how long without finishing the hash, and fails without a length', () => {
    const caller = new Caller()
    const prov = caller.context()
    caller.importKey(prov, testBlob('sig512.private'))
    const hash = caller.hash(prov, wincrypt.CALG_SHA_512)
    const length = { value: 100 }
    caller.expect(caller.api.CryptSignHash(hash, 2, null, 0, null, length))
    assert.equal(length.value, 64)
    caller.expect(caller.api.CryptHashData(hash, Uint8Array.of(1), 1, 0))
    length.value = 100
    // 64 bytes of hash and what stands before them do not fit into a key of 512 bits.
    failsWith(
      caller.api,
      'NTE_BAD_LEN',
      caller.api.CryptSignHash(hash, 2, null, 0, new Uint8Array(100), length),
    )
    assert.equal(length.value, 100)
  })

  test('CryptImportKey installs nothing of what it refuses', () => {
    const caller = new Caller()
    const prov = caller.context()
    const blob = testBlob('kx512.private')
    blob[30] = (blob[30] ?? 0) ^ 1
    const out = { value: 7 }
    failsWith(caller.api, 'NTE_BAD_DATA', caller.api.CryptImportKey(prov, blob, blob.length, 0, 0, out))
    assert.equal(out.value, 7)
    failsWith(caller.api, 'NTE_NO_KEY', caller.api.CryptGetUserKey(prov, 1, out))
  })
})

suite('wiping', () => {
  test('the bytes of a session key are zeros once its handle, or its context, is gone', (t) => {
    const spy = t.mock.method(SessionKey.prototype, 'wipe')
    const caller = new Caller()
    const prov = caller.context()
    const [one, two] = [caller.key(prov, CALG_AES_256), caller.key(prov, CALG_RC4)]
    caller.make((out) => caller.api.CryptDuplicateKey(two, null, 0, out))
    const wiped = () =>
      spy.mock.calls.map((call) => {
        assert.ok(call.this instanceof SessionKey)
        return call.this.key
      })
    caller.expect(caller.api.CryptDestroyKey(one))
    assert.deepEqual(wiped(), [new Uint8Array(32)])
    caller.expect(caller.api.CryptReleaseContext(prov, 0))
    assert.deepEqual(
      wiped(),
      [32, 16, 16].map((length) => new Uint8Array(length)),
    )
  })

  test('the private keys of a context are overwritten when it is released, and those in a store stay', (t) => {
    const spy = t.mock.method(RsaPrivateKey.prototype, 'wipe')
    const caller = new Caller()
    const { api } = caller
    const temporary = caller.context()
    caller.importKey(temporary, testBlob('kx512.private'))
    const stored = caller.make((out) => api.CryptAcquireContext(out, 'c', null, 24, CRYPT_NEWKEYSET))
    caller.importKey(stored, testBlob('sig512.private'))
    for (const prov of [temporary, stored]) caller.expect(api.CryptReleaseContext(prov, 0))
    assert.equal(spy.mock.callCount(), 2)
    for (const { this: key } of spy.mock.calls) {
      assert.ok(key instanceof RsaPrivateKey)
      assert.throws(() => key.parts(), CryptoApiError)
    }
    const again = caller.make((out) => api.CryptAcquireContext(out, 'c', null, 24, 0))
    const hash = caller.hash(again, CALG_SHA_256)
    assert.equal(caller.bytes((b, l) => api.CryptSignHash(hash, 2, null, 0, b, l)).length, 64)
  })
})
