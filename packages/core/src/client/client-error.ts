import type { Problem } from '../protocol/index.ts'

/** What can go wrong between a client and its authority, or with what the client keeps about it. */
export type ClientErrorCode =
  | 'CLIENT_UNREACHABLE'
  | 'CLIENT_TLS'
  | 'CLIENT_PROBLEM'
  | 'CLIENT_ANSWER'
  | 'CLIENT_ALARM'
  | 'CLIENT_STATE'
  | 'CLIENT_BUSY'
  | 'CLIENT_EPOCH'
  | 'CLIENT_NOT_ENROLLED'
  | 'CLIENT_DEPOSIT'
  | 'CLIENT_NOT_OPENED'
  | 'CLIENT_CODE'
  | 'CLIENT_RECOVERY'
  | 'CLIENT_EXPORT'

/** What a `ClientError` may carry besides its code. */
export interface ClientErrorOptions extends ErrorOptions {
  readonly problem?: Problem
}

/**
 * The one error of this layer.
 *
 * - `CLIENT_UNREACHABLE`: nobody answered, or not in time.
 * - `CLIENT_TLS`: whoever answered is not proved to be the host of that address, or speaks no TLS 1.3.
 * - `CLIENT_PROBLEM`: the authority said why not; `problem` is what it said.
 * - `CLIENT_ANSWER`: an answer that is not of this protocol.
 * - `CLIENT_ALARM`: the authority contradicts what it signed, or cannot prove what it says.
 * - `CLIENT_STATE`: a file of the client's own that is damaged, or was changed since it was read.
 * - `CLIENT_BUSY`: another process is at work with the same authority.
 * - `CLIENT_EPOCH`: made for an epoch that has not begun, is over, or is not one of this authority.
 * - `CLIENT_NOT_ENROLLED`: there is no authority of that name here.
 * - `CLIENT_DEPOSIT`: what cannot be deposited in this format.
 * - `CLIENT_NOT_OPENED`: a deposit, or what it encloses, that does not open: another key or password, or it was changed.
 * - `CLIENT_CODE`: no recovery code, or one that was mistyped.
 * - `CLIENT_RECOVERY`: a recovery that cannot go on: denied, cancelled, expired, or about other deposits.
 * - `CLIENT_EXPORT`: an export of an audit that is not as it was written, or of another authority.
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
