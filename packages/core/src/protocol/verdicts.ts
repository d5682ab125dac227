import { nameText } from './authority-names.ts'
import { oneOf } from './evidence.ts'
import { hexBytes, lineText, objectOf, refined, timeText, type JsonField } from './json-fields.ts'
import { fingerprintText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** What all verdicts bind: docs/spec/recovery.md, "Approvals, rejections, cancellations". */
export interface Verdict {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The statement digest of a request or charter. */
  readonly subject: Uint8Array
  /** Whose key signs, in text form. */
  readonly by: string
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

/** An officer agrees. */
export interface Approval extends Verdict {
  /** The id of the officer in the charter. */
  readonly person: string
  /** What this officer checked. */
  readonly evidence: string
  /** It counts until then, and no longer than its subject lives. */
  readonly expires: number
}

/** Somebody with a say refuses. It is final. */
export interface Rejection extends Verdict {
  readonly person: string
  readonly reason: string
}

/** As whom somebody cancels. */
export const CANCELLATION_CAPACITIES = ['requester', 'owner', 'notice'] as const

export type CancellationCapacity = (typeof CANCELLATION_CAPACITIES)[number]

/** The requester, the owner, or whoever was sent the notice takes it back. It is final. */
export interface Cancellation extends Verdict {
  readonly capacity: CancellationCapacity
}

/** An approval in JSON. */
export const APPROVAL: JsonField<Approval> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    subject: hexBytes(32),
    person: nameText,
    by: signerText,
    evidence: lineText(RECOVERY_LIMITS.reasonBytes),
    created: timeText,
    expires: timeText,
  }),
  ({ created, expires }) => {
    if (expires <= created) throw malformed('expires', 'expected a time after created')
  },
)

/** A rejection in JSON. */
export const REJECTION: JsonField<Rejection> = objectOf({
  identity: fingerprintText,
  tenant: nameText,
  subject: hexBytes(32),
  person: nameText,
  by: signerText,
  reason: lineText(RECOVERY_LIMITS.reasonBytes),
  created: timeText,
})

/** A cancellation in JSON. */
export const CANCELLATION: JsonField<Cancellation> = objectOf({
  identity: fingerprintText,
  tenant: nameText,
  subject: hexBytes(32),
  capacity: oneOf(CANCELLATION_CAPACITIES),
  by: signerText,
  created: timeText,
})
