import { createHash, randomBytes } from 'node:crypto'
import { ByteReader, ByteWriter, concat, wipe } from '../../bytes/index.ts'
import { Rc4 } from '../algorithms/rc4.ts'
import { AT_KEYEXCHANGE, AT_SIGNATURE, CALG_RSA_SIGN } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { RsaPrivateKey } from '../rsa/rsa-private-key.ts'
import type { RecoveryOption } from '../rsa/rsa-public-key.ts'
import { encodePrivateKeyBlob, parsePrivateKeyBlob, type PrivateKeyFromBlob } from './private-key-blob.ts'

const MAGIC = 0xb0b5f11e
const HEADER_BYTES = 24
/** What OpenSSL takes at most. */
const MAX_SALT_BYTES = 10_240
const NEW_SALT_BYTES = 16

/** How a PVK file keeps its key: in the clear, under 40 bits of a password's hash, or under 128. */
export type PvkProtection = 'none' | 'weak' | 'strong'

/** The fields of a PVK file, before any password. */
export interface PvkFile {
  /** AT_KEYEXCHANGE or AT_SIGNATURE. */
  readonly keySpec: number
  readonly encrypted: boolean
  /** A view; empty unless encrypted. */
  readonly salt: Uint8Array
  /** A view: a PRIVATEKEYBLOB, with all after its header encrypted. */
  readonly body: Uint8Array
}

/** A key from a PVK file. */
export interface PvkKey extends PrivateKeyFromBlob {
  readonly keySpec: number
  readonly protection: PvkProtection
}

/** How to write a PVK file. */
export type PvkWriting =
  | { readonly protection: 'none' }
  | {
      readonly protection: 'weak' | 'strong'
      readonly password: Uint8Array
      /** Made anew unless given. */
      readonly salt?: Uint8Array
    }

/**
 * Reads the fields of a PVK file, little-endian: `0xB0B5F11E (4) | reserved 0 (4) | key spec (4) | encrypted 0 or 1 (4) |
 * bytes of salt (4) | bytes of key (4) | salt | key`.
 *
 * Source: `docs/cryptoapi.md`, PVK files; OpenSSL, `crypto/pem/pvkfmt.c`.
 *
 * @throws CryptoApiError NTE_BAD_DATA for anything else
 */
export function parsePvk(bytes: Uint8Array): PvkFile {
  if (bytes.length < HEADER_BYTES)
    throw malformed(`expected ${HEADER_BYTES} bytes of header, got ${bytes.length}`)
  const reader = new ByteReader(bytes)
  if (reader.u32le() !== MAGIC) throw malformed('it does not start like one')
  if (reader.u32le() !== 0) throw malformed('the reserved field is not zero')
  const [keySpec, encrypted, saltBytes, keyBytes] = [
    reader.u32le(),
    reader.u32le(),
    reader.u32le(),
    reader.u32le(),
  ]
  if (keySpec !== AT_KEYEXCHANGE && keySpec !== AT_SIGNATURE) throw malformed(`no key spec is ${keySpec}`)
  if (encrypted > 1 || (encrypted === 1) !== saltBytes > 0 || saltBytes > MAX_SALT_BYTES) {
    throw malformed(`encrypted ${encrypted} does not go with ${saltBytes} bytes of salt`)
  }
  if (saltBytes + keyBytes !== reader.remaining) {
    throw malformed(`expected ${saltBytes + keyBytes} bytes of salt and key, got ${reader.remaining}`)
  }
  return { keySpec, encrypted: encrypted === 1, salt: reader.take(saltBytes), body: reader.rest() }
}

/**
 * Reads the key of a PVK file; a file does not say whether its protection is weak or strong, so both are tried.
 *
 * @param password its bytes as they were typed; ignored if the file is not encrypted
 * @throws CryptoApiError NTE_BAD_DATA, with one text for a wrong password and for damage behind it; NTE_NO_KEY if there
 *   is no password for an encrypted file; NTE_BAD_VER, NTE_BAD_TYPE, NTE_BAD_ALGID for the blob inside
 */
export function openPvk(bytes: Uint8Array, password?: Uint8Array, options: RecoveryOption = {}): PvkKey {
  const { keySpec, encrypted, salt, body } = parsePvk(bytes)
  if (!encrypted) return { keySpec, protection: 'none', ...parsePrivateKeyBlob(body, everyPair, options) }
  if (password === undefined) throw new CryptoApiError('NTE_NO_KEY', 'the PVK file asks for a password')
  const strong = tryOpen(body, password, salt, 'strong', options)
  if (!(strong instanceof CryptoApiError)) return { keySpec, protection: 'strong', ...strong }
  const weak = tryOpen(body, password, salt, 'weak', options)
  if (!(weak instanceof CryptoApiError)) return { keySpec, protection: 'weak', ...weak }
  throw weak
}

/**
 * Writes a PVK file. RC4 under one hash of a password: for the programs that read nothing else.
 *
 * @param algorithm CALG_RSA_KEYX or CALG_RSA_SIGN, from which the key spec follows
 * @throws RangeError for a salt of no bytes or more than 10,240
 */
export function encodePvk(key: RsaPrivateKey, algorithm: number, writing: PvkWriting): Uint8Array {
  const salt = writing.protection === 'none' ? new Uint8Array(0) : (writing.salt ?? newSalt())
  if (writing.protection !== 'none' && (salt.length === 0 || salt.length > MAX_SALT_BYTES)) {
    throw new RangeError(`no PVK file has ${salt.length} bytes of salt`)
  }
  const encrypt =
    writing.protection === 'none'
      ? undefined
      : (body: Uint8Array) => applyRc4(body, writing.password, salt, writing.protection)
  const blob = encodePrivateKeyBlob(algorithm, key, encrypt)
  const header = new ByteWriter(HEADER_BYTES)
    .u32le(MAGIC)
    .u32le(0)
    .u32le(algorithm === CALG_RSA_SIGN ? AT_SIGNATURE : AT_KEYEXCHANGE)
    .u32le(encrypt === undefined ? 0 : 1)
    .u32le(salt.length)
    .u32le(blob.length)
    .toBytes()
  const file = concat(header, salt, blob)
  wipe(blob)
  return file
}

/** The refusal is returned, so that the other protection can be tried. */
function tryOpen(
  body: Uint8Array,
  password: Uint8Array,
  salt: Uint8Array,
  protection: 'weak' | 'strong',
  options: RecoveryOption,
): PrivateKeyFromBlob | CryptoApiError {
  const decrypt = (encrypted: Uint8Array): Uint8Array => applyRc4(encrypted, password, salt, protection)
  try {
    return parsePrivateKeyBlob(body, everyPair, { ...options, decrypt })
  } catch (error) {
    if (error instanceof CryptoApiError) return error
    throw error
  }
}

/** RC4 both ways. The key is SHA-1(salt, password): 16 bytes of it, or 5 bytes and 11 zeros (the salt of a 40-bit key). */
function applyRc4(
  bytes: Uint8Array,
  password: Uint8Array,
  salt: Uint8Array,
  protection: 'weak' | 'strong',
): Uint8Array {
  const digest = createHash('sha1').update(salt).update(password).digest()
  const key = new Uint8Array(16)
  key.set(digest.subarray(0, protection === 'weak' ? 5 : 16))
  const cipher = new Rc4(key)
  const result = cipher.process(bytes)
  cipher.wipe()
  wipe(digest, key)
  return result
}

const everyPair = (): boolean => true
const newSalt = (): Uint8Array => new Uint8Array(randomBytes(NEW_SALT_BYTES))

function malformed(reason: string): CryptoApiError {
  return new CryptoApiError('NTE_BAD_DATA', `not a PVK file: ${reason}`)
}
