import { setTimeout as pause } from 'node:timers/promises'
import { ClientError } from '@strongroom/core/client'

const PAUSE_MS = 5_000
/** After ten minutes of being told so, something else is wrong. */
const MOST_PAUSES = 120

/**
 * The same wire for work of many requests: whoever is told that they were too many waits and asks again. Every call is one request that may
 * be made twice: what a custodian says is a statement, and the same one again changes nothing.
 *
 * @param wire whose functions all give promises
 * @param wait for tests
 */
export function patientWire<W extends object>(wire: W, wait: (ms: number) => Promise<unknown> = pause): W {
  const get = (_: W, name: string | symbol): unknown => {
    const member: unknown = Reflect.get(wire, name)
    if (typeof member !== 'function') return member
    return (...given: unknown[]) =>
      patient(async () => (await Reflect.apply(member, wire, given)) as unknown, wait)
  }
  return new Proxy(wire, { get })
}

async function patient<T>(ask: () => Promise<T>, wait: (ms: number) => Promise<unknown>): Promise<T> {
  for (let pauses = 0; ; pauses++) {
    try {
      return await ask()
    } catch (error) {
      const many = error instanceof ClientError && error.problem?.code === 'too-many'
      if (!many || pauses >= MOST_PAUSES) throw error
      await wait(PAUSE_MS)
    }
  }
}
