import {
  noteVerifier,
  parseVerifierKey,
  TlogError,
  type VerifyRaw,
  type WitnessPolicy,
} from '../tlog/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { nameText } from './authority-names.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { ascending } from './evidence.ts'
import {
  checkedText,
  exactly,
  listOf,
  objectOf,
  orNull,
  refined,
  wholeNumber,
  type JsonField,
} from './json-fields.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** What an authority promises to all its tenants: the policy document of an epoch. docs/spec/recovery.md, "Terms". */
export interface Terms {
  /** The classes of retention, in ascending order. */
  readonly retention: readonly string[]
  /** No charter of a shared tenant may ask for less. */
  readonly floor: TermsFloor
  /** Who must have cosigned the checkpoints that the custodian believes; null: nobody. */
  readonly witnesses: TermsWitnesses | null
}

export interface TermsFloor {
  /** 2 to 16. */
  readonly approvals: number
  /** Seconds. */
  readonly waiting: number
}

export interface TermsWitnesses {
  /** How many witnesses, by name. */
  readonly quorum: number
  /** C2SP verifier keys. */
  readonly keys: readonly string[]
}

interface TermsMembers extends Terms {
  readonly strongroom: 'terms'
  readonly version: 1
}

const MAX_KEY_CHARACTERS = 4_096

const WITNESSES: JsonField<TermsWitnesses> = refined(
  objectOf({
    quorum: wholeNumber(1, RECOVERY_LIMITS.witnesses),
    keys: ascending(
      listOf(checkedText(MAX_KEY_CHARACTERS, checkKey), 1, RECOVERY_LIMITS.witnesses),
      (key) => key,
    ),
  }),
  ({ quorum, keys }, path) => {
    const names = new Set(keys.map((key) => key.split('+')[0])).size
    if (quorum > names)
      throw malformed(`${path}.quorum`, `expected at most ${names}, the number of witnesses`)
  },
)

const TERMS: JsonField<TermsMembers> = objectOf({
  strongroom: exactly('terms'),
  version: exactly(1),
  retention: ascending(listOf(nameText, 1, RECOVERY_LIMITS.retentionClasses), (name) => name),
  floor: objectOf({
    approvals: wholeNumber(2, RECOVERY_LIMITS.approvals),
    waiting: wholeNumber(0, RECOVERY_LIMITS.seconds),
  }),
  witnesses: orNull(WITNESSES),
})

/** The one encoding of terms; their SHA-256 is the `policy` of an epoch. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeTerms({ retention, floor, witnesses }: Terms): Uint8Array {
  const members: TermsMembers = { strongroom: 'terms', version: 1, retention, floor, witnesses }
  return encodeJson(TERMS, members, RECOVERY_LIMITS.termsBytes)
}

/** Reads what `encodeTerms` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseTerms(bytes: Uint8Array): Terms {
  const { retention, floor, witnesses } = parseJson(TERMS, bytes, RECOVERY_LIMITS.termsBytes)
  return { retention, floor, witnesses }
}

/**
 * Whose cosignatures the terms ask for; undefined if nobody's.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for a key whose hash is wrong or whose type is unknown
 */
export function witnessPolicyOf(
  { witnesses }: Terms,
  { sha256, verifyRaw }: { readonly sha256: Sha256; readonly verifyRaw: VerifyRaw },
): WitnessPolicy | undefined {
  if (!witnesses) return undefined
  const keys = witnesses.keys.map((text, i) => {
    try {
      return noteVerifier(parseVerifierKey(sha256, text), verifyRaw)
    } catch (cause) {
      if (cause instanceof TlogError) throw malformed(`witnesses.keys[${i}]`, cause.message, { cause })
      throw cause
    }
  })
  return { quorum: witnesses.quorum, keys }
}

function checkKey(text: string, path: string): void {
  const shape = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/u
  if (!shape.test(text)) throw malformed(path, 'expected a verifier key')
}
