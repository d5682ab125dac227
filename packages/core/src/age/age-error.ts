/** What can be wrong with an age file, a key or a set of recipients. */
export type AgeErrorCode =
  | 'HEADER_INCOMPLETE'
  | 'HEADER_SYNTAX'
  | 'HEADER_VERSION'
  | 'HEADER_TOO_LARGE'
  | 'HEADER_MAC'
  | 'NO_MATCH'
  | 'STANZA'
  | 'SCRYPT_NOT_ALONE'
  | 'SCRYPT_WORK'
  | 'MIXED_RECIPIENTS'
  | 'NO_RECIPIENTS'
  | 'PAYLOAD'
  | 'PAYLOAD_LENGTH'
  | 'ARMOR'
  | 'KEY'

/** What an `AgeError` may carry besides its code. */
export interface AgeErrorOptions extends ErrorOptions {
  readonly line?: number
}

/**
 * The one error of this layer.
 *
 * - `HEADER_INCOMPLETE`: the bytes end inside the header; more may make it whole.
 * - `HEADER_SYNTAX`: not an age header, or not in its one canonical form.
 * - `HEADER_VERSION`: an age header of a version other than v1.
 * - `HEADER_TOO_LARGE`: longer than `MAX_HEADER_BYTES`.
 * - `HEADER_MAC`: the header was changed after it was made.
 * - `NO_MATCH`: no identity opens any stanza.
 * - `STANZA`: a stanza of a known type that is malformed.
 * - `SCRYPT_NOT_ALONE`: a passphrase beside any other recipient.
 * - `SCRYPT_WORK`: a passphrase work factor out of bounds.
 * - `MIXED_RECIPIENTS`: post-quantum recipients beside others.
 * - `NO_RECIPIENTS`: nobody to encrypt to.
 * - `PAYLOAD`: the payload was changed, cut short or extended; nothing more is said.
 * - `PAYLOAD_LENGTH`: a length or position that no payload has.
 * - `ARMOR`: not ASCII armor, or not in its strict form.
 * - `KEY`: a recipient or identity that cannot be read or used; `line` says where, if it is from a file.
 */
export class AgeError extends Error {
  override readonly name = 'AgeError'
  readonly code: AgeErrorCode
  /** The line of the file that is wrong, counted from 1; only where there is one. */
  readonly line?: number

  constructor(code: AgeErrorCode, message: string, options: AgeErrorOptions = {}) {
    super(message, options)
    this.code = code
    if (options.line !== undefined) this.line = options.line
  }
}
