import { wincrypt } from '@strongroom/core/cryptoapi'
import type { TextCipher } from '../../../src/cryptoapi/files/whole-text.ts'
import type { ApiSession } from './api-session.ts'

/** Room beyond the data for a block of padding. */
const BLOCK_ROOM = 16
/** Longer than any key blob of the vectors. */
const BLOB_ROOM = 16_384

/** The calls that whole files take, one method each: what fails throws the CryptoApiError that GetLastError names. */
export class ApiCalls {
  readonly session: ApiSession
  readonly prov: number

  constructor(session: ApiSession, provider: string) {
    this.session = session
    this.prov = session.openContext('p', provider)
  }

  importKey(blob: Uint8Array, pubKey = 0, flags = 0): number {
    const key = { value: 0 }
    const { api } = this.session
    const ok = api.CryptImportKey(this.prov, blob, blob.length, pubKey, flags, key)
    this.session.expect('CryptImportKey', ok)
    return key.value
  }

  exportKey(key: number, type: number, expKey = 0): Uint8Array {
    const buffer = new Uint8Array(BLOB_ROOM)
    const length = { value: buffer.length }
    const ok = this.session.api.CryptExportKey(key, expKey, type, 0, buffer, length)
    this.session.expect('CryptExportKey', ok)
    return buffer.slice(0, length.value)
  }

  /** A hash object that has taken these bytes. */
  hash(algorithm: number, ...data: readonly Uint8Array[]): number {
    const hash = { value: 0 }
    const { api } = this.session
    this.session.expect('CryptCreateHash', api.CryptCreateHash(this.prov, algorithm, 0, 0, hash))
    for (const bytes of data)
      this.session.expect('CryptHashData', api.CryptHashData(hash.value, bytes, bytes.length, 0))
    return hash.value
  }

  /** @param bits 0 for the provider's default */
  deriveKey(algorithm: number, hash: number, bits: number): number {
    const key = { value: 0 }
    const ok = this.session.api.CryptDeriveKey(this.prov, algorithm, hash, bits << 16, key)
    this.session.expect('CryptDeriveKey', ok)
    return key.value
  }

  /** A parameter of four bytes. */
  keyNumber(key: number, parameter: number): number {
    const buffer = new Uint8Array(4)
    const ok = this.session.api.CryptGetKeyParam(key, parameter, buffer, { value: 4 }, 0)
    this.session.expect('CryptGetKeyParam', ok)
    return new DataView(buffer.buffer).getUint32(0, true)
  }

  verify(
    hash: number,
    signature: Uint8Array,
    pubKey: number,
    description: string | null,
    flags: number,
  ): void {
    const { api } = this.session
    const ok = api.CryptVerifySignature(hash, signature, signature.length, pubKey, description, flags)
    this.session.expect('CryptVerifySignature', ok)
  }

  sign(hash: number, keySpec: number, description: string | null, flags: number): Uint8Array {
    const buffer = new Uint8Array(BLOB_ROOM)
    const length = { value: buffer.length }
    const ok = this.session.api.CryptSignHash(hash, keySpec, description, flags, buffer, length)
    this.session.expect('CryptSignHash', ok)
    return buffer.slice(0, length.value)
  }

  /** A key as the functions for whole texts take it. */
  cipher(key: number): TextCipher {
    const { session } = this
    const inPlace = (
      name: 'CryptEncrypt' | 'CryptDecrypt',
      piece: Uint8Array,
      call: (buffer: Uint8Array, length: { value: number }) => boolean,
    ): Uint8Array => {
      const buffer = new Uint8Array(piece.length + BLOCK_ROOM)
      buffer.set(piece)
      const length = { value: piece.length }
      session.expect(name, call(buffer, length))
      return buffer.slice(0, length.value)
    }
    return {
      blockLength: this.keyNumber(key, wincrypt.KP_BLOCKLEN) / 8,
      encrypt: (piece, { final }) =>
        inPlace('CryptEncrypt', piece, (buffer, length) =>
          session.api.CryptEncrypt(key, 0, final, 0, buffer, length, buffer.length),
        ),
      decrypt: (piece, { final }) =>
        inPlace('CryptDecrypt', piece, (buffer, length) =>
          session.api.CryptDecrypt(key, 0, final, 0, buffer, length),
        ),
    }
  }
}
