import { setTimeout as pause } from 'node:timers/promises'
import { StoreError, type StoreErrorCode } from '../store/store-error.ts'

/** What may be over by the next moment: a node that failed over, a connection that was lost, another process at work. */
const PASSING: ReadonlySet<StoreErrorCode> = new Set(['STORE_UNAVAILABLE', 'STORE_UNCERTAIN'])
const PAUSES_MS = [10, 100, 500]

/**
 * Does something again that has the same result however often it is done, while the database says that trying again may help.
 *
 * @throws what the last attempt throws
 */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (const milliseconds of PAUSES_MS) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreError) || !PASSING.has(error.code)) throw error
      await pause(milliseconds)
    }
  }
  return work()
}
