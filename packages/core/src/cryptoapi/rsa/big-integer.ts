/**
 * Arithmetic on integers of any size, for what OpenSSL does not offer through node:crypto.
 *
 * BigInt is not constant-time and its values cannot be wiped. It never touches a ciphertext or a signature together with
 * a private key: it works on public values, and on private ones only when a key is imported or made, once in the life of
 * that key, where no outsider chooses an operand.
 */

/** The value of a big-endian byte string; of none, zero. */
export function toBigInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toHex()}`)
}

/** A value as `length` big-endian bytes. @throws RangeError if it is negative or does not fit */
export function fromBigInteger(value: bigint, length: number): Uint8Array {
  const digits = value.toString(16)
  if (value < 0n || digits.length > length * 2) throw new RangeError(`a number does not fit ${length} bytes`)
  return Uint8Array.fromHex(digits.padStart(length * 2, '0'))
}

/** `base ^ exponent mod modulus` by squaring and multiplying. For public values only. */
export function powerOfPublicValues(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = 1n % modulus
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus
    if (bit === '1') result = (result * base) % modulus
  }
  return result
}

/** The inverse of `value` modulo `modulus` by Euclid's algorithm, or undefined if they share a factor. */
export function inverse(value: bigint, modulus: bigint): bigint | undefined {
  let [larger, smaller] = [modulus, value % modulus]
  let [before, factor] = [0n, 1n]
  while (smaller !== 0n) {
    const quotient = larger / smaller
    ;[larger, smaller] = [smaller, larger - quotient * smaller]
    ;[before, factor] = [factor, before - quotient * factor]
  }
  if (larger !== 1n) return undefined
  return before < 0n ? before + modulus : before
}

/**
 * The inverse of a small public exponent modulo a large secret: `(1 + k * modulus) / exponent` for the k that makes it whole.
 * Euclid's algorithm, whose steps depend on its operands, sees only what is left of the secret modulo the exponent.
 *
 * @returns undefined if they share a factor
 */
export function inverseOfExponent(exponent: bigint, modulus: bigint): bigint | undefined {
  if (exponent === 1n) return 1n
  const k = inverse(exponent - (modulus % exponent), exponent)
  return k === undefined ? undefined : (1n + k * modulus) / exponent
}
