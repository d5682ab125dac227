import { toHex } from '@strongroom/core/bytes'
import { recipientGroups, type JudgedSubject } from '@strongroom/core/client'
import type { RecoveryPhase } from '@strongroom/core/protocol'
import { count, formatTime } from '../quantities.ts'

/** A digest as people write it down: its first digits. */
export function shortDigest(digest: Uint8Array): string {
  return toHex(digest).slice(0, 16)
}

/** `3F2A 91C0 …`: what two people compare. */
export function groupsText(recipient: string): string {
  return recipientGroups(recipient).join(' ')
}

/** How far a subject is, by its phase. */
const PHASES: Readonly<Record<RecoveryPhase, (judged: JudgedSubject) => string>> = {
  requested: missing,
  pending: missing,
  approved: ({ state }) =>
    state.nowMs < state.releasableFrom
      ? `approved${by(state)}; the waiting time is over at ${formatTime(state.releasableFrom)}`
      : `approved${by(state)}; waits for the custodian`,
  released: () => 'released',
  denied: ({ verdicts }) => {
    const said = verdicts.find((verdict) => verdict.act === 'rejection')?.statement.payload
    return said ? `denied by ${said.person}: ${said.reason}` : 'denied'
  },
  cancelled: ({ verdicts }) => {
    const said = verdicts.find((verdict) => verdict.act === 'cancellation')?.statement.payload
    return said ? `cancelled by the ${said.capacity}` : 'cancelled'
  },
  expired: ({ loggedMs }) => `expired; it was asked for at ${formatTime(loggedMs)}`,
}

/** How far a subject is, in one sentence. */
export function phaseText(judged: JudgedSubject): string {
  return PHASES[judged.state.phase](judged)
}

function missing({ state }: JudgedSubject): string {
  const have = `${state.persons.length} of ${count(state.subject.approvals, 'approval')}`
  return `waits for officers: ${have}${by(state)}`
}

function by({ persons }: JudgedSubject['state']): string {
  return persons.length > 0 ? `, of ${persons.join(' and ')}` : ''
}

/** The same for programs. */
export function standingRecordOf(judged: JudgedSubject) {
  const { digest, index, loggedMs, state, verdicts, faults, release } = judged
  return {
    request: toHex(digest),
    index,
    phase: state.phase,
    logged: isoTime(loggedMs),
    approvals: state.persons,
    approvalsNeeded: state.subject.approvals,
    releasableFrom: isoTime(state.releasableFrom),
    expires: isoTime(state.subject.expires),
    faults,
    verdicts: verdicts.map(({ act, fault, statement: { payload, index: at } }) => ({
      act,
      index: at,
      by: payload.by,
      created: isoTime(payload.created),
      counts: fault === undefined,
      ...(fault !== undefined && { fault }),
      ...('person' in payload && { person: payload.person }),
      ...('capacity' in payload && { capacity: payload.capacity }),
    })),
    released: release ? isoTime(release.payload.created) : null,
  }
}

/** A moment for programs. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
