import { encodeJson, parseJson } from './canonical-json.ts'
import { ENVELOPE, type Envelope } from './dsse.ts'
import { oneOf } from './evidence.ts'
import {
  hexBytes,
  listOf,
  objectOf,
  orNull,
  paddedBase64Bytes,
  refined,
  wholeNumber,
  type JsonField,
} from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, momentNumber } from './logged-envelope.ts'
import { checkOrder } from './page-order.ts'
import { malformed } from './protocol-error.ts'
import { encodeQuery, numberParameter, parseQuery, wordParameter, type QueryFields } from './query-text.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import type { SubjectKind } from './recovery-page.ts'

/** What waits for the custodian: the answer of `GET /v1/custodian/work`. The authority's word alone. */
export interface CustodianWork {
  /** Approved, of all tenants, the oldest first. At most 1,000. */
  readonly subjects: readonly ApprovedSubject[]
  /** Requests whose release is logged and whose key blobs are not here. At most 1,000. */
  readonly owed: readonly Uint8Array[]
  /** Probes without an answer that have not expired, the oldest first. At most 100. */
  readonly probes: readonly Uint8Array[]
  /** Deposits that no custodian has opened. */
  readonly unverified: number
  /** Deposits of an epoch that are not wrapped for the last one; null if there are none. */
  readonly rewrap: { readonly from: number; readonly to: number; readonly left: number } | null
}

export interface ApprovedSubject {
  /** The statement digest. */
  readonly digest: Uint8Array
  readonly kind: SubjectKind
  /** The waiting time is over then: milliseconds since 1970, by the authority's clock. */
  readonly releasableFrom: number
}

/** Deposits with what they are verified by: the answer of `GET /v1/custodian/deposits`. */
export interface CustodianDeposits {
  /** In the order of the log. */
  readonly deposits: readonly CustodianDeposit[]
  /** What shows their owners, each once: an enrolment, or a request with its release behind it. See `splitOwners`. */
  readonly enrolments: readonly Envelope[]
  /** `after` of the next page, which is the index of the last row; null on the last page. */
  readonly next: number | null
}

/** One of them. */
export interface CustodianDeposit {
  /** Of its leaf. */
  readonly index: number
  readonly blob: Uint8Array
  /** The key blob of its newest rewrap: by it a deposit opens whose own exchange key is gone. Null if there was none. */
  readonly rewrapped: Uint8Array | null
}

/** Which deposits are asked for. */
export interface CustodianQuery {
  /**
   * `open`: not at level 2; `rewrap`: of that epoch, and not wrapped for the last one; `all`: whatever became of them. `open` unless it
   * is told.
   */
  readonly work?: CustodianErrand
  readonly epoch?: number
  readonly after?: number
  /** 1 to 100, which is also what is meant unless it is told. */
  readonly limit?: number
}

/** For what a custodian asks for deposits. */
export type CustodianErrand = 'open' | 'rewrap' | 'all'

/** A verification with its list: the body of `POST /v1/verifications`. */
export interface VerificationSubmission {
  readonly statement: Envelope
  readonly results: readonly { readonly id: Uint8Array; readonly right: boolean }[]
}

/** A rewrap with its key blobs: the body of `POST /v1/rewraps`. */
export interface RewrapSubmission {
  readonly statement: Envelope
  readonly blobs: readonly { readonly id: Uint8Array; readonly blob: Uint8Array }[]
}

const MOST_SUBJECTS = 1_000
const MOST_PROBES = 100
const MOST_REWRAPS = 1_000
const COUNT = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const EPOCH = wholeNumber(1, 0xffffffff)
const truth: JsonField<boolean> = {
  read(value, path) {
    if (typeof value === 'boolean') return value
    throw malformed(path, 'expected true or false')
  },
  write: (value) => value,
}

const WORK: JsonField<CustodianWork> = objectOf({
  subjects: listOf(
    objectOf<ApprovedSubject>({
      digest: hexBytes(32),
      kind: oneOf(['request', 'charter']),
      releasableFrom: momentNumber,
    }),
    0,
    MOST_SUBJECTS,
  ),
  owed: listOf(hexBytes(32), 0, MOST_SUBJECTS),
  probes: listOf(hexBytes(32), 0, MOST_PROBES),
  unverified: COUNT,
  rewrap: orNull(objectOf({ from: EPOCH, to: EPOCH, left: COUNT })),
})
const DEPOSITS: JsonField<CustodianDeposits> = refined(
  objectOf({
    deposits: listOf(
      objectOf<CustodianDeposit>({
        index: leafIndex,
        blob: paddedBase64Bytes(LIMITS.depositBytes),
        rewrapped: orNull(paddedBase64Bytes(RECOVERY_LIMITS.releaseBlobBytes)),
      }),
      0,
      LIMITS.statementsPerPage,
    ),
    enrolments: listOf(ENVELOPE, 0, 2 * LIMITS.statementsPerPage),
    next: orNull(leafIndex),
  }),
  ({ deposits: rows, next }) => checkOrder({ rows, next }, 'ascending'),
)
const VERIFICATION: JsonField<VerificationSubmission> = objectOf({
  statement: ENVELOPE,
  results: listOf(objectOf({ id: hexBytes(32), right: truth }), 1, RECOVERY_LIMITS.deposits),
})
const REWRAP: JsonField<RewrapSubmission> = objectOf({
  statement: ENVELOPE,
  blobs: listOf(
    objectOf({ id: hexBytes(32), blob: paddedBase64Bytes(RECOVERY_LIMITS.releaseBlobBytes) }),
    1,
    MOST_REWRAPS,
  ),
})
const QUERY: QueryFields<CustodianQuery> = {
  work: wordParameter('open', 'rewrap', 'all'),
  epoch: numberParameter(EPOCH),
  after: numberParameter(leafIndex),
  limit: numberParameter(wholeNumber(1, LIMITS.statementsPerPage)),
}

/** The one encoding. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeCustodianWork(work: CustodianWork): Uint8Array {
  return encodeJson(WORK, work, LIMITS.pageBytes)
}

/** Reads what `encodeCustodianWork` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseCustodianWork(bytes: Uint8Array): CustodianWork {
  return parseJson(WORK, bytes, LIMITS.pageBytes)
}

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeCustodianDeposits(page: CustodianDeposits): Uint8Array {
  return encodeJson(DEPOSITS, page, LIMITS.pageBytes)
}

/** Reads what `encodeCustodianDeposits` writes. Nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseCustodianDeposits(bytes: Uint8Array): CustodianDeposits {
  return parseJson(DEPOSITS, bytes, LIMITS.pageBytes)
}

/** The query of `GET /v1/custodian/deposits`, without the question mark. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeCustodianQuery(query: CustodianQuery): string {
  return encodeQuery(QUERY, query)
}

/** Reads such a query; work and limit are always told. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseCustodianQuery(
  query: string,
): CustodianQuery & { readonly work: CustodianErrand; readonly limit: number } {
  return { work: 'open', limit: LIMITS.statementsPerPage, ...parseQuery(QUERY, query) }
}

/** The one encoding of a submission. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeVerificationSubmission(submission: VerificationSubmission): Uint8Array {
  return encodeJson(VERIFICATION, submission, RECOVERY_LIMITS.submissionBytes)
}

/** Reads what `encodeVerificationSubmission` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseVerificationSubmission(bytes: Uint8Array): VerificationSubmission {
  return parseJson(VERIFICATION, bytes, RECOVERY_LIMITS.submissionBytes)
}

/** The one encoding of a submission. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeRewrapSubmission(submission: RewrapSubmission): Uint8Array {
  return encodeJson(REWRAP, submission, LIMITS.pageBytes)
}

/** Reads what `encodeRewrapSubmission` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseRewrapSubmission(bytes: Uint8Array): RewrapSubmission {
  return parseJson(REWRAP, bytes, LIMITS.pageBytes)
}
