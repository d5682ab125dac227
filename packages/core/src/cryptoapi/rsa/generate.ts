import { generateKeyPairSync, generatePrimeSync } from 'node:crypto'
import { fromBigInteger, inverse, inverseOfExponent } from './big-integer.ts'
import { RsaPrivateKey } from './rsa-private-key.ts'
import { MAX_RSA_BITS, MIN_RSA_BITS, RsaPublicKey } from './rsa-public-key.ts'

/** The public exponent of every key pair that a provider makes. */
const PUBLIC_EXPONENT = 65537
/** OpenSSL makes no shorter ones. */
const MIN_OPENSSL_BITS = 512

/**
 * A new key pair with the public exponent 65537, from OpenSSL's random numbers.
 *
 * @param bits 384 to 16384, a multiple of 8. @throws RangeError for any other
 */
export function generateRsaPrivateKey(bits: number): RsaPrivateKey {
  if (bits % 8 !== 0 || !(bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS)) {
    throw new RangeError(`no RSA key pair has ${bits} bits`)
  }
  if (bits < MIN_OPENSSL_BITS) return generateSmall(bits)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: PUBLIC_EXPONENT })
  return RsaPrivateKey.fromKeyObject(privateKey)
}

/**
 * Sizes of the 1990s that OpenSSL imports and uses, but refuses to make. It makes the primes, with their two highest bits
 * set, so that the modulus has all of its own; the rest is BigInt
 * arithmetic on secrets, unavoidable and not constant-time. A desk computer factors such a modulus, so there is
 * nothing that timing could add.
 */
function generateSmall(bits: number): RsaPrivateKey {
  for (;;) {
    const [p, q] = [
      generatePrimeSync(bits / 2, { bigint: true }),
      generatePrimeSync(bits / 2, { bigint: true }),
    ]
    const e = BigInt(PUBLIC_EXPONENT)
    const [exponent1, exponent2] = [inverseOfExponent(e, p - 1n), inverseOfExponent(e, q - 1n)]
    const coefficient = inverse(q, p)
    if (exponent1 === undefined || exponent2 === undefined || coefficient === undefined) continue
    const bytes = (value: bigint): Uint8Array => fromBigInteger(value, Math.ceil(bits / 16))
    return RsaPrivateKey.fromParts(RsaPublicKey.fromParts(fromBigInteger(p * q, bits / 8), PUBLIC_EXPONENT), {
      prime1: bytes(p),
      prime2: bytes(q),
      exponent1: bytes(exponent1),
      exponent2: bytes(exponent2),
      coefficient: bytes(coefficient),
    })
  }
}
