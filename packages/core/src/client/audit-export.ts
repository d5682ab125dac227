import { fromHex, fromPaddedBase64, toHex, toPaddedBase64, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { encodeEnvelope, parseEnvelope, type Envelope } from '../protocol/index.ts'
import { ENTRY_KINDS, type EntryKindName } from '../tlog/index.ts'
import { ClientError } from './client-error.ts'

/**
 * Statements of a log in a file, with all that it takes to check them without the authority: docs/spec/audit.md.
 */
export interface AuditHead {
  /** The fingerprint of the authority: a hint, which whoever checks compares with what they know. */
  readonly identity: string
  /** All epoch records, from number 1 on. */
  readonly epochs: readonly Envelope[]
  /** The signed note to whose tree the proofs lead. */
  readonly checkpoint: string
}

/** One statement with its place. */
export interface AuditStatement {
  readonly index: number
  readonly kind: EntryKindName
  readonly digest: Uint8Array
  /** Whose it is, and when it came, as the authority says: the entry of the log has kind and digest alone. */
  readonly tenant: string
  readonly client: string
  /** Milliseconds since 1970. */
  readonly received: number
  /** From its leaf to the root of the checkpoint. */
  readonly proof: readonly Uint8Array[]
  /** A key blob for a deposit, an envelope for the others; null if it was left out. */
  readonly statement: Uint8Array | null
}

/** What stands at the end, or beside. */
export interface AuditEnd {
  readonly count: number
  /** Of every byte before it, or of the CSV file: nothing authentic, it finds what was damaged on the way. */
  readonly sha256: Uint8Array
}

/** Between two statements in JSON. */
const FIELDS = ['index', 'kind', 'digest', 'tenant', 'client', 'received', 'proof', 'statement'] as const
const INTRO = { strongroom: 'audit', version: 1 } as const

/** The first line of a JSON export, without its line feed. */
export function auditHeadLine(head: AuditHead): string {
  return `${headJson(head).slice(0, -1)},"statements":[`
}

/** One line of a JSON export, without comma and line feed. */
export function auditJsonLine(row: AuditStatement): string {
  const { digest, received, proof, statement, ...names } = row
  const { index, kind, tenant, client } = names
  const members = { index, kind, digest: toHex(digest), tenant, client, received: timeOf(received) }
  return JSON.stringify({ ...members, proof: proof.map(toHex), statement: statementJson(kind, statement) })
}

/** The last line of a JSON export, with its line feed. */
export function auditEndLine({ count, sha256 }: AuditEnd): string {
  return `],"count":${count},"sha256":"${toHex(sha256)}"}\n`
}

/** The first line of a CSV export, without its line end: RFC 4180. */
export const AUDIT_CSV_HEAD = FIELDS.join(',')

/** One line of a CSV export, without its line end. No field has a comma, a quote or a line feed. */
export function auditCsvLine(row: AuditStatement): string {
  const { index, kind, digest, tenant, client, received, proof, statement } = row
  const proofText = proof.map(toHex).join(' ')
  const fields = [index, kind, toHex(digest), tenant, client, timeOf(received), proofText]
  return [...fields, statement ? toPaddedBase64(statement) : ''].join(',')
}

/** The file beside a CSV export: all that is not in its lines. */
export function auditProofFile(head: AuditHead, { count, sha256 }: AuditEnd): string {
  return `${headJson(head).slice(0, -1)},"count":${count},"sha256":"${toHex(sha256)}"}\n`
}

/** Reads the first line of a JSON export. @throws ClientError CLIENT_EXPORT */
export function readAuditHead(line: string): AuditHead {
  const text = line.endsWith(',"statements":[') ? `${line.slice(0, -',"statements":['.length)}}` : ''
  const head = headOf(membersOf(text, 'the first line is not that of an export'))
  if (auditHeadLine(head) === line) return head
  throw damaged('the first line is not as it was written')
}

/** Reads the last line of a JSON export. @throws ClientError CLIENT_EXPORT */
export function readAuditEnd(line: string): AuditEnd {
  const text = line.startsWith('],') && line.endsWith('}\n') ? `{${line.slice(2, -1)}` : ''
  const end = endOf(membersOf(text, 'the end of the export is missing'))
  if (auditEndLine(end) === line) return end
  throw damaged('the last line is not as it was written')
}

/** Reads the file beside a CSV export. @throws ClientError CLIENT_EXPORT */
export function readAuditProofFile(text: string): { readonly head: AuditHead; readonly end: AuditEnd } {
  const members = membersOf(text, 'the file beside the export is not as it was written')
  const [head, end] = [headOf(members), endOf(members)]
  if (auditProofFile(head, end) === text) return { head, end }
  throw damaged('the file beside the export is not as it was written')
}

/** Reads one line of a JSON export, without comma and line feed. @throws ClientError CLIENT_EXPORT */
export function readAuditJsonLine(line: string): AuditStatement {
  const members = membersOf(line, 'no statement')
  const { proof } = members
  const row = rowOf({
    ...members,
    proof: Array.isArray(proof) ? proof.map(String) : [],
    statement: bytesOfJson(members['statement']),
  })
  if (auditJsonLine(row) === line) return row
  throw damaged('not as it was written')
}

/** Reads one line of a CSV export, without its line end. @throws ClientError CLIENT_EXPORT */
export function readAuditCsvLine(line: string): AuditStatement {
  const fields = Object.fromEntries(line.split(',').map((field, i) => [FIELDS[i] ?? 'more', field]))
  const { index = '', proof = '', statement = '' } = fields
  const row = rowOf({
    ...fields,
    index: /^\d{1,15}$/.test(index) ? Number(index) : -1,
    proof: proof === '' ? [] : proof.split(' '),
    statement: statement === '' ? null : reading(() => fromPaddedBase64(statement)),
  })
  if (auditCsvLine(row) === line) return row
  throw damaged('not as it was written')
}

function headJson({ identity, epochs, checkpoint }: AuditHead): string {
  const envelopes = epochs.map((epoch): unknown => JSON.parse(utf8Decode(encodeEnvelope(epoch))))
  return JSON.stringify({ ...INTRO, identity, epochs: envelopes, checkpoint })
}

function headOf({ strongroom, version, identity, epochs, checkpoint }: Members): AuditHead {
  const shaped = strongroom === INTRO.strongroom && version === INTRO.version && Array.isArray(epochs)
  if (!shaped || typeof identity !== 'string' || typeof checkpoint !== 'string') {
    throw damaged('no export of an audit, or one of another version')
  }
  return { identity, epochs: epochs.map((epoch) => reading(() => envelopeOf(epoch))), checkpoint }
}

const envelopeOf = (value: unknown) => parseEnvelope(utf8Encode(JSON.stringify(value)))

function endOf({ count, sha256 }: Members): AuditEnd {
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0)
    throw damaged('no count at the end')
  return { count, sha256: digestOf(sha256, 'sha256') }
}

function rowOf(members: Members & { proof: string[]; statement: Uint8Array | null }): AuditStatement {
  const { index, kind, digest, tenant, client, received, proof, statement } = members
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) throw damaged('no index')
  if (typeof kind !== 'string' || !Object.hasOwn(ENTRY_KINDS, kind)) throw damaged('an unknown kind')
  if (typeof tenant !== 'string' || typeof client !== 'string' || !NAMES.test(`${tenant},${client}`)) {
    throw damaged('tenant or client is no name')
  }
  return {
    index,
    kind: kind as EntryKindName,
    digest: digestOf(digest, 'digest'),
    tenant,
    client,
    received: typeof received === 'string' ? Date.parse(received) : Number.NaN,
    proof: proof.map((hash) => digestOf(hash, 'proof')),
    statement,
  }
}

const NAMES = /^[a-z0-9-]*,[a-z0-9-]*$/

function digestOf(value: unknown, what: string): Uint8Array {
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return fromHex(value)
  throw damaged(`${what}: expected 64 hexadecimal digits`)
}

function statementJson(kind: EntryKindName, bytes: Uint8Array | null): unknown {
  if (!bytes) return null
  return kind === 'deposit' ? toPaddedBase64(bytes) : JSON.parse(utf8Decode(bytes))
}

function bytesOfJson(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return reading(() => fromPaddedBase64(value))
  return utf8Encode(JSON.stringify(value))
}

/** A moment that can be written; one that is none is found by the comparison with the line. */
function timeOf(ms: number): string {
  return Number.isNaN(new Date(ms).getTime()) ? '' : new Date(ms).toISOString()
}

type Members = Readonly<Record<string, unknown>>

function membersOf(text: string, otherwise: string): Members {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (cause) {
    throw damaged(otherwise, cause)
  }
  throw damaged(otherwise)
}

function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : 'not readable', cause)
  }
}

/** What is wrong with an export. */
export function damaged(message: string, cause?: unknown): ClientError {
  return new ClientError('CLIENT_EXPORT', message, cause === undefined ? {} : { cause })
}
