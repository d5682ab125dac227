import { nameText } from './authority-names.ts'
import { ascending, EVIDENCE_LIST, oneOf, type EvidenceRule } from './evidence.ts'
import {
  hexBytes,
  lineText,
  listOf,
  objectOf,
  orNull,
  refined,
  timeText,
  wholeNumber,
  type JsonField,
} from './json-fields.ts'
import { fingerprintText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** What somebody may do for a tenant, in ascending order. */
export const ROLES = ['administrator', 'auditor', 'officer'] as const

export type Role = (typeof ROLES)[number]

/** Why something is recovered, or changed. The order of the rows of a charter's policy. */
export const RECOVERY_CLASSES = ['self', 'third-party', 'break-glass', 'charter'] as const

export type RecoveryClass = (typeof RECOVERY_CLASSES)[number]

/** Who decides about recovery in a tenant, and how: docs/spec/recovery.md, "Charters". */
export interface Charter {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** 1 for the first, one more for each that follows. */
  readonly number: number
  /** `personal`: one person owns the data, the authority and the custodian. */
  readonly standing: 'shared' | 'personal'
  readonly people: readonly CharterPerson[]
  readonly policy: CharterPolicy
  /** Who signs: the identity key for number 1, then an administrator of the charter before. Text form. */
  readonly by: string
  /** The statement digest of the charter before; null in the first. */
  readonly previous: Uint8Array | null
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

/** A person: who is counted, whatever keys they have. */
export interface CharterPerson {
  /** A name that stays the person's. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** Fingerprints of the keys that the person signs with. */
  readonly signers: readonly string[]
  readonly roles: readonly Role[]
}

/** One row of a policy: what a request of that class needs. */
export interface RecoveryRule {
  /** How many distinct persons. */
  readonly approvals: number
  /** Seconds from the request's place in the log to its release, at least. */
  readonly waiting: number
  /** Seconds from a request's creation to its expiry, at most. */
  readonly expiry: number
  readonly evidence: EvidenceRule
}

export type CharterPolicy = { readonly [K in RecoveryClass]: RecoveryRule }

const PERSON: JsonField<CharterPerson> = objectOf({
  id: nameText,
  name: lineText(RECOVERY_LIMITS.nameBytes),
  signers: listOf(fingerprintText, 1, RECOVERY_LIMITS.signersOfPerson),
  roles: ascending(listOf(oneOf(ROLES), 1, ROLES.length), (role) => role),
})

const RULE: JsonField<RecoveryRule> = objectOf({
  approvals: wholeNumber(0, RECOVERY_LIMITS.approvals),
  waiting: wholeNumber(0, RECOVERY_LIMITS.seconds),
  expiry: wholeNumber(1, RECOVERY_LIMITS.seconds),
  evidence: objectOf({ need: wholeNumber(0, 16), of: EVIDENCE_LIST }),
})

/** A charter in JSON: its form. Whether it is a good one says `checkCharter`. */
export const CHARTER: JsonField<Charter> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    number: wholeNumber(1, 0xffffffff),
    standing: oneOf(['shared', 'personal']),
    people: listOf(PERSON, 1, RECOVERY_LIMITS.people),
    policy: objectOf<CharterPolicy>({
      self: RULE,
      'third-party': RULE,
      'break-glass': RULE,
      charter: RULE,
    }),
    by: signerText,
    previous: orNull(hexBytes(32)),
    created: timeText,
  }),
  ({ number, previous }) => {
    if ((number === 1) !== (previous === null)) {
      throw malformed('previous', `charter ${number} does not fit its predecessor`)
    }
  },
)

/** The person of a charter whose key that is; undefined if it is nobody's. @param fingerprint of the key */
export function personOf(charter: Charter, fingerprint: string): CharterPerson | undefined {
  return charter.people.find(({ signers }) => signers.includes(fingerprint))
}
