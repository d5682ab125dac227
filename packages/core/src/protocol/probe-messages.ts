import { encodeJson, parseJson } from './canonical-json.ts'
import type { LoggedEnvelope } from './charter-chain.ts'
import type { CustodianDeposit } from './custodian-work.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { oneOf } from './evidence.ts'
import {
  hexBytes,
  listOf,
  objectOf,
  orNull,
  paddedBase64Bytes,
  refined,
  type JsonField,
} from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, LOGGED_ENVELOPE, momentNumber } from './logged-envelope.ts'
import type { ProbeResult } from './probe.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** A probe with what travels beside it: the body of `POST /v1/probes`. */
export interface ProbeSubmission {
  readonly statement: Envelope
  /** The ids of the deposits, 32 bytes each, in any order: the statement has their `depositListDigest`. */
  readonly deposits: readonly Uint8Array[]
}

/** An answer with its list: the body of `POST /v1/probes/answers`. */
export interface ProbeAnswerSubmission {
  readonly statement: Envelope
  readonly answers: readonly ProbeResult[]
}

/** Where a probe stands: the answer of `GET /v1/probes/<digest>`. The authority's word, but for what is signed in it. */
export interface ProbeStanding {
  readonly state: 'waiting' | 'answered' | 'expired'
  /** Nobody answers it after that: milliseconds since 1970, by the authority's clock. */
  readonly expires: number
  /** The statement of the custodian. This and the next two are there if and only if it was answered. */
  readonly answer: LoggedEnvelope | null
  /** Ascending by id. */
  readonly answers: readonly ProbeResult[]
  /** For the answer. */
  readonly receipt: Uint8Array | null
}

/** A probe as the custodian needs it: the answer of `GET /v1/custodian/probes/<digest>`. Nothing of it is verified. */
export interface ProbeFile {
  readonly statement: Envelope
  /** Its leaf, as the authority says. */
  readonly index: number
  /** The ids of its deposits, ascending: the statement has their digest. */
  readonly ids: readonly Uint8Array[]
  /** Those of them that the authority can show, with their leaves as it says, ascending by id. */
  readonly deposits: readonly CustodianDeposit[]
  /** What shows the client: its enrolment, or the request and the release that let it in. */
  readonly enrolments: readonly Envelope[]
}

const MOST = RECOVERY_LIMITS.probeDeposits
const RESULTS: JsonField<ProbeResult> = objectOf({ id: hexBytes(32), mac: orNull(hexBytes(32)) })
const SUBMISSION: JsonField<ProbeSubmission> = objectOf({
  statement: ENVELOPE,
  deposits: listOf(hexBytes(32), 1, MOST),
})
const ANSWER: JsonField<ProbeAnswerSubmission> = objectOf({
  statement: ENVELOPE,
  answers: listOf(RESULTS, 1, MOST),
})
const STANDING: JsonField<ProbeStanding> = refined(
  objectOf({
    state: oneOf(['waiting', 'answered', 'expired']),
    expires: momentNumber,
    answer: orNull(LOGGED_ENVELOPE),
    answers: listOf(RESULTS, 0, MOST),
    receipt: orNull(paddedBase64Bytes(LIMITS.receiptBytes)),
  }),
  ({ state, answer, answers, receipt }) => {
    const there = [answer !== null, answers.length > 0, receipt !== null]
    if (there.some((it) => it !== (state === 'answered'))) {
      throw malformed('answer', `does not fit a probe that is ${state}`)
    }
  },
)
const FILE: JsonField<ProbeFile> = objectOf({
  statement: ENVELOPE,
  index: leafIndex,
  ids: listOf(hexBytes(32), 1, MOST),
  deposits: listOf(
    objectOf<CustodianDeposit>({
      index: leafIndex,
      blob: paddedBase64Bytes(LIMITS.depositBytes),
      rewrapped: orNull(paddedBase64Bytes(RECOVERY_LIMITS.releaseBlobBytes)),
    }),
    0,
    MOST,
  ),
  enrolments: listOf(ENVELOPE, 0, 2),
})

/** The one encoding of a submission. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeProbeSubmission(submission: ProbeSubmission): Uint8Array {
  return encodeJson(SUBMISSION, submission, LIMITS.jsonBytes)
}

/** Reads what `encodeProbeSubmission` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseProbeSubmission(bytes: Uint8Array): ProbeSubmission {
  return parseJson(SUBMISSION, bytes, LIMITS.jsonBytes)
}

/** The one encoding of a submission. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeProbeAnswerSubmission(submission: ProbeAnswerSubmission): Uint8Array {
  return encodeJson(ANSWER, submission, LIMITS.jsonBytes)
}

/** Reads what `encodeProbeAnswerSubmission` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseProbeAnswerSubmission(bytes: Uint8Array): ProbeAnswerSubmission {
  return parseJson(ANSWER, bytes, LIMITS.jsonBytes)
}

/** The one encoding. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeProbeStanding(standing: ProbeStanding): Uint8Array {
  return encodeJson(STANDING, standing, LIMITS.pageBytes)
}

/** Reads what `encodeProbeStanding` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseProbeStanding(bytes: Uint8Array): ProbeStanding {
  return parseJson(STANDING, bytes, LIMITS.pageBytes)
}

/** The one encoding of a file. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeProbeFile(file: ProbeFile): Uint8Array {
  return encodeJson(FILE, file, LIMITS.pageBytes)
}

/** Reads what `encodeProbeFile` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseProbeFile(bytes: Uint8Array): ProbeFile {
  return parseJson(FILE, bytes, LIMITS.pageBytes)
}
