import { encodeTerms } from '@strongroom/core/protocol'

/** The name of the policy document in an authority's folder. */
export const POLICY_FILE = 'policy.txt'

/**
 * The terms of an authority that was given none. Their digest stands in every epoch record, and clients sign it with every deposit: so
 * what was in force when something was deposited can be shown later.
 */
export const FIRST_POLICY = encodeTerms({
  retention: ['standard'],
  floor: { approvals: 2, waiting: 3_600 },
  witnesses: null,
})
