import type { WinCrypt } from '@strongroom/core/cryptoapi'
import type { Answer } from './answer.ts'
import { ApiSession } from './api-session.ts'
import { CALLS } from './calls.ts'
import { compareAnswer, type Difference } from './compare.ts'
import { FieldError, Fields, isObject, type JsonObject } from './fields.ts'
import type { TestKeys } from './test-keys.ts'

/**
 * Replays a case of `capi-vectors/1`: every step against a key store that begins empty.
 *
 * All steps are made, whatever differs on the way: later ones show how far a fault reaches.
 */
export function replayCalls(body: JsonObject, keys: TestKeys, api?: WinCrypt): Difference[] {
  const session = new ApiSession(keys, api)
  const fields = new Fields(body)
  const { steps } = body
  if (!Array.isArray(steps) || steps.length === 0) return [unreadable(undefined, 'case', 'no steps')]
  const provider = fields.textOrNull('provider')
  const context = provider === null ? 0 : session.openContext('p', provider)
  const differences = steps.flatMap((step: unknown, index) => replayStep(session, step, index))
  // A case may have released it already, so that the answer says nothing.
  if (context !== 0) session.api.CryptReleaseContext(context, 0)
  return differences
}

function replayStep(session: ApiSession, step: unknown, index: number): Difference[] {
  if (!isObject(step)) return [unreadable(index, 'step', 'no object')]
  const fn = typeof step['fn'] === 'string' ? step['fn'] : '(no fn)'
  const fields = new Fields(step, session.resolve)
  try {
    const call = Object.hasOwn(CALLS, fn) ? CALLS[fn] : undefined
    if (call === undefined) throw new FieldError('no such function')
    const answer = call(session, fields)
    const lastError = answer.ok ? 0 : session.api.GetLastError()
    keep(session, fields, answer)
    return compareAnswer(fields.object('expect'), answer, lastError).map((found) => ({
      step: index,
      fn,
      ...found,
    }))
  } catch (error) {
    if (error instanceof FieldError) return [unreadable(index, fn, error.message)]
    return [{ step: index, fn, what: 'call', expected: 'an answer', got: `threw ${String(error)}` }]
  }
}

function keep(session: ApiSession, step: Fields, answer: Answer): void {
  const name = step.textOrNull('save')
  if (name !== null && answer.data !== undefined) session.save(name, answer.data)
}

const unreadable = (step: number | undefined, fn: string, got: string): Difference => ({
  ...(step === undefined ? {} : { step }),
  fn,
  what: 'format',
  expected: 'a case that can be replayed',
  got,
})
