import { DEFAULT_SCRYPT_MAX_LOG_N, deriveWrapKey, hkdfSha256 } from '../age/index.ts'
import { equalBytes, utf8Decode, wipe } from '../bytes/index.ts'
import {
  acquireContext,
  CryptoApiError,
  samplePasswordBytes,
  type SessionKey,
  wincrypt,
} from '../cryptoapi/index.ts'
import { ClientError } from './client-error.ts'
import type { CryptoApiDerivation, DerivationRecord, KeyDerivation, PasswordForm } from './derived-key.ts'

const { CRYPT_MODE_CBC, CRYPT_MODE_ECB, CRYPT_MODE_CFB } = wincrypt
const MODES: ReadonlySet<number | undefined> = new Set([CRYPT_MODE_CBC, CRYPT_MODE_ECB, CRYPT_MODE_CFB])

/**
 * The commitment to a derived key: HKDF-SHA-256(key, salt = serial number, "strongroom derived key commit v1"), 32 bytes. Whoever
 * has it can try passwords: it stands in the sealed part of a deposit alone.
 */
export function derivedKeyCommitment(derivedKey: Uint8Array, serial: Uint8Array): Uint8Array {
  return hkdfSha256(derivedKey, serial, 'strongroom derived key commit v1')
}

/**
 * The key that goes with a password: the bytes of a CryptoAPI session key, or the 32 bytes that age wraps a file key with.
 *
 * @param password as it was entered: UTF-8 if it is to become UTF-16
 * @param maxLogN the highest work factor that a record may ask for: it is the record that decides how much memory is taken
 * @throws ClientError CLIENT_DEPOSIT for a work factor above it
 */
export function deriveKeyAgain(
  derivation: KeyDerivation,
  password: Uint8Array,
  maxLogN: number = DEFAULT_SCRYPT_MAX_LOG_N,
): Uint8Array {
  if (derivation.method === 'cryptoapi') {
    const key = deriveSessionKey(derivation, password)
    const bytes = key.key.slice()
    key.wipe()
    return bytes
  }
  if (derivation.logN > maxLogN) {
    const message = `expected a work factor of at most 2^${maxLogN}, got 2^${derivation.logN}`
    throw new ClientError('CLIENT_DEPOSIT', message)
  }
  return deriveWrapKey(password, derivation.salt, derivation.logN)
}

/**
 * Derives the key of a record again, if it is the right password.
 *
 * @param serial the serial number of the deposit
 * @throws ClientError CLIENT_NOT_OPENED for another password; and as `deriveKeyAgain`
 */
export function openDerivation(
  { derivation, commitment }: DerivationRecord,
  serial: Uint8Array,
  password: Uint8Array,
  maxLogN?: number,
): Uint8Array {
  const key = deriveKeyAgain(derivation, password, maxLogN)
  if (equalBytes(derivedKeyCommitment(key, serial), commitment)) return key
  wipe(key)
  throw new ClientError('CLIENT_NOT_OPENED', 'that is not the password of this key')
}

/** The session key of CryptoAPI with all its parameters, ready to decrypt. @throws CryptoApiError for a derivation that is none */
export function deriveSessionKey(derivation: CryptoApiDerivation, password: Uint8Array): SessionKey {
  const hashed = hashedBytes(derivation.password, password)
  try {
    return sessionKeyOf(derivation, hashed)
  } finally {
    wipe(hashed)
  }
}

/** The key of the empty password: whether there is a key of such parameters. @throws CryptoApiError */
export function emptySessionKey(derivation: CryptoApiDerivation): SessionKey {
  return sessionKeyOf(derivation, new Uint8Array(0))
}

/** What describes a session key that was derived from a password: the pair of `deriveSessionKey`. */
export function derivationOf(
  key: SessionKey,
  { hash, password }: { readonly hash: number; readonly password: PasswordForm },
): CryptoApiDerivation {
  const isBlock = key.blockLength > 0
  return {
    method: 'cryptoapi',
    password,
    provider: key.provider.id,
    hash,
    cipher: key.algorithm,
    keyBits: key.key.length * 8,
    salt: key.salt,
    ...(isBlock && { mode: key.mode, iv: key.iv }),
    ...(hasEffectiveLength(key) && { effectiveBits: key.effectiveBits }),
  }
}

function sessionKeyOf(derivation: CryptoApiDerivation, hashed: Uint8Array): SessionKey {
  const { provider, cipher, keyBits, salt, mode, iv, effectiveBits } = derivation
  const hash = acquireContext({ provider }).createHash(derivation.hash)
  hash.update(hashed)
  const key = acquireContext({ provider }).deriveKey(cipher, hash, { bits: keyBits, salt: 'none' })
  hash.wipe()
  try {
    expectFit(key.key.length * 8 === keyBits, 'another length than the key has')
    expectFit((iv?.length ?? 0) === key.blockLength, 'an IV of another length than a block')
    expectFit(key.blockLength > 0 ? MODES.has(mode) : mode === undefined, 'not a mode of this cipher')
    expectFit(hasEffectiveLength(key) === (effectiveBits !== undefined), 'an effective length is of RC2')
    if (salt.length > 0) key.salt = salt
    // The Base provider refuses to be told any length but 40, and counts all bits if it is told none.
    if (effectiveBits !== undefined && effectiveBits !== key.effectiveBits) key.effectiveBits = effectiveBits
    if (mode !== undefined) key.mode = mode
    if (iv !== undefined) key.iv = iv
    return key
  } catch (error) {
    key.wipe()
    throw error
  }
}

/** RC2 counts as many bits of a key as it is told. */
function hasEffectiveLength(key: SessionKey): boolean {
  return key.row.name === 'RC2'
}

function expectFit(fits: boolean, otherwise: string): void {
  if (!fits) throw new CryptoApiError('NTE_BAD_DATA', otherwise)
}

/** What was hashed. A copy, to be wiped. */
function hashedBytes(form: PasswordForm, password: Uint8Array): Uint8Array {
  if (form === 'as-entered') return password.slice()
  const text = utf8Decode(password)
  if (form === 'half-utf-16') return samplePasswordBytes(text, 'unicode')
  return new Uint8Array(Buffer.from(text, 'utf16le'))
}
