import { ByteReader, ByteWriter, utf8Encode } from '../bytes/index.ts'
import { checkHash, HASH_BYTES } from './line-texts.ts'
import { isKeyName } from './signed-note.ts'
import { readAs, TlogError } from './tlog-error.ts'

/** Kinds of statements in the log of a backup authority: docs/spec/log.md, "Entries". */
export const ENTRY_KINDS = {
  deposit: 1,
  epoch: 2,
  enrolment: 3,
  charter: 4,
  request: 5,
  approval: 6,
  rejection: 7,
  cancellation: 8,
  release: 9,
  verification: 10,
  rewrap: 11,
  completion: 12,
  codes: 13,
  vetting: 14,
  probe: 15,
  'probe-answer': 16,
} as const

/** The name of a kind. */
export type EntryKindName = keyof typeof ENTRY_KINDS

/** One entry: that a statement was made. It says nothing about anybody. */
export interface LogEntry {
  /** A value of `ENTRY_KINDS`, or one of a later version: 1 to 255. */
  readonly kind: number
  /** The SHA-256 of the statement: 32 bytes. */
  readonly digest: Uint8Array
}

/** Bytes of an entry. */
export const ENTRY_BYTES = 1 + HASH_BYTES

/** `u8 kind || digest`. @throws TlogError TLOG_ENTRY for what no entry has */
export function encodeLogEntry({ kind, digest }: LogEntry): Uint8Array {
  checkHash('TLOG_ENTRY', digest)
  checkKind(kind)
  return new ByteWriter(ENTRY_BYTES).u8(kind).bytes(digest).toBytes()
}

/** Reads an entry; a kind that is not known here is no error. @throws TlogError TLOG_ENTRY */
export function parseLogEntry(entry: Uint8Array): LogEntry {
  return readAs('TLOG_ENTRY', `expected an entry of ${ENTRY_BYTES} bytes`, () => {
    const reader = new ByteReader(entry)
    const kind = reader.u8()
    checkKind(kind)
    const digest = reader.take(HASH_BYTES).slice()
    reader.end()
    return { kind, digest }
  })
}

function checkKind(kind: number): void {
  if (!Number.isInteger(kind) || kind < 1 || kind > 255) {
    throw new TlogError('TLOG_ENTRY', `expected a kind from 1 to 255, got ${kind}`)
  }
}

/** An ML-DSA-44 signature covers the origin with a length of one byte. */
const MAX_ORIGIN_BYTES = 255

/**
 * The origin of an authority's log, which is also the name of its keys: `<name>/strongroom/<16 hex digits>`.
 *
 * @param name the host or name of the authority: no white space, no plus
 * @param identityKeyId in hex; the first 16 digits are taken
 * @throws TlogError TLOG_KEY if that cannot be the name of a key
 */
export function logOrigin(name: string, identityKeyId: string): string {
  const origin = `${name}/strongroom/${identityKeyId.slice(0, 16)}`
  const fits = name !== '' && /^[0-9a-f]{16,}$/.test(identityKeyId) && isKeyName(origin)
  if (!fits || utf8Encode(origin).length > MAX_ORIGIN_BYTES) {
    throw new TlogError('TLOG_KEY', `a log cannot be named so: at most ${MAX_ORIGIN_BYTES} bytes, no spaces`)
  }
  return origin
}
