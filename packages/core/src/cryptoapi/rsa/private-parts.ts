import { CryptoApiError } from '../crypto-api-error.ts'
import { fromBigInteger, inverseOfExponent, toBigInteger } from './big-integer.ts'
import type { RsaPublicKey } from './rsa-public-key.ts'

/** The five values that the Chinese remainder theorem takes, big-endian: p, q, d mod (p-1), d mod (q-1), q^-1 mod p. */
export interface RsaCrtParts {
  readonly prime1: Uint8Array
  readonly prime2: Uint8Array
  readonly exponent1: Uint8Array
  readonly exponent2: Uint8Array
  readonly coefficient: Uint8Array
}

/** All that is secret in an RSA key, big-endian, every value as wide as key blobs have it. */
export interface RsaPrivateParts extends RsaCrtParts {
  readonly privateExponent: Uint8Array
}

/** Bytes of a prime, and of the three values that are no longer than one: half the modulus, rounded up. */
export function halfLength(key: RsaPublicKey): number {
  return Math.ceil(key.length / 2)
}

/**
 * Proves that private values belong to a public key, and fills in the private exponent.
 *
 * A wrong value among those of the Chinese remainder theorem shows the factors of the modulus to anyone who sees one
 * result, so each is checked against p, q and e, and p * q against the modulus. The private exponent adds nothing to
 * them: a missing or wrong one is computed again (modulo (p-1)(q-1)).
 *
 * BigInt is unavoidable here, node:crypto offers no arithmetic; see `big-integer.ts` for why it is bearable.
 *
 * @param given any width; `privateExponent` may be missing or cut off
 * @returns fresh arrays: five of `halfLength` bytes, the private exponent of the modulus's length
 * @throws CryptoApiError NTE_BAD_DATA if they do not belong together
 */
export function completePrivateParts(
  publicKey: RsaPublicKey,
  given: RsaCrtParts & { readonly privateExponent?: Uint8Array | undefined },
): RsaPrivateParts {
  const [p, q] = [toBigInteger(given.prime1), toBigInteger(given.prime2)]
  const [exponent1, exponent2] = [toBigInteger(given.exponent1), toBigInteger(given.exponent2)]
  const coefficient = toBigInteger(given.coefficient)
  const e = BigInt(publicKey.exponent)
  const belongs =
    isPrimeShaped(p) &&
    isPrimeShaped(q) &&
    p * q === toBigInteger(publicKey.modulus) &&
    isInverse(exponent1, e, p - 1n) &&
    isInverse(exponent2, e, q - 1n) &&
    isInverse(coefficient, q, p)
  const d = belongs ? privateExponent(given.privateExponent, e, p, q) : undefined
  const half = halfLength(publicKey)
  const widest = 1n << BigInt(half * 8)
  if (d === undefined || p >= widest || q >= widest) {
    throw new CryptoApiError('NTE_BAD_DATA', 'the parts of the private key do not belong together')
  }
  return {
    prime1: fromBigInteger(p, half),
    prime2: fromBigInteger(q, half),
    exponent1: fromBigInteger(exponent1, half),
    exponent2: fromBigInteger(exponent2, half),
    coefficient: fromBigInteger(coefficient, half),
    privateExponent: fromBigInteger(d, publicKey.length),
  }
}

/** Odd and above one: whether it is prime does not matter to anyone but the owner. */
function isPrimeShaped(value: bigint): boolean {
  return value > 1n && value % 2n === 1n
}

function isInverse(value: bigint, of: bigint, modulus: bigint): boolean {
  return value < modulus && (value * of) % modulus === 1n
}

/** The given one if it is right modulo p-1 and q-1, else one made from p, q and e. */
function privateExponent(given: Uint8Array | undefined, e: bigint, p: bigint, q: bigint): bigint | undefined {
  const d = toBigInteger(given ?? new Uint8Array(0))
  const right = d < p * q && (d * e) % (p - 1n) === 1n && (d * e) % (q - 1n) === 1n
  return right ? d : inverseOfExponent(e, (p - 1n) * (q - 1n))
}
