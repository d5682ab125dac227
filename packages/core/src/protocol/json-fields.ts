import {
  fromBase64,
  fromHex,
  fromPaddedBase64,
  toBase64,
  toHex,
  toPaddedBase64,
  utf8Encode,
} from '../bytes/index.ts'
import { isPrinted } from './printed-text.ts'
import { checkLimit, malformed, quote, readAs } from './protocol-error.ts'

/** How one value stands in JSON. `read` is given whatever JSON.parse made, and where it stands. */
export interface JsonField<T> {
  readonly read: (value: unknown, path: string) => T
  readonly write: (value: T) => unknown
}

/** The members of an object in the order in which they are written. */
export type JsonMembers<T> = { readonly [K in keyof T]: JsonField<T[K]> }

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** An object with exactly these members. Their order is checked by `parseJson`. */
export function objectOf<T>(members: JsonMembers<T>): JsonField<T> {
  const fields = Object.entries(members) as [string, JsonField<unknown>][]
  const names = fields.map(([name]) => name)
  return {
    read(value, path) {
      const found = checkMembers(value, path, names)
      const under = (name: string) => (path === '' ? name : `${path}.${name}`)
      return Object.fromEntries(
        fields.map(([name, field]) => [name, field.read(found[name], under(name))]),
      ) as T
    },
    write(value) {
      const given = value as Readonly<Record<string, unknown>>
      return Object.fromEntries(fields.map(([name, field]) => [name, field.write(given[name])]))
    },
  }
}

function checkMembers(
  value: unknown,
  path: string,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(path, `expected an object, got ${kindOf(value)}`)
  }
  // Own members only: `__proto__` is one after JSON.parse, and what every object inherits is none.
  const unknown = Object.keys(value).find((name) => !names.includes(name))
  if (unknown !== undefined) throw malformed(path, `unknown member ${quote(unknown)}`)
  const missing = names.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) throw malformed(path, `missing member ${quote(missing)}`)
  return value as Readonly<Record<string, unknown>>
}

/** An array of `least` to `most` values of one kind. */
export function listOf<T>(field: JsonField<T>, least: number, most: number): JsonField<readonly T[]> {
  return {
    read(value, path) {
      if (!Array.isArray(value)) throw malformed(path, `expected an array, got ${kindOf(value)}`)
      checkLimit(path, value.length, most)
      if (value.length < least)
        throw malformed(path, `expected at least ${least} members, got ${value.length}`)
      return value.map((member, i) => field.read(member, `${path}[${i}]`))
    },
    write: (value) => value.map((member) => field.write(member)),
  }
}

/** The value or `null`. */
export function orNull<T>(field: JsonField<T>): JsonField<T | null> {
  return {
    read: (value, path) => (value === null ? null : field.read(value, path)),
    write: (value) => (value === null ? null : field.write(value)),
  }
}

/** A value that must also pass `check`, which throws or returns. */
export function refined<T>(field: JsonField<T>, check: (value: T, path: string) => void): JsonField<T> {
  return {
    read(value, path) {
      const found = field.read(value, path)
      check(found, path)
      return found
    },
    write: field.write,
  }
}

/** This very text or number. */
export function exactly<const T extends string | number>(wanted: T): JsonField<T> {
  return {
    read(value, path) {
      if (value === wanted) return wanted
      const got = typeof value === 'string' || typeof value === 'number' ? quote(value) : kindOf(value)
      throw malformed(path, `expected ${quote(wanted)}, got ${got}`)
    },
    write: (value) => value,
  }
}

/** A whole number. */
export function wholeNumber(least: number, most: number): JsonField<number> {
  return {
    read(value, path) {
      if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value)
      const got = typeof value === 'number' ? quote(value) : kindOf(value)
      throw malformed(path, `expected a whole number from ${least} to ${most}, got ${got}`)
    },
    write: (value) => value,
  }
}

/** A text of 1 to `most` bytes of UTF-8 on one line, without what turns or hides its neighbours on a screen. */
export function lineText(most: number): JsonField<string> {
  return {
    read(value, path) {
      const text = readString(value, path)
      checkLimit(`${path}, in bytes`, utf8Encode(text).length, most)
      if (text === '') throw malformed(path, 'expected a text, got an empty one')
      if (!isPrinted(text)) throw malformed(path, 'a character that is not printed in the text')
      return text
    },
    write: (value) => value,
  }
}

/** A text that a reader of ours accepts: kept as it is. @param parse throws for what it does not accept */
export function checkedText(most: number, parse: (text: string, path: string) => unknown): JsonField<string> {
  return {
    read(value, path) {
      const text = readString(value, path)
      checkLimit(`${path}, in characters`, text.length, most)
      if (!text.isWellFormed()) throw malformed(path, 'a lone surrogate in the text')
      parse(text, path)
      return text
    },
    write: (value) => value,
  }
}

/** A time to the second: RFC 3339 in UTC. In memory milliseconds since 1970. */
export const timeText: JsonField<number> = {
  read(value, path) {
    const text = readString(value, path)
    const ms = TIME.test(text) ? Date.parse(text) : Number.NaN
    // The platform takes the 30th of February for the 2nd of March.
    if (ms >= 0 && formatTime(ms) === text) return ms
    throw malformed(path, `expected a time like 2026-01-31T12:00:00Z, got ${quote(text)}`)
  },
  write: formatTime,
}

function formatTime(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms >= Date.UTC(10_000, 0) || ms % 1000 !== 0) {
    throw malformed('time', `expected milliseconds of a full second before the year 10000, got ${ms}`)
  }
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** Exactly `length` bytes in lower-case hexadecimal. */
export function hexBytes(length: number): JsonField<Uint8Array> {
  const fits = (bytes: Uint8Array) => bytes.length === length
  return bytesAs(fromHex, toHex, fits, `${length} bytes in lower-case hexadecimal`)
}

/** 1 to `most` bytes in base64 without padding, as everywhere in this project. */
export function base64Bytes(most: number): JsonField<Uint8Array> {
  return bytesAs(fromBase64, toBase64, within(most), `1 to ${most} bytes in base64 without padding`)
}

/** 1 to `most` bytes in base64 with padding, as DSSE has it. */
export function paddedBase64Bytes(most: number): JsonField<Uint8Array> {
  return bytesAs(fromPaddedBase64, toPaddedBase64, within(most), `1 to ${most} bytes in base64 with padding`)
}

const within = (most: number) => (bytes: Uint8Array) => bytes.length >= 1 && bytes.length <= most

function bytesAs(
  decode: (text: string) => Uint8Array,
  encode: (bytes: Uint8Array) => string,
  fits: (bytes: Uint8Array) => boolean,
  expected: string,
): JsonField<Uint8Array> {
  return {
    read(value, path) {
      const text = readString(value, path)
      const bytes = readAs(path, () => decode(text))
      if (!fits(bytes)) throw malformed(path, `expected ${expected}, got ${bytes.length} bytes`)
      return bytes
    },
    write: encode,
  }
}

function readString(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw malformed(path, `expected a text, got ${kindOf(value)}`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  return `a ${typeof value}`
}
