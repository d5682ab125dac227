import type { IncomingMessage, ServerResponse } from 'node:http'
import { encodeProblem, MEDIA_TYPES, problemOf } from '@strongroom/core/protocol'
import type { ProblemError } from './problem-error.ts'
import type { Answer } from './route.ts'

/** Fields of every answer. Nothing that is given out is to be run, framed, guessed at or kept. */
export const SECURITY_FIELDS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** A year. */
export const TRANSPORT_SECURITY = 'max-age=31536000'

/** The answer of a problem. */
export function problemAnswer({ code, detail, fields }: ProblemError): Answer & { readonly status: number } {
  const problem = problemOf(code, detail)
  return { status: problem.status, type: MEDIA_TYPES.problem, body: encodeProblem(problem), fields }
}

/** Bytes of a refused body that are still taken in, and how long: whoever is sending hears the answer that way. */
const LINGER_BYTES = 64 * 1024 * 1024
const LINGER_MS = 1_000

/**
 * Writes an answer.
 *
 * A request whose body was not read is the last of its connection: what comes would be taken for the next one.
 */
export function writeAnswer(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
  const { status = 200, type, body, fields } = answer
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  for (const [name, value] of Object.entries(fields ?? {})) outgoing.setHeader(name, value)
  outgoing.setHeader('Content-Type', type)
  outgoing.setHeader('Content-Length', bytes.length)
  if (incoming.complete || !isExpected(incoming)) {
    outgoing.writeHead(status)
    outgoing.end(bytes)
    return
  }
  outgoing.setHeader('Connection', 'close')
  outgoing.writeHead(status)
  outgoing.write(bytes)
  linger(incoming, () => outgoing.end())
}

/** Whether more of a request is to come. */
function isExpected({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/** Takes in what is still coming for a moment: a connection that is closed while data arrives loses the answer on its way. */
function linger(incoming: IncomingMessage, done: () => void): void {
  let got = 0
  const end = () => {
    clearTimeout(timer)
    incoming.off('data', count).off('end', end).off('close', end).off('error', end)
    incoming.on('error', () => {})
    done()
  }
  const count = (piece: Buffer) => {
    got += piece.length
    if (got > LINGER_BYTES) end()
  }
  const timer = setTimeout(end, LINGER_MS)
  incoming.on('data', count).on('end', end).on('close', end).on('error', end)
}
