import type { Logger } from 'pino'
import type { ProblemCode } from '@strongroom/core/protocol'
import type { ProblemError } from './problem-error.ts'

/** What is written of a request: never a body, a query, a signature or an address. */
export interface RequestLine {
  readonly id: string
  readonly method: string
  /** The path of the route table; empty if there is no such route. */
  route: string
  tenant?: string
  client?: string
  problem?: ProblemCode
}

const MOST_METHOD_CHARACTERS = 16

/** Writes one line for each request, and one for each failure behind an answer. */
export class RequestLog {
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  request(line: RequestLine, status: number, seconds: number): void {
    if (!this.#logger.isLevelEnabled('info')) return
    const ms = Math.round(seconds * 1e4) / 10
    this.#logger.info(
      { ...line, method: line.method.slice(0, MOST_METHOD_CHARACTERS), status, ms },
      'request',
    )
  }

  /** What the client is not told. Mistakes of ours are errors; those of others are not worth one. */
  failure({ id, route }: RequestLine, { code, cause }: ProblemError): void {
    const level = LEVELS[code] ?? 'debug'
    this.#logger[level]({ id, route, problem: code, ...reasonOf(cause, code === 'internal') }, 'failure')
  }
}

const LEVELS: Readonly<Partial<Record<ProblemCode, 'error' | 'warn'>>> = {
  internal: 'error',
  'read-only': 'warn',
  unavailable: 'warn',
}

/** Messages of our own errors say nothing secret; of others only where they come from. */
function reasonOf(cause: unknown, withStack: boolean): Readonly<Record<string, string>> {
  if (!(cause instanceof Error)) return { reason: typeof cause }
  const { code } = cause as { code?: unknown }
  const known = typeof code === 'string'
  return {
    error: cause.name,
    ...(known && { code, reason: cause.message }),
    ...(withStack && { stack: (cause.stack ?? '').split('\n').slice(1).join('\n') }),
  }
}
