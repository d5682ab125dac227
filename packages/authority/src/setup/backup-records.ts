import { ByteReader, ByteWriter, BytesError, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { LIMITS, RECOVERY_LIMITS } from '@strongroom/core/protocol'
import { ENTRY_KINDS, MAX_NOTE_BYTES, type EntryKindName } from '@strongroom/core/tlog'
import type { InvitationRow, Owner, TenantRow } from '../model/index.ts'
import type { ContactRow } from '../store/index.ts'
import { SetupError } from './setup-error.ts'

/** The first bytes of a backup. docs/spec/authority-backup.md */
export const BACKUP_MAGIC = utf8Encode('strongroom authority backup v1\n')

/** Kinds of records, in the order in which they stand in a file. */
export const RECORDS = {
  log: 1,
  tenant: 2,
  invitation: 3,
  terms: 4,
  contact: 5,
  beside: 6,
  statement: 7,
  suspended: 8,
  receipt: 9,
  blob: 10,
  end: 255,
} as const
export type RecordName = keyof typeof RECORDS

/** The longest record of each kind, in bytes, without its type and length. */
export const MOST_BYTES: Readonly<Record<RecordName, number>> = {
  log: 48 + MAX_NOTE_BYTES,
  tenant: 72,
  invitation: 512,
  terms: RECOVERY_LIMITS.termsBytes,
  contact: 512,
  beside: LIMITS.pageBytes,
  statement: 9 + LIMITS.envelopeBytes,
  suspended: 130,
  receipt: 97 + LIMITS.receiptBytes,
  blob: 129 + RECOVERY_LIMITS.releaseBlobBytes,
  end: 40,
}

/** What a backup is of: a tree, and the signed note that says so. */
export interface BackedUpLog {
  /** When the backup was begun: milliseconds since 1970. */
  readonly taken: number
  readonly size: number
  readonly root: Uint8Array
  readonly note: Uint8Array
}

/** A statement as the log has it. */
export interface BackedUpStatement {
  readonly received: number
  readonly kind: EntryKindName
  readonly bytes: Uint8Array
}

type BackedUpInvitation = Omit<InvitationRow, 'spent'>

const KINDS = Object.keys(ENTRY_KINDS) as EntryKindName[]
const DIGEST_BYTES = 32

export function encodeLog({ taken, size, root, note }: BackedUpLog): Uint8Array {
  return new ByteWriter(48 + note.length).u64(taken).u64(size).bytes(root).bytes(note).toBytes()
}

export function parseLog(body: Uint8Array): BackedUpLog {
  return reading('log', body, (reader) => ({
    taken: number(reader),
    size: number(reader),
    root: reader.take(DIGEST_BYTES).slice(),
    note: reader.rest().slice(),
  }))
}

export function encodeTenant({ tenant, created }: TenantRow): Uint8Array {
  return new ByteWriter().u64(created).bytes(utf8Encode(tenant)).toBytes()
}

export function parseTenant(body: Uint8Array): TenantRow {
  return reading('tenant', body, (reader) => ({ created: number(reader), tenant: utf8Decode(reader.rest()) }))
}

export function encodeInvitationRecord(row: BackedUpInvitation): Uint8Array {
  const writer = text(new ByteWriter(), row.tenant)
  return writer.bytes(row.id).u64(row.created).u64(row.expires).bytes(utf8Encode(row.name)).toBytes()
}

export function parseInvitationRecord(body: Uint8Array): BackedUpInvitation {
  return reading('invitation', body, (reader) => ({
    tenant: readText(reader),
    id: reader.take(DIGEST_BYTES).slice(),
    created: number(reader),
    expires: number(reader),
    name: utf8Decode(reader.rest()),
  }))
}

export function encodeStatement({ received, kind, bytes }: BackedUpStatement): Uint8Array {
  return new ByteWriter(9 + bytes.length).u64(received).u8(ENTRY_KINDS[kind]).bytes(bytes).toBytes()
}

export function parseStatement(body: Uint8Array): BackedUpStatement {
  return reading('statement', body, (reader) => {
    const [received, code] = [number(reader), reader.u8()]
    const kind = KINDS.find((name) => ENTRY_KINDS[name] === code)
    if (kind === undefined) throw malformed(`a statement of an unknown kind, ${code}`)
    return { received, kind, bytes: reader.rest().slice() }
  })
}

export function encodeSuspended({ tenant, client }: Owner): Uint8Array {
  return text(text(new ByteWriter(), tenant), client).toBytes()
}

export function parseSuspended(body: Uint8Array): Owner {
  return reading('suspended', body, (reader) => {
    const owner = { tenant: readText(reader), client: readText(reader) }
    reader.end()
    return owner
  })
}

export function encodeContact({ tenant, client, channel, address }: ContactRow): Uint8Array {
  const writer = text(text(text(new ByteWriter(), tenant), client), channel)
  return writer.bytes(utf8Encode(address)).toBytes()
}

export function parseContact(body: Uint8Array): ContactRow {
  return reading('contact', body, (reader) => {
    const [tenant, client, channel] = [readText(reader), readText(reader), readText(reader)]
    if (channel !== 'mail' && channel !== 'webhook') throw malformed('a channel that is not known')
    return { tenant, client, channel, address: utf8Decode(reader.rest()) }
  })
}

/** Bytes that are kept for a subject: its receipt; or the key blob of one of its deposits. */
export interface BackedUpBytes {
  readonly tenant: string
  readonly subject: Uint8Array
  /** Of a key blob. */
  readonly deposit?: Uint8Array
  readonly bytes: Uint8Array
}

export function encodeSubjectBytes({ tenant, subject, deposit, bytes }: BackedUpBytes): Uint8Array {
  const writer = text(new ByteWriter(), tenant).bytes(subject)
  if (deposit) writer.bytes(deposit)
  return writer.bytes(bytes).toBytes()
}

export function parseSubjectBytes(name: 'receipt' | 'blob', body: Uint8Array): BackedUpBytes {
  return reading(name, body, (reader) => {
    const [tenant, subject] = [readText(reader), reader.take(DIGEST_BYTES).slice()]
    const deposit = name === 'blob' ? { deposit: reader.take(DIGEST_BYTES).slice() } : {}
    return { tenant, subject, ...deposit, bytes: reader.rest().slice() }
  })
}

/** @param digest SHA-256 of all bytes before the record */
export function encodeEnd(records: number, digest: Uint8Array): Uint8Array {
  return new ByteWriter(40).u64(records).bytes(digest).toBytes()
}

export function parseEnd(body: Uint8Array): { readonly records: number; readonly digest: Uint8Array } {
  return reading('end', body, (reader) => {
    const end = { records: number(reader), digest: reader.take(DIGEST_BYTES).slice() }
    reader.end()
    return end
  })
}

/** What is no backup. */
export function malformed(reason: string, cause?: unknown): SetupError {
  return new SetupError('BACKUP_FORMAT', `no backup that can be read: ${reason}`, { cause })
}

function reading<T>(name: RecordName, body: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    return read(new ByteReader(body))
  } catch (cause) {
    if (cause instanceof BytesError) throw malformed(`a malformed record, ${name}`, cause)
    throw cause
  }
}

function number(reader: ByteReader): number {
  const value = Number(reader.u64())
  if (Number.isSafeInteger(value)) return value
  throw malformed('a number above 2^53 - 1')
}

function text(writer: ByteWriter, value: string): ByteWriter {
  const bytes = utf8Encode(value)
  return writer.u8(bytes.length).bytes(bytes)
}

function readText(reader: ByteReader): string {
  return utf8Decode(reader.take(reader.u8()))
}
