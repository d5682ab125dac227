import { randomBytes } from 'node:crypto'
import { bech32Encode, copyOf, toBase64, utf8Encode } from '../bytes/index.ts'
import { checkFileKey } from './file-key.ts'
import { AgeError } from './age-error.ts'
import { hpkeSuite, openBase, sealBase } from './hpke.ts'
import { copyKeyBytes, decodeKeyText } from './key-text.ts'
import type { KeyIdentity, Recipient } from './recipient.ts'
import { checkStanzaShape, decodeArgument, malformed, type Stanza } from './stanza.ts'
import { XWING_ENC_BYTES, XWING_KEM_ID, XWING_SEED_BYTES, XWingPrivateKey, XWingPublicKey } from './xwing.ts'

const KIND = 'mlkem768x25519'
const RECIPIENT_HRP = 'age1pq'
const IDENTITY_HRP = 'AGE-SECRET-KEY-PQ-'
const SUITE = hpkeSuite(XWING_KEM_ID, utf8Encode('age-encryption.org/mlkem768x25519'))
const NO_AAD = new Uint8Array(0)

/**
 * The hybrid post-quantum public key of age: `age1pq1…`. C2SP age.md, "The MLKEM768-X25519 (i.e. X-Wing) hybrid
 * post-quantum recipient type".
 */
export class MlKem768X25519Recipient implements Recipient {
  readonly kind = KIND
  readonly postQuantum = true
  readonly #key: XWingPublicKey

  private constructor(key: XWingPublicKey) {
    this.#key = key
  }

  /** @param bytes 1,216 bytes. @throws AgeError KEY for another length or an invalid ML-KEM key */
  static fromBytes(bytes: Uint8Array): MlKem768X25519Recipient {
    return new MlKem768X25519Recipient(new XWingPublicKey(bytes))
  }

  /** @param text `age1pq1…`. @throws AgeError KEY */
  static parse(text: string): MlKem768X25519Recipient {
    return MlKem768X25519Recipient.fromBytes(decodeKeyText(text, RECIPIENT_HRP))
  }

  /** The 1,216 bytes of the public key. */
  toBytes(): Uint8Array {
    return this.#key.toBytes()
  }

  toString(): string {
    return bech32Encode(RECIPIENT_HRP, this.#key.toBytes())
  }

  wrap(fileKey: Uint8Array): Stanza {
    checkFileKey(fileKey)
    const { enc, ciphertext } = sealBase(SUITE, this.#key, NO_AAD, fileKey)
    return { type: KIND, args: [toBase64(enc)], body: ciphertext }
  }
}

/** The private key that goes with an `MlKem768X25519Recipient`: `AGE-SECRET-KEY-PQ-1…`. */
export class MlKem768X25519Identity implements KeyIdentity {
  readonly kind = KIND
  readonly #seed: Uint8Array
  readonly #key: XWingPrivateKey
  readonly #recipient: MlKem768X25519Recipient

  private constructor(seed: Uint8Array) {
    this.#seed = seed
    this.#key = new XWingPrivateKey(seed)
    this.#recipient = MlKem768X25519Recipient.fromBytes(this.#key.publicKey.toBytes())
  }

  /** A new key from the CSPRNG. */
  static generate(): MlKem768X25519Identity {
    return new MlKem768X25519Identity(new Uint8Array(randomBytes(XWING_SEED_BYTES)))
  }

  /** @param seed 32 bytes, copied. @throws AgeError KEY for another length */
  static fromBytes(seed: Uint8Array): MlKem768X25519Identity {
    return new MlKem768X25519Identity(copyKeyBytes(seed, XWING_SEED_BYTES))
  }

  /** @param text `AGE-SECRET-KEY-PQ-1…`. @throws AgeError KEY, which does not quote the text */
  static parse(text: string): MlKem768X25519Identity {
    return MlKem768X25519Identity.fromBytes(decodeKeyText(text, IDENTITY_HRP))
  }

  /** The public key. */
  recipient(): MlKem768X25519Recipient {
    return this.#recipient
  }

  /** The 32 secret bytes. */
  toBytes(): Uint8Array {
    return copyOf(this.#seed)
  }

  /** The secret text of the identity. */
  toString(): string {
    return bech32Encode(IDENTITY_HRP, this.#seed)
  }

  unwrap(stanzas: readonly Stanza[]): Uint8Array | undefined {
    for (const stanza of stanzas) {
      const fileKey = stanza.type === KIND ? this.#open(stanza) : undefined
      if (fileKey !== undefined) return fileKey
    }
    return undefined
  }

  #open(stanza: Stanza): Uint8Array | undefined {
    checkStanzaShape(stanza, 1)
    const enc = decodeArgument(stanza, 0, XWING_ENC_BYTES)
    try {
      return openBase(SUITE, this.#key, enc, NO_AAD, stanza.body)
    } catch (cause) {
      if (!(cause instanceof AgeError)) throw cause
      throw malformed(stanza, 'the share is a low-order point', { cause })
    }
  }
}
