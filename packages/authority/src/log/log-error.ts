/** What can go wrong between an authority and its log. */
export type LogErrorCode = 'LOG_KEYS' | 'LOG_SIGNED_FILE' | 'LOG_READ_ONLY'

/**
 * The error of this layer; the database's own errors pass through it.
 *
 * - `LOG_KEYS`: the file of the log's keys is malformed, or its keys are named by no epoch record.
 * - `LOG_SIGNED_FILE`: the file that says what this node has signed is malformed, or of another log.
 * - `LOG_READ_ONLY`: nothing is appended, because the database does not have what was signed; the cause says how far.
 *
 * No message quotes a key.
 */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly code: LogErrorCode

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
