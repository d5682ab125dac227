import { toHex } from '../bytes/index.ts'
import {
  encodeJson,
  epochStanding,
  exactly,
  LIMITS,
  objectOf,
  orNull,
  paddedBase64Bytes,
  parseDepositBody,
  parseJson,
  PROBLEMS,
  type DepositContext,
  type EpochChain,
  type JsonField,
  type ProblemCode,
} from '../protocol/index.ts'
import type { Attempt } from './attempt-log.ts'
import { ClientError } from './client-error.ts'
import { labelText, MAX_RECORD_BYTES, milliseconds, pathText } from './deposit-record.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import { sha256 } from './node-verify.ts'

/** A deposit that is kept until there is a receipt for it. */
export interface OutboxFile {
  /** Since when: milliseconds since 1970, by this computer's clock. */
  readonly addedMs: number
  /** For people. */
  readonly label: string | null
  /** The file that its key opens. */
  readonly path: string | null
  /** The deposit. */
  readonly blob: Uint8Array
}

/** The same with what follows from it. */
export interface OutboxEntry extends OutboxFile {
  /** The deposit id in hexadecimal: the SHA-256 of the blob, which its receipt must be about. */
  readonly id: string
  readonly context: DepositContext
  /** How often it was sent, and what came of it; undefined if it never was. */
  readonly tried: Attempt | undefined
}

/** A file of the outbox that is not what its name says. It is not sent, and not removed. */
export interface DamagedEntry {
  readonly id: string
  readonly damage: string
}

/**
 * - `waiting`: it is sent by the next flush;
 * - `remake`: it was made for an epoch that is over, and must be made again;
 * - `refused`: the authority does not take it;
 * - `damaged`: the file is not what its name says.
 */
export type EntryState = 'waiting' | 'remake' | 'refused' | 'damaged'

interface FileMembers extends OutboxFile {
  readonly strongroom: 'outbox'
  readonly version: 1
}

const FILE: JsonField<FileMembers> = objectOf({
  strongroom: exactly('outbox'),
  version: exactly(1),
  addedMs: milliseconds,
  label: orNull(labelText),
  path: orNull(pathText),
  blob: paddedBase64Bytes(LIMITS.depositBytes),
})

/** Problems after which sending the same bytes again is of no use; others pass. */
const FINAL: Partial<Record<ProblemCode, EntryState>> = {
  statement: 'refused',
  quota: 'refused',
  'too-large': 'refused',
  epoch: 'remake',
}

/** The one encoding of a file. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeOutboxFile(file: OutboxFile): Uint8Array {
  const members: FileMembers = { strongroom: 'outbox', version: 1, ...file }
  return encodeJson(FILE, members, MAX_RECORD_BYTES)
}

/**
 * Reads a file of the outbox.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT; ClientError CLIENT_STATE if it holds another deposit than its name says
 */
export function parseOutboxFile(id: string, bytes: Uint8Array): Omit<OutboxEntry, 'tried'> {
  const { addedMs, label, path, blob } = parseJson(FILE, bytes, MAX_RECORD_BYTES)
  if (toHex(sha256(blob)) !== id) throw new ClientError('CLIENT_STATE', 'another deposit than its name says')
  return { id, addedMs, label, path, blob, context: parseDepositBody(parseDepositBlob(blob).body).context }
}

/** What an outcome means for what was sent. */
export function stateAfter(outcome: string | undefined): EntryState {
  if (outcome === undefined || !Object.hasOwn(PROBLEMS, outcome)) return 'waiting'
  return FINAL[outcome as ProblemCode] ?? 'waiting'
}

/**
 * Where an entry stands.
 *
 * Whether its epoch is over is asked of the clock each time and never written down: a clock that jumped does no lasting harm.
 */
export function entryState(entry: OutboxEntry | DamagedEntry, epochs: EpochChain, nowMs: number): EntryState {
  if ('damage' in entry) return 'damaged'
  const epoch = epochs.find(entry.context.epochNumber)
  if (!epoch || epochStanding(epoch.payload, nowMs) === 'over') return 'remake'
  return stateAfter(entry.tried?.outcome)
}
