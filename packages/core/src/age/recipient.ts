import { AgeError } from './age-error.ts'
import { verifyHeaderMac, type Header } from './header.ts'
import type { Stanza } from './stanza.ts'

/** The native recipient types: also the type of their stanzas. */
export type RecipientKind = 'mlkem768x25519' | 'X25519' | 'scrypt'

/** Somebody to encrypt to. */
export interface Recipient {
  readonly kind: RecipientKind
  /** Whether a future quantum computer leaves the wrapped file key secret. */
  readonly postQuantum: boolean
  /** The public text of the recipient; for a passphrase a description that does not hold it. */
  toString(): string
  /**
   * Encrypts a file key in a stanza of its own, with fresh randomness every time.
   *
   * @throws AgeError KEY if the file key is not 16 bytes, or the recipient's key cannot be used
   */
  wrap(fileKey: Uint8Array): Stanza
}

/** Somebody who can decrypt. */
export interface Identity {
  /** The type of the stanzas that it opens; other layers have types of their own. */
  readonly kind: string
  /**
   * Looks through all stanzas of a header for one that this identity can open.
   *
   * @returns the 16-byte file key; undefined if nothing is addressed to this identity
   * @throws AgeError STANZA for a malformed stanza of this kind, SCRYPT_NOT_ALONE, SCRYPT_WORK
   */
  unwrap(stanzas: readonly Stanza[]): Uint8Array | undefined
}

/** An identity that is a key, not a passphrase. */
export interface KeyIdentity extends Identity {
  /** The public half. */
  recipient(): Recipient
  /** The secret bytes: 32. */
  toBytes(): Uint8Array
  /** The secret text. */
  toString(): string
}

/**
 * Checks that a file may be encrypted to all of these at once.
 *
 * One recipient that is not post-quantum makes the others' protection worthless, and a passphrase stands alone
 * because whoever opens a file with it believes that it comes from one who knows it.
 *
 * @throws AgeError NO_RECIPIENTS, SCRYPT_NOT_ALONE, MIXED_RECIPIENTS
 */
export function assertRecipientsCompatible(recipients: readonly Recipient[]): void {
  if (recipients.length === 0) throw new AgeError('NO_RECIPIENTS', 'expected at least one recipient')
  assertScryptAlone(recipients.map((recipient) => recipient.kind))
  const postQuantum = recipients.filter((recipient) => recipient.postQuantum).length
  if (postQuantum !== 0 && postQuantum !== recipients.length) {
    throw new AgeError('MIXED_RECIPIENTS', 'post-quantum recipients cannot be mixed with others')
  }
}

/** Wraps the file key for each recipient, in order. @throws as `assertRecipientsCompatible` and `wrap` */
export function wrapFileKey(fileKey: Uint8Array, recipients: readonly Recipient[]): Stanza[] {
  assertRecipientsCompatible(recipients)
  return recipients.map((recipient) => recipient.wrap(fileKey))
}

/**
 * Finds the file key with the first identity that opens a stanza, and verifies the header with it.
 *
 * @throws AgeError NO_MATCH, HEADER_MAC, and what `unwrap` throws
 */
export function unwrapFileKey(header: Header, identities: readonly Identity[]): Uint8Array {
  assertScryptAlone(header.stanzas.map((stanza) => stanza.type))
  for (const identity of identities) {
    const fileKey = identity.unwrap(header.stanzas)
    if (fileKey === undefined) continue
    verifyHeaderMac(header, fileKey)
    return fileKey
  }
  throw new AgeError('NO_MATCH', 'no identity opens this header')
}

/** C2SP age.md, "scrypt recipient stanza": present alongside any other stanza, it must be rejected. */
export function assertScryptAlone(types: readonly string[]): void {
  if (types.length > 1 && types.includes('scrypt')) {
    throw new AgeError('SCRYPT_NOT_ALONE', 'a passphrase must be the only recipient')
  }
}
