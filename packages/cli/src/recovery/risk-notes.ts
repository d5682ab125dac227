import type { JudgedSubject } from '@strongroom/core/client'
import { RECOVERY_FAULTS, type FoundSubject, type RequestClass } from '@strongroom/core/protocol'
import { count, formatSeconds } from '../quantities.ts'
import type { SubjectView } from './officer-view.ts'

/** What somebody who decides should think about, in sentences. The first are the graver ones. */
export function riskNotes(view: SubjectView, me: string): string[] {
  const { judged, claimed } = view
  return [
    ...judged.faults.map((fault) => `it must not be released: ${RECOVERY_FAULTS[fault]}`),
    ...(claimed === judged.state.phase
      ? []
      : [`the authority calls it ${claimed}, its statements say ${judged.state.phase}`]),
    ...involvement(judged, me),
    ...evidenceNotes(judged),
    ...habits(view),
  ]
}

function involvement({ state, request }: JudgedSubject, me: string): string[] {
  const { involved } = state.subject
  const notes = involved.has(me) ? ['you ask, own or vouched: your approval would not count'] : []
  const others = [...involved].filter((id) => id !== me)
  if (others.length > 0)
    notes.push(`${others.join(' and ')} of the charter asks, owns or vouched, and does not count`)
  return request ? [...CLASS_NOTES[request.class], ...notes] : notes
}

/** What a class means for whoever decides. */
const CLASS_NOTES: Readonly<Record<RequestClass, readonly string[]>> = {
  self: [],
  'third-party': [
    'the owner does not ask: somebody of the charter wants to read what belongs to another',
    'whoever asks should show you the decision behind it: who ordered it, and why these keys and no others',
  ],
  'break-glass': [
    'the owner does not ask, and it is called an emergency: somebody of the charter wants to read what belongs to another',
    'an emergency is somebody’s word: ask who declared it, and why it cannot wait as other requests do',
  ],
}

/** What the proof is worth. */
const EVIDENCE = {
  'client-key': 'the key of the client itself was used: whoever has that computer can ask so',
  'recovery-code': 'a recovery code was used: whoever found the sheet can ask so',
  vetting: 'an officer vouched for whoever asks',
} as const

function evidenceNotes({ request, vettings }: JudgedSubject): string[] {
  if (!request) return []
  const compare =
    'the keys go to a container that is new: compare the groups with whoever asks, on a way that you knew before'
  if (request.evidence.length === 0)
    return ['no evidence: nothing ties it to the owner but your own question', compare]
  const seen = vettings.map(({ payload: { person, evidence } }) => `${person} saw: ${evidence}`)
  return [...request.evidence.map(({ kind }) => EVIDENCE[kind]), ...seen, compare]
}

const OFTEN_DAYS = 90
const DAY_MS = 86_400_000
const MANY = 100

function habits({ judged, siblings, ids }: SubjectView): string[] {
  const { request, loggedMs, state } = judged
  if (!request) return []
  const others = siblings.filter(({ index }) => index !== judged.index)
  const recent = others.filter(({ received }) => loggedMs - received < OFTEN_DAYS * DAY_MS)
  const waiting = Math.max(0, state.releasableFrom - state.nowMs) / 1000
  return [
    others.length === 0
      ? 'it is the first request for keys of this owner'
      : `${count(others.length, 'other request')} for keys of this owner${recentText(recent)}`,
    ...(others.every((other) => other.class !== request.class) && others.length > 0
      ? [`none of them was of the class ${request.class}`]
      : []),
    ...(ids.length >= MANY ? [`it asks for ${count(ids.length, 'key')} at once`] : []),
    waiting > 0 ? `the owner can still cancel for ${formatSeconds(waiting)}` : 'the waiting time is over',
  ]
}

function recentText(recent: readonly FoundSubject[]): string {
  if (recent.length === 0) return ''
  const denied = recent.filter(({ standing }) => ['denied', 'cancelled'].includes(standing.phase)).length
  return `, ${recent.length} of them within ${OFTEN_DAYS} days${denied > 0 ? `, ${denied} denied or cancelled` : ''}`
}
