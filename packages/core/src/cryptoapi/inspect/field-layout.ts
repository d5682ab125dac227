import { toHex } from '../../bytes/index.ts'
import type { InspectedField } from './inspection.ts'

/** The numbers among the fields that were read before, by name. */
export type SeenNumbers = ReadonlyMap<string, number>

/** How the bytes of a field are shown. */
type Shown =
  /** A little-endian number. */
  | 'number'
  /** A little-endian ALG_ID. */
  | 'algorithm'
  /** Four letters. */
  | 'letters'
  /** A little-endian integer of any length, shown most significant byte first. */
  | 'integer'
  /** Bytes in the order in which they lie there. */
  | 'bytes'
  /** Their number alone. */
  | 'nothing'

/** One row of a layout. */
export interface FieldRow {
  readonly name: string
  readonly shown: Shown
  /** Bytes; a function of the numbers before it, or all that is left. */
  readonly size: number | ((seen: SeenNumbers) => number) | 'rest'
  readonly meaning: string | ((value: number, seen: SeenNumbers) => string)
  readonly secret?: true
}

/** What was read by a layout. */
export interface ReadFields {
  readonly fields: readonly InspectedField[]
  readonly numbers: SeenNumbers
  /** Where the next field would start. */
  readonly end: number
}

/** What holds for all fields of a reading. */
export interface FieldReading {
  /** Where the first field starts. */
  readonly start: number
  /** Which values are told: numbers alone, all but the secret ones, or all. */
  readonly values: 'numbers' | 'public' | 'all'
  /** How many bytes there are, if only the first of them are at hand. */
  readonly totalBytes?: number
}

/** The longest value that is told in full: a modulus of 16384 bits. */
const MAX_VALUE_BYTES = 2048

/**
 * Reads fields one after the other, as many as there are. A field that is cut off is the last one, and says so.
 *
 * Sizes come from the file: nothing is set aside for them.
 */
export function readFields(
  bytes: Uint8Array,
  layout: readonly FieldRow[],
  reading: FieldReading,
): ReadFields {
  const { start, values, totalBytes = bytes.length } = reading
  const fields: InspectedField[] = []
  const numbers = new Map<string, number>()
  let end = start
  for (const row of layout) {
    const left = totalBytes - end
    const wanted = sizeOf(row, numbers, left)
    if (wanted === 0) continue
    const size = Math.min(wanted, left)
    const value = bytes.subarray(end, end + size)
    const whole = size === wanted && value.length === size
    if (whole && isNumber(row)) numbers.set(row.name, littleEndian(value))
    fields.push({
      offset: end,
      size,
      ...(size < wanted && { expectedSize: wanted }),
      name: row.name,
      ...(whole && size <= MAX_VALUE_BYTES && isTold(row, values) && { value: show(row, value) }),
      meaning: whole ? meaningOf(row, numbers) : 'cut off',
      secret: row.secret ?? false,
    })
    end += size
    if (size < wanted) break
  }
  return { fields, numbers, end }
}

function sizeOf({ size }: FieldRow, numbers: SeenNumbers, left: number): number {
  if (size === 'rest') return left
  return typeof size === 'number' ? size : size(numbers)
}

function isNumber({ shown }: FieldRow): boolean {
  return shown === 'number' || shown === 'algorithm' || shown === 'letters'
}

function isTold(row: FieldRow, values: FieldReading['values']): boolean {
  if (row.shown === 'nothing') return false
  return isNumber(row) || values === 'all' || (values === 'public' && row.secret !== true)
}

function meaningOf({ name, meaning }: FieldRow, numbers: SeenNumbers): string {
  return typeof meaning === 'string' ? meaning : meaning(numbers.get(name) ?? 0, numbers)
}

const SHOW: Readonly<Record<Shown, (value: Uint8Array) => string>> = {
  number: (value) => String(littleEndian(value)),
  algorithm: (value) => `0x${littleEndian(value).toString(16).padStart(4, '0')}`,
  letters: (value) => (value.every(isPrintable) ? `"${String.fromCharCode(...value)}"` : `0x${toHex(value)}`),
  integer: (value) => toHex(value.toReversed()),
  bytes: (value) => toHex(value),
  nothing: () => '',
}

function show({ shown }: FieldRow, value: Uint8Array): string {
  return SHOW[shown](value)
}

function littleEndian(value: Uint8Array): number {
  return value.reduceRight((sum, byte) => sum * 256 + byte, 0)
}

function isPrintable(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f
}
