import { hexBytes, lineText, timeText, wholeNumber } from './json-fields.ts'
import { LIMITS } from './limits.ts'
import {
  encodeQuery,
  numberParameter,
  parseQuery,
  textParameter,
  wordParameter,
  type QueryFields,
} from './query-text.ts'

/**
 * What a client searches for among its deposits: docs/spec/authority-protocol.md, "Searching". All that is given must hold; times in
 * milliseconds since 1970, of full seconds.
 */
export interface DepositQuery {
  /** The serial number of a file or session key: 16 bytes. */
  readonly serial?: Uint8Array
  /** A part of the description; capital letters and compatible forms do not matter. */
  readonly description?: string
  /** `objectNameDigest` of a file's name: 32 bytes. */
  readonly object?: Uint8Array
  /** Deposits that the client made from the first to before the second. */
  readonly from?: number
  readonly to?: number
  readonly level?: 0 | 2
  readonly superseded?: boolean
  /** Only those below this index: `next` of the page before. */
  readonly before?: number
  /** How many to a page at most: 1 to `LIMITS.depositsPerPage`, `LIMITS.depositsPerUsualPage` unless it is told. */
  readonly limit?: number
}

const index = numberParameter(wholeNumber(0, Number.MAX_SAFE_INTEGER))

const FIELDS: QueryFields<DepositQuery> = {
  serial: textParameter(hexBytes(16)),
  description: textParameter(lineText(LIMITS.descriptionBytes)),
  object: textParameter(hexBytes(32)),
  from: textParameter(timeText),
  to: textParameter(timeText),
  level: wordParameter(0, 2),
  superseded: wordParameter(true, false),
  before: index,
  limit: numberParameter(wholeNumber(1, LIMITS.depositsPerPage)),
}

/** The query of `GET /v1/deposits`, without the question mark. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeDepositQuery(query: DepositQuery): string {
  return encodeQuery(FIELDS, query)
}

/** Reads such a query; its limit is always told. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseDepositQuery(query: string): DepositQuery & { readonly limit: number } {
  return { limit: LIMITS.depositsPerUsualPage, ...parseQuery(FIELDS, query) }
}

/** Which statements about it a client asks for: docs/spec/authority-protocol.md, "What was logged about a client". */
export interface StatementQuery {
  /** Only those above this index: `next` of the page before. */
  readonly after?: number
  /** How many to a page at most: 1 to `LIMITS.statementsPerPage`, which is also what is meant unless it is told. */
  readonly limit?: number
}

const STATEMENT_FIELDS: QueryFields<StatementQuery> = {
  after: index,
  limit: numberParameter(wholeNumber(1, LIMITS.statementsPerPage)),
}

/** The query of `GET /v1/statements`, without the question mark. @throws ProtocolError PROTOCOL_FORMAT */
export function encodeStatementQuery(query: StatementQuery): string {
  return encodeQuery(STATEMENT_FIELDS, query)
}

/** Reads such a query; its limit is always told. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseStatementQuery(query: string): StatementQuery & { readonly limit: number } {
  return { limit: LIMITS.statementsPerPage, ...parseQuery(STATEMENT_FIELDS, query) }
}
