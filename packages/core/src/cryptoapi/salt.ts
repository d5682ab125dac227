import { CALG_RC2, CALG_RC4 } from './constants.ts'
import type { ProviderRow } from './provider-table.ts'

/** Bytes of salt that the export rules of the 1990s put beside a key of 40 bits: together 128. */
export const EXPORT_SALT_BYTES = 11
/** Bytes of the key that get them. */
const EXPORT_KEY_BYTES = 5
/** The most that KP_SALT_EX takes. */
export const MAX_SALT_BYTES = 24

/** What the caller said of salt: nothing, CRYPT_NO_SALT or CRYPT_CREATE_SALT. */
export type SaltChoice = 'default' | 'none' | 'create'

/**
 * The salt of a key that is made or imported. Its bytes follow those of the key.
 *
 * Only keys of 40 bits of RC2 and RC4 have one: eleven zeros, which is not the same as none. CRYPT_CREATE_SALT fills
 * them in the Base and the Strong provider, and means no salt at all in the Enhanced ones.
 *
 * Source: Microsoft, "Salt Value Functionality in CryptoAPI"; `docs/cryptoapi.md`, salt.
 *
 * @param made gives the bytes of a made salt: random ones, or those of the hash that the key is derived from
 */
export function saltOf(
  provider: ProviderRow,
  algorithm: number,
  keyLength: number,
  choice: SaltChoice,
  made: () => Uint8Array,
): Uint8Array {
  if (!hasSalt(algorithm) || keyLength !== EXPORT_KEY_BYTES || choice === 'none') return new Uint8Array(0)
  if (choice === 'default') return new Uint8Array(EXPORT_SALT_BYTES)
  return provider.exportSalt ? made().slice(0, EXPORT_SALT_BYTES) : new Uint8Array(0)
}

/** Whether keys of this cipher can have salt. */
export function hasSalt(algorithm: number): boolean {
  return algorithm === CALG_RC2 || algorithm === CALG_RC4
}
