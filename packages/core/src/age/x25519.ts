import { randomBytes, type KeyObject } from 'node:crypto'
import { bech32Encode, concat, copyOf, toBase64, wipe } from '../bytes/index.ts'
import { decryptFileKey, encryptFileKey } from './file-key.ts'
import { copyKeyBytes, decodeKeyText } from './key-text.ts'
import { hkdfSha256 } from './primitives.ts'
import type { KeyIdentity, Recipient } from './recipient.ts'
import { checkStanzaShape, decodeArgument, malformed, type Stanza } from './stanza.ts'
import {
  agreeX25519,
  ephemeralX25519,
  exportX25519Public,
  importX25519Private,
  importX25519Public,
  X25519_BYTES,
} from './x25519-key.ts'

const KIND = 'X25519'
const RECIPIENT_HRP = 'age'
const IDENTITY_HRP = 'AGE-SECRET-KEY-'
const INFO = 'age-encryption.org/v1/X25519'

/** The classic public key of age: `age1…`. C2SP age.md, "The X25519 recipient type". */
export class X25519Recipient implements Recipient {
  readonly kind = KIND
  readonly postQuantum = false
  readonly #bytes: Uint8Array
  readonly #key: KeyObject

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#key = importX25519Public(bytes)
  }

  /** @param bytes 32 bytes. @throws AgeError KEY for another length */
  static fromBytes(bytes: Uint8Array): X25519Recipient {
    return new X25519Recipient(copyKeyBytes(bytes, X25519_BYTES))
  }

  /** @param text `age1…`. @throws AgeError KEY */
  static parse(text: string): X25519Recipient {
    return X25519Recipient.fromBytes(decodeKeyText(text, RECIPIENT_HRP))
  }

  /** The 32 bytes of the public key. */
  toBytes(): Uint8Array {
    return copyOf(this.#bytes)
  }

  toString(): string {
    return bech32Encode(RECIPIENT_HRP, this.#bytes)
  }

  wrap(fileKey: Uint8Array): Stanza {
    const { privateKey, share } = ephemeralX25519()
    const secret = agreeX25519(privateKey, this.#key)
    const wrapKey = deriveWrapKey(secret, share, this.#bytes)
    const body = encryptFileKey(wrapKey, fileKey)
    wipe(secret, wrapKey)
    return { type: KIND, args: [toBase64(share)], body }
  }
}

/** The private key that goes with an `X25519Recipient`: `AGE-SECRET-KEY-1…`. */
export class X25519Identity implements KeyIdentity {
  readonly kind = KIND
  readonly #secret: Uint8Array
  readonly #key: KeyObject
  readonly #recipient: X25519Recipient

  private constructor(secret: Uint8Array) {
    this.#secret = secret
    this.#key = importX25519Private(secret)
    this.#recipient = X25519Recipient.fromBytes(exportX25519Public(this.#key))
  }

  /** A new key from the CSPRNG. */
  static generate(): X25519Identity {
    return new X25519Identity(new Uint8Array(randomBytes(X25519_BYTES)))
  }

  /** @param secret 32 bytes, copied. @throws AgeError KEY for another length */
  static fromBytes(secret: Uint8Array): X25519Identity {
    return new X25519Identity(copyKeyBytes(secret, X25519_BYTES))
  }

  /** @param text `AGE-SECRET-KEY-1…`. @throws AgeError KEY, which does not quote the text */
  static parse(text: string): X25519Identity {
    return X25519Identity.fromBytes(decodeKeyText(text, IDENTITY_HRP))
  }

  /** The public key. */
  recipient(): X25519Recipient {
    return this.#recipient
  }

  /** The 32 secret bytes. */
  toBytes(): Uint8Array {
    return copyOf(this.#secret)
  }

  /** The secret text of the identity. */
  toString(): string {
    return bech32Encode(IDENTITY_HRP, this.#secret)
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
    const share = decodeArgument(stanza, 0, X25519_BYTES)
    const secret = this.#agree(stanza, share)
    const wrapKey = deriveWrapKey(secret, share, this.#recipient.toBytes())
    const fileKey = decryptFileKey(wrapKey, stanza.body)
    wipe(secret, wrapKey)
    return fileKey
  }

  #agree(stanza: Stanza, share: Uint8Array): Uint8Array {
    try {
      return agreeX25519(this.#key, importX25519Public(share))
    } catch (cause) {
      throw malformed(stanza, 'the share is a low-order point', { cause })
    }
  }
}

function deriveWrapKey(secret: Uint8Array, share: Uint8Array, recipient: Uint8Array): Uint8Array {
  return hkdfSha256(secret, concat(share, recipient), INFO)
}
