import { TAG_BYTES, type Stanza } from '../age/index.ts'
import { fromBase64, toBase64 } from '../bytes/index.ts'
import { SIGNATURE_SUITES } from '../container/index.ts'
import { KeyBlobError } from './key-blob-error.ts'
import { openOnce, sealOnce } from './one-message-cipher.ts'
import { maxSealBodyBytes } from './seal-body.ts'

/** Whether everybody may read the seal, or only whoever holds the session key. */
export type Visibility = 'private' | 'public'

export const SEAL_TYPE = 'strongroom/seal'
const VERSION = '1'
// A session key seals one file, and no other seal has its nonce: each message has a key of its own.
const INFO = 'strongroom seal v1'
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
  const sealed = visibility === 'public' ? body : sealOnce(sessionKey, nonce, INFO, body)
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
  const body = openOnce(sessionKey, envelope.nonce, INFO, envelope.body)
  if (body) return body
  throw new KeyBlobError('NOT_AUTHENTIC', 'seal: is not the one made with this session key')
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
