import { copyOf } from '../../bytes/index.ts'
import {
  CRYPT_EXPORT,
  KP_ALGID,
  KP_BLOCKLEN,
  KP_EFFECTIVE_KEYLEN,
  KP_IV,
  KP_KEYLEN,
  KP_MODE,
  KP_MODE_BITS,
  KP_OAEP_PARAMS,
  KP_PADDING,
  KP_PERMISSIONS,
  KP_SALT,
  KP_SALT_EX,
  PKCS5_PADDING,
} from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { RsaKey } from '../rsa-key.ts'
import { hasSalt } from '../salt.ts'
import { SessionKey } from '../session-key.ts'
import { dword, readDword } from './size-protocol.ts'

type AnyKey = SessionKey | RsaKey

/** Parameters that every key has. */
const READ_ANY: ReadonlyMap<number, (key: AnyKey) => Uint8Array> = new Map([
  [KP_ALGID, (key: AnyKey) => dword(key.algorithm)],
  [KP_BLOCKLEN, (key: AnyKey) => dword(key instanceof RsaKey ? key.publicKey.bits : key.blockLength * 8)],
  [KP_KEYLEN, (key: AnyKey) => dword(key instanceof RsaKey ? key.publicKey.bits : key.key.length * 8)],
  [KP_PERMISSIONS, (key: AnyKey) => dword(key.permissions)],
  [KP_SALT, readSalt],
])

const READ_SESSION: ReadonlyMap<number, (key: SessionKey) => Uint8Array> = new Map([
  [KP_IV, (key: SessionKey) => key.iv],
  [KP_PADDING, (key: SessionKey) => dword(key.padding)],
  [KP_MODE, (key: SessionKey) => dword(key.mode)],
  [KP_MODE_BITS, (key: SessionKey) => dword(key.modeBits)],
  [KP_EFFECTIVE_KEYLEN, (key: SessionKey) => dword(key.effectiveBits)],
])

const READ_RSA: ReadonlyMap<number, (key: RsaKey) => Uint8Array> = new Map([
  [KP_OAEP_PARAMS, (key: RsaKey) => key.oaepLabel.slice()],
])

const WRITE_SESSION: ReadonlyMap<number, (key: SessionKey, value: Uint8Array) => void> = new Map([
  [KP_IV, (key: SessionKey, value: Uint8Array) => void (key.iv = value)],
  [KP_SALT, (key: SessionKey, value: Uint8Array) => key.setExportSalt(value)],
  [KP_SALT_EX, (key: SessionKey, value: Uint8Array) => void (key.salt = value)],
  [KP_PADDING, (_: SessionKey, value: Uint8Array) => expectPkcs5(readDword(value))],
  [KP_MODE, (key: SessionKey, value: Uint8Array) => void (key.mode = readDword(value))],
  [KP_MODE_BITS, (key: SessionKey, value: Uint8Array) => void (key.modeBits = readDword(value))],
  [KP_EFFECTIVE_KEYLEN, (key: SessionKey, value: Uint8Array) => void (key.effectiveBits = readDword(value))],
])

const WRITE_RSA: ReadonlyMap<number, (key: RsaKey, value: Uint8Array) => void> = new Map([
  [KP_OAEP_PARAMS, (key: RsaKey, value: Uint8Array) => void (key.oaepLabel = copyOf(value))],
])

/**
 * CryptGetKeyParam: the value of a parameter.
 *
 * @throws CryptoApiError NTE_BAD_TYPE: unknown, or not of such a key; NTE_BAD_KEY: a key that has no salt
 */
export function readKeyParameter(key: AnyKey, parameter: number): Uint8Array {
  const any = READ_ANY.get(parameter)
  if (any !== undefined) return any(key)
  const value = key instanceof RsaKey ? READ_RSA.get(parameter)?.(key) : READ_SESSION.get(parameter)?.(key)
  return value ?? unknown(parameter)
}

/**
 * CryptSetKeyParam.
 *
 * @throws CryptoApiError NTE_BAD_TYPE, NTE_BAD_KEY, NTE_BAD_DATA; ERROR_INVALID_PARAMETER: no value, or a short one
 */
export function writeKeyParameter(key: AnyKey, parameter: number, value: Uint8Array | null): void {
  if (value === null) throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'a parameter is set to a value')
  if (parameter === KP_PERMISSIONS) return expectNoExport(key, readDword(value))
  if (key instanceof RsaKey) (WRITE_RSA.get(parameter) ?? unknown(parameter))(key, value)
  else (WRITE_SESSION.get(parameter) ?? unknown(parameter))(key, value)
}

function readSalt(key: AnyKey): Uint8Array {
  if (key instanceof SessionKey && hasSalt(key.algorithm)) return key.salt
  if (key instanceof SessionKey && !key.row.parity) return new Uint8Array(0)
  throw new CryptoApiError('NTE_BAD_KEY', 'a key of this kind has no salt')
}

function expectPkcs5(padding: number): void {
  if (padding !== PKCS5_PADDING)
    throw new CryptoApiError('NTE_BAD_DATA', 'the providers have PKCS #5 padding only')
}

/** Permissions never grow; that they shrink is accepted and has no effect. */
function expectNoExport(key: AnyKey, permissions: number): void {
  if ((permissions & CRYPT_EXPORT) === 0 || key.exportable) return
  throw new CryptoApiError('NTE_BAD_DATA', 'a key does not become exportable')
}

function unknown(parameter: number): never {
  throw new CryptoApiError('NTE_BAD_TYPE', `this key has no parameter ${parameter}`)
}
