import { nameText } from './authority-names.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { oneOf } from './evidence.ts'
import { lineText, listOf, objectOf, orNull, refined, wholeNumber, type JsonField } from './json-fields.ts'
import { signerText } from './key-texts.ts'
import { LIMITS } from './limits.ts'
import { leafIndex, momentNumber } from './logged-envelope.ts'
import { checkOrder } from './page-order.ts'
import { encodeQuery, numberParameter, parseQuery, type QueryFields } from './query-text.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** A client of a tenant as its officers see it: the authority's word alone. */
export interface FoundClient {
  readonly client: string
  /** The index of its enrolment, or of the release that enrolled it. */
  readonly index: number
  /** What the client calls itself. A stranger's text: make it harmless before you show it. */
  readonly name: string
  /** In text form. */
  readonly signer: string
  /** Milliseconds since 1970, by the authority's clock. */
  readonly received: number
  /** `replaced`: another client has taken its place. */
  readonly state: 'active' | 'suspended' | 'replaced'
  readonly deposits: number
  /** How many recovery codes it has. */
  readonly codes: number
}

/** Clients in the order in which they were enrolled: the answer of `GET /v1/clients`. */
export interface ClientPage {
  readonly clients: readonly FoundClient[]
  /** `after` of the next page, which is the index of the last row; null on the last page. */
  readonly next: number | null
}

/** Which of them. */
export interface ClientQuery {
  readonly after?: number
  /** 1 to 100, which is also what is meant unless it is told. */
  readonly limit?: number
}

const MOST = LIMITS.statementsPerPage

const PAGE: JsonField<ClientPage> = refined(
  objectOf({
    clients: listOf(
      objectOf<FoundClient>({
        client: nameText,
        index: leafIndex,
        name: lineText(RECOVERY_LIMITS.nameBytes),
        signer: signerText,
        received: momentNumber,
        state: oneOf(['active', 'suspended', 'replaced']),
        deposits: wholeNumber(0, Number.MAX_SAFE_INTEGER),
        codes: wholeNumber(0, RECOVERY_LIMITS.codes),
      }),
      0,
      MOST,
    ),
    next: orNull(leafIndex),
  }),
  ({ clients: rows, next }) => checkOrder({ rows, next }, 'ascending'),
)
const QUERY: QueryFields<ClientQuery> = {
  after: numberParameter(leafIndex),
  limit: numberParameter(wholeNumber(1, MOST)),
}

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeClientPage(page: ClientPage): Uint8Array {
  return encodeJson(PAGE, page, LIMITS.pageBytes)
}

/** Reads what `encodeClientPage` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseClientPage(bytes: Uint8Array): ClientPage {
  return parseJson(PAGE, bytes, LIMITS.pageBytes)
}

/** The query of `GET /v1/clients`, without the question mark. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeClientQuery(query: ClientQuery): string {
  return encodeQuery(QUERY, query)
}

/** Reads such a query; its limit is always told. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseClientQuery(query: string): ClientQuery & { readonly limit: number } {
  return { limit: MOST, ...parseQuery(QUERY, query) }
}
