import { setTimeout as pause } from 'node:timers/promises'
import { ClientError } from '@strongroom/core/client'
import type { RewrapWire } from './rewrap.ts'

const PAUSE_MS = 5_000
/** After ten minutes of being told so, something else is wrong. */
const MOST_PAUSES = 120

/**
 * The same wire for work of many requests: whoever is told that they were too many waits and asks again. Everything that is sent may be
 * sent twice.
 *
 * @param wait for tests
 */
export function patientWire(wire: RewrapWire, wait: (ms: number) => Promise<unknown> = pause): RewrapWire {
  const patient = async <T>(ask: () => Promise<T>): Promise<T> => {
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
  return {
    card: () => patient(() => wire.card()),
    checkpoint: () => patient(() => wire.checkpoint()),
    tile: (tile) => patient(() => wire.tile(tile)),
    chartersOf: (tenant) => patient(() => wire.chartersOf(tenant)),
    deposits: (query) => patient(() => wire.deposits(query)),
    sendRewrap: (submission) => patient(() => wire.sendRewrap(submission)),
    sendCompletion: (completion) => patient(() => wire.sendCompletion(completion)),
  }
}
