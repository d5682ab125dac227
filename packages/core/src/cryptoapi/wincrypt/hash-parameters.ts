import { HP_ALGID, HP_HASHSIZE, HP_HASHVAL, HP_HMAC_INFO } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { HashObject } from '../hash-object.ts'
import { answer, dword, type Ref } from './size-protocol.ts'

/** The structure HMAC_INFO. */
export interface HmacInfo {
  readonly HashAlgid: number
  readonly pbInnerString?: Uint8Array | undefined
  readonly pbOuterString?: Uint8Array | undefined
}

/**
 * CryptGetHashParam. Asking for the length of the value leaves the hash open; asking for the value finishes it, even if
 * the buffer turns out too small.
 *
 * @throws CryptoApiError NTE_BAD_TYPE; ERROR_MORE_DATA
 */
export function readHashParameter(
  hash: HashObject,
  parameter: number,
  buffer: Uint8Array | null,
  length: Ref<number>,
): void {
  if (parameter === HP_HASHVAL && buffer === null) length.value = hash.length
  else answer(valueOf(hash, parameter), buffer, length)
}

/** CryptSetHashParam. @throws CryptoApiError NTE_BAD_TYPE; ERROR_INVALID_PARAMETER; and those of the hash */
export function writeHashParameter(
  hash: HashObject,
  parameter: number,
  value: Uint8Array | HmacInfo | null,
): void {
  if (parameter !== HP_HASHVAL && parameter !== HP_HMAC_INFO) unknown(parameter)
  if (parameter === HP_HASHVAL && value instanceof Uint8Array) return hash.setValue(value)
  if (parameter === HP_HASHVAL || value === null || value instanceof Uint8Array) {
    throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'this parameter takes another value')
  }
  hash.setHmac({ algorithm: value.HashAlgid, inner: value.pbInnerString, outer: value.pbOuterString })
}

function valueOf(hash: HashObject, parameter: number): Uint8Array {
  if (parameter === HP_ALGID) return dword(hash.algorithm)
  if (parameter === HP_HASHSIZE) return dword(hash.length)
  return parameter === HP_HASHVAL ? hash.value() : unknown(parameter)
}

function unknown(parameter: number): never {
  throw new CryptoApiError('NTE_BAD_TYPE', `a hash has no parameter ${parameter}`)
}
