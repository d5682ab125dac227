import { ByteReader, copyOf, toHex, wipe } from '../../bytes/index.ts'
import { BLOB_HEADER_BYTES, parseBlobHeader } from '../blob/blob-header.ts'
import { MAGIC_PRIVATE } from '../blob/rsa-fields.ts'
import { parseSimpleBlob } from '../blob/simple-blob.ts'
import { CALG_RSA_SIGN, PLAINTEXTKEYBLOB, PRIVATEKEYBLOB, PUBLICKEYBLOB, SIMPLEBLOB } from '../constants.ts'
import { acquireContext } from '../crypto-context.ts'
import { importKeyBlob } from '../import-key.ts'
import { RsaKey } from '../rsa-key.ts'
import { algorithmWord } from './algorithm-labels.ts'
import { BODY_LAYOUTS, ENCRYPTED_BODY, HEADER_LAYOUT, OPAQUE_BODY } from './blob-layouts.ts'
import { type FieldReading, type ReadFields, readFields } from './field-layout.ts'
import type { FindingCode } from './findings.ts'
import { type InspectedField, type InspectedProblem, type OldFileForm, problemIn } from './inspection.ts'
import { shownKey, type ShownKey } from './shown-key.ts'
import { cipherWeaknesses, hiddenLengthWeakness, rsaWeaknesses, sessionKeyWeaknesses } from './weaknesses.ts'

/** What was found in a key blob, alone or within something else. */
export interface BlobInspection {
  readonly form: OldFileForm
  readonly summary: string
  readonly fields: readonly InspectedField[]
  readonly codes: readonly (FindingCode | undefined)[]
  readonly problem?: InspectedProblem
  /** The ALG_ID in its header; 0 if it has none. */
  readonly algorithm: number
}

/** Where a blob lies, and whether its secrets are told. */
export interface BlobReading {
  readonly start: number
  readonly secrets: boolean
  /** As far as the blob goes, if only its start is at hand. */
  readonly totalBytes: number
}

interface Found extends ReadFields {
  readonly blob: Uint8Array
  readonly algorithm: number
}

/** What is special about a type of blobs. */
interface BlobKind {
  readonly form: OldFileForm
  summary(found: Found): string
  codes(found: Found): readonly (FindingCode | undefined)[]
}

const bitsOf = ({ numbers }: Found): number => numbers.get('bitlen') ?? 0
const purposeOf = ({ algorithm }: Found): string =>
  algorithm === CALG_RSA_SIGN ? 'for signatures' : 'for exchanging keys'

const KINDS: ReadonlyMap<number, BlobKind> = new Map<number, BlobKind>([
  [
    SIMPLEBLOB,
    {
      form: 'SIMPLEBLOB',
      summary: ({ blob, algorithm }) =>
        `a session key for ${algorithmWord(algorithm)}, encrypted for an RSA key of ${Math.max(0, blob.length - 12) * 8} bits`,
      codes: ({ algorithm, blob }) => [
        shownKey(algorithm, blob) === undefined ? undefined : 'KEY_SHOWN',
        ...cipherWeaknesses(algorithm),
        hiddenLengthWeakness(algorithm),
        'PKCS1',
        'UNSIGNED',
      ],
    },
  ],
  [
    PUBLICKEYBLOB,
    {
      form: 'PUBLICKEYBLOB',
      summary: (found) => `a public RSA key of ${bitsOf(found)} bits, ${purposeOf(found)}`,
      codes: ({ numbers }) => [...rsaWeaknesses(numbers), 'OWNER_UNPROVED'],
    },
  ],
  [
    PRIVATEKEYBLOB,
    {
      form: 'PRIVATEKEYBLOB',
      summary: (found) =>
        found.numbers.has('bitlen')
          ? `an RSA key pair of ${bitsOf(found)} bits, ${purposeOf(found)}`
          : `an RSA key pair, encrypted, ${purposeOf(found)}`,
      codes: ({ numbers }) => (numbers.has('bitlen') ? ['PRIVATE_KEY_OPEN', ...rsaWeaknesses(numbers)] : []),
    },
  ],
  [
    PLAINTEXTKEYBLOB,
    {
      form: 'PLAINTEXTKEYBLOB',
      summary: ({ algorithm, numbers }) =>
        `a session key of ${(numbers.get('dwKeySize') ?? 0) * 8} bits for ${algorithmWord(algorithm)}, in the clear`,
      codes: plaintextKeyCodes,
    },
  ],
])

const OTHER: BlobKind = {
  form: 'other key blob',
  summary: () => 'a key blob that the RSA providers do not read',
  codes: () => [],
}

/**
 * Explains a key blob field by field, whatever is wrong with it.
 *
 * Of a blob that cannot be imported only numbers are told: where a length or a type is wrong, a secret lies in the place
 * of a public value.
 */
export function inspectBlob(bytes: Uint8Array, { start, secrets, totalBytes }: BlobReading): BlobInspection {
  const blob = bytes.subarray(start, totalBytes)
  const type = blob[0] ?? 0
  const complete = bytes.length >= totalBytes
  const problem = complete ? problemOf(blob) : undefined
  const shown = type === SIMPLEBLOB ? shownKey(readAlgorithm(blob), blob) : undefined
  const values = secrets ? 'all' : problem === undefined && complete ? 'public' : 'numbers'
  const header = readFields(bytes, HEADER_LAYOUT, { start, values, totalBytes })
  const body = readBody(bytes, type, { start: header.end, values, totalBytes })
  const kind = KINDS.get(type) ?? OTHER
  const algorithm = header.numbers.get('aiKeyAlg') ?? 0
  const found: Found = { ...body, blob, algorithm }
  const trailing = body.fields.some(({ name }) => name === 'rest')
  return {
    form: kind.form,
    summary: kind.summary(found),
    fields: [...header.fields, ...body.fields, ...shownFields(blob, shown, { start, secrets })],
    codes: [...kind.codes(found), trailing ? 'TRAILING' : undefined],
    ...(problem !== undefined && { problem }),
    algorithm,
  }
}

/** The key of a blob that hides nothing, in its natural order. */
function shownFields(
  blob: Uint8Array,
  shown: ShownKey | undefined,
  { start, secrets }: Pick<BlobReading, 'start' | 'secrets'>,
): InspectedField[] {
  if (shown === undefined) return []
  const key = copyOf(blob, shown.start, shown.start + shown.length).toReversed()
  const value = secrets ? { value: toHex(key) } : {}
  wipe(key)
  const meaning = 'the session key, readable: it lies at the start of what should be encrypted, backwards'
  return [{ offset: start + shown.start, size: shown.length, name: 'key', ...value, meaning, secret: true }]
}

function readBody(bytes: Uint8Array, type: number, reading: FieldReading): ReadFields {
  const layout = BODY_LAYOUTS.get(type) ?? OPAQUE_BODY
  const encrypted = type === PRIVATEKEYBLOB && !startsPrivateKey(bytes.subarray(reading.start))
  return readFields(bytes, encrypted ? ENCRYPTED_BODY : layout, reading)
}

function startsPrivateKey(body: Uint8Array): boolean {
  return body.length < 4 || new ByteReader(body).u32le() === MAGIC_PRIVATE
}

function readAlgorithm(blob: Uint8Array): number {
  return blob.length < BLOB_HEADER_BYTES ? 0 : new ByteReader(blob.subarray(4)).u32le()
}

function plaintextKeyCodes({ algorithm, blob, numbers }: Found): (FindingCode | undefined)[] {
  const key = blob.slice(12, 12 + (numbers.get('dwKeySize') ?? 0))
  const codes = sessionKeyWeaknesses(algorithm, key)
  wipe(key)
  return ['SESSION_KEY_OPEN', ...cipherWeaknesses(algorithm), ...codes]
}

/** Why an import would refuse it, as far as no other key is needed to say so. */
function problemOf(blob: Uint8Array): InspectedProblem | undefined {
  return problemIn(() => {
    const { type } = parseBlobHeader(blob)
    const encrypted = type === PRIVATEKEYBLOB && !startsPrivateKey(blob.subarray(BLOB_HEADER_BYTES))
    if (type === SIMPLEBLOB) parseSimpleBlob(blob, () => true)
    else if (KINDS.has(type) && !encrypted) tryImport(blob)
  })
}

function tryImport(blob: Uint8Array): void {
  const key = importKeyBlob(acquireContext().provider, blob, { hmacKey: true })
  if (key instanceof RsaKey) key.privateKey?.wipe()
  else key.wipe()
}
