import { equalBytes } from '../bytes/index.ts'
import type { Release } from './custodian-statements.ts'
import type { RecoveryFault } from './recovery-faults.ts'
import type { Logged, RecoverySubject } from './recovery-subject.ts'
import { fingerprintOf, type VerifyMeans } from './signer-text.ts'
import type { Approval, Cancellation, CancellationCapacity, Rejection, Verdict } from './verdicts.ts'

type Hash = Pick<VerifyMeans, 'sha256'>['sha256']

/** Who has approved at a moment. */
export interface ApprovalsJudgement {
  /** The distinct persons who count, in the order of the log. */
  readonly persons: readonly string[]
  readonly enough: boolean
  /** Approvals that do not count, and why. */
  readonly refused: readonly { readonly digest: Uint8Array; readonly fault: RecoveryFault }[]
}

/**
 * Counts approvals: docs/spec/recovery.md, "What the custodian checks", step 9. Persons are counted, never keys or statements.
 *
 * @param atMs the latest time that is known, milliseconds since 1970
 */
export function judgeApprovals(
  sha256: Hash,
  subject: RecoverySubject,
  approvals: readonly Logged<Approval>[],
  atMs: number,
): ApprovalsJudgement {
  const judged = approvals.map((approval) => ({
    approval,
    fault: judgeApproval(sha256, subject, approval, atMs),
  }))
  const counting = judged.filter(({ fault }) => fault === undefined)
  const persons = [...new Set(counting.map(({ approval }) => approval.payload.person))]
  return {
    persons,
    enough: persons.length >= subject.approvals,
    refused: judged.flatMap(({ approval, fault }) => (fault ? [{ digest: approval.digest, fault }] : [])),
  }
}

/** Why an approval does not count at a moment; undefined if it does. */
export function judgeApproval(
  sha256: Hash,
  subject: RecoverySubject,
  { payload, index }: Logged<Approval>,
  atMs: number,
): RecoveryFault | undefined {
  const keys = subject.officers.get(payload.person)
  return firstFault([
    ...bound(subject, payload, index),
    [keys?.has(fingerprintOf(sha256, payload.by)) === true, 'person'],
    [!subject.involved.has(payload.person), 'involved'],
    [atMs <= Math.min(payload.expires, subject.expires), 'expired'],
  ])
}

/** Why somebody may not reject; undefined if they may. An officer or administrator, then or now: denying harms nobody. */
export function judgeRejection(
  sha256: Hash,
  subject: RecoverySubject,
  { payload, index }: Logged<Rejection>,
): RecoveryFault | undefined {
  const keys = subject.objectors.get(payload.person)
  return firstFault([
    ...bound(subject, payload, index),
    [keys?.has(fingerprintOf(sha256, payload.by)) === true, 'person'],
  ])
}

/**
 * Why somebody may not cancel; undefined if they may.
 *
 * @param keys signers in text form by capacity: of who asks, of the owner's client, and the one-time keys of the notices
 */
export function judgeCancellation(
  subject: RecoverySubject,
  { payload, index }: Logged<Cancellation>,
  keys: { readonly [K in CancellationCapacity]: readonly string[] },
): RecoveryFault | undefined {
  return firstFault([
    ...bound(subject, payload, index),
    [keys[payload.capacity].includes(payload.by), 'capacity'],
  ])
}

/** Why a release is none of this subject; undefined if it is. @param custodian whose releases count at its place of the log */
export function judgeRelease(
  subject: RecoverySubject,
  { payload, index }: Logged<Release>,
  custodian: string | undefined,
): RecoveryFault | undefined {
  return firstFault([
    ...bound(subject, payload, index),
    [payload.kind === subject.kind, 'subject'],
    [payload.custodian === custodian, 'custodian'],
  ])
}

/** What is known of when a subject was logged. Milliseconds since 1970. */
export interface LoggedTimes {
  /** The time of the checkpoint that its receipt has. */
  readonly receiptMs: number
  /** By the custodian's own clock, when it last saw a tree without the subject; null if it never did. */
  readonly lastWithoutMs: number | null
}

/**
 * From when on it may be released: the waiting time after the later of the two, so that a log whose clock lies gains nothing
 * against a custodian that has looked since.
 */
export function releasableFrom(subject: RecoverySubject, { receiptMs, lastWithoutMs }: LoggedTimes): number {
  return Math.max(receiptMs, lastWithoutMs ?? receiptMs) + subject.waiting * 1000
}

function bound(
  subject: RecoverySubject,
  payload: Pick<Verdict, 'identity' | 'tenant' | 'subject'>,
  index: number,
): readonly (readonly [boolean, RecoveryFault])[] {
  return [
    [payload.identity === subject.identity && payload.tenant === subject.tenant, 'foreign'],
    [equalBytes(payload.subject, subject.digest), 'subject'],
    [index > subject.index, 'order'],
  ]
}

function firstFault(rows: readonly (readonly [boolean, RecoveryFault])[]): RecoveryFault | undefined {
  return rows.find(([holds]) => !holds)?.[1]
}
