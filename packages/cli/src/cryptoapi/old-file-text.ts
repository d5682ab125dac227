import { fromHex } from '@strongroom/core/bytes'
import { rsaFingerprint } from '@strongroom/core/container/crypto-api'
import {
  type Finding,
  type InspectedField,
  type OldFileInspection,
  RsaPublicKey,
} from '@strongroom/core/cryptoapi'
import { formatBytes } from '../quantities.ts'
import type { Field } from '../terminal.ts'

/** Characters of a value that people get to see; programs get all of it. */
const LONGEST_VALUE = 24

/** What an old file is, for people. */
export function summaryFields(found: OldFileInspection, totalBytes: number): Field[] {
  const { form, summary, problem } = found
  const fingerprint = fingerprintIn(found)
  const kind = form === 'no header' ? '' : `${form} of ${formatBytes(totalBytes)}: `
  return [
    ['what', `${kind}${summary}`],
    ...(fingerprint === undefined ? [] : [['fingerprint', fingerprint] as const]),
    ...(problem === undefined ? [] : [['unusable', problem.message] as const]),
  ]
}

/** By what a container knows the RSA key in a file, if there is one in the clear. */
export function fingerprintIn({ fields, problem }: OldFileInspection): string | undefined {
  const read = (wanted: string) => fields.find(({ name }) => name === wanted)?.value
  const [modulus, exponent] = [read('modulus'), read('pubexp')]
  if (modulus === undefined || exponent === undefined || problem !== undefined) return undefined
  return rsaFingerprint(RsaPublicKey.fromParts(fromHex(modulus), Number(exponent)))
}

/** The fields of an old file as rows of a table. */
export function fieldRows({ fields }: OldFileInspection): string[][] {
  const offsets = column(
    fields.map(({ offset }) => String(offset)),
    FIELD_HEADINGS[0],
  )
  const sizes = column(
    fields.map(({ size }) => String(size)),
    FIELD_HEADINGS[1],
  )
  return fields.map((field, i) => [
    offsets[i] ?? '',
    sizes[i] ?? '',
    field.name,
    valueOf(field),
    meaningOf(field),
  ])
}

/** Over the columns of `fieldRows`. */
export const FIELD_HEADINGS = ['offset', 'bytes', 'field', 'value', 'meaning'] as const

/** What is weak, each with the reason under it. */
export function findingFields(findings: readonly Finding[]): Field[] {
  return findings.flatMap(({ severity, text, reason }): Field[] => [
    [severity, text],
    ['', reason],
  ])
}

function column(cells: readonly string[], heading: string): string[] {
  const width = Math.max(heading.length, ...cells.map(({ length }) => length))
  return cells.map((cell) => cell.padStart(width))
}

function valueOf({ value, secret }: InspectedField): string {
  if (value === undefined) return secret ? '(secret)' : ''
  // What was asked for as a secret was asked for in full.
  return secret || value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE - 1)}…`
}

function meaningOf({ meaning, size, expectedSize }: InspectedField): string {
  return expectedSize === undefined ? meaning : `cut off: ${size} of ${expectedSize} bytes are there`
}
