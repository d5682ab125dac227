import type { Socket } from 'node:net'
import { encodeProblem, MEDIA_TYPES, problemOf, type ProblemCode } from '@strongroom/core/protocol'
import { SECURITY_FIELDS } from './answer.ts'

/** What node:http refuses before there is a request, by the codes of its errors. */
const CODES: ReadonlyMap<string, ProblemCode> = new Map([
  ['HPE_HEADER_OVERFLOW', 'fields-too-large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'too-large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'timeout'],
])

const REASONS: Readonly<Partial<Record<ProblemCode, string>>> = {
  'fields-too-large': 'Request Header Fields Too Large',
  'too-large': 'Content Too Large',
  timeout: 'Request Timeout',
  method: 'Method Not Allowed',
}

/** Which problem it is when node:http gives up a connection; undefined if nobody is there any more. */
export function connectionProblem(error: Error & { readonly code?: string }): ProblemCode | undefined {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return undefined
  return CODES.get(error.code ?? '') ?? 'malformed'
}

/** Answers on a connection on which there is no request that could be answered, and ends it. */
export function refuseConnection(socket: Socket, code: ProblemCode): void {
  const body = encodeProblem(problemOf(code))
  const fields = {
    ...SECURITY_FIELDS,
    'Content-Type': MEDIA_TYPES.problem,
    'Content-Length': String(body.length),
    Connection: 'close',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const { status } = problemOf(code)
  socket.write(`HTTP/1.1 ${status} ${REASONS[code] ?? 'Bad Request'}\r\n${lines.join('')}\r\n`)
  socket.end(body)
}
