import { constants, createHash, createPrivateKey, type KeyObject, privateDecrypt } from 'node:crypto'
import { copyOf, equalBytes, wipe } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { decodeIntegerSequence, encodeIntegerSequence } from './integer-sequence.ts'
import { completePrivateParts, type RsaCrtParts, type RsaPrivateParts } from './private-parts.ts'
import { exponentBytes, isBelow, RsaPublicKey } from './rsa-public-key.ts'

export type { RsaCrtParts, RsaPrivateParts } from './private-parts.ts'

/** The version of an RSAPrivateKey of two primes. RFC 8017, appendix A.1.2 */
const TWO_PRIMES = Uint8Array.of(0)

/** An RSA private key with two primes, and the bare operation with it. Everything is big-endian here. */
export class RsaPrivateKey {
  readonly publicKey: RsaPublicKey
  readonly #parts: RsaPrivateParts
  #key: KeyObject | undefined
  #wiped = false

  private constructor(publicKey: RsaPublicKey, parts: RsaPrivateParts) {
    this.publicKey = publicKey
    this.#parts = parts
  }

  /**
   * A key of its parts, which are copied.
   *
   * @param parts the private exponent may be missing: the others say what it is
   * @throws CryptoApiError NTE_BAD_DATA if they do not belong to each other and to the public key
   */
  static fromParts(
    publicKey: RsaPublicKey,
    parts: RsaCrtParts & { readonly privateExponent?: Uint8Array | undefined },
  ): RsaPrivateKey {
    return new RsaPrivateKey(publicKey, completePrivateParts(publicKey, parts))
  }

  /**
   * A key from node:crypto.
   *
   * @throws CryptoApiError NTE_BAD_DATA if it is no RSA private key of two primes about as long as each other
   */
  static fromKeyObject(key: KeyObject): RsaPrivateKey {
    const publicKey = RsaPublicKey.fromKeyObject(key)
    if (key.type !== 'private') throw new CryptoApiError('NTE_BAD_DATA', 'this is a public key alone')
    const der = key.export({ format: 'der', type: 'pkcs1' })
    try {
      return RsaPrivateKey.fromParts(publicKey, partsOf(der))
    } finally {
      wipe(der)
    }
  }

  /**
   * `block ^ d mod n`, both `length` bytes, big-endian, for results that stay secret: to decrypt.
   *
   * OpenSSL does it, blinded, and checks what the primes gave with the public exponent while it still is. Nothing here
   * looks at the result: arithmetic on a decrypted block that is no longer blinded would tell by its time how long the
   * number is, which is enough to decrypt others.
   *
   * @returns undefined unless the block is `length` bytes with a value below the modulus, or if OpenSSL gives up
   * @throws CryptoApiError NTE_BAD_KEY after `wipe`
   */
  raw(block: Uint8Array): Uint8Array | undefined {
    this.#expectLive()
    if (!isBelow(block, this.publicKey.modulus)) return undefined
    // A published trick to see session keys, read in recovery only: the private operation changes nothing either.
    if (this.publicKey.exponent === 1) return copyOf(block)
    return this.#operate(block)
  }

  /**
   * The same for results that everyone may see: to sign.
   *
   * The result is checked with the public exponent. One wrong result of the Chinese remainder theorem, by a fault or by a
   * bad key, would show the factors of the modulus to whoever sees it.
   *
   * @returns undefined as `raw`, or if the result does not lead back to the block
   */
  rawChecked(block: Uint8Array): Uint8Array | undefined {
    const result = this.raw(block)
    if (result === undefined || this.#leadsBack(result, block)) return result
    wipe(result)
    return undefined
  }

  /** Copies of the private values, at the widths of a key blob: for whoever wipes them. @throws as `raw` */
  parts(): RsaPrivateParts {
    this.#expectLive()
    return {
      prime1: this.#parts.prime1.slice(),
      prime2: this.#parts.prime2.slice(),
      exponent1: this.#parts.exponent1.slice(),
      exponent2: this.#parts.exponent2.slice(),
      coefficient: this.#parts.coefficient.slice(),
      privateExponent: this.#parts.privateExponent.slice(),
    }
  }

  /**
   * What substitutes for refused key blobs are made from: SHA-256 of the private exponent, taken as its remainders
   * modulo p-1 and q-1, which are the same for every form of it. 32 bytes; the caller wipes them.
   */
  substituteSecret(): Uint8Array {
    this.#expectLive()
    const hash = createHash('sha256').update(this.#parts.exponent1).update(this.#parts.exponent2)
    return new Uint8Array(hash.digest())
  }

  /** The key for node:crypto, which keeps a copy that `wipe` does not reach. */
  toKeyObject(): KeyObject {
    this.#expectLive()
    this.#key ??= importParts(this.publicKey, this.#parts)
    return this.#key
  }

  /** Overwrites the private values; the key is of no use afterwards. */
  wipe(): void {
    wipe(...Object.values<Uint8Array>({ ...this.#parts }))
    this.#key = undefined
    this.#wiped = true
  }

  #operate(block: Uint8Array): Uint8Array | undefined {
    const key = this.toKeyObject()
    try {
      const result = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block)
      const copy = new Uint8Array(result)
      wipe(result)
      return copy
    } catch {
      // Only a modulus whose factors are no primes comes here. What OpenSSL says of it depends on them.
      return undefined
    }
  }

  #leadsBack(result: Uint8Array, block: Uint8Array): boolean {
    const back = this.publicKey.raw(result)
    return back !== undefined && equalBytes(back, block)
  }

  #expectLive(): void {
    if (this.#wiped) throw new CryptoApiError('NTE_BAD_KEY', 'the private key has been wiped')
  }
}

function partsOf(der: Uint8Array): RsaPrivateParts {
  // Version, modulus and public exponent come first.
  const [, , , privateExponent, prime1, prime2, exponent1, exponent2, coefficient] =
    decodeIntegerSequence(der) ?? []
  if (!privateExponent || !prime1 || !prime2 || !exponent1 || !exponent2 || !coefficient) {
    throw new CryptoApiError('NTE_BAD_DATA', 'expected an RSA key of two primes')
  }
  return { privateExponent, prime1, prime2, exponent1, exponent2, coefficient }
}

function importParts({ modulus, exponent }: RsaPublicKey, parts: RsaPrivateParts): KeyObject {
  const der = encodeIntegerSequence([
    TWO_PRIMES,
    modulus,
    exponentBytes(exponent),
    parts.privateExponent,
    parts.prime1,
    parts.prime2,
    parts.exponent1,
    parts.exponent2,
    parts.coefficient,
  ])
  try {
    return createPrivateKey({ key: Buffer.from(der.buffer), format: 'der', type: 'pkcs1' })
  } finally {
    wipe(der)
  }
}
