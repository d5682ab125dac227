import { utf8Encode } from '@strongroom/core/bytes'

/** The name of the policy document in an authority's folder. */
export const POLICY_FILE = 'policy.txt'

/**
 * The policy of an authority that was given none. Its digest stands in every epoch record, and clients sign it with every deposit: so
 * what was in force when something was deposited can be shown later.
 */
export const FIRST_POLICY = utf8Encode(
  [
    'Policy of this backup authority',
    '',
    'Deposits are kept for as long as the authority exists. Nothing is deleted.',
    'The custodian opens deposits for their owner alone.',
    '',
  ].join('\n'),
)
