import { equalBytes } from '../bytes/index.ts'
import type { Release } from './custodian-statements.ts'
import { malformed } from './protocol-error.ts'
import { judgeApproval, judgeApprovals, releasableFrom } from './recovery-judgement.ts'
import type { RecoveryFault } from './recovery-faults.ts'
import type { Logged, RecoverySubject } from './recovery-subject.ts'
import type { VerifyMeans } from './signer-text.ts'
import type { Approval, Cancellation, Rejection } from './verdicts.ts'

/**
 * Where a recovery can stand, and what can follow: docs/spec/recovery.md, "States". Nothing follows a final one. Approvals expire,
 * so an approved one can fall back.
 */
export const RECOVERY_PHASES = {
  requested: ['pending', 'approved', 'denied', 'cancelled', 'expired'],
  pending: ['requested', 'approved', 'denied', 'cancelled', 'expired'],
  approved: ['requested', 'pending', 'released', 'denied', 'cancelled', 'expired'],
  released: [],
  denied: [],
  cancelled: [],
  expired: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type RecoveryPhase = keyof typeof RECOVERY_PHASES

/** Whether nothing can follow. */
export function isFinal(phase: RecoveryPhase): boolean {
  return RECOVERY_PHASES[phase].length === 0
}

/** Something that happened to a subject, and the time of the log then; milliseconds since 1970. */
export type RecoveryEvent =
  | { readonly act: 'approval'; readonly statement: Logged<Approval>; readonly atMs: number }
  | { readonly act: 'rejection'; readonly statement: Logged<Rejection>; readonly atMs: number }
  | { readonly act: 'cancellation'; readonly statement: Logged<Cancellation>; readonly atMs: number }
  | { readonly act: 'release'; readonly statement: Logged<Release>; readonly atMs: number }
  /** Time passed. */
  | { readonly act: 'time'; readonly atMs: number }

/** Where a recovery stands. */
export interface RecoveryState {
  readonly subject: RecoverySubject
  readonly phase: RecoveryPhase
  /** The distinct persons whose approvals count now. */
  readonly persons: readonly string[]
  /** The waiting time is over then. Milliseconds since 1970, as all times here. */
  readonly releasableFrom: number
  /** The latest time and leaf that were seen. */
  readonly nowMs: number
  readonly lastIndex: number
  readonly approvals: readonly Logged<Approval>[]
  /** Releases that should not have been: alarms. */
  readonly irregular: readonly { readonly digest: Uint8Array; readonly fault: RecoveryFault }[]
}

/** A subject that was just logged. @param loggedMs the time of the first checkpoint that has it */
export function startRecovery(
  sha256: VerifyMeans['sha256'],
  subject: RecoverySubject,
  loggedMs: number,
): RecoveryState {
  return at(sha256, loggedMs, {
    subject,
    phase: 'requested',
    persons: [],
    releasableFrom: releasableFrom(subject, { receiptMs: loggedMs, lastWithoutMs: null }),
    nowMs: loggedMs,
    lastIndex: subject.index,
    approvals: [],
    irregular: [],
  })
}

/**
 * What follows from one event. Pure; server, officers and custodian use the same.
 *
 * Statements come in the order of the log, verified; one about something else changes nothing. Rejections and cancellations are
 * final whoever made them: who may, is for whoever admits them to the log.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for a statement that stands before one that came already
 */
export function stepRecovery(
  sha256: VerifyMeans['sha256'],
  state: RecoveryState,
  event: RecoveryEvent,
): RecoveryState {
  const next = at(sha256, event.atMs, state)
  if (event.act === 'time') return next
  const { index, payload } = event.statement
  if (index <= state.lastIndex) throw malformed('recovery', 'statements that are not in the order of the log')
  const seen = { ...next, lastIndex: index }
  if (!equalBytes(payload.subject, state.subject.digest)) return seen
  if (event.act === 'release') return released(seen, event.statement)
  if (isFinal(seen.phase)) return seen
  return event.act === 'approval'
    ? approved(sha256, seen, event.statement)
    : { ...seen, phase: DECIDED[event.act] }
}

const DECIDED = { rejection: 'denied', cancellation: 'cancelled' } as const

/** The state when it has become that late. Time never goes back, whatever a clock says. */
function at(sha256: VerifyMeans['sha256'], atMs: number, state: RecoveryState): RecoveryState {
  if (isFinal(state.phase)) return state
  const nowMs = Math.max(state.nowMs, atMs)
  const { persons, enough } = judgeApprovals(sha256, state.subject, state.approvals, nowMs)
  return { ...state, nowMs, persons, phase: phaseOf(state.subject, persons, enough, nowMs) }
}

function phaseOf(
  subject: RecoverySubject,
  persons: readonly string[],
  enough: boolean,
  nowMs: number,
): RecoveryPhase {
  if (nowMs > subject.expires) return 'expired'
  if (enough) return 'approved'
  return persons.length > 0 ? 'pending' : 'requested'
}

function approved(
  sha256: VerifyMeans['sha256'],
  state: RecoveryState,
  approval: Logged<Approval>,
): RecoveryState {
  if (judgeApproval(sha256, state.subject, approval, state.nowMs) !== undefined) return state
  return at(sha256, state.nowMs, { ...state, approvals: [...state.approvals, approval] })
}

function released(state: RecoveryState, { digest, payload }: Logged<Release>): RecoveryState {
  const fault = whyNotReleasable(state, payload)
  if (fault === undefined) return { ...state, phase: 'released' }
  return { ...state, irregular: [...state.irregular, { digest, fault }] }
}

function whyNotReleasable(state: RecoveryState, { kind }: Release): RecoveryFault | undefined {
  if (isFinal(state.phase)) return 'decided'
  if (kind !== state.subject.kind) return 'subject'
  if (state.phase !== 'approved') return 'approvals'
  return state.nowMs < state.releasableFrom ? 'waiting' : undefined
}
