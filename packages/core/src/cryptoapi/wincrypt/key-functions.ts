import { wipe } from '../../bytes/index.ts'
import { ServiceProviderFunctions } from './service-provider-functions.ts'
import { pairUse } from './key-specs.ts'
import { expectNoFlags } from './size-protocol.ts'
import {
  AT_KEYEXCHANGE,
  AT_SIGNATURE,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
  CRYPT_OAEP,
  SIMPLEBLOB,
} from '../constants.ts'
import { exportKeyBlob } from '../export-key.ts'
import { type PairUse } from '../rsa-key.ts'
import { has, importOptions, newKeyOptions } from './flags.ts'
import { readKeyParameter, writeKeyParameter } from './key-parameters.ts'
import { answer, expectFlags, input, type Ref } from './size-protocol.ts'

/** What CryptGenKey takes for a pair: key specs and ALG_IDs. */
const PAIR_ALGORITHMS: ReadonlyMap<number, PairUse> = new Map([
  [AT_KEYEXCHANGE, 'exchange'],
  [CALG_RSA_KEYX, 'exchange'],
  [AT_SIGNATURE, 'signature'],
  [CALG_RSA_SIGN, 'signature'],
])
/** The functions that make, exchange and describe keys. */
export abstract class KeyFunctions extends ServiceProviderFunctions {
  CryptGenKey(hProv: number, Algid: number, dwFlags: number, phKey: Ref<number>): boolean {
    return this.run(() => {
      const { context } = this.handles.context(hProv)
      this.refuseQuestions(hProv, dwFlags)
      const use = PAIR_ALGORITHMS.get(Algid)
      const options = newKeyOptions(dwFlags)
      const key = use === undefined ? context.generateKey(Algid, options) : context.generatePair(use, options)
      phKey.value = this.handles.addKey(hProv, key)
    })
  }

  CryptDeriveKey(
    hProv: number,
    Algid: number,
    hBaseData: number,
    dwFlags: number,
    phKey: Ref<number>,
  ): boolean {
    return this.run(() => {
      const { context } = this.handles.context(hProv)
      const { hash } = this.handles.hash(hBaseData)
      this.refuseQuestions(hProv, dwFlags)
      phKey.value = this.handles.addKey(hProv, context.deriveKey(Algid, hash, newKeyOptions(dwFlags)))
    })
  }

  CryptImportKey(
    hProv: number,
    pbData: Uint8Array,
    dwDataLen: number,
    hPubKey: number,
    dwFlags: number,
    phKey: Ref<number>,
  ): boolean {
    return this.run(() => {
      const { context } = this.handles.context(hProv)
      const unwrapWith = hPubKey === 0 ? undefined : this.handles.key(hPubKey).key
      const key = context.importKey(input(pbData, dwDataLen), { ...importOptions(dwFlags), unwrapWith })
      phKey.value = this.handles.addKey(hProv, key)
    })
  }

  CryptExportKey(
    hKey: number,
    hExpKey: number,
    dwBlobType: number,
    dwFlags: number,
    pbData: Uint8Array | null,
    pdwDataLen: Ref<number>,
  ): boolean {
    return this.run(() => {
      const { key } = this.handles.key(hKey)
      const wrapWith = hExpKey === 0 ? undefined : this.handles.key(hExpKey).key
      const oaep = dwBlobType === SIMPLEBLOB && has(dwFlags, CRYPT_OAEP)
      const blob = exportKeyBlob(key, dwBlobType, { wrapWith, oaep })
      try {
        answer(blob, pbData, pdwDataLen)
      } finally {
        wipe(blob)
      }
    })
  }

  CryptGetUserKey(hProv: number, dwKeySpec: number, phUserKey: Ref<number>): boolean {
    return this.run(() => {
      const { context } = this.handles.context(hProv)
      phUserKey.value = this.handles.addKey(hProv, context.userPair(pairUse(dwKeySpec)))
    })
  }

  CryptDuplicateKey(hKey: number, _pdwReserved: null, dwFlags: number, phKey: Ref<number>): boolean {
    return this.run(() => {
      const { key, owner } = this.handles.key(hKey)
      expectNoFlags(dwFlags)
      phKey.value = this.handles.addKey(owner, key.duplicate())
    })
  }

  CryptDestroyKey(hKey: number): boolean {
    return this.run(() => this.handles.dropKey(hKey))
  }

  CryptGetKeyParam(
    hKey: number,
    dwParam: number,
    pbData: Uint8Array | null,
    pdwDataLen: Ref<number>,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      const { key } = this.handles.key(hKey)
      expectFlags(dwFlags, 0)
      answer(readKeyParameter(key, dwParam), pbData, pdwDataLen)
    })
  }

  /** For KP_SALT_EX and KP_OAEP_PARAMS, `pbData` holds the bytes that C counts in a CRYPT_INTEGER_BLOB. */
  CryptSetKeyParam(hKey: number, dwParam: number, pbData: Uint8Array | null, dwFlags: number): boolean {
    return this.run(() => {
      const { key } = this.handles.key(hKey)
      expectFlags(dwFlags, 0)
      writeKeyParameter(key, dwParam, pbData)
    })
  }
}
