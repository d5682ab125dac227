import { readFileSync } from 'node:fs'
import { isObject, type JsonObject } from './fields.ts'

/** A file that cannot be replayed: unreadable, not JSON, or in no format that is known. */
export class VectorFileError extends Error {
  override name = 'VectorFileError'
}

/** The formats, both described in ../vectors/README.md. */
export const FORMATS = ['capi-vectors/1', 'capi-files/1'] as const
export type Format = (typeof FORMATS)[number]
/** The keys that cases name: no cases of its own. */
export const KEYS_FORMAT = 'capi-keys/1'

/** One case: its name, and the rest as it was read. */
export interface VectorCase {
  readonly name: string
  readonly body: JsonObject
}

export interface VectorFile {
  readonly format: Format
  readonly cases: readonly VectorCase[]
}

/** The object that a JSON file holds. @throws VectorFileError */
export function readJsonFile(path: string): JsonObject {
  const text = readText(path)
  const value = parseText(path, text)
  if (!isObject(value)) throw new VectorFileError(`${path}: not a JSON object`)
  return value
}

/**
 * The cases of a file.
 *
 * @param path only for messages
 * @throws VectorFileError for an unknown format, for a case without a name, and for a file without cases: from such a
 *   file nothing could fail
 */
export function parseVectorFile(path: string, object: JsonObject): VectorFile {
  const format = FORMATS.find((known) => known === object['format'])
  if (format === undefined) {
    const found = typeof object['format'] === 'string' ? `the format "${object['format']}"` : 'no format'
    throw new VectorFileError(`${path}: ${found}; known are ${FORMATS.join(' and ')}`)
  }
  const { cases } = object
  if (!Array.isArray(cases)) throw new VectorFileError(`${path}: "cases" is no list`)
  if (cases.length === 0) throw new VectorFileError(`${path}: no cases`)
  return { format, cases: cases.map((value: unknown, index) => parseCase(path, value, index)) }
}

function parseCase(path: string, value: unknown, index: number): VectorCase {
  if (!isObject(value)) throw new VectorFileError(`${path}: case ${index} is no object`)
  const { name } = value
  if (typeof name !== 'string') throw new VectorFileError(`${path}: case ${index} has no name`)
  return { name, body: value }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new VectorFileError(`${path}: ${reason(error)}`)
  }
}

function parseText(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new VectorFileError(`${path}: not JSON: ${reason(error)}`)
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
