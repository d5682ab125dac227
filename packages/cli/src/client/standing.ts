import { readdirSync } from 'node:fs'
import { utf8Encode } from '@strongroom/core/bytes'
import {
  depositStatuses,
  ProbeStore,
  summarizeDeposits,
  verifyHead,
  type AuthorityFolder,
  type AuthorityState,
  type DepositStatus,
  type DepositSummary,
  type LogHead,
  type ToldLevels,
} from '@strongroom/core/client'
import { epochStanding, type EpochStanding } from '@strongroom/core/protocol'

/** Where everything stands with one authority, from this computer alone. */
export interface Standing {
  readonly state: AuthorityState
  readonly epoch: EpochStanding
  readonly summary: DepositSummary
  /** Those that are not safe; all of them if that was asked for. */
  readonly listed: readonly DepositStatus[]
  /** Up to where the log was followed; undefined before the first time. */
  readonly head: LogHead | undefined
  /** When the log was last looked at and all was well. */
  readonly lookedMs: number | undefined
  /** How far the custodian is, as the authority said when it was asked; undefined if it never was. */
  readonly levels: (ToldLevels & { readonly newer: number }) | undefined
  /** How many deposits opened when they were probed, and when the last one did; undefined if none was. */
  readonly probed: { readonly opened: number; readonly lastMs: number } | undefined
  /** Where evidence lies that alarms left. */
  readonly evidence: { readonly folder: string; readonly files: number }
}

/** @throws ClientError CLIENT_STATE */
export function standingOf(
  folder: AuthorityFolder,
  nowMs: number,
  { all, verify }: { readonly all: boolean; readonly verify: boolean },
): Standing {
  const state = folder.load()
  const { checkpoint, epochs } = state
  const listed: DepositStatus[] = []
  const summary = summarizeDeposits(folder, noting(depositStatuses(folder, nowMs, { verify }), all, listed))
  return {
    state,
    epoch: epochStanding(epochs.latest.payload, nowMs),
    summary,
    listed,
    head: checkpoint === null ? undefined : verifyHead(utf8Encode(checkpoint), epochs),
    lookedMs: folder.lookedAt(),
    levels: levelsOf(folder),
    probed: probedOf(folder),
    evidence: { folder: folder.evidence, files: filesIn(folder.evidence) },
  }
}

/** @returns with `newer`, how many receipts came since then */
function levelsOf(folder: AuthorityFolder): Standing['levels'] {
  const told = folder.toldLevels()
  return told && { ...told, newer: Math.max(0, folder.receipts.list().length - told.receipts) }
}

function probedOf(folder: AuthorityFolder): Standing['probed'] {
  const store = new ProbeStore(folder)
  const times = store.opened().flatMap((id) => store.openedAt(id) ?? [])
  if (times.length === 0) return undefined
  return { opened: times.length, lastMs: times.reduce((one, other) => Math.max(one, other)) }
}

/** Passes all on, and notes those that are to be listed: there may be very many that are not. */
function* noting(statuses: Iterable<DepositStatus>, all: boolean, listed: DepositStatus[]) {
  for (const status of statuses) {
    if (all || status.state !== 'safe') listed.push(status)
    yield status
  }
}

function filesIn(folder: string): number {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.evidence')).length
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}
