/** What can go wrong with a sealed file; `docs/errors.md` says what to do. */
export type SealErrorCode =
  /** It is not an age file. */
  | 'NOT_AGE'
  /** The header is not one that a writer of age makes. */
  | 'HEADER'
  /** None of the identities opens it. */
  | 'NO_KEY'
  /** Header, seal or payload is not what was sealed. */
  | 'NOT_AUTHENTIC'
  /** A plain age file: nobody signed it. */
  | 'NOT_SIGNED'
  /** Signed by a key that is neither the reader's nor known. */
  | 'UNKNOWN_SIGNER'
  /** The seal is private and there is no key to read it. */
  | 'SEAL_PRIVATE'
  /** An older version than one that was already seen. */
  | 'SUPERSEDED'
  /** The output exists. */
  | 'EXISTS'
  /** The output is a symbolic link. */
  | 'SYMLINK'
  /** Not a regular file, or input and output are the same. */
  | 'UNSUPPORTED'
  /** The input changed while it was read. */
  | 'INPUT_CHANGED'
  /** The system refused; `cause` has its error. */
  | 'IO'
  /** Stopped on request. */
  | 'CANCELLED'
  /** Recipients that cannot stand together, or none. */
  | 'RECIPIENTS'
  /** Another process is rewriting the file. */
  | 'BUSY'
  /** A text or range outside the limits. */
  | 'LIMIT'

/** Sealing, opening or rewriting a file failed; nothing was left behind. */
export class SealError extends Error {
  readonly code: SealErrorCode
  /** The file that it is about. */
  readonly path: string | undefined
  /** The signer's fingerprint with UNKNOWN_SIGNER. */
  readonly fingerprint: string | undefined

  constructor(
    code: SealErrorCode,
    message: string,
    data: { cause?: unknown; path?: string | undefined; fingerprint?: string | undefined } = {},
  ) {
    super(message, data.cause === undefined ? undefined : { cause: data.cause })
    this.name = 'SealError'
    this.code = code
    this.path = data.path
    this.fingerprint = data.fingerprint
  }
}
