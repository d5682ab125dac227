import { STATUS } from '@strongroom/core/cryptoapi'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import type { Answer } from './answer.ts'
import { FieldError, type Fields } from './fields.ts'

/** Something that came out otherwise than the vectors say. */
export interface Difference {
  /** Position of the step in its case, from 0; undefined if it is about the case as a whole. */
  readonly step?: number
  /** The function that was called, or what was done instead. */
  readonly fn: string
  /** What differs: `ok`, `err`, `len`, `data`, `prefix`, or what else went wrong. */
  readonly what: string
  readonly expected: string
  readonly got: string
}

type Mismatch = Pick<Difference, 'what' | 'expected' | 'got'>

/** Members of `expect` that say something. */
const EXPECTATIONS = new Set(['ok', 'err', 'altErr', 'len', 'data', 'random', 'prefix'])
/** Members that only explain. */
const REMARKS = new Set(['note', 'why', 'basis', 'wineObserved'])

/**
 * Holds an answer against what a step expects.
 *
 * @param lastError what GetLastError says after a failed call
 * @throws FieldError for an expectation that cannot be read, or that is unknown: it would count as met unseen
 */
export function compareAnswer(expect: Fields, answer: Answer, lastError: number): Mismatch[] {
  const unknown = expect.names().find((name) => !EXPECTATIONS.has(name) && !REMARKS.has(name))
  if (unknown !== undefined) throw new FieldError(`"expect" has an unknown member "${unknown}"`)
  if (!expect.has('ok')) throw new FieldError('"expect" does not say "ok"')
  const ok = expect.flag('ok')
  const fault = answer.fault === undefined ? [] : [mismatch('fault', 'none', answer.fault)]
  if (answer.ok !== ok) {
    const expected = ok ? 'success' : `failure with ${errorNames(expect)}`
    return [
      ...fault,
      mismatch('ok', expected, answer.ok ? 'success' : `failure with ${errorName(lastError)}`),
    ]
  }
  const about = ok ? compareData(expect, answer) : compareError(expect, lastError)
  return [...fault, ...about, ...compareLength(expect, answer)]
}

function compareError(expect: Fields, lastError: number): Mismatch[] {
  const accepted = errorsOf(expect)
  if (accepted.length === 0 ? lastError !== 0 : accepted.includes(lastError)) return []
  return [mismatch('err', errorNames(expect), errorName(lastError))]
}

function compareLength(expect: Fields, answer: Answer): Mismatch[] {
  if (!expect.has('len')) return []
  const expected = expect.number('len')
  return answer.length === expected
    ? []
    : [mismatch('len', String(expected), answer.length === undefined ? 'no length' : String(answer.length))]
}

function compareData(expect: Fields, answer: Answer): Mismatch[] {
  const random = expect.flag('random')
  if (!random) return expect.has('data') ? compareBytes('data', expect.bytes('data'), answer.data) : []
  if (!expect.has('prefix')) return []
  const prefix = expect.bytes('prefix')
  return compareBytes('prefix', prefix, answer.data?.subarray(0, prefix.length))
}

/** Whole comparison of bytes. */
export function compareBytes(what: string, expected: Uint8Array, got: Uint8Array | undefined): Mismatch[] {
  if (got === undefined) return [mismatch(what, describeBytes(expected, 0), 'no bytes')]
  if (equalBytes(expected, got)) return []
  const at = expected.findIndex((byte, index) => byte !== got[index])
  const first = at < 0 ? expected.length : at
  return [mismatch(what, describeBytes(expected, first), describeBytes(got, first))]
}

/** The length, and the bytes around the first that differs. */
function describeBytes(bytes: Uint8Array, at: number): string {
  const from = Math.max(0, at - 4)
  const window = toHex(bytes.subarray(from, from + 24))
  return `${bytes.length} bytes, from byte ${from} on ${window === '' ? 'nothing' : window}`
}

const errorsOf = (expect: Fields): number[] => [
  ...(expect.has('err') ? [expect.number('err')] : []),
  ...expect.numbers('altErr'),
]

const errorNames = (expect: Fields): string => errorsOf(expect).map(errorName).join(' or ') || 'any error'

/** A status as people read it. */
export function errorName(status: number): string {
  const name = Object.entries(STATUS).find(([, value]) => value === status)?.[0]
  const number = `0x${status.toString(16).toUpperCase().padStart(8, '0')}`
  return name === undefined ? number : `${name} (${number})`
}

const mismatch = (what: string, expected: string, got: string): Mismatch => ({ what, expected, got })
