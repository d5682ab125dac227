import { setTimeout } from 'node:timers/promises'
import { toHex } from '@strongroom/core/bytes'
import {
  followProbe,
  newProbe,
  ProbeStore,
  type OpenProbe,
  type ProbeClient,
  type ProbeOutcome,
} from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { RECOVERY_LIMITS } from '@strongroom/core/protocol'
import type { Context } from '../command.ts'
import { count } from '../quantities.ts'
import { enrolledKey, type ChosenAuthority } from './authority-choice.ts'
import { connectedForProbes, passes } from './connection.ts'
import { idBytes, type ProbeTarget } from './probe-targets.ts'

const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
const AT_ONCE = RECOVERY_LIMITS.probeDeposits

/** A probe, and where it stands. */
export interface Probed {
  readonly probe: OpenProbe
  readonly outcome: ProbeOutcome
}

/**
 * Asks about deposits, in the probes that wait already and in new ones, and looks where they stand; with `waits` until the last is answered.
 *
 * @throws CliError, ClientError if the authority cannot be asked
 */
export async function probeAll(
  context: Context,
  chosen: ChosenAuthority,
  targets: readonly ProbeTarget[],
  { container, waits }: { readonly container: KeyContainer; readonly waits: boolean },
): Promise<Probed[]> {
  const key = enrolledKey(chosen, container)
  const { url, ca, clientId } = chosen.state
  const sign = (message: Uint8Array) => key.sign(message)
  const keys = new Map(targets.flatMap((target) => (target.key ? [[target.id, target.key]] : [])))
  return await connectedForProbes(
    context,
    { url, ca, credentials: { clientId, sign } },
    async (wire: ProbeClient) => {
      const state = chosen.folder.learnEpochs((await wire.card()).epochs)
      const probes = probesFor(chosen, targets, (ids) =>
        newProbe(state, { signer: key.signer.toString(), sign }, ids, Date.now()),
      )
      const look = (probe: OpenProbe) =>
        discarding(chosen, probe, () =>
          followProbe(chosen.folder, probe, { state, wire, keys, nowMs: Date.now() }),
        )
      return await untilAnswered(context, probes, { look, waits })
    },
  )
}

/** Probes that wait for these deposits, and new ones for those that are in none. */
function probesFor(
  { folder }: ChosenAuthority,
  targets: readonly ProbeTarget[],
  make: (ids: readonly Uint8Array[]) => ReturnType<typeof newProbe>,
): OpenProbe[] {
  const store = new ProbeStore(folder)
  const wanted = new Set(targets.map(({ id }) => id))
  const waiting = store.list().filter(({ ids }) => ids.some((id) => wanted.has(toHex(id))))
  for (const { ids } of waiting) for (const id of ids) wanted.delete(toHex(id))
  const fresh = targets.filter(({ id }) => wanted.has(id))
  const made: OpenProbe[] = []
  for (let at = 0; at < fresh.length; at += AT_ONCE) {
    made.push(store.add(make(fresh.slice(at, at + AT_ONCE).map(idBytes))))
  }
  return [...waiting, ...made]
}

/** What was refused for good was never logged, and is not sent again. */
async function discarding<T>(
  { folder }: ChosenAuthority,
  probe: OpenProbe,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const problem = error instanceof Error && 'problem' in error ? (error.problem as Refused) : undefined
    const spent = problem?.code === 'probe-budget'
    if (problem && (spent || !passes(problem.status))) new ProbeStore(folder).remove(probe)
    throw error
  }
}

interface Refused {
  readonly code?: string
  readonly status: number
}

async function untilAnswered(
  { signal, terminal }: Context,
  probes: readonly OpenProbe[],
  { look, waits }: { readonly look: (probe: OpenProbe) => Promise<ProbeOutcome>; readonly waits: boolean },
): Promise<Probed[]> {
  const found = new Map<OpenProbe, ProbeOutcome>()
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    for (const probe of probes) {
      if ((found.get(probe)?.state ?? 'waiting') === 'waiting') found.set(probe, await look(probe))
    }
    const waiting = [...found.values()].filter(({ state }) => state === 'waiting').length
    if (waiting === 0 || !waits) break
    terminal.status(`waiting for the custodian: ${count(waiting, 'probe')}`)
    await setTimeout(pause, undefined, { signal })
  }
  terminal.status(undefined)
  return [...found].map(([probe, outcome]) => ({ probe, outcome }))
}
