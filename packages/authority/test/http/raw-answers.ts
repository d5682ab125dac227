import assert from 'node:assert/strict'
import { MEDIA_TYPES, PROBLEMS, type ProblemCode } from '@strongroom/core/protocol'
import { encodeRequest, exchange, parseAnswers, type RawAnswer } from '../support/raw-request.ts'
import type { Served } from '../support/served.ts'

export type Fields = readonly (readonly [string, string])[]

export const DEPOSIT: Fields = [['Content-Type', MEDIA_TYPES.deposit]]
/** Sends bytes on one connection, and gives back all answers that came until it was closed. */
export async function answers(served: Served, ...pieces: readonly (string | Buffer)[]): Promise<RawAnswer[]> {
  const came = await exchange(served.port, (socket) => {
    for (const piece of pieces) socket.write(piece, 'latin1')
  })
  return parseAnswers(came)
}

/** A request without anything that was not said, but for the fields that it takes to be heard. */
export function raw(method: string, target: string, fields: Fields = [], body?: Uint8Array): Buffer {
  const all: Fields = [['Host', 'vault.example.org'], ['Connection', 'close'], ...fields]
  return encodeRequest({ method, target, fields: all, ...(body && { body }) })
}

/** The only answer on a connection, which must be this problem, as every problem is. */
export async function refused(
  served: Served,
  code: ProblemCode,
  ...pieces: readonly (string | Buffer)[]
): Promise<RawAnswer> {
  const [answer, ...more] = await answers(served, ...pieces)
  assert.ok(answer && more.length === 0, `${code}: ${more.length + 1} answers`)
  assertProblem(answer, code)
  return answer
}

export function assertProblem(answer: RawAnswer, code: ProblemCode): void {
  assert.equal(answer.problem.code, code, answer.text)
  assert.equal(answer.status, PROBLEMS[code].status)
  assert.equal(answer.field('x-content-type-options'), 'nosniff')
  assert.equal(answer.field('cache-control'), 'no-store')
  assert.match(answer.field('content-security-policy') ?? '', /^default-src 'none'/)
}

/** The fields of a deposit that says it has so many bytes. */
export const big = (length: number) => [['Content-Length', String(length)], ...DEPOSIT] as Fields
