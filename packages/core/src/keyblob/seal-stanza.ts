import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concat, fromBase64, toBase64, wipe } from '../bytes/index.ts'
import type { Stanza } from '../age/index.ts'
import { SIGNATURE_SUITES } from '../container/index.ts'
import { hkdf32 } from './digest.ts'
import { KeyBlobError } from './key-blob-error.ts'
import { maxSealBodyBytes } from './seal-body.ts'

/** Whether everybody may read the seal, or only whoever holds the session key. */
export type Visibility = 'private' | 'public'

export const SEAL_TYPE = 'strongroom/seal'
const VERSION = '1'
const TAG_BYTES = 16
const ALGORITHM = 'chacha20-poly1305'
// The key is derived from a session key that seals one file and a nonce that no other seal has, and it
// encrypts one message: a constant nonce is never used twice.
const ZERO_NONCE = new Uint8Array(12)
const MAX_BODY = maxSealBodyBytes(SIGNATURE_SUITES['ed25519+mldsa65']) + TAG_BYTES

/** A seal stanza before its body is opened. */
export interface SealEnvelope {
  readonly visibility: Visibility
  /** 16 bytes: the payload nonce of a sealed file. */
  readonly nonce: Uint8Array
  readonly body: Uint8Array
}

/** `-> strongroom/seal 1 <visibility> <nonce>` with the body, encrypted unless public. */
export function sealStanza(
  body: Uint8Array,
  nonce: Uint8Array,
  sessionKey: Uint8Array,
  visibility: Visibility,
): Stanza {
  const sealed = visibility === 'public' ? body : encrypt(body, sessionKey, nonce)
  return { type: SEAL_TYPE, args: [VERSION, visibility, toBase64(nonce)], body: sealed }
}

/** The length of a stanza body for a seal body of `bytes`. */
export function sealStanzaBodyBytes(bytes: number, visibility: Visibility): number {
  return visibility === 'public' ? bytes : bytes + TAG_BYTES
}

/**
 * Finds the one seal of a header.
 *
 * @throws KeyBlobError NOT_SIGNED without a seal; SEAL_FORMAT with several, or one malformed or too long
 */
export function findSeal(stanzas: readonly Stanza[]): SealEnvelope {
  const [seal, ...more] = stanzas.filter((stanza) => stanza.type === SEAL_TYPE)
  if (!seal) throw new KeyBlobError('NOT_SIGNED', 'nobody signed it: there is no seal')
  // Two seals would let a reader check one and a person be shown the other.
  if (more.length > 0) throw new KeyBlobError('SEAL_FORMAT', 'seal: expected one, got several')
  const [version, visibility, nonceText, ...rest] = seal.args
  if (version !== VERSION || rest.length > 0 || nonceText === undefined) {
    throw new KeyBlobError('SEAL_FORMAT', 'seal: expected version 1 with two more arguments')
  }
  if (visibility !== 'private' && visibility !== 'public') {
    throw new KeyBlobError('SEAL_FORMAT', 'seal: expected private or public')
  }
  if (seal.body.length > MAX_BODY) throw new KeyBlobError('SEAL_FORMAT', 'seal: too long')
  return { visibility, nonce: parseNonce(nonceText), body: seal.body }
}

/**
 * The seal body of an envelope.
 *
 * @throws KeyBlobError SEAL_PRIVATE without a session key for a private seal; NOT_AUTHENTIC if it does
 *   not open
 */
export function openSealBody(envelope: SealEnvelope, sessionKey: Uint8Array | undefined): Uint8Array {
  if (envelope.visibility === 'public') return envelope.body
  if (!sessionKey) throw new KeyBlobError('SEAL_PRIVATE', 'the seal is private: a key is needed to read it')
  return decrypt(envelope.body, sessionKey, envelope.nonce)
}

function encrypt(body: Uint8Array, sessionKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  const key = sealKey(sessionKey, nonce)
  const cipher = createCipheriv(ALGORITHM, key, ZERO_NONCE, { authTagLength: TAG_BYTES })
  wipe(key)
  return concat(cipher.update(body), cipher.final(), cipher.getAuthTag())
}

function decrypt(sealed: Uint8Array, sessionKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  const key = sealKey(sessionKey, nonce)
  try {
    const tagAt = Math.max(0, sealed.length - TAG_BYTES)
    const decipher = createDecipheriv(ALGORITHM, key, ZERO_NONCE, { authTagLength: TAG_BYTES })
    decipher.setAuthTag(sealed.subarray(tagAt))
    return concat(decipher.update(sealed.subarray(0, tagAt)), decipher.final())
  } catch {
    throw new KeyBlobError('NOT_AUTHENTIC', 'seal: is not the one made with this session key')
  } finally {
    wipe(key)
  }
}

function sealKey(sessionKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf32(sessionKey, nonce, 'strongroom seal v1')
}

function parseNonce(text: string): Uint8Array {
  // 16 bytes are 22 characters; the length first, so that no long argument is decoded.
  if (text.length === 22) {
    try {
      return fromBase64(text)
    } catch {
      // falls through to the one error
    }
  }
  throw new KeyBlobError('SEAL_FORMAT', 'seal: expected a nonce of 16 bytes')
}
