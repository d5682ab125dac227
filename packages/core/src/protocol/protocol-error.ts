import { BytesError } from '../bytes/index.ts'

/** What can be wrong with a message of the protocol; `docs/errors.md` says what to do. */
export type ProtocolErrorCode =
  | 'PROTOCOL_FORMAT'
  | 'PROTOCOL_LIMIT'
  | 'PROTOCOL_SIGNATURE'
  | 'PROTOCOL_BINDING'
  | 'AUTHORITY_IDENTITY'
  | 'EPOCH_CHAIN'
  | 'EPOCH_VALIDITY'
  | 'CHARTER_CHAIN'
  | 'CHARTER_RULES'
  | 'RECEIPT_PROOF'
  | 'REQUEST_WINDOW'
  | 'CONTENT_DIGEST'

/**
 * The one error of this layer.
 *
 * - `PROTOCOL_FORMAT`: bytes or a text that no writer of this protocol makes.
 * - `PROTOCOL_LIMIT`: longer, or more of them, than the protocol allows.
 * - `PROTOCOL_SIGNATURE`: a signature that is not valid, or not of the key that must have made it.
 * - `PROTOCOL_BINDING`: valid, but made for another tenant, client, authority, epoch or recipient stanza.
 * - `AUTHORITY_IDENTITY`: signed by another authority than the one that is trusted.
 * - `EPOCH_CHAIN`: epoch records with a gap or a fork, or fewer of them than were seen before.
 * - `EPOCH_VALIDITY`: no epoch has begun, or the last one ended too long ago.
 * - `CHARTER_CHAIN`: charters of a tenant with a gap or a fork, or one that nobody could bring into force.
 * - `CHARTER_RULES`: a charter that breaks the rules for charters, or the terms of the authority.
 * - `RECEIPT_PROOF`: a receipt whose proof does not lead from its statement to a checkpoint of the authority's log.
 * - `REQUEST_WINDOW`: an HTTP signature from the future, from too long ago, or valid for too long.
 * - `CONTENT_DIGEST`: a body that is not the one that its `Content-Digest` names.
 *
 * Messages say where and what was expected. Texts that somebody else chose are quoted in ASCII and cut; keys, signatures
 * and secrets are never quoted.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  readonly code: ProtocolErrorCode

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Something that no writer makes. @param path where it stands; empty for the whole */
export function malformed(path: string, message: string, options?: ErrorOptions): ProtocolError {
  return new ProtocolError('PROTOCOL_FORMAT', path === '' ? message : `${path}: ${message}`, options)
}

/** Runs `read`; what the bytes or texts below it refuse becomes an error of the format that they stand in. */
export function readAs<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof BytesError) throw malformed(path, cause.message, { cause })
    throw cause
  }
}

/** Refuses more than the protocol allows. @throws ProtocolError PROTOCOL_LIMIT */
export function checkLimit(what: string, value: number, most: number): void {
  if (value <= most) return
  throw new ProtocolError('PROTOCOL_LIMIT', `${what}: expected at most ${most}, got ${value}`)
}

/** A text from outside, for a message: in ASCII, so that it cannot turn or hide what stands beside it, and cut. */
export function quote(value: string | number): string {
  const text = JSON.stringify(String(value).slice(0, 41)).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return text.length > 42 ? `${text.slice(0, 42)}…` : text
}
