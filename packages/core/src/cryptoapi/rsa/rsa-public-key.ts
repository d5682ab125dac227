import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto'
import { copyOf, equalBytes } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { fromBigInteger, powerOfPublicValues, toBigInteger } from './big-integer.ts'
import { decodeIntegerSequence, encodeIntegerSequence } from './integer-sequence.ts'

/** Sizes of RSA keys in bits that are read; the upper one is also OpenSSL's. */
export const MIN_RSA_BITS = 384
export const MAX_RSA_BITS = 16384

/** Whether keys are taken that no one should use: the exponent of one that shows session keys, for one. */
export interface RecoveryOption {
  readonly recovery?: boolean
}

/**
 * An RSA public key, and the bare operation with it.
 *
 * Everything is big-endian here; key blobs, ciphertexts and signatures turn it around at their own doors.
 */
export class RsaPublicKey {
  /** Bytes of the modulus, whose first is never zero. */
  readonly length: number
  /** The size as blobs state it: eight bits for every byte. */
  readonly bits: number
  /** `length` bytes. */
  readonly modulus: Uint8Array
  /** At most 32 bits. */
  readonly exponent: number
  #key: KeyObject | undefined

  private constructor(modulus: Uint8Array, exponent: number) {
    this.length = modulus.length
    this.bits = modulus.length * 8
    this.modulus = modulus
    this.exponent = exponent
  }

  /**
   * A key of a modulus without leading zeros (copied) and an exponent of 32 bits.
   *
   * With `recovery` an even modulus and the exponents that hide nothing (zero, one, even ones) are taken too.
   *
   * @throws CryptoApiError NTE_BAD_DATA for a modulus outside 384 to 16384 bits, or for such values without `recovery`
   */
  static fromParts(modulus: Uint8Array, exponent: number, options: RecoveryOption = {}): RsaPublicKey {
    checkModulus(modulus)
    if (!options.recovery && !isSane(modulus, exponent)) {
      throw new CryptoApiError(
        'NTE_BAD_DATA',
        'the modulus is even, or the public exponent is even or below 3',
      )
    }
    return new RsaPublicKey(copyOf(modulus), exponent)
  }

  /** A key from node:crypto, public or private. @throws CryptoApiError NTE_BAD_DATA if it is not RSA or does not fit */
  static fromKeyObject(key: KeyObject): RsaPublicKey {
    if (key.asymmetricKeyType !== 'rsa') throw new CryptoApiError('NTE_BAD_DATA', 'this is no RSA key')
    const publicKey = key.type === 'private' ? createPublicKey(key) : key
    const der = publicKey.export({ format: 'der', type: 'pkcs1' })
    const [modulus = new Uint8Array(0), exponent = new Uint8Array(0)] = decodeIntegerSequence(der) ?? []
    if (exponent.length > 4) {
      throw new CryptoApiError(
        'NTE_BAD_DATA',
        `expected a public exponent of 4 bytes, got ${exponent.length}`,
      )
    }
    return RsaPublicKey.fromParts(modulus, Number(toBigInteger(exponent)))
  }

  /**
   * `block ^ e mod n`, both `length` bytes, big-endian.
   *
   * @returns undefined unless the block is `length` bytes with a value below the modulus
   */
  raw(block: Uint8Array): Uint8Array | undefined {
    if (!isBelow(block, this.modulus)) return undefined
    if (this.exponent === 1) return copyOf(block)
    if (!isSane(this.modulus, this.exponent)) return this.#rawOfAnyKey(block)
    return new Uint8Array(
      publicEncrypt({ key: this.toKeyObject(), padding: constants.RSA_NO_PADDING }, block),
    )
  }

  /** Whether both are the same key. */
  equals(other: RsaPublicKey): boolean {
    return this.exponent === other.exponent && equalBytes(this.modulus, other.modulus)
  }

  /** The key for node:crypto. */
  toKeyObject(): KeyObject {
    this.#key ??= createPublicKey({
      key: Buffer.from(encodeIntegerSequence([this.modulus, exponentBytes(this.exponent)])),
      format: 'der',
      type: 'pkcs1',
    })
    return this.#key
  }

  /** OpenSSL has no arithmetic for even moduli. */
  #rawOfAnyKey(block: Uint8Array): Uint8Array {
    const power = powerOfPublicValues(toBigInteger(block), this.exponent, toBigInteger(this.modulus))
    return fromBigInteger(power, this.length)
  }
}

/** A public exponent as four big-endian bytes. */
export function exponentBytes(exponent: number): Uint8Array {
  return fromBigInteger(BigInt(exponent), 4)
}

/** Whether a block is as long as the modulus and below it, both big-endian: by the borrow of a whole subtraction. */
export function isBelow(block: Uint8Array, modulus: Uint8Array): boolean {
  if (block.length !== modulus.length) return false
  let borrow = 0
  for (let i = block.length - 1; i >= 0; i--) {
    borrow = ((block[i] ?? 0) - (modulus[i] ?? 0) - borrow) >>> 31
  }
  return borrow === 1
}

function checkModulus(modulus: Uint8Array): void {
  const bits = modulus.length * 8
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    throw new CryptoApiError(
      'NTE_BAD_DATA',
      `expected a modulus of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, got ${bits}`,
    )
  }
  // The length of every ciphertext and signature is that of the modulus: it has to be the true one.
  if (modulus[0] === 0) throw new CryptoApiError('NTE_BAD_DATA', 'the modulus is shorter than it says')
}

/** Whether OpenSSL can work with it and it hides anything. */
function isSane(modulus: Uint8Array, exponent: number): boolean {
  return (modulus.at(-1) ?? 0) % 2 === 1 && exponent % 2 === 1 && exponent >= 3
}
