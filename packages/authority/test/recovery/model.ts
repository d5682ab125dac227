import { DAY, HOUR } from '../support/recovery.ts'
import type { OfficerName } from '../support/recovery-site.ts'

// What a recovery may come to, told anew from docs/spec/recovery.md: plain data, and what each statement does to it. Nothing of the
// implementation is used, not even its types of statements.

export const EVERYBODY: readonly OfficerName[] = ['bo', 'cy', 'di', 'eve']

/** What a charter of these tests says: the same in each class. */
export interface Rules {
  readonly officers: readonly OfficerName[]
  readonly approvals: number
  readonly waitingHours: number
}

export const FIRST_RULES: Rules = { officers: EVERYBODY, approvals: 2, waitingHours: 24 }

/** Everything that may be said, about subjects by their names. */
export type Act =
  | {
      readonly act: 'request'
      readonly class: 'self' | 'third-party'
      readonly charter: string
      readonly code: number
      readonly expires: number
    }
  | { readonly act: 'charter'; readonly follows: string; readonly rules: Rules; readonly expires: number }
  | {
      readonly act: 'approval'
      readonly subject: string
      readonly who: OfficerName
      readonly until: number
    }
  | { readonly act: 'rejection'; readonly subject: string; readonly who: OfficerName | 'ada' }
  | { readonly act: 'cancellation'; readonly subject: string; readonly capacity: 'requester' | 'owner' }
  | { readonly act: 'release'; readonly subject: string }

export type Phase = 'requested' | 'pending' | 'approved' | 'released' | 'denied' | 'cancelled' | 'expired'
type End = Extract<Phase, 'released' | 'denied' | 'cancelled'>

interface Subject {
  readonly made: Extract<Act, { act: 'request' | 'charter' }>
  readonly logged: number
  /** Which charter was in force, counted from 0. */
  readonly past: number
  readonly approvals: readonly { readonly who: OfficerName; readonly until: number }[]
  readonly end: End | undefined
}

/** Where everything stands. */
export interface State {
  /** Those that came into force, by their names. */
  readonly charters: readonly { readonly name: string; readonly rules: Rules }[]
  readonly subjects: ReadonlyMap<string, Subject>
}

export const nothing = (firstCharter: string): State => ({
  charters: [{ name: firstCharter, rules: FIRST_RULES }],
  subjects: new Map(),
})

/** Rules of the charter then and of the one now; of a proposal those then alone: it is the one now, or nothing comes of it. */
function deciding({ charters }: State, { made, past }: Subject): readonly Rules[] {
  const [before, present] = [charters[past], charters.at(-1)]
  return [before, made.act === 'charter' ? before : present].flatMap((charter) =>
    charter ? [charter.rules] : [],
  )
}

const isOfficer = (rules: readonly Rules[], who: OfficerName): boolean =>
  rules.every(({ officers }) => officers.includes(who))

/** Who asks does not approve. */
const isInvolved = ({ made }: Subject, who: OfficerName): boolean =>
  made.act === 'request' && made.class === 'third-party' && who === 'bo'

export function phaseOf(state: State, subject: Subject, now: number): Phase {
  if (subject.end) return subject.end
  if (now > subject.made.expires) return 'expired'
  const rules = deciding(state, subject)
  const persons = new Set(
    subject.approvals
      .filter(({ who, until }) => now <= until && isOfficer(rules, who) && !isInvolved(subject, who))
      .map(({ who }) => who),
  )
  const needed = Math.max(...rules.map(({ approvals }) => approvals))
  if (persons.size >= needed) return 'approved'
  return persons.size > 0 ? 'pending' : 'requested'
}

/** From when on a subject may be released. */
export function waitedFrom(state: State, subject: Subject): number {
  const hours = Math.max(...deciding(state, subject).map(({ waitingHours }) => waitingHours))
  return subject.logged + hours * HOUR
}

const isOver = (phase: Phase): boolean => !['requested', 'pending', 'approved'].includes(phase)

/** Why something may not be said now; undefined if it may. */
export function whyNot(state: State, act: Act, now: number): string | undefined {
  const { charters, subjects } = state
  const latest = charters.at(-1)
  if (act.act === 'request') {
    if (act.charter !== latest?.name) return 'another charter is in force'
    if (now > act.expires) return 'expired'
    const spent = [...subjects.values()].some(
      ({ made }) => made.act === 'request' && made.class === 'self' && made.code === act.code,
    )
    if (act.class === 'self') return spent ? 'the code was used' : undefined
    return isOfficer([latest.rules], 'bo') ? undefined : 'the requester is nobody of the charter'
  }
  if (act.act === 'charter') return act.follows === latest?.name ? undefined : 'it follows another charter'
  const subject = subjects.get(act.subject)
  if (!subject) return 'no such subject'
  const phase = phaseOf(state, subject, now)
  if (isOver(phase)) return `it is ${phase}`
  const rules = deciding(state, subject)
  if (act.act === 'approval') {
    if (!isOfficer(rules, act.who)) return 'no officer'
    if (isInvolved(subject, act.who)) return 'involved'
    if (now > act.until) return 'expired'
    return subject.approvals.some(({ who }) => who === act.who) ? 'approved before' : undefined
  }
  if (act.act === 'rejection') {
    const { who } = act
    const may = who === 'ada' || rules.some(({ officers }) => officers.includes(who))
    return may ? undefined : 'nobody of the charter'
  }
  if (act.act === 'cancellation') {
    if (act.capacity === 'requester') return undefined
    return subject.made.act === 'request' && ownsStill(state) ? undefined : 'not the owner'
  }
  if (phase !== 'approved') return `it is ${phase}`
  if (now < waitedFrom(state, subject)) return 'it has to wait'
  if (subject.made.act === 'charter' && subject.made.follows !== latest?.name) return 'another came first'
  // Whoever asked by name must be somebody still.
  if (isInvolved(subject, 'bo') && !isOfficer(rules, 'bo')) return 'the requester is nobody any more'
  return undefined
}

/** Whose keys were lost is replaced by whoever got them back. */
function ownsStill({ subjects }: State): boolean {
  return ![...subjects.values()].some(
    ({ made, end }) => made.act === 'request' && made.class === 'self' && end === 'released',
  )
}

/** What follows from something that was said, at a time. */
export function after(state: State, name: string, act: Act, now: number): State {
  const subjects = new Map(state.subjects)
  if (act.act === 'request' || act.act === 'charter') {
    const past = state.charters.length - 1
    subjects.set(name, { made: act, logged: now, past, approvals: [], end: undefined })
    return { ...state, subjects }
  }
  const subject = subjects.get(act.subject)
  if (!subject) return state
  subjects.set(act.subject, changed(subject, act))
  if (act.act !== 'release' || subject.made.act !== 'charter') return { ...state, subjects }
  const { rules } = subject.made
  return { charters: [...state.charters, { name: act.subject, rules }], subjects }
}

const ENDS = { rejection: 'denied', cancellation: 'cancelled', release: 'released' } as const

function changed(subject: Subject, act: Exclude<Act, { act: 'request' | 'charter' }>): Subject {
  if (act.act !== 'approval') return { ...subject, end: ENDS[act.act] }
  const { who, until } = act
  return { ...subject, approvals: [...subject.approvals, { who, until }] }
}

/** For how long requests of these tests live. */
export const LIFE = 6 * DAY
