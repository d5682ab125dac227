import type { JsonField } from './json-fields.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, malformed, quote } from './protocol-error.ts'

/** How one value stands in the query of an address, before it is percent-encoded. */
export interface QueryField<T> {
  readonly read: (text: string, path: string) => T
  readonly write: (value: T) => string
}

/** The parameters of a query, all of them optional, in the order in which they are written. */
export type QueryFields<T> = { readonly [K in keyof T]-?: QueryField<Exclude<T[K], undefined>> }

const DECIMAL = /^(?:0|[1-9][0-9]{0,15})$/
/** Visible ASCII but `+`, which is a plus to some and a space to others. */
const ENCODED = /^[\x21-\x2a\x2c-\x7e]*$/

/** A value that stands in JSON as a text stands in a query as the same text. */
export function textParameter<T>(field: JsonField<T>): QueryField<T> {
  return { read: field.read, write: (value) => String(field.write(value)) }
}

/** A value that stands in JSON as a number: in decimal. */
export function numberParameter<T extends number>(field: JsonField<T>): QueryField<T> {
  return {
    read: (text, path) => field.read(DECIMAL.test(text) ? Number(text) : text, path),
    write: String,
  }
}

/** One of a few words. */
export function wordParameter<T extends string | number | boolean>(...values: readonly T[]): QueryField<T> {
  return {
    read(text, path) {
      const value = values.find((candidate) => String(candidate) === text)
      if (value === undefined)
        throw malformed(path, `expected one of ${values.join(', ')}, got ${quote(text)}`)
      return value
    },
    write: String,
  }
}

/**
 * The query of an address, without the question mark; empty for a value without members.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT for what could not be read back
 */
export function encodeQuery<T extends object>(fields: QueryFields<T>, value: T): string {
  const given = value as Readonly<Record<string, unknown>>
  const parts = rowsOf(fields).flatMap(([name, { read, write }]) => {
    if (given[name] === undefined) return []
    const text = write(given[name])
    read(text, name)
    // An apostrophe is the one character that some ways to write an address encode and others do not.
    return [`${name}=${encodeURIComponent(text).replaceAll("'", '%27')}`]
  })
  const query = parts.join('&')
  checkLimit('query, in characters', query.length, LIMITS.queryCharacters)
  return query
}

/**
 * Reads a query: each parameter at most once, in any order, and no unknown one.
 *
 * @param query without the question mark
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseQuery<T extends object>(fields: QueryFields<T>, query: string): Partial<T> {
  checkLimit('query, in characters', query.length, LIMITS.queryCharacters)
  const rows = new Map(rowsOf(fields))
  const found = new Map<string, unknown>()
  for (const part of query === '' ? [] : query.split('&')) {
    const [name = '', ...rest] = part.split('=')
    const field = rows.get(name)
    if (!field || rest.length === 0) throw malformed('query', `unknown parameter ${quote(name)}`)
    if (found.has(name)) throw malformed('query', `the parameter ${name} twice`)
    found.set(name, field.read(decoded(rest.join('='), name), name))
  }
  return Object.fromEntries(found) as Partial<T>
}

function rowsOf<T extends object>(fields: QueryFields<T>): [string, QueryField<unknown>][] {
  return Object.entries(fields)
}

function decoded(text: string, path: string): string {
  try {
    if (ENCODED.test(text)) return decodeURIComponent(text)
  } catch {
    // Refused below: what is no percent-encoding, or not of UTF-8.
  }
  throw malformed(path, 'expected percent-encoded UTF-8, with %2B for a plus')
}
