import type { EntryKindName } from '../tlog/index.ts'
import { utf8Encode } from '../bytes/index.ts'
import { nameText } from './authority-names.ts'
import { encodeJson, parseJson } from './canonical-json.ts'
import { DEPOSIT_FORMATS, type DepositFormat } from './deposit-context.ts'
import { entryKindText } from './entry-kind-text.ts'
import {
  checkedText,
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
import { checkOrder } from './page-order.ts'
import { checkLimit, malformed } from './protocol-error.ts'

/**
 * A deposit as a search finds it: docs/spec/authority-protocol.md, "Searching". The authority's word alone; the deposit itself is
 * what the client signed. Digests and ids are 32 bytes.
 */
export interface FoundDeposit {
  readonly id: Uint8Array
  /** Of its leaf in the log. */
  readonly index: number
  /** When the authority took it and when the client made it: milliseconds since 1970, each by its own clock. */
  readonly received: number
  readonly created: number
  /** The number of the epoch that it was made for. */
  readonly epoch: number
  readonly format: DepositFormat
  /** 16 bytes. */
  readonly serial: Uint8Array
  readonly commitment: Uint8Array
  readonly sealId: Uint8Array | null
  readonly object: { readonly name: Uint8Array; readonly size: number } | null
  /** Null if there is none, or none that the authority can read. A stranger's text: make it harmless before you show it. */
  readonly description: string | null
  readonly retention: string
  /** How far it was verified: 0, structure and signature; 2, the custodian opened it. */
  readonly level: 0 | 2
  /** Whether the custodian found that it does not open, or to another key than was promised: nobody gets that key back from there. */
  readonly wrong: boolean
  /** The deposit that it replaces. */
  readonly previous: Uint8Array | null
  /** Whether another replaces it. */
  readonly superseded: boolean
}

/** What was found, the newest first. */
export interface DepositPage {
  readonly deposits: readonly FoundDeposit[]
  /** `before` of the next page, which is the index of the last row; null on the last page. */
  readonly next: number | null
}

/** A statement about a client, as it stands in the log. */
export interface FoundStatement {
  readonly index: number
  readonly kind: EntryKindName
  readonly digest: Uint8Array
  /** Milliseconds since 1970, by the authority's clock. */
  readonly received: number
  /** A key blob, or a DSSE envelope in JSON. */
  readonly bytes: Uint8Array
}

/** Statements in the order of the log. */
export interface StatementPage {
  readonly statements: readonly FoundStatement[]
  /** `after` of the next page, which is the index of the last row; null on the last page. */
  readonly next: number | null
}

const MAX_TIME = 8.64e15
const index = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const time = wholeNumber(0, MAX_TIME)
const nextIndex = orNull(index)

/** One of a few values that stand in JSON as they are. */
const oneOf = <T extends string | number | boolean>(...values: readonly T[]): JsonField<T> => ({
  read(value, path) {
    const found = values.find((candidate) => candidate === value)
    if (found === undefined) throw malformed(path, `expected one of ${values.join(', ')}`)
    return found
  },
  write: (value) => value,
})

const FOUND_DEPOSIT: JsonField<FoundDeposit> = objectOf({
  id: hexBytes(32),
  index,
  received: time,
  created: time,
  epoch: wholeNumber(1, 0xffffffff),
  format: oneOf(...(Object.keys(DEPOSIT_FORMATS) as DepositFormat[])),
  serial: hexBytes(16),
  commitment: hexBytes(32),
  sealId: orNull(hexBytes(32)),
  object: orNull(objectOf({ name: hexBytes(32), size: index })),
  description: orNull(checkedText(LIMITS.descriptionBytes, checkDescription)),
  retention: nameText,
  level: oneOf(0, 2),
  wrong: oneOf(true, false),
  previous: orNull(hexBytes(32)),
  superseded: oneOf(true, false),
})
const DEPOSIT_PAGE: JsonField<DepositPage> = refined(
  objectOf({ deposits: listOf(FOUND_DEPOSIT, 0, LIMITS.depositsPerPage), next: nextIndex }),
  ({ deposits: rows, next }) => {
    const i = rows.findIndex(({ level, wrong }) => wrong && level !== 0)
    if (i >= 0) throw malformed(`deposits[${i}].wrong`, 'opened, and right')
    checkOrder({ rows, next }, 'descending')
  },
)
const FOUND_STATEMENT: JsonField<FoundStatement> = objectOf({
  index,
  kind: entryKindText,
  digest: hexBytes(32),
  received: time,
  bytes: paddedBase64Bytes(LIMITS.envelopeBytes),
})
const STATEMENT_PAGE: JsonField<StatementPage> = refined(
  objectOf({ statements: listOf(FOUND_STATEMENT, 0, LIMITS.statementsPerPage), next: nextIndex }),
  ({ statements: rows, next }) => checkOrder({ rows, next }, 'ascending'),
)

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeDepositPage(page: DepositPage): Uint8Array {
  return encodeJson(DEPOSIT_PAGE, page, LIMITS.pageBytes)
}

/** Reads what `encodeDepositPage` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseDepositPage(bytes: Uint8Array): DepositPage {
  return parseJson(DEPOSIT_PAGE, bytes, LIMITS.pageBytes)
}

/** The one encoding of a page. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeStatementPage(page: StatementPage): Uint8Array {
  return encodeJson(STATEMENT_PAGE, page, LIMITS.pageBytes)
}

/** Reads what `encodeStatementPage` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseStatementPage(bytes: Uint8Array): StatementPage {
  return parseJson(STATEMENT_PAGE, bytes, LIMITS.pageBytes)
}

function checkDescription(text: string, path: string): void {
  checkLimit(`${path}, in bytes`, utf8Encode(text).length, LIMITS.descriptionBytes)
}
