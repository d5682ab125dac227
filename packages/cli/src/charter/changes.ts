import type { CharterPlan } from '@strongroom/authority'
import type { CharterPerson, RecoveryClass, RecoveryRule, Role } from '@strongroom/core/protocol'
import { usage } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'

/** One change of a charter: a plan in, the plan with exactly that change out. Whether the outcome is a good one, the rules say later. */
export type Change = (plan: CharterPlan) => CharterPlan

/** Somebody new. @throws CliError USAGE if there is a person of that id */
export function addPerson(person: CharterPerson): Change {
  return ({ people, policy }) => {
    if (people.some(({ id }) => id === person.id)) throw usage(`there is a person ${person.id} already`)
    return { people: [...people, person], policy }
  }
}

/** @throws CliError USAGE if there is no such person */
export function removePerson(id: string): Change {
  return ({ people, policy }) => {
    personIn(people, id)
    return { people: people.filter((person) => person.id !== id), policy }
  }
}

/** What a person may do from now on, in any order. @throws CliError USAGE if there is no such person */
export function setRoles(id: string, roles: readonly Role[]): Change {
  return changing(id, (person) => ({ ...person, roles: [...new Set(roles)].toSorted() }))
}

/** One more key of a person. @param fingerprint of the key. @throws CliError USAGE if they have it, or if there is no such person */
export function addKey(id: string, fingerprint: string): Change {
  return changing(id, (person) => {
    if (person.signers.includes(fingerprint)) throw usage(`${id} has that key already`)
    return { ...person, signers: [...person.signers, fingerprint] }
  })
}

/** One key less. @throws CliError USAGE if they have it not, or no other, or if there is no such person */
export function removeKey(id: string, fingerprint: string): Change {
  return changing(id, (person) => {
    const signers = person.signers.filter((signer) => signer !== fingerprint)
    if (signers.length === person.signers.length) throw usage(`${id} has no key ${displayName(fingerprint)}`)
    if (signers.length > 0) return { ...person, signers }
    throw usage(`that is the only key of ${id}`, 'add the new key first, or remove the person')
  })
}

/** What a class of requests needs, as far as it is told. */
export function setRule(name: RecoveryClass, part: Partial<RecoveryRule>): Change {
  return ({ people, policy }) => ({ people, policy: { ...policy, [name]: { ...policy[name], ...part } } })
}

function changing(id: string, change: (person: CharterPerson) => CharterPerson): Change {
  return ({ people, policy }) => {
    personIn(people, id)
    return { people: people.map((person) => (person.id === id ? change(person) : person)), policy }
  }
}

function personIn(people: readonly CharterPerson[], id: string): CharterPerson {
  const person = people.find((one) => one.id === id)
  if (person) return person
  throw usage(`there is no person ${displayName(id)}`, `there is ${people.map((one) => one.id).join(', ')}`)
}
