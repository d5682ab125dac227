import { setTimeout } from 'node:timers/promises'
import {
  ClientError,
  flushOutbox,
  type AuthorityClient,
  type AuthorityFolder,
  type AuthorityWire,
  type FlushReport,
} from '@strongroom/core/client'
import type { Context } from '../command.ts'
import { count } from '../quantities.ts'
import type { ChosenAuthority } from './authority-choice.ts'
import { connectedTo, explained } from './connection.ts'

/** How long a command that has another purpose waits for an authority. */
export const QUICK_MS = 10_000
/** And how long if it was not reached a moment ago. */
const IMPATIENT_MS = 2_000
const MOMENT_MS = 600_000
const BUSY_MS = 200
/** How long somebody waits who cannot go on without a receipt. */
export const REQUIRED_MS = 120_000

/** How an outbox is delivered. */
export interface DeliveryOptions {
  readonly timeoutMs: number
  /** Whether what was refused for good is sent again too. */
  readonly again?: boolean
  /** Whether another process that delivers just now is waited for. */
  readonly waits?: boolean
}

/** What became of an outbox; `undefined` where another process delivers it just now. */
export type Delivery = FlushReport | undefined

/**
 * Sends what is in an outbox and keeps the receipts that hold. What an authority answers is not thrown but reported.
 *
 * @throws ClientError CLIENT_STATE; the system's errors
 */
export async function deliver(
  context: Context,
  chosen: ChosenAuthority,
  options: DeliveryOptions,
): Promise<Delivery> {
  const until = Date.now() + options.timeoutMs
  for (;;) {
    try {
      return await flush(context, chosen, options)
    } catch (error) {
      if (!(error instanceof ClientError && error.code === 'CLIENT_BUSY')) throw error
      if (options.waits !== true || Date.now() > until) return undefined
      await setTimeout(BUSY_MS, undefined, { signal: context.signal })
    }
  }
}

async function flush(
  context: Context,
  { folder, state }: ChosenAuthority,
  { timeoutMs, again = false }: DeliveryOptions,
): Promise<FlushReport> {
  const waiting = folder.outbox.list().length
  context.terminal.status(`depositing ${count(waiting, 'key')} at ${folder.name}`)
  try {
    return await connectedTo(context, state, { timeoutMs }, (client) =>
      flushOutbox(folder, wireOf(client), { now: Date.now, again }),
    )
  } finally {
    context.terminal.status(undefined)
  }
}

/** A client as the state of one asks for it. */
export function wireOf(client: AuthorityClient): AuthorityWire {
  return {
    card: () => client.card(),
    deposit: (blobs) => client.deposit(blobs),
    statements: (after) => client.statements(after),
    checkpoint: () => client.checkpoint(),
    tile: (tile) => client.tile(tile),
  }
}

/** How long to wait for an authority when something else is the purpose. */
export function patience({ outbox }: AuthorityFolder): number {
  const { outcome, lastMs } = outbox.attempts.read().get('calling') ?? { outcome: 'reached', lastMs: 0 }
  const failedNow = outcome === 'unreachable' && Math.abs(Date.now() - lastMs) < MOMENT_MS
  return failedNow ? IMPATIENT_MS : QUICK_MS
}

/** Why an authority did not take everything, in a few words; undefined if nothing stopped it. */
export function reasonStopped(delivery: Delivery): string | undefined {
  if (!delivery) return 'another process delivers them just now'
  if (!delivery.stopped) return undefined
  const error = explained(delivery.stopped)
  return error instanceof Error ? error.message : String(error)
}
