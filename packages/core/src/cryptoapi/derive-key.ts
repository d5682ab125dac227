import { concat, wipe } from '../bytes/index.ts'
import { createDigest } from './algorithms/digest.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import type { HashObject } from './hash-object.ts'
import { cipherOf, newKeyLength } from './key-lengths.ts'
import { setOddParity } from './parity.ts'
import { EXPORT_SALT_BYTES, type SaltChoice, saltOf } from './salt.ts'
import { SessionKey } from './session-key.ts'

/** How a session key is made, generated or derived. */
export interface NewKeyOptions {
  /** Length in bits, 0 or nothing for the provider's default. */
  readonly bits?: number
  readonly exportable?: boolean
  readonly salt?: SaltChoice
}

/**
 * CryptDeriveKey: a session key from a finished hash. The same hash always gives the same key.
 *
 * The value H is cut to the length of the key. For three-key 3DES and AES, and unless the hash is of the SHA-2 family,
 * it is stretched first: M = hash((H xor 0x36...) of 64 bytes) || hash((H xor 0x5C...) of 64 bytes).
 * DES keys get odd parity. There is no salt and no iteration: whoever has the ciphertext tries passwords as fast as
 * the hash runs.
 *
 * Source: Microsoft, "CryptDeriveKey"; `docs/cryptoapi.md`.
 *
 * @param hash is finished by it, and can be read and used for deriving again
 * @throws CryptoApiError NTE_BAD_ALGID; NTE_BAD_DATA or NTE_BAD_FLAGS: the length; NTE_BAD_HASH: a hash too short for it
 */
export function deriveKey(hash: HashObject, algorithm: number, options: NewKeyOptions = {}): SessionKey {
  const { provider } = hash
  const { expands, parity } = cipherOf(provider, algorithm)
  const length = newKeyLength(provider, algorithm, options.bits ?? 0)
  const value = hash.value()
  const material =
    expands && !hash.row.sha2 && hash.row.blockLength !== 0 ? stretch(hash.algorithm, value) : value
  if (material.length < length) {
    throw new CryptoApiError('NTE_BAD_HASH', `${hash.row.name} is too short for a key of ${length * 8} bits`)
  }
  const key = material.slice(0, length)
  const made = (): Uint8Array => material.slice(length, length + EXPORT_SALT_BYTES)
  const salt = saltOf(provider, algorithm, length, options.salt ?? 'default', made)
  wipe(material, value)
  if (parity) setOddParity(key)
  return new SessionKey({ provider, algorithm, key, salt, exportable: options.exportable ?? false })
}

const STRETCHED_BLOCK_BYTES = 64

/** The two hashes over the masked value, one after the other. */
function stretch(algorithm: number, value: Uint8Array): Uint8Array {
  const halves = [0x36, 0x5c].map((mask) => {
    const block = new Uint8Array(STRETCHED_BLOCK_BYTES).fill(mask)
    for (const [i, byte] of value.entries()) block[i] = mask ^ byte
    const digest = createDigest(algorithm)
    digest.update(block)
    wipe(block)
    return digest.digest()
  })
  return concat(...halves)
}
