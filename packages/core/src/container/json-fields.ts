import { utf8Decode, utf8Encode } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'

/** The members of a JSON object whose names have been checked. */
export type Fields = Readonly<Record<string, unknown>>

/**
 * The one encoding of a value: JSON with two spaces of indentation and a line feed at the end, members in
 * the order given. docs/spec/container.md, "Encoding".
 */
export function encodeJson(value: unknown): Uint8Array {
  return utf8Encode(`${JSON.stringify(value, null, 2)}\n`)
}

/**
 * Reads JSON. The platform's message is not passed on: it quotes the text, which may be secret.
 *
 * @throws ContainerError CONTAINER_FORMAT
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(bytes))
  } catch (cause) {
    void cause
    throw new ContainerError('CONTAINER_FORMAT', 'not JSON in UTF-8')
  }
}

/**
 * An object with exactly these members. Their order is for `checkCanonical`.
 *
 * @param path where it stands, for errors; empty for the whole file
 * @throws ContainerError CONTAINER_FORMAT
 */
export function readObject(value: unknown, path: string, names: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(path, `expected an object, got ${kindOf(value)}`)
  }
  const fields = value as Fields
  for (const name of Object.keys(fields)) {
    if (!names.includes(name)) throw malformed(path, `unknown member ${quote(name)}`)
  }
  for (const name of names) {
    if (!Object.hasOwn(fields, name)) throw malformed(path, `missing member "${name}"`)
  }
  return fields
}

/** An array of at most `max` members. @throws ContainerError CONTAINER_FORMAT */
export function readArray(value: unknown, path: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(path, `expected an array, got ${kindOf(value)}`)
  if (value.length > max) throw malformed(path, `expected at most ${max} members, got ${value.length}`)
  return value
}

/** A text. @throws ContainerError CONTAINER_FORMAT, without the text */
export function readText(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw malformed(path, `expected a text, got ${kindOf(value)}`)
}

/** One of a few texts or numbers. @throws ContainerError CONTAINER_FORMAT, with what came instead */
export function readOneOf<T extends string | number>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value)
  if (found !== undefined) return found
  const got = typeof value === 'string' || typeof value === 'number' ? quote(value) : kindOf(value)
  throw malformed(path, `expected ${allowed.map((one) => JSON.stringify(one)).join(' or ')}, got ${got}`)
}

/** The error of a field. */
export function malformed(path: string, message: string, options?: ErrorOptions): ContainerError {
  return new ContainerError('CONTAINER_FORMAT', path === '' ? message : `${path}: ${message}`, options)
}

/**
 * Refuses bytes that say the right thing in another way than `encodeJson` does: a second spelling would
 * have a second hash, or hide a second member of the same name.
 *
 * @throws ContainerError CONTAINER_FORMAT with the number of the first line that differs
 */
export function checkCanonical(bytes: Uint8Array, canonical: Uint8Array): void {
  const difference = canonical.findIndex((byte, i) => byte !== bytes[i])
  if (difference < 0 && bytes.length === canonical.length) return
  const same = difference < 0 ? canonical : canonical.subarray(0, difference)
  const line = same.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 1)
  throw malformed(`line ${line}`, 'not in the canonical encoding')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

/** A value from the public part, cut to a length that an error message can bear. */
function quote(value: string | number): string {
  const text = JSON.stringify(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
