import type { CharterPlan } from '@strongroom/authority'
import { RECOVERY_CLASSES, type CharterPerson, type RecoveryRule } from '@strongroom/core/protocol'
import { displayName } from '../escape-text.ts'

/** What one member of a charter was and would be. */
export interface Difference {
  /** The id of a person, or a class of requests. */
  readonly of: string
  readonly what: string
  /** Empty for what was not there. */
  readonly before: string
  /** Empty for what is gone. */
  readonly after: string
}

/** What differs between two charters, member by member: first the people, then the rules. */
export function differences(before: CharterPlan, after: CharterPlan): Difference[] {
  return [...peopleDiffer(before, after), ...rulesDiffer(before, after)]
}

function peopleDiffer({ people: before }: CharterPlan, { people: after }: CharterPlan): Difference[] {
  const ids = [...new Set([...before, ...after].map(({ id }) => id))]
  return ids.flatMap((id) => {
    const [old, fresh] = [before, after].map((people) => people.find((person) => person.id === id))
    if (!old || !fresh) {
      const [was, is] = [old, fresh].map((person) => (person ? wholeText(person) : ''))
      return [{ of: id, what: 'person', before: was ?? '', after: is ?? '' }]
    }
    return members(id, PERSON, old, fresh)
  })
}

function rulesDiffer({ policy: before }: CharterPlan, { policy: after }: CharterPlan): Difference[] {
  return RECOVERY_CLASSES.flatMap((name) => members(name, RULE, before[name], after[name]))
}

type Texts<T> = Readonly<Record<string, (of: T) => string>>

const PERSON: Texts<CharterPerson> = {
  name: ({ name }) => displayName(name),
  roles: ({ roles }) => roles.join(', '),
  keys: ({ signers }) => signers.join(' '),
}

const RULE: Texts<RecoveryRule> = {
  approvals: ({ approvals }) => String(approvals),
  waiting: ({ waiting }) => lengthText(waiting),
  expiry: ({ expiry }) => lengthText(expiry),
  evidence: evidenceText,
}

function members<T>(of: string, texts: Texts<T>, before: T, after: T): Difference[] {
  return Object.entries(texts)
    .map(([what, text]) => ({ of, what, before: text(before), after: text(after) }))
    .filter((row) => row.before !== row.after)
}

const wholeText = (person: CharterPerson) =>
  `${displayName(person.name)}: ${person.roles.join(', ')}; ${person.signers.join(' ')}`

/** How much evidence a rule asks for: `1 of recovery-code, vetting`. */
export function evidenceText({ evidence: { need, of } }: RecoveryRule): string {
  return of.length === 0 ? 'none' : `${need} of ${of.join(', ')}`
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
] as const

/** Seconds as they are typed: `2d`, `36h`, `90s`. */
export function lengthText(seconds: number): string {
  const [size, unit] = UNITS.find(([of]) => seconds > 0 && seconds % of === 0) ?? [1, 's']
  return `${seconds / size}${unit}`
}
