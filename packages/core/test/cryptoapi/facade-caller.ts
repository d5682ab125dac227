import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type CryptoApiErrorCode, type Ref, STATUS, WinCrypt, wincrypt } from '../../src/cryptoapi/index.ts'
import { keysFor } from './replay/index.ts'

const KEYS = keysFor(join(import.meta.dirname, 'vectors/any.json'))

/** A fixed test key as a blob: `kx512.private`, `sig512.public`. */
export function testBlob(name: string): Uint8Array {
  const blob = KEYS.get(name)
  assert.ok(blob, name)
  return blob.slice()
}

/** Asserts that a call failed, and how. */
export function failsWith(api: WinCrypt, code: CryptoApiErrorCode, ok: boolean): void {
  assert.equal(ok, false, `expected ${code}, not success`)
  assert.equal(api.GetLastError().toString(16), STATUS[code].toString(16), code)
}

/** A program that makes its calls one after the other, and for which every call has to succeed. */
export class Caller {
  readonly api: WinCrypt

  constructor(api = new WinCrypt()) {
    this.api = api
  }

  /** What a call stores as a handle. */
  make(call: (out: Ref<number>) => boolean): number {
    const out = { value: 0 }
    this.expect(call(out))
    return out.value
  }

  expect(ok: boolean): void {
    assert.ok(ok, `0x${this.api.GetLastError().toString(16)}`)
  }

  /** A context without a container. */
  context(provider: string | null = null, type: number = wincrypt.PROV_RSA_AES): number {
    return this.make((out) =>
      this.api.CryptAcquireContext(out, null, provider, type, wincrypt.CRYPT_VERIFYCONTEXT),
    )
  }

  key(prov: number, algorithm: number, flags = 0): number {
    return this.make((out) => this.api.CryptGenKey(prov, algorithm, flags, out))
  }

  importKey(prov: number, blob: Uint8Array, hPubKey = 0, flags = 0): number {
    return this.make((out) => this.api.CryptImportKey(prov, blob, blob.length, hPubKey, flags, out))
  }

  /** A hash of these data. */
  hash(prov: number, algorithm: number, data = new Uint8Array(0), key = 0): number {
    const hash = this.make((out) => this.api.CryptCreateHash(prov, algorithm, key, 0, out))
    if (data.length > 0) this.expect(this.api.CryptHashData(hash, data, data.length, 0))
    return hash
  }

  /** The bytes that a call answers with. */
  bytes(call: (buffer: Uint8Array | null, length: Ref<number>) => boolean): Uint8Array {
    const length = { value: 0 }
    this.expect(call(null, length))
    const buffer = new Uint8Array(length.value)
    this.expect(call(buffer, length))
    return buffer.slice(0, length.value)
  }

  encrypt(key: number, text: Uint8Array, final = true): Uint8Array {
    const buffer = new Uint8Array(text.length + 4096)
    buffer.set(text)
    const length = { value: text.length }
    this.expect(this.api.CryptEncrypt(key, 0, final, 0, buffer, length, buffer.length))
    return buffer.slice(0, length.value)
  }

  decrypt(key: number, ciphertext: Uint8Array, final = true): Uint8Array {
    const buffer = ciphertext.slice()
    const length = { value: buffer.length }
    this.expect(this.api.CryptDecrypt(key, 0, final, 0, buffer, length))
    return buffer.slice(0, length.value)
  }
}
