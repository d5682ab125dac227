import { generatePrimeSync } from 'node:crypto'
import { fromBigInteger, inverse, inverseOfExponent } from '../../../src/cryptoapi/rsa/big-integer.ts'
import { RsaPrivateKey } from '../../../src/cryptoapi/rsa/rsa-private-key.ts'
import { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'

/**
 * A key of 512 bits whose parts belong together, but whose first "prime" is a product of two: the private operation
 * modulo p is wrong for nearly every block and right modulo q, just as with a fault in the middle of it.
 */
export function brokenKey(): RsaPrivateKey {
  for (;;) {
    const [a, b] = [prime(128), prime(128)]
    const [p, q] = [a * b, prime(256)]
    const e = 65537n
    const [exponent1, exponent2] = [inverseOfExponent(e, p - 1n), inverseOfExponent(e, q - 1n)]
    const coefficient = inverse(q, p)
    if (exponent1 === undefined || exponent2 === undefined || coefficient === undefined) continue
    if ((p * q) >> 511n !== 1n) continue
    return RsaPrivateKey.fromParts(RsaPublicKey.fromParts(fromBigInteger(p * q, 64), Number(e)), {
      prime1: fromBigInteger(p, 32),
      prime2: fromBigInteger(q, 32),
      exponent1: fromBigInteger(exponent1, 32),
      exponent2: fromBigInteger(exponent2, 32),
      coefficient: fromBigInteger(coefficient, 32),
    })
  }
}

function prime(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true })
}
