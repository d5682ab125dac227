/** What can be wrong with a key blob; `docs/errors.md` says what to do. */
export type KeyBlobErrorCode =
  /** There is no seal. */
  | 'NOT_SIGNED'
  /** A seal that no writer of this format makes. */
  | 'SEAL_FORMAT'
  /** Commitment, digest, signature or proof does not fit: somebody changed or exchanged something. */
  | 'NOT_AUTHENTIC'
  /** The signer is neither the reader nor known to the reader. */
  | 'UNKNOWN_SIGNER'
  /** None of the identities opens it. */
  | 'NO_KEY'
  /** A private seal cannot be read without the session key. */
  | 'SEAL_PRIVATE'
  /** A text or list is longer than the format allows. */
  | 'LIMIT'
  /** A name that cannot be a session key's. */
  | 'KEY_NAME'
  /** A session key of that name exists already. */
  | 'KEY_EXISTS'
  /** There is no session key of that name. */
  | 'KEY_MISSING'

/** A key blob was refused. */
export class KeyBlobError extends Error {
  readonly code: KeyBlobErrorCode
  /** The signer's fingerprint with UNKNOWN_SIGNER. */
  readonly fingerprint: string | undefined

  constructor(code: KeyBlobErrorCode, message: string, data: { cause?: unknown; fingerprint?: string } = {}) {
    super(message, data.cause === undefined ? undefined : { cause: data.cause })
    this.name = 'KeyBlobError'
    this.code = code
    this.fingerprint = data.fingerprint
  }
}
