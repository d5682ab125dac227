import { BytesError } from '../bytes/index.ts'
import { MerkleError } from '../merkle/index.ts'

/** What can be wrong with a log, with what it signs, or with what proves something about it. */
export type TlogErrorCode =
  | 'TLOG_NOTE'
  | 'TLOG_KEY'
  | 'TLOG_CHECKPOINT'
  | 'TLOG_ORIGIN'
  | 'TLOG_SIGNATURE'
  | 'TLOG_UNSIGNED'
  | 'TLOG_UNWITNESSED'
  | 'TLOG_TILE'
  | 'TLOG_ENTRY'
  | 'TLOG_PROOF'
  | 'TLOG_WITNESS'
  | 'TLOG_MISMATCH'
  | 'TLOG_RANGE'
  | 'TLOG_LIMIT'

/** What a `TlogError` may carry besides its code. */
export interface TlogErrorOptions extends ErrorOptions {
  readonly key?: string
}

/**
 * The one error of this layer.
 *
 * - `TLOG_NOTE`: not a signed note, or a signature line that is malformed.
 * - `TLOG_KEY`: a verifier key or key name that is malformed or of an unknown type, or keys that cannot stand
 *   together.
 * - `TLOG_CHECKPOINT`: a note whose text is no checkpoint.
 * - `TLOG_ORIGIN`: a checkpoint of another log than the one expected.
 * - `TLOG_SIGNATURE`: a signature that names a known key and is not valid; `key` says which.
 * - `TLOG_UNSIGNED`: a key that must sign did not; `key` says which, if it is one.
 * - `TLOG_UNWITNESSED`: fewer witnesses than the policy asks for.
 * - `TLOG_TILE`: a tile path that is malformed, or a tile that does not have the size it must have.
 * - `TLOG_ENTRY`: an entry or a bundle of entries that is malformed.
 * - `TLOG_PROOF`: not a tlog-proof file.
 * - `TLOG_WITNESS`: not a request to a witness, or not an answer of one.
 * - `TLOG_MISMATCH`: a proof, tile or entry that is not of the tree with the given root.
 * - `TLOG_RANGE`: an index or size that no tree has, or that this one does not have.
 * - `TLOG_LIMIT`: longer, or a greater number, than is read or written here.
 *
 * Messages say what was expected in numbers and positions. Names out of notes are in `key` and never in a message:
 * whoever wrote the note chose their characters.
 */
export class TlogError extends Error {
  override readonly name = 'TlogError'
  readonly code: TlogErrorCode
  /** `<key name>+<key hash in hex>`; only where one key is meant. */
  readonly key?: string

  constructor(code: TlogErrorCode, message: string, options: TlogErrorOptions = {}) {
    super(message, options)
    this.code = code
    if (options.key !== undefined) this.key = options.key
  }
}

/** Runs `read` and gives what this layer or one below it refuses the code of what is being read. */
export function readAs<T>(code: TlogErrorCode, message: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const refused = [BytesError, MerkleError, TlogError].some((type) => cause instanceof type)
    throw refused ? new TlogError(code, message, { cause }) : cause
  }
}
