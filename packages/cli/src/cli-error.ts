import type { AuthorityCode } from './client-rows.ts'

/**
 * What can go wrong in the command itself, before or after the library is asked. The last of them are the
 * library's words for the same thing.
 */
export type CliErrorCode =
  | 'INTERNAL'
  | 'USAGE'
  | 'NO_PASSPHRASE'
  | 'WRONG_PASSPHRASE'
  | 'CONFIG'
  | 'KEYRING'
  | 'ALIAS'
  | 'INTERRUPTED'
  | 'EXISTS'
  | 'INPUT_CHANGED'
  | 'SUPERSEDED'
  | 'UNKNOWN_SIGNER'
  | 'UNSUPPORTED'
  | AuthorityCode

/**
 * The one error of the command: a row of `exit-codes.ts`, and a hint where this case deserves a better
 * one than the row's.
 */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly hint: string | undefined

  constructor(code: CliErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/** The command line asks for something that is not possible; `hint` says what is. */
export function usage(message: string, hint?: string): CliError {
  return new CliError('USAGE', message, hint === undefined ? {} : { hint })
}
