import { encodeJson, parseJson } from './canonical-json.ts'
import type { LoggedEnvelope } from './charter-chain.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { oneOf } from './evidence.ts'
import { hexBytes, listOf, objectOf, orNull, paddedBase64Bytes, type JsonField } from './json-fields.ts'
import { signerText } from './key-texts.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, LOGGED_ENVELOPE, momentNumber } from './logged-envelope.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import { FOUND_STANDING, type FoundStanding, type SubjectKind } from './recovery-page.ts'

/** All that was said about one request or charter: the answer of `GET /v1/requests/<digest>`. Envelopes are unverified. */
export interface SubjectFile {
  readonly kind: SubjectKind
  readonly statement: Envelope
  readonly index: number
  /** Milliseconds since 1970, by the authority's clock. */
  readonly received: number
  /** The ids of the deposits, ascending; none for a charter. */
  readonly deposits: readonly Uint8Array[]
  /** The receipt that it got when it was logged: its time is the one that the waiting begins with. */
  readonly receipt: Uint8Array
  readonly standing: FoundStanding
  /** What shows the owner: its enrolment, or the request and the release that let it in; none for a charter. */
  readonly enrolments: readonly LoggedEnvelope[]
  /** Statements of codes and vettings that the evidence rests on. */
  readonly evidence: readonly LoggedEnvelope[]
  /** Approvals, rejections and cancellations, in the order of the log. */
  readonly statements: readonly LoggedEnvelope[]
  readonly release: LoggedEnvelope | null
  /** Signers in text form, of people of the charters: as many as the authority was given. */
  readonly keys: readonly string[]
}

const MOST_VERDICTS = 1_024
const MOST_KEYS = 1_024

const FILE: JsonField<SubjectFile> = objectOf({
  kind: oneOf(['request', 'charter']),
  statement: ENVELOPE,
  index: leafIndex,
  received: momentNumber,
  deposits: listOf(hexBytes(32), 0, RECOVERY_LIMITS.deposits),
  receipt: paddedBase64Bytes(LIMITS.receiptBytes),
  standing: FOUND_STANDING,
  enrolments: listOf(LOGGED_ENVELOPE, 0, 2),
  evidence: listOf(LOGGED_ENVELOPE, 0, MOST_VERDICTS),
  statements: listOf(LOGGED_ENVELOPE, 0, MOST_VERDICTS),
  release: orNull(LOGGED_ENVELOPE),
  keys: listOf(signerText, 0, MOST_KEYS),
})

/** The one encoding of a file. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeSubjectFile(file: SubjectFile): Uint8Array {
  return encodeJson(FILE, file, LIMITS.pageBytes)
}

/** Reads what `encodeSubjectFile` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseSubjectFile(bytes: Uint8Array): SubjectFile {
  return parseJson(FILE, bytes, LIMITS.pageBytes)
}
