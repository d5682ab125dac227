import type { Problem } from '../protocol/index.ts'

/** What can go wrong between a client and its authority, or with what the client keeps about it. */
export type ClientErrorCode =
  | 'CLIENT_UNREACHABLE'
  | 'CLIENT_PROBLEM'
  | 'CLIENT_ANSWER'
  | 'CLIENT_ALARM'
  | 'CLIENT_STATE'
  | 'CLIENT_BUSY'
  | 'CLIENT_EPOCH'
  | 'CLIENT_NOT_ENROLLED'

/** What a `ClientError` may carry besides its code. */
export interface ClientErrorOptions extends ErrorOptions {
  readonly problem?: Problem
}

/**
 * The one error of this layer.
 *
 * - `CLIENT_UNREACHABLE`: nobody answered, or not in time.
 * - `CLIENT_PROBLEM`: the authority said why not; `problem` is what it said.
 * - `CLIENT_ANSWER`: an answer that is not of this protocol.
 * - `CLIENT_ALARM`: the authority contradicts what it signed, or cannot prove what it says.
 * - `CLIENT_STATE`: a file of the client's own that is damaged, or was changed since it was read.
 * - `CLIENT_BUSY`: another process is at work with the same authority.
 * - `CLIENT_EPOCH`: made for an epoch that has not begun, is over, or is not one of this authority.
 * - `CLIENT_NOT_ENROLLED`: there is no authority of that name here.
 */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  /** Of `CLIENT_PROBLEM`. */
  readonly problem?: Problem

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options)
    this.code = code
    if (options.problem) this.problem = options.problem
  }
}
