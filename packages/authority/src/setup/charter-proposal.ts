import {
  checkCharter,
  fingerprintOf,
  personOf,
  type Charter,
  type CharterPerson,
  type CharterPolicy,
  type Terms,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/index.ts'
import { SetupError } from './setup-error.ts'

/** What the next charter is to have; all else follows from the one before it. */
export interface CharterPlan {
  readonly people: readonly CharterPerson[]
  readonly policy: CharterPolicy
}

/** By what a charter is judged before anybody is bothered with it. */
export interface ProposalGround {
  /** In force now, whose floors hold. */
  readonly terms: Terms
  /** The key of the administrator who proposes it, in text form. */
  readonly by: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * The charter that follows another: docs/spec/recovery.md, "Charters". It is refused here if officers and custodian would approve and
 * wait for nothing.
 *
 * @throws SetupError SETUP_CHARTER with the name of each rule that it breaks; if nobody could propose it with that key; if nothing
 *   would change
 */
export function nextCharter(
  { payload: before, digest }: Pick<VerifiedStatement<Charter>, 'payload' | 'digest'>,
  { people, policy }: CharterPlan,
  { terms, by, now }: ProposalGround,
): Charter {
  const author = personOf(before, fingerprintOf(sha256, by))
  if (author?.roles.includes('administrator') !== true) {
    const who = author ? `${author.id} is no administrator` : 'the key is of nobody'
    throw new SetupError('SETUP_CHARTER', `${who} of charter ${before.number}, which is in force`)
  }
  if (sameAs({ people, policy }, before)) {
    throw new SetupError('SETUP_CHARTER', 'nothing would change')
  }
  const charter: Charter = {
    ...before,
    number: before.number + 1,
    people,
    policy,
    by,
    previous: digest,
    created: Math.floor(now / 1000) * 1000,
  }
  checkRules(charter, terms)
  return charter
}

/** @throws SetupError SETUP_CHARTER with the name of each rule that the charter breaks */
export function checkRules(charter: Charter, terms: Terms): void {
  const faults = checkCharter(charter, terms)
  if (faults.length === 0) return
  const said = faults.map(({ rule, message }) => `${rule} (${message})`).join('; ')
  throw new SetupError('SETUP_CHARTER', `a charter that breaks the rules: ${said}`)
}

function sameAs(plan: CharterPlan, { people, policy }: CharterPlan): boolean {
  return JSON.stringify(plan) === JSON.stringify({ people, policy })
}
