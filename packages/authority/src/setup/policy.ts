import { encodeTerms, parseTerms, ProtocolError } from '@strongroom/core/protocol'
import { SetupError } from './setup-error.ts'

const USUAL_FLOOR = 3_600

/** The name of the policy document in an authority's folder. */
export const POLICY_FILE = 'policy.txt'

/**
 * The terms of an authority that was given none. Their digest stands in every epoch record, and clients sign it with every deposit: so
 * what was in force when something was deposited can be shown later.
 *
 * @param waiting seconds that the first charter has: if they are fewer than an hour, no more are asked of any
 */
export function firstPolicy(waiting = USUAL_FLOOR): Uint8Array {
  const floor = { approvals: 2, waiting: Math.min(waiting, USUAL_FLOOR) }
  return encodeTerms({ retention: ['standard'], floor, witnesses: null })
}

/** Refuses a policy by which nothing could be decided, before an epoch names it. @throws SetupError SETUP_TERMS */
export function checkTerms(bytes: Uint8Array): void {
  try {
    parseTerms(bytes)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new SetupError('SETUP_TERMS', `that is no terms document: ${cause.message}`, { cause })
  }
}
