import { ProtocolError, type ProblemCode } from '@strongroom/core/protocol'
import { AdmissionError } from '../model/index.ts'
import { LogError } from '../log/index.ts'
import { StoreError, type StoreErrorCode } from '../store/index.ts'

/** What a problem may carry besides its code. */
export interface ProblemOptions extends ErrorOptions {
  /** For the person at the client: nothing that tells a stranger what there is. */
  readonly detail?: string
  /** Fields of the answer: `Allow`, `Retry-After`. */
  readonly fields?: Readonly<Record<string, string>>
}

/** The one error of this layer: something else is answered than what was asked for. The codes are those of the protocol. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly fields: Readonly<Record<string, string>>

  constructor(code: ProblemCode, { detail, fields = {}, ...options }: ProblemOptions = {}) {
    super(detail ?? code, options)
    this.code = code
    this.detail = detail
    this.fields = fields
  }
}

/** Clients try again after so many seconds when the authority cannot do what they ask. */
export const RETRY_SECONDS = 5
const RETRY = { 'Retry-After': String(RETRY_SECONDS) }

/** Databases come back; what contradicts itself is a mistake that somebody has to look at. */
const STORE_PROBLEMS: Readonly<Record<StoreErrorCode, ProblemCode>> = {
  STORE_UNAVAILABLE: 'unavailable',
  STORE_UNCERTAIN: 'unavailable',
  STORE_FULL: 'unavailable',
  STORE_BROKEN: 'unavailable',
  STORE_CLOSED: 'unavailable',
  STORE_BEHIND: 'read-only',
  STORE_CORRUPT: 'internal',
  STORE_SCHEMA: 'internal',
  STORE_ORIGIN: 'internal',
  STORE_ROLE: 'internal',
  STORE_UNSAFE: 'internal',
}

/** Whatever was thrown, as a problem. What nobody expected is `internal`, and keeps its cause for the log. */
export function problemErrorOf(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof StoreError) return failing(STORE_PROBLEMS[error.code], error)
  if (error instanceof LogError && error.code === 'LOG_READ_ONLY') return failing('read-only', error)
  return new ProblemError('internal', { cause: error })
}

function failing(code: ProblemCode, cause: Error): ProblemError {
  return new ProblemError(code, { cause, ...(code !== 'internal' && { fields: RETRY }) })
}

/** Runs what reads a part of a request; what the protocol refuses is a malformed request. @throws ProblemError */
export function readRequest<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    const code = cause.code === 'PROTOCOL_LIMIT' ? 'too-large' : 'malformed'
    throw new ProblemError(code, { cause, detail: cause.message })
  }
}

/** Runs what reads a statement; whatever is wrong with it is `statement`. @throws ProblemError */
export function readStatement<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof ProtocolError || cause instanceof AdmissionError)) throw cause
    throw new ProblemError('statement', { cause, detail: cause.message })
  }
}
