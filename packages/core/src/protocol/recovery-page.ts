import { nameText } from './authority-names.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { oneOf } from './evidence.ts'
import {
  hexBytes,
  lineText,
  listOf,
  objectOf,
  orNull,
  refined,
  wholeNumber,
  type JsonField,
} from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, momentNumber } from './logged-envelope.ts'
import { checkOrder } from './page-order.ts'
import { encodeQuery, numberParameter, parseQuery, wordParameter, type QueryFields } from './query-text.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import type { RequestClass } from './recovery-request.ts'
import { RECOVERY_PHASES, type RecoveryPhase } from './recovery-state.ts'

const PHASES = Object.keys(RECOVERY_PHASES) as RecoveryPhase[]

/** What is decided about. */
export type SubjectKind = 'request' | 'charter'

/** Where a subject stands, by the authority's clock. Times in milliseconds since 1970. */
export interface FoundStanding {
  readonly phase: RecoveryPhase
  /** The persons whose approvals count, in the order of the log. */
  readonly persons: readonly string[]
  /** How many distinct persons it takes. */
  readonly approvals: number
  /** Not before that, however many approve. */
  readonly releasableFrom: number
  readonly expires: number
}

/** A request or a proposed charter in a list: the authority's word alone. */
export interface FoundSubject {
  /** The statement digest. */
  readonly digest: Uint8Array
  readonly kind: SubjectKind
  readonly index: number
  readonly received: number
  /** Null for a charter, as what follows. */
  readonly class: RequestClass | null
  readonly client: string | null
  /** How many deposits; 0 for a charter. */
  readonly count: number
  /** The id of who asks, or proposes, in the charter; null for nobody of it. */
  readonly requester: string | null
  /** A stranger's text: make it harmless before you show it. */
  readonly reason: string | null
  readonly reference: string | null
  readonly standing: FoundStanding
}

/** What was found, the newest first. */
export interface SubjectPage {
  readonly subjects: readonly FoundSubject[]
  /** `before` of the next page, which is the index of the last row; null on the last page. */
  readonly next: number | null
}

/** Which requests and charters are asked for: the query of `GET /v1/requests`. */
export interface SubjectQuery {
  /** In that phase; `open`: in one that is not final. */
  readonly state?: RecoveryPhase | 'open'
  readonly kind?: SubjectKind
  /** Only those below this index. */
  readonly before?: number
  /** 1 to 100, which is also what is meant unless it is told. */
  readonly limit?: number
}

const MOST = LIMITS.statementsPerPage

/** Where a subject stands, in JSON. */
export const FOUND_STANDING: JsonField<FoundStanding> = objectOf({
  phase: oneOf(PHASES),
  persons: listOf(nameText, 0, RECOVERY_LIMITS.people),
  approvals: wholeNumber(0, RECOVERY_LIMITS.approvals),
  releasableFrom: momentNumber,
  expires: momentNumber,
})

const FOUND_SUBJECT: JsonField<FoundSubject> = objectOf({
  digest: hexBytes(32),
  kind: oneOf(['request', 'charter']),
  index: leafIndex,
  received: momentNumber,
  class: orNull(oneOf(['self', 'third-party', 'break-glass'])),
  client: orNull(nameText),
  count: wholeNumber(0, RECOVERY_LIMITS.deposits),
  requester: orNull(nameText),
  reason: orNull(lineText(RECOVERY_LIMITS.reasonBytes)),
  reference: orNull(lineText(RECOVERY_LIMITS.referenceBytes)),
  standing: FOUND_STANDING,
})
const PAGE: JsonField<SubjectPage> = refined(
  objectOf({ subjects: listOf(FOUND_SUBJECT, 0, MOST), next: orNull(leafIndex) }),
  ({ subjects: rows, next }) => checkOrder({ rows, next }, 'descending'),
)

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeSubjectPage(page: SubjectPage): Uint8Array {
  return encodeJson(PAGE, page, LIMITS.pageBytes)
}

/** Reads what `encodeSubjectPage` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseSubjectPage(bytes: Uint8Array): SubjectPage {
  return parseJson(PAGE, bytes, LIMITS.pageBytes)
}

const QUERY: QueryFields<SubjectQuery> = {
  state: wordParameter('open', ...PHASES),
  kind: wordParameter('request', 'charter'),
  before: numberParameter(leafIndex),
  limit: numberParameter(wholeNumber(1, MOST)),
}

/** The query of `GET /v1/requests`, without the question mark. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeSubjectQuery(query: SubjectQuery): string {
  return encodeQuery(QUERY, query)
}

/** Reads such a query; its limit is always told. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseSubjectQuery(query: string): SubjectQuery & { readonly limit: number } {
  return { limit: MOST, ...parseQuery(QUERY, query) }
}
