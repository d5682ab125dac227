import { generatePrimeSync } from 'node:crypto'
import { fromBigInteger, inverse, inverseOfExponent } from '../../../src/cryptoapi/rsa/big-integer.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'

/**
 * A key of 512 bits whose parts belong together, but whose first "prime" is a product of two: the private operation
 * modulo p is wrong for nearly every block and right modulo q, just as with a fault in the middle of it.
 */
export function brokenKey(): RsaPrivateKey {
  return keyOf(() => [prime(128) * prime(128), prime(256)])
}

/** What becomes of two factors of a modulus of 512 bits, prime or not: made again until they can be. */
export function keyOf(factors: () => readonly [bigint, bigint], recovery = false): RsaPrivateKey {
  for (;;) {
    const [p, q] = factors()
    const e = 65537n
    const [exponent1, exponent2] = [inverseOfExponent(e, p - 1n), inverseOfExponent(e, q - 1n)]
    const coefficient = inverse(q, p)
    if (exponent1 === undefined || exponent2 === undefined || coefficient === undefined) continue
    if ((p * q) >> 504n === 0n) continue
    const publicKey = RsaPublicKey.fromParts(fromBigInteger(p * q, 64), Number(e), { recovery })
    const bytes = (value: bigint): Uint8Array => fromBigInteger(value, 64)
    return RsaPrivateKey.fromParts(publicKey, {
      prime1: bytes(p),
      prime2: bytes(q),
      exponent1: bytes(exponent1),
      exponent2: bytes(exponent2),
      coefficient: bytes(coefficient),
    })
  }
}

/** A prime of so many bits, the two highest set. */
export function prime(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true })
}
