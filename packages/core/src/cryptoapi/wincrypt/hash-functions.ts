import { CipherFunctions } from './cipher-functions.ts'
import { pairUse } from './key-specs.ts'
import { expectNoFlags } from './size-protocol.ts'
import { CRYPT_LITTLE_ENDIAN, CRYPT_USERDATA } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { RsaKey } from '../rsa-key.ts'
import { signHash, verifyHash } from '../signature.ts'
import { has, signatureForm } from './flags.ts'
import { type HmacInfo, readHashParameter, writeHashParameter } from './hash-parameters.ts'
import { expectFlags, expectRoom, input, type Ref, store } from './size-protocol.ts'

/** The functions that hash, sign and verify. */
export abstract class HashFunctions extends CipherFunctions {
  CryptCreateHash(hProv: number, Algid: number, hKey: number, dwFlags: number, phHash: Ref<number>): boolean {
    return this.run(() => {
      const { context } = this.handles.context(hProv)
      expectFlags(dwFlags, 0)
      const key = hKey === 0 ? undefined : this.sessionKey(hKey)
      phHash.value = this.handles.addHash(hProv, context.createHash(Algid, key))
    })
  }

  CryptHashData(hHash: number, pbData: Uint8Array, dwDataLen: number, dwFlags: number): boolean {
    return this.run(() => {
      const { hash } = this.handles.hash(hHash)
      expectFlags(dwFlags, CRYPT_USERDATA)
      hash.update(input(pbData, dwDataLen))
    })
  }

  CryptHashSessionKey(hHash: number, hKey: number, dwFlags: number): boolean {
    return this.run(() => {
      const { hash } = this.handles.hash(hHash)
      const key = this.sessionKey(hKey)
      expectFlags(dwFlags, CRYPT_LITTLE_ENDIAN)
      hash.updateWithKey(key, has(dwFlags, CRYPT_LITTLE_ENDIAN) ? 'stored' : 'reversed')
    })
  }

  CryptDuplicateHash(hHash: number, _pdwReserved: null, dwFlags: number, phHash: Ref<number>): boolean {
    return this.run(() => {
      const { hash, owner } = this.handles.hash(hHash)
      expectNoFlags(dwFlags)
      phHash.value = this.handles.addHash(owner, hash.duplicate())
    })
  }

  CryptDestroyHash(hHash: number): boolean {
    return this.run(() => this.handles.dropHash(hHash))
  }

  CryptGetHashParam(
    hHash: number,
    dwParam: number,
    pbData: Uint8Array | null,
    pdwDataLen: Ref<number>,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      const { hash } = this.handles.hash(hHash)
      expectFlags(dwFlags, 0)
      readHashParameter(hash, dwParam, pbData, pdwDataLen)
    })
  }

  /** HP_HASHVAL takes the bytes of the value, HP_HMAC_INFO the structure. */
  CryptSetHashParam(
    hHash: number,
    dwParam: number,
    pbData: Uint8Array | HmacInfo | null,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      const { hash } = this.handles.hash(hHash)
      expectFlags(dwFlags, 0)
      writeHashParameter(hash, dwParam, pbData)
    })
  }

  CryptSignHash(
    hHash: number,
    dwKeySpec: number,
    szDescription: string | null,
    dwFlags: number,
    pbSignature: Uint8Array | null,
    pdwSigLen: Ref<number>,
  ): boolean {
    return this.run(() => {
      const { hash, owner } = this.handles.hash(hHash)
      const form = signatureForm(dwFlags)
      const pair = this.handles.context(owner).context.userPair(pairUse(dwKeySpec))
      if (!expectRoom(pair.publicKey.length, pbSignature, pdwSigLen)) return
      const signature = signHash(pair, hash, { form, description: szDescription ?? '' })
      store(signature, pbSignature, pdwSigLen)
    })
  }

  CryptVerifySignature(
    hHash: number,
    pbSignature: Uint8Array | null,
    dwSigLen: number,
    hPubKey: number,
    szDescription: string | null,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      const { hash } = this.handles.hash(hHash)
      const { key } = this.handles.key(hPubKey)
      const form = signatureForm(dwFlags)
      if (!(key instanceof RsaKey))
        throw new CryptoApiError('NTE_BAD_KEY', 'a session key verifies no signature')
      if (dwSigLen !== key.publicKey.length) throw badSignature()
      const signature = input(pbSignature, dwSigLen)
      if (!verifyHash(key, hash, signature, { form, description: szDescription ?? '' })) throw badSignature()
    })
  }
}

function badSignature(): CryptoApiError {
  return new CryptoApiError('NTE_BAD_SIGNATURE', 'the signature is not of these data by this key')
}
