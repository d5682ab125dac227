import { LIMITS, MEDIA_TYPES, parseProblem, ProtocolError, type Problem } from '../protocol/index.ts'
import { TlogError } from '../tlog/index.ts'
import { ClientError } from './client-error.ts'
import type { TransportAnswer } from './transport.ts'

/** What an answer must be. */
export interface ExpectedAnswer<T> {
  readonly type: string
  readonly maxBytes: number
  readonly parse: (body: Uint8Array) => T
}

const SUCCESS = new Set([200, 201])
/** What proxies answer for a server behind them that does not. */
const NOBODY_BEHIND = new Set([502, 503, 504])

/**
 * Reads an answer, or says why there is none.
 *
 * @throws ClientError CLIENT_PROBLEM, CLIENT_ANSWER; CLIENT_UNREACHABLE for a proxy with nobody behind it
 */
export function readAnswer<T>({ status, headers, body }: TransportAnswer, expected: ExpectedAnswer<T>): T {
  const type = essenceOf(headers['content-type'])
  if (status >= 400) throw failure(status, type, body)
  if (!SUCCESS.has(status)) throw new ClientError('CLIENT_ANSWER', `the answer has the status ${status}`)
  if (type !== expected.type) throw new ClientError('CLIENT_ANSWER', 'the answer is of another media type')
  if (body.length > expected.maxBytes) throw new ClientError('CLIENT_ANSWER', 'the answer is too long')
  try {
    return expected.parse(body)
  } catch (cause) {
    if (!(cause instanceof ProtocolError || cause instanceof TlogError)) throw cause
    throw new ClientError('CLIENT_ANSWER', 'the answer is not of this protocol', { cause })
  }
}

/** RFC 9110 §8.3.1: the type without parameters, in any case. */
function essenceOf(type: string | undefined): string {
  return (type ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

function failure(status: number, type: string, body: Uint8Array): ClientError {
  const problem = type === MEDIA_TYPES.problem ? problemIn(body, status) : undefined
  if (problem) return new ClientError('CLIENT_PROBLEM', `the authority says: ${problem.title}`, { problem })
  const code = NOBODY_BEHIND.has(status) ? 'CLIENT_UNREACHABLE' : 'CLIENT_ANSWER'
  return new ClientError(code, `the answer has the status ${status} and no problem document`)
}

function problemIn(body: Uint8Array, status: number): Problem | undefined {
  if (body.length > LIMITS.problemBytes) return undefined
  try {
    return parseProblem(body, status)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
