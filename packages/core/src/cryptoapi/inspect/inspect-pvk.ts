import { openPvk, parsePvk, type PvkProtection } from '../blob/pvk.ts'
import { AT_KEYEXCHANGE, AT_SIGNATURE } from '../constants.ts'
import { type FieldRow, readFields } from './field-layout.ts'
import type { FindingCode } from './findings.ts'
import { inspectBlob } from './inspect-blob.ts'
import type { BlobInspection, BlobReading } from './inspect-blob.ts'
import { type InspectedProblem, problemIn } from './inspection.ts'

const HEADER_LAYOUT: readonly FieldRow[] = [
  { name: 'magic', shown: 'algorithm', size: 4, meaning: 'the number that PVK files begin with' },
  {
    name: 'reserved',
    shown: 'number',
    size: 4,
    meaning: (value) => (value === 0 ? 'always 0' : 'expected 0'),
  },
  {
    name: 'keytype',
    shown: 'number',
    size: 4,
    meaning: (spec) => SPECS.get(spec) ?? 'no key spec',
  },
  {
    name: 'encrypted',
    shown: 'number',
    size: 4,
    meaning: (value) => (value === 0 ? 'the key is in the clear' : 'the key is under a password'),
  },
  { name: 'saltlen', shown: 'number', size: 4, meaning: 'bytes of salt' },
  { name: 'keylen', shown: 'number', size: 4, meaning: 'bytes of key' },
  {
    name: 'salt',
    shown: 'bytes',
    size: (seen) => seen.get('saltlen') ?? 0,
    meaning: 'hashed before the password',
  },
]

const SPECS: ReadonlyMap<number, string> = new Map([
  [AT_KEYEXCHANGE, 'AT_KEYEXCHANGE: a pair for exchanging keys'],
  [AT_SIGNATURE, 'AT_SIGNATURE: a pair for signatures'],
])

const BY_PROTECTION: Readonly<Record<PvkProtection, FindingCode | undefined>> = {
  none: undefined,
  weak: 'PVK_WEAK',
  strong: 'PVK_STRONG',
}

/**
 * Explains a PVK file: its header, and the PRIVATEKEYBLOB in it as far as it is in the clear.
 *
 * @param password tells which of the two protections it is; the key itself is not shown for it
 * @throws CryptoApiError NTE_BAD_DATA if a password is given that does not open it
 */
export function inspectPvk(bytes: Uint8Array, reading: BlobReading, password?: Uint8Array): BlobInspection {
  const problem = problemOf(bytes, reading)
  const values = problem === undefined ? 'public' : 'numbers'
  const header = readFields(bytes, HEADER_LAYOUT, { ...reading, values })
  const blob = inspectBlob(bytes, { ...reading, start: header.end })
  const encrypted = header.numbers.get('encrypted') !== 0
  const opened = encrypted && password !== undefined ? protectionOf(bytes, password) : undefined
  const anyProblem = problem ?? blob.problem
  const summary = `${blob.summary}, in a PVK file ${encrypted ? 'under a password' : 'without a password'}`
  return {
    form: 'PVK',
    summary: encrypted ? summary.replace(', encrypted,', ',') : summary,
    fields: [...header.fields, ...blob.fields],
    codes: [...blob.codes, encrypted ? (opened ?? 'PVK_PASSWORD') : undefined],
    ...(anyProblem !== undefined && { problem: anyProblem }),
    algorithm: blob.algorithm,
  }
}

function problemOf(bytes: Uint8Array, { totalBytes }: BlobReading): InspectedProblem | undefined {
  if (bytes.length === totalBytes) return problemIn(() => parsePvk(bytes))
  return { code: 'NTE_BAD_DATA', message: 'not a PVK file: it is far longer than one' }
}

function protectionOf(bytes: Uint8Array, password: Uint8Array): FindingCode | undefined {
  const { key, protection } = openPvk(bytes, password, { recovery: true })
  key.wipe()
  return BY_PROTECTION[protection]
}
