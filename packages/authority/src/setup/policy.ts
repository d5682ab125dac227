import { encodeTerms } from '@strongroom/core/protocol'

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
