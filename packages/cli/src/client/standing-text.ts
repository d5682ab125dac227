import type { DepositState, DepositStatus } from '@strongroom/core/client'
import type { EpochStanding } from '@strongroom/core/protocol'
import { displayName } from '../escape-text.ts'
import { count, formatTime } from '../quantities.ts'
import type { Field } from '../terminal.ts'
import { outcomeText } from './outcome-text.ts'
import type { Standing } from './standing.ts'

const EPOCHS: Readonly<Record<EpochStanding, string>> = {
  future: 'has not begun',
  current: 'in use',
  grace: 'over, and taken for 30 days more',
  over: 'over: nothing can be deposited',
}
const STATES: Readonly<Record<DepositState, string>> = {
  safe: 'safe',
  unproved: 'delivered, and its receipt is not here any more: deposit it again',
  waiting: 'waiting',
  remake: 'made for an epoch that is over: deposit it again',
  refused: 'refused',
  damaged: 'damaged',
}

/** Where everything stands, for people. */
export function standingFields(standing: Standing): Field[] {
  const { state, epoch, summary, head, evidence, lookedMs } = standing
  const { number, notAfter } = state.epochs.latest.payload
  const { safe, ...others } = summary.counts
  const more = Object.entries(others).filter(([, times]) => times > 0)
  const alarms: Field[] =
    evidence.files === 0
      ? []
      : [['ALARM', `${count(evidence.files, 'file')} of evidence in ${evidence.folder}`]]
  return [
    ...alarms,
    ...wrongField(standing),
    ['address', state.url],
    ['identity', state.identity],
    ['you are', `${state.clientId} of ${state.tenant}, container ${displayName(state.container)}`],
    ['epoch', `${number}, until ${formatTime(notAfter)}: ${EPOCHS[epoch]}`],
    ['safe', `${count(safe, 'deposit')} with a verified receipt`],
    ['level 2', levelText(standing)],
    ...probedField(standing),
    ...more.map(([name, times]): Field => [name, count(times, 'deposit')]),
    ...callingField(standing),
    [
      'log',
      head
        ? `followed up to entry ${head.size}, signed ${formatTime(head.signedMs)}`
        : 'not followed yet: strongroom monitor',
    ],
    ...(lookedMs === undefined ? [] : [['monitor', `all was well ${formatTime(lookedMs)}`] as const]),
  ]
}

/** How far the custodian is, and how old that knowledge is: the authority says it when it is asked, and not before. */
function levelText({ levels, summary }: Standing): string {
  if (summary.counts.safe === 0) return 'nothing to open yet'
  if (!levels) return 'not known: the authority was never asked; strongroom status --levels does'
  const { below, wrong, newer, askedMs } = levels
  const opened =
    below === wrong
      ? `the custodian opened all of them${wrong > 0 ? ' that are right' : ''}`
      : `${count(below - wrong, 'deposit')} not opened by the custodian yet`
  const since = newer === 0 ? '' : `; ${count(newer, 'deposit')} made since`
  return `${opened}, as the authority said ${formatTime(askedMs)}${since}`
}

function wrongField({ levels }: Standing): Field[] {
  if (!levels || levels.wrong === 0) return []
  return [
    ['ALARM', `${count(levels.wrong, 'deposit')} that the custodian cannot open: seal those files again`],
  ]
}

function probedField({ probed }: Standing): Field[] {
  if (!probed) return []
  return [['probed', `${count(probed.opened, 'deposit')} opened, the last ${formatTime(probed.lastMs)}`]]
}

function callingField({ summary: { calling } }: Standing): Field[] {
  if (!calling) return []
  return [['last try', `${formatTime(calling.lastMs)}: ${outcomeText(calling.outcome)}`]]
}

/** Where one deposit stands, in a few words. */
export function attemptText(status: DepositStatus): string {
  const { state, sinceMs, attempts, outcome, grace, damage } = status
  const since = sinceMs === null ? '' : ` since ${formatTime(sinceMs)}`
  const tried = attempts === 0 ? '' : `, tried ${attempts === 1 ? 'once' : `${attempts} times`}`
  const why = damage ?? (outcome === null ? undefined : outcomeText(outcome))
  const ends = grace ? '; its epoch is over, send it soon' : ''
  return `${STATES[state]}${since}${tried}${why === undefined ? '' : `: ${why}`}${ends}`
}

/** The same for programs. */
export function standingRecord(standing: Standing): object {
  const { state, epoch, summary, listed, head, evidence, levels, probed } = standing
  const { number, notAfter } = state.epochs.latest.payload
  return {
    authority: state.name,
    calledItself: state.epochs.authority,
    url: state.url,
    identity: state.identity,
    tenant: state.tenant,
    clientId: state.clientId,
    container: state.container,
    epoch: { number, ends: isoTime(notAfter), standing: epoch },
    counts: summary.counts,
    level2: levels
      ? { below: levels.below, wrong: levels.wrong, asked: isoTime(levels.askedMs), newer: levels.newer }
      : null,
    oldestWaiting: isoTime(summary.oldestWaitingMs),
    lastTry: summary.calling && { at: isoTime(summary.calling.lastMs), outcome: summary.calling.outcome },
    log: head ? { size: head.size, signed: isoTime(head.signedMs) } : null,
    lookedAt: isoTime(standing.lookedMs ?? null),
    probed: probed ? { opened: probed.opened, last: isoTime(probed.lastMs) } : null,
    evidence: evidence.files,
    deposits: listed.map(({ sinceMs, lastMs, ...one }) => ({
      ...one,
      since: isoTime(sinceMs),
      last: isoTime(lastMs),
    })),
  }
}

function isoTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}
