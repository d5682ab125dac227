import { setTimeout } from 'node:timers/promises'
import { toHex } from '@strongroom/core/bytes'
import {
  ClientError,
  fetchRelease,
  followRecovery,
  isOver,
  keyCredentials,
  signerOf,
  submitRecovery,
  type JudgedSubject,
  type RecoveredKey,
  type RecoveryFolder,
  type RecoveryMeans,
} from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { CliError } from '../cli-error.ts'
import { passes } from '../client/connection.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { asking } from './asking.ts'
import { phaseText, standingRecordOf } from './subject-text.ts'

/** How a recovery is gone on with. */
export interface GoingOn {
  /** The new container, open. */
  readonly container: KeyContainer
  /** Asks again and again until it is decided. */
  readonly wait: boolean
}

/** What came of it. */
export interface GoneOn {
  readonly judged: JudgedSubject | undefined
  /** Empty as long as nothing was released. Whoever gets them wipes them. */
  readonly keys: readonly RecoveredKey[]
}

const FIRST_PAUSE_MS = 5_000
const LONGEST_PAUSE_MS = 300_000

/**
 * Goes on with a recovery as far as it goes now: sends the request if that was not done, looks where it stands, and fetches what was
 * released. Nobody is asked once everything is here.
 *
 * @throws CliError RECOVERY_WAITS with what it waits for, AUTHORITY_REFUSED, and ClientError CLIENT_RECOVERY if it is over
 */
export async function goOn(
  context: Context,
  folder: RecoveryFolder,
  { container, wait }: GoingOn,
): Promise<GoneOn> {
  const record = folder.load()
  const here = folder.keys(record, container.identities())
  if (here) return { judged: undefined, keys: here }
  const credentials = keyCredentials(signerOf(container.signingKey()))
  const { url, ca } = record
  return await asking(context, { url, ca, credentials }, async (wire) => {
    const means: RecoveryMeans = { wire, container, now: Date.now }
    await submitOrDiscard(folder, means)
    return await untilHere(context, wait, async () => {
      const judged = await followRecovery(folder, means)
      if (isOver(judged)) {
        folder.end()
        throw new ClientError('CLIENT_RECOVERY', `the recovery is over: ${displayName(phaseText(judged))}`)
      }
      return { judged, keys: await fetched(folder, means, judged) }
    })
  })
}

/** What was refused for good was never logged: the next attempt is another request. */
async function submitOrDiscard(folder: RecoveryFolder, means: RecoveryMeans): Promise<void> {
  try {
    await submitRecovery(folder, means)
  } catch (error) {
    const problem = error instanceof ClientError ? error.problem : undefined
    const again = problem?.code === 'challenge' || problem?.code === 'replayed' || problem?.code === 'clock'
    if (problem && !again && !passes(problem.status)) folder.discard()
    throw error
  }
}

/** Looks once, or again and again until keys are here. */
async function untilHere(
  context: Context,
  wait: boolean,
  look: () => Promise<{ readonly judged: JudgedSubject; readonly keys: readonly RecoveredKey[] }>,
): Promise<GoneOn> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const { judged, keys } = await look()
    if (keys.length > 0) return { judged, keys }
    const text = displayName(waitingFor(judged))
    if (!wait) throw waits(context, judged, text)
    context.terminal.status(text)
    await setTimeout(pause, undefined, { signal: context.signal })
    context.terminal.status(undefined)
  }
}

/** A release is logged before the custodian hands out what it is about. */
async function fetched(
  folder: RecoveryFolder,
  means: RecoveryMeans,
  { state }: JudgedSubject,
): Promise<readonly RecoveredKey[]> {
  if (state.phase !== 'released') return []
  try {
    return await fetchRelease(folder, means)
  } catch (error) {
    if (error instanceof ClientError && error.problem?.code === 'not-found') return []
    throw error
  }
}

function waitingFor(judged: JudgedSubject): string {
  return judged.state.phase === 'released' ? 'released; the custodian has to hand it out' : phaseText(judged)
}

function waits({ terminal }: Context, judged: JudgedSubject, text: string): CliError {
  terminal.record({ ...standingRecordOf(judged), done: false })
  const error = `it is under way, and ${text}`
  if (judged.request?.class === 'self') return new CliError('RECOVERY_WAITS', error)
  const short = toHex(judged.digest).slice(0, 8)
  return new CliError('RECOVERY_WAITS', error, {
    hint: `run strongroom recover --resume ${short} later, or add --wait; nothing is lost meanwhile`,
  })
}
