import type { Charter, RecoveryClass, RecoveryRule } from './charter.ts'
import { RECOVERY_CLASSES } from './charter.ts'
import type { EvidenceKind } from './evidence.ts'
import type { Terms } from './terms.ts'

/** A rule that a charter breaks. */
export interface CharterFault {
  readonly rule: CharterRuleName
  /** For people: who or which class, and what is wanted. */
  readonly message: string
}

type Find = (charter: Charter, terms: Terms | null) => readonly string[]

const rows = ({ policy }: Charter) => RECOVERY_CLASSES.map((name) => [name, policy[name]] as const)
const officersOf = ({ people }: Charter) => people.filter(({ roles }) => roles.includes('officer')).length
const mostApprovals = (charter: Charter) => Math.max(...rows(charter).map(([, rule]) => rule.approvals))
/** Without which the evidence of the rule is never enough. */
const needs = ({ evidence }: RecoveryRule, kind: EvidenceKind) =>
  evidence.of.includes(kind) && evidence.need === evidence.of.length

/** For each class of which `broken` is true, a message. */
function inRows(
  broken: (rule: RecoveryRule, name: RecoveryClass) => boolean,
  message: (rule: RecoveryRule) => string,
): Find {
  return (charter) =>
    rows(charter)
      .filter(([name, rule]) => broken(rule, name))
      .map(([name, rule]) => `${name}: ${message(rule)}`)
}

const shared =
  (find: Find): Find =>
  (charter, terms) =>
    charter.standing === 'shared' ? find(charter, terms) : []
const personal =
  (find: Find): Find =>
  (charter, terms) =>
    charter.standing === 'personal' ? find(charter, terms) : []

/** The rules: docs/spec/recovery.md, "Charters", where each is a row. What is never satisfied is refused too. */
const RULES = {
  'person-twice': ({ people }) => repeated(people.map(({ id }) => id)).map((id) => `${id} is there twice`),
  // Whoever holds one key for two persons would be counted as two.
  'key-twice': ({ people }) =>
    repeated(people.flatMap(({ signers }) => signers)).map((key) => `the key ${key} is there twice`),
  administrator: ({ people }) =>
    people.some(({ roles }) => roles.includes('administrator')) ? [] : ['nobody is an administrator'],
  'evidence-need': inRows(
    ({ evidence }) => evidence.need > evidence.of.length,
    ({ evidence }) => `asks for ${evidence.need} kinds of evidence out of ${evidence.of.length}`,
  ),
  // A charter is signed by its administrator and by nobody else: there is no place for evidence in it.
  'evidence-charter': inRows(
    ({ evidence }, name) => name === 'charter' && (evidence.need > 0 || evidence.of.length > 0),
    () => 'a charter has no evidence',
  ),
  expiry: inRows(
    ({ expiry, waiting }) => expiry <= waiting,
    ({ expiry, waiting }) => `expires after ${expiry} seconds, before ${waiting} seconds of waiting are over`,
  ),
  // A requester, or for the class `charter` an administrator, may be an officer and never counts; nor does whoever vouched.
  officers: (charter) => {
    const most = mostApprovals(charter)
    const spare = rows(charter).some(([, rule]) => needs(rule, 'vetting')) ? 2 : 1
    const has = officersOf(charter)
    return most === 0 || has >= most + spare ? [] : [`expected ${most + spare} officers, got ${has}`]
  },
  'shared-approvals': shared(
    inRows(
      ({ approvals }) => approvals < 2,
      ({ approvals }) => `expected at least 2 approvals, got ${approvals}`,
    ),
  ),
  // Without evidence the class `self` would be the class `third-party` without a name.
  'shared-evidence': shared(
    inRows(
      ({ evidence }, name) => name === 'self' && evidence.need === 0,
      () => 'expected some evidence of who asks',
    ),
  ),
  'floor-approvals': shared((charter, terms) =>
    inRows(
      ({ approvals }) => approvals < (terms?.floor.approvals ?? 0),
      ({ approvals }) => `the terms ask for ${terms?.floor.approvals} approvals, got ${approvals}`,
    )(charter, terms),
  ),
  'floor-waiting': shared((charter, terms) =>
    inRows(
      ({ waiting }) => waiting < (terms?.floor.waiting ?? 0),
      ({ waiting }) => `the terms ask for ${terms?.floor.waiting} seconds of waiting, got ${waiting}`,
    )(charter, terms),
  ),
  'personal-code': personal(
    inRows(
      (rule, name) => name !== 'charter' && !needs(rule, 'recovery-code'),
      () => 'a personal tenant always asks for a recovery code',
    ),
  ),
  'personal-waiting': personal(
    inRows(
      ({ waiting }) => waiting === 0,
      () => 'a personal tenant always has a waiting time',
    ),
  ),
} as const satisfies Readonly<Record<string, Find>>

export type CharterRuleName = keyof typeof RULES

/** The names of all rules, in their order. */
export const CHARTER_RULES = Object.keys(RULES) as CharterRuleName[]

/**
 * Which rules a charter breaks; none for a good one.
 *
 * @param terms in force, whose floors hold for shared tenants; null for a charter of the past: floors that were raised later hold
 *   for what is decided under it, not for it
 */
export function checkCharter(charter: Charter, terms: Terms | null): readonly CharterFault[] {
  return CHARTER_RULES.flatMap((rule) => RULES[rule](charter, terms).map((message) => ({ rule, message })))
}

function repeated(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text, i) => texts.indexOf(text) < i))]
}
