import { copyOf } from '../bytes/index.ts'
import { AT_KEYEXCHANGE, AT_SIGNATURE, CALG_RSA_KEYX, CALG_RSA_SIGN, CRYPT_EXPORT } from './constants.ts'
import { CryptoApiError } from './crypto-api-error.ts'
import type { HashObject } from './hash-object.ts'
import { decryptOaep, encryptOaep } from './rsa/oaep.ts'
import { decryptPkcs1, encryptPkcs1 } from './rsa/pkcs1.ts'
import type { RsaPrivateKey } from './rsa/rsa-private-key.ts'
import type { RsaPublicKey } from './rsa/rsa-public-key.ts'
import { BASIC_PERMISSIONS } from './session-key.ts'

/** The two pairs of a key container. */
export type PairUse = 'exchange' | 'signature'

/** What stands for a use in blobs (ALG_ID) and in calls (key spec). */
export const PAIR_USES: Readonly<Record<PairUse, { readonly algorithm: number; readonly keySpec: number }>> =
  {
    exchange: { algorithm: CALG_RSA_KEYX, keySpec: AT_KEYEXCHANGE },
    signature: { algorithm: CALG_RSA_SIGN, keySpec: AT_SIGNATURE },
  }

/** How RSA wraps: PKCS #1 v1.5, or OAEP with SHA-1 and MGF1. */
export interface RsaCall {
  readonly oaep?: boolean
  readonly hash?: HashObject | undefined
}

/** What an RSA key is made of. */
export interface RsaKeyParts {
  readonly algorithm: number
  readonly publicKey: RsaPublicKey
  readonly privateKey?: RsaPrivateKey | undefined
  readonly exportable: boolean
}

/**
 * An RSA key as the provider hands it out: a pair of a container, or somebody's public key.
 *
 * Ciphertexts and signatures are little-endian, always as long as the modulus.
 */
export class RsaKey {
  /** CALG_RSA_KEYX or CALG_RSA_SIGN. */
  readonly algorithm: number
  readonly publicKey: RsaPublicKey
  readonly privateKey: RsaPrivateKey | undefined
  /** Whether the private part may leave as a PRIVATEKEYBLOB. */
  readonly exportable: boolean
  /** KP_OAEP_PARAMS: the label of OAEP. */
  oaepLabel: Uint8Array = new Uint8Array(0)

  constructor(parts: RsaKeyParts) {
    this.algorithm = parts.algorithm
    this.publicKey = parts.publicKey
    this.privateKey = parts.privateKey
    this.exportable = parts.exportable
  }

  get use(): PairUse {
    return this.algorithm === CALG_RSA_SIGN ? 'signature' : 'exchange'
  }

  get permissions(): number {
    return BASIC_PERMISSIONS | (this.exportable ? CRYPT_EXPORT : 0)
  }

  /**
   * Encrypts a short message to this exchange key.
   *
   * @param message at most n - 11 bytes, with OAEP n - 42
   * @returns n bytes, little-endian
   * @throws CryptoApiError NTE_BAD_KEY: a signature key; NTE_BAD_LEN: too long; NTE_BAD_HASH_STATE
   */
  encrypt(message: Uint8Array, { oaep = false, hash }: RsaCall = {}): Uint8Array {
    this.expectExchange()
    hash?.expectOpen()
    const encrypted = oaep
      ? encryptOaep(this.publicKey, message, this.oaepLabel)
      : encryptPkcs1(this.publicKey, message)
    hash?.update(message)
    return encrypted
  }

  /**
   * The way back. Every fault behind the private key is the same NTE_BAD_DATA.
   *
   * @param ciphertext n bytes, little-endian
   * @throws CryptoApiError NTE_BAD_KEY: a signature key, or a public key alone; NTE_BAD_DATA; NTE_BAD_HASH_STATE
   */
  decrypt(ciphertext: Uint8Array, { oaep = false, hash }: RsaCall = {}): Uint8Array {
    this.expectExchange()
    const privateKey = this.expectPrivate()
    hash?.expectOpen()
    const message = oaep
      ? decryptOaep(privateKey, ciphertext, undefined, this.oaepLabel)
      : decryptPkcs1(privateKey, ciphertext)
    hash?.update(message)
    return message
  }

  /** Another handle to the same key. */
  duplicate(): RsaKey {
    const copy = new RsaKey(this)
    copy.oaepLabel = copyOf(this.oaepLabel)
    return copy
  }

  /** @throws CryptoApiError NTE_BAD_KEY for a signature key */
  expectExchange(): void {
    if (this.use === 'exchange') return
    throw new CryptoApiError('NTE_BAD_KEY', 'this is a signature key: only an exchange key encrypts')
  }

  /** @throws CryptoApiError NTE_BAD_KEY for a public key alone */
  expectPrivate(): RsaPrivateKey {
    if (this.privateKey !== undefined) return this.privateKey
    throw new CryptoApiError('NTE_BAD_KEY', 'this takes the private key, and only the public one is there')
  }
}
