import {
  AgeError,
  encodeHeader,
  parseHeader,
  unwrapFileKey,
  type Header,
  type Identity,
} from '../age/index.ts'
import type { Stanza } from '../age/index.ts'
import { KeyBlobError } from './key-blob-error.ts'
import { verifySeal, type SignerDirectory, type VerifiedSeal } from './verified-seal.ts'

/** A session key that was opened, with the seal that proves it. The holder wipes the key. */
export interface OpenedKeyBlob {
  /** age's file key, 16 bytes. */
  readonly sessionKey: Uint8Array
  readonly seal: VerifiedSeal
}

/**
 * Encodes a detached key blob: an age header without a payload.
 *
 * @param wrapped the stanzas that hold the session key
 * @param seal the owner's seal over it
 */
export function encodeKeyBlob(wrapped: readonly Stanza[], seal: Stanza, sessionKey: Uint8Array): Uint8Array {
  return encodeHeader([...wrapped, seal], sessionKey)
}

/**
 * Reads a detached key blob; nothing in it is believed yet.
 *
 * @throws KeyBlobError SEAL_FORMAT if it is no age header, or anything follows
 */
export function parseKeyBlob(bytes: Uint8Array): Header {
  try {
    const header = parseHeader(bytes)
    if (header.length === bytes.length) return header
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    throw new KeyBlobError('SEAL_FORMAT', 'key blob: not an age header', { cause })
  }
  throw new KeyBlobError('SEAL_FORMAT', 'key blob: expected the end after the header')
}

/**
 * Opens a header with the first identity that can, and verifies everything that it says.
 *
 * @param payload what stands behind the header; absent for a detached blob
 * @throws KeyBlobError NO_KEY, and all that `verifySeal` throws; NOT_AUTHENTIC if the MAC is wrong
 * @throws AgeError STANZA, SCRYPT_NOT_ALONE, SCRYPT_WORK for a malformed stanza of an identity's type
 */
export function openKeyBlob(
  header: Header,
  identities: readonly Identity[],
  signers: SignerDirectory,
  payload?: { readonly nonce: Uint8Array; readonly length: number },
): OpenedKeyBlob {
  const sessionKey = unwrapSessionKey(header, identities)
  try {
    return { sessionKey, seal: verifySeal({ header, sessionKey, payload, signers }) }
  } catch (error) {
    sessionKey.fill(0)
    throw error
  }
}

/**
 * The session key in a header whose MAC fits it. It is not yet known who made it.
 *
 * @throws KeyBlobError NO_KEY, NOT_AUTHENTIC
 * @throws AgeError STANZA, SCRYPT_NOT_ALONE, SCRYPT_WORK
 */
export function unwrapSessionKey(header: Header, identities: readonly Identity[]): Uint8Array {
  try {
    return unwrapFileKey(header, identities)
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    if (cause.code === 'NO_MATCH') throw new KeyBlobError('NO_KEY', 'none of your keys opens it', { cause })
    if (cause.code === 'HEADER_MAC') {
      throw new KeyBlobError('NOT_AUTHENTIC', 'the header was changed after it was made', { cause })
    }
    throw cause
  }
}
