import {
  CRYPT_CREATE_SALT,
  CRYPT_EXPORTABLE,
  CRYPT_IPSEC_HMAC_KEY,
  CRYPT_NO_SALT,
  CRYPT_NOHASHOID,
  CRYPT_OAEP,
  CRYPT_X931_FORMAT,
} from '../constants.ts'
import type { NewKeyOptions } from '../derive-key.ts'
import type { ImportOptions } from '../import-key.ts'
import type { SaltChoice } from '../salt.ts'
import type { SignatureForm } from '../signature.ts'
import { expectFlags } from './size-protocol.ts'

/** CryptGenKey and CryptDeriveKey: the upper half is a length in bits. */
export function newKeyOptions(flags: number): NewKeyOptions {
  return { bits: flags >>> 16, exportable: has(flags, CRYPT_EXPORTABLE), salt: saltChoice(flags) }
}

/** CryptImportKey. Flags that other providers give a meaning to are accepted without effect. */
export function importOptions(flags: number): ImportOptions {
  return {
    exportable: has(flags, CRYPT_EXPORTABLE),
    oaep: has(flags, CRYPT_OAEP),
    noSalt: has(flags, CRYPT_NO_SALT),
    hmacKey: has(flags, CRYPT_IPSEC_HMAC_KEY),
  }
}

/** CryptSignHash and CryptVerifySignature. @throws CryptoApiError NTE_BAD_FLAGS */
export function signatureForm(flags: number): SignatureForm {
  expectFlags(flags, CRYPT_NOHASHOID | CRYPT_X931_FORMAT)
  if (has(flags, CRYPT_X931_FORMAT)) return 'x931'
  return has(flags, CRYPT_NOHASHOID) ? 'bare' : 'oid'
}

export function has(flags: number, flag: number): boolean {
  return (flags & flag) !== 0
}

function saltChoice(flags: number): SaltChoice {
  if (has(flags, CRYPT_NO_SALT)) return 'none'
  return has(flags, CRYPT_CREATE_SALT) ? 'create' : 'default'
}
