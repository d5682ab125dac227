import { type BitLengths, CIPHERS, type CipherRow } from './algorithm-table.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import type { ProviderRow } from './provider-table.ts'

/**
 * The row of a session cipher that this provider has.
 *
 * @throws CryptoApiError NTE_BAD_ALGID, also for CALG_AES without a size
 */
export function cipherOf(provider: ProviderRow, algorithm: number): CipherRow {
  const row = CIPHERS.get(algorithm)
  if (row === undefined || !provider.algorithms.has(algorithm)) {
    throw new CryptoApiError(
      'NTE_BAD_ALGID',
      `the ${provider.name} has no session cipher 0x${algorithm.toString(16)}`,
    )
  }
  return row
}

/**
 * How many bytes a new key gets.
 *
 * @param bits what the caller asks for, 0 for the provider's default; for the DES family with or without parity bits
 * @throws CryptoApiError NTE_BAD_ALGID; NTE_BAD_DATA or, for the DES family, NTE_BAD_FLAGS: a length that it cannot have
 */
export function newKeyLength(provider: ProviderRow, algorithm: number, bits: number): number {
  const row = cipherOf(provider, algorithm)
  const lengths = lengthsOf(provider, algorithm)
  if (row.keyLength === undefined) {
    if (bits === 0) return lengths.default / 8
    if (fits(lengths, bits)) return bits / 8
  } else if (bits === 0 || bits === row.effectiveBits || bits === row.keyLength * 8) return row.keyLength
  throw new CryptoApiError(
    row.parity ? 'NTE_BAD_FLAGS' : 'NTE_BAD_DATA',
    `${row.name} has no key of ${bits} bits`,
  )
}

/** Whether a key of `bytes` bytes can be imported as a key of this cipher. */
export function isKeyLength(provider: ProviderRow, algorithm: number, bytes: number): boolean {
  const row = CIPHERS.get(algorithm)
  if (row === undefined) return false
  return row.keyLength === undefined
    ? fits(lengthsOf(provider, algorithm), bytes * 8)
    : bytes === row.keyLength
}

/**
 * The size of a new key pair.
 *
 * @param bits 0 for the provider's default
 * @throws CryptoApiError NTE_BAD_DATA out of range or not a multiple of 8
 */
export function newPairBits(provider: ProviderRow, algorithm: number, bits: number): number {
  const lengths = lengthsOf(provider, algorithm)
  if (bits === 0) return lengths.default
  if (!fits(lengths, bits))
    throw new CryptoApiError('NTE_BAD_DATA', `RSA has no key pair of ${bits} bits here`)
  return bits
}

function lengthsOf(provider: ProviderRow, algorithm: number): BitLengths {
  const lengths = provider.algorithms.get(algorithm)
  if (lengths === undefined)
    throw new CryptoApiError('NTE_BAD_ALGID', `no algorithm 0x${algorithm.toString(16)}`)
  return lengths
}

function fits({ min, max }: BitLengths, bits: number): boolean {
  return bits % 8 === 0 && bits >= min && bits <= max
}
