import { setTimeout as pause } from 'node:timers/promises'
import { pino, type Logger } from 'pino'
import { toHex } from '@strongroom/core/bytes'
import { ClientError, CustodianClient, type Transport } from '@strongroom/core/client'
import { keyNameOf } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { printableLine } from '../model/printable-line.ts'
import { CustodianError, type CustodianErrorCode } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import type { CustodianKeys } from './custody.ts'
import type { RewrapWire } from './rewrap.ts'
import { custodianRound, type CustodianWire, type Round } from './round.ts'

/** Where the lines of a running custodian go: a JSON object each, without secrets. */
export type CustodianLog = Pick<Logger, 'info' | 'warn' | 'error'>

/** Lines to standard error; each is written before the call returns. */
export function custodianLog(): CustodianLog {
  const hooks = { streamWrite: printableLine }
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime, hooks }
  return pino(options, pino.destination({ dest: 2, sync: true }))
}

/** Asks an authority, and signs as its custodian. @throws ProtocolError PROTOCOL_FORMAT for a bad address */
export function custodianWire(
  url: string,
  transport: Transport,
  { signer }: CustodianKeys,
): CustodianWire & RewrapWire {
  const credentials = { clientId: keyNameOf(sha256, signer.signer), sign: signer.sign }
  return new CustodianClient({ url, transport, credentials })
}

/** How a connected custodian runs. */
export interface RunOptions {
  /** From one round to the next: milliseconds. */
  readonly everyMs: number
  /** One round, and whatever follows from it at once. */
  readonly once: boolean
  /** Aborted, it ends after what it is at. */
  readonly signal: AbortSignal
  readonly log: CustodianLog
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** What another round does not make better: a person has to look. */
const ENDING: ReadonlySet<CustodianErrorCode> = new Set([
  'CUSTODIAN_STATE',
  'CUSTODIAN_KEY',
  'CUSTODIAN_TRUST',
  'BUNDLE_IDENTITY',
  'BUNDLE_FORKED',
])

/**
 * Works in rounds until it is stopped. An authority that does not answer, or shows an older log, is asked again in the next round; what is
 * done is done whenever the process ends.
 *
 * @throws CustodianError CUSTODIAN_STATE, CUSTODIAN_KEY, CUSTODIAN_TRUST, BUNDLE_IDENTITY, BUNDLE_FORKED: none of these goes away by itself;
 *   the platform's error for the disk; with `once` whatever a round throws
 */
export async function runCustodian(
  folder: CustodianFolder,
  keys: CustodianKeys,
  wire: CustodianWire,
  options: RunOptions,
): Promise<void> {
  const { everyMs, once, signal, log, now = Date.now } = options
  while (!signal.aborted) {
    const again = once
      ? goesOn(told(await custodianRound(folder, keys, wire, { now, signal }), log))
      : await triedRound(folder, keys, wire, options)
    if (again) continue
    if (once) return
    await pause(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

async function triedRound(
  folder: CustodianFolder,
  keys: CustodianKeys,
  wire: CustodianWire,
  { signal, log, now = Date.now }: RunOptions,
): Promise<boolean> {
  try {
    return goesOn(told(await custodianRound(folder, keys, wire, { now, signal }), log))
  } catch (error) {
    const passing =
      error instanceof ClientError || (error instanceof CustodianError && !ENDING.has(error.code))
    if (!passing) throw error
    if (!signal.aborted) log.warn({ event: 'failed', code: error.code, reason: error.message })
    return false
  }
}

/** What was released can be handed out, and where a page was opened or probes were answered there may be more. */
function goesOn({ released, answered, verified }: Round): boolean {
  return released.length + answered.length > 0 || verified.right + verified.wrong > 0
}

function told(round: Round, log: CustodianLog): Round {
  for (const subject of round.released) log.info({ event: 'released', subject: toHex(subject) })
  for (const subject of round.handedOut) log.info({ event: 'handed-out', subject: toHex(subject) })
  for (const probe of round.answered) log.info({ event: 'answered', probe: toHex(probe) })
  const { right, wrong } = round.verified
  if (right + wrong > 0) log[wrong > 0 ? 'warn' : 'info']({ event: 'verified', right, wrong })
  for (const { subject, code, message } of round.refused) {
    log.warn({ event: 'refused', subject: toHex(subject), code, reason: message })
  }
  return round
}
