import { fromHex } from '../bytes/index.ts'
import { epochStanding, ProtocolError, type EpochChain } from '../protocol/index.ts'
import { CALLING, type Attempt } from './attempt-log.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import { ClientError } from './client-error.ts'
import { entryState, type DamagedEntry, type EntryState, type OutboxEntry } from './outbox-entry.ts'
import { verifyReceiptFile } from './receipt-file.ts'

/**
 * How safe a deposit is: those of `EntryState`, and
 *
 * - `safe`: a receipt was verified and is kept. How far the authority had verified the deposit is in `level`;
 * - `unproved`: it was delivered, but its receipt is not here any more; the authority gives it again.
 */
export type DepositState = EntryState | 'safe' | 'unproved'

/** What is known of one deposit, from this computer alone. */
export interface DepositStatus {
  /** In hexadecimal. */
  readonly id: string
  readonly state: DepositState
  readonly label: string | null
  readonly path: string | null
  /** Of one that is safe: 0, structure and signature; 2, the custodian opened it, which nothing here proves yet. */
  readonly level: 0 | null
  /** Of one in the outbox: since when, by this computer's clock. */
  readonly sinceMs: number | null
  /** How often it was sent, and what came of it the last time. */
  readonly attempts: number
  readonly lastMs: number | null
  readonly outcome: string | null
  /** Its epoch is over: it must be delivered, or made again, within days. */
  readonly grace: boolean
  /** What is damaged. */
  readonly damage: string | null
}

/** All of them, in numbers. */
export interface DepositSummary {
  readonly counts: Readonly<Record<DepositState, number>>
  /** Those that are safe and that the custodian did not open yet, as far as is known here. */
  readonly belowLevel2: number
  /** Since when the one has waited that waits the longest. */
  readonly oldestWaitingMs: number | null
  /** The last time that the authority was not reached, if it was not since. */
  readonly calling: Attempt | null
}

/**
 * Where each deposit of an authority stands: first those in the outbox, then the delivered ones.
 *
 * @param options `verify`: verify every receipt again, instead of going by those that were verified when they were stored
 * @throws ClientError CLIENT_STATE, CLIENT_NOT_ENROLLED
 */
export function* depositStatuses(
  authority: AuthorityFolder,
  nowMs: number,
  options: { readonly verify?: boolean } = {},
): Generator<DepositStatus, void, undefined> {
  const state = authority.load()
  const waiting = new Set<string>()
  for (const entry of authority.outbox.entries()) {
    waiting.add(entry.id)
    yield statusOfEntry(authority, entry, state, nowMs)
  }
  const records = authority.deposits.list()
  for (const id of records) {
    if (!waiting.has(id)) yield statusOfRecord(authority, id, state, options.verify === true)
  }
  const known = new Set([...waiting, ...records])
  for (const id of authority.receipts.list()) {
    if (!known.has(id)) yield* statusOfReceipt(authority, id, state)
  }
}

/** Counts what `depositStatuses` gives. */
export function summarizeDeposits(
  authority: AuthorityFolder,
  statuses: Iterable<DepositStatus>,
): DepositSummary {
  const counts = { safe: 0, unproved: 0, waiting: 0, remake: 0, refused: 0, damaged: 0 }
  let [belowLevel2, oldestWaitingMs]: [number, number | null] = [0, null]
  for (const { state, level, sinceMs } of statuses) {
    counts[state] += 1
    if (level === 0) belowLevel2 += 1
    if (sinceMs !== null && sinceMs < (oldestWaitingMs ?? Infinity)) oldestWaitingMs = sinceMs
  }
  const calling = authority.outbox.attempts.read().get(CALLING)
  return {
    counts,
    belowLevel2,
    oldestWaitingMs,
    calling: calling && calling.outcome !== 'reached' ? calling : null,
  }
}

const NOTHING = {
  label: null,
  path: null,
  level: null,
  sinceMs: null,
  attempts: 0,
  lastMs: null,
  outcome: null,
  grace: false,
  damage: null,
}

function statusOfEntry(
  authority: AuthorityFolder,
  entry: OutboxEntry | DamagedEntry,
  state: AuthorityState,
  nowMs: number,
): DepositStatus {
  if ('damage' in entry) return { ...NOTHING, id: entry.id, state: 'damaged', damage: entry.damage }
  const { id, label, path, tried } = entry
  // Delivered, and killed before it could be taken out: the receipt is what counts.
  if (authority.receipts.has(id) && invalidity(authority, id, state) === null) {
    return { ...NOTHING, id, label, path, state: 'safe', level: 0 }
  }
  return {
    ...NOTHING,
    id,
    label,
    path,
    state: entryState(entry, state.epochs, nowMs),
    sinceMs: entry.addedMs,
    attempts: tried?.count ?? 0,
    lastMs: tried?.lastMs ?? null,
    outcome: tried?.outcome ?? null,
    grace: inGrace(state.epochs, entry.context.epochNumber, nowMs),
  }
}

function inGrace(epochs: EpochChain, number: number, nowMs: number): boolean {
  const epoch = epochs.find(number)
  return epoch !== undefined && epochStanding(epoch.payload, nowMs) === 'grace'
}

function statusOfRecord(
  authority: AuthorityFolder,
  id: string,
  state: AuthorityState,
  verify: boolean,
): DepositStatus {
  const { label = null, path = null } = authority.deposits.load(id) ?? {}
  const about = { ...NOTHING, id, label, path }
  if (!authority.receipts.has(id)) return { ...about, state: 'unproved' }
  const damage = verify ? invalidity(authority, id, state) : null
  return damage === null ? { ...about, state: 'safe', level: 0 } : { ...about, state: 'damaged', damage }
}

/** A receipt without a record, as after an enrolment, or when it was fetched again. */
function* statusOfReceipt(
  authority: AuthorityFolder,
  id: string,
  state: AuthorityState,
): Generator<DepositStatus> {
  const about = { ...NOTHING, id }
  try {
    const receipt = authority.receipts.verify(id, trustOf(state))
    if (receipt?.statement.kind === 'deposit') yield { ...about, state: 'safe', level: 0 }
  } catch (error) {
    yield { ...about, state: 'damaged', damage: reasonOf(error) }
  }
}

/** Why the receipt of a deposit does not hold; null if it does. */
function invalidity(authority: AuthorityFolder, id: string, state: AuthorityState): string | null {
  try {
    const bytes = authority.receipts.read(id)
    if (!bytes) return 'no receipt'
    verifyReceiptFile(bytes, { ...trustOf(state), kind: 'deposit', digest: fromHex(id) })
    return null
  } catch (error) {
    return reasonOf(error)
  }
}

function trustOf({ identity, epochs }: AuthorityState) {
  return { identity, epochs }
}

function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError || error instanceof ClientError) return error.message
  throw error
}
