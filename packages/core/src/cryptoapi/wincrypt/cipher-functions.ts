import { KeyFunctions } from './key-functions.ts'
import { CRYPT_OAEP } from '../constants.ts'
import type { RsaKey } from '../rsa-key.ts'
import { SessionKey } from '../session-key.ts'
import { has } from './flags.ts'
import { expectFlags, input, moreData, type Ref } from './size-protocol.ts'

/** The functions that encrypt and decrypt. */
export abstract class CipherFunctions extends KeyFunctions {
  /** In place: `pbData` holds `pdwDataLen` bytes of plaintext and has room for `dwBufLen` of ciphertext. */
  CryptEncrypt(
    hKey: number,
    hHash: number,
    Final: boolean,
    dwFlags: number,
    pbData: Uint8Array | null,
    pdwDataLen: Ref<number>,
    dwBufLen: number,
  ): boolean {
    return this.run(() => {
      const { key } = this.handles.key(hKey)
      const hash = hHash === 0 ? undefined : this.handles.hash(hHash).hash
      expectFlags(dwFlags, CRYPT_OAEP)
      hash?.expectOpen()
      const length = pdwDataLen.value
      const needed = encryptedLength(key, length, Final)
      if (pbData === null || Math.min(dwBufLen, pbData.length) < needed) pdwDataLen.value = needed
      if (pbData === null) return
      if (Math.min(dwBufLen, pbData.length) < needed) throw moreData(needed)
      const plain = input(pbData, length)
      const encrypted =
        key instanceof SessionKey
          ? key.encrypt(plain, { final: Final, hash })
          : key.encrypt(plain, { oaep: has(dwFlags, CRYPT_OAEP), hash })
      pbData.set(encrypted)
      pdwDataLen.value = encrypted.length
    })
  }

  /** In place. After a failure the buffer is as it was. */
  CryptDecrypt(
    hKey: number,
    hHash: number,
    Final: boolean,
    dwFlags: number,
    pbData: Uint8Array,
    pdwDataLen: Ref<number>,
  ): boolean {
    return this.run(() => {
      const { key } = this.handles.key(hKey)
      const hash = hHash === 0 ? undefined : this.handles.hash(hHash).hash
      expectFlags(dwFlags, CRYPT_OAEP)
      const encrypted = input(pbData, pdwDataLen.value)
      const plain =
        key instanceof SessionKey
          ? key.decrypt(encrypted, { final: Final, hash })
          : key.decrypt(encrypted, { oaep: has(dwFlags, CRYPT_OAEP), hash })
      pbData.set(plain)
      pdwDataLen.value = plain.length
    })
  }
}

/** What is wrong with key or length is said before the size of the buffer is looked at. */
function encryptedLength(key: SessionKey | RsaKey, length: number, final: boolean): number {
  if (key instanceof SessionKey) return key.encryptedLength(length, final)
  key.expectExchange()
  return key.publicKey.length
}
