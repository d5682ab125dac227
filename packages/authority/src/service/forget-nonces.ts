import type { Logger } from 'pino'
import { StoreError, type Store } from '../store/index.ts'

const EVERY_MS = 60_000

/** Forgets nonces whose signatures have expired, once a minute. @returns what ends it */
export function forgetNonces(store: Store, now: () => number, logger: Logger): () => void {
  const forget = () => {
    store.forgetNonces(now()).catch((error: unknown) => {
      // The next minute is as good. What it was, the requests will have said.
      logger.debug(
        { code: error instanceof StoreError ? error.code : 'unknown' },
        'nonces were not forgotten',
      )
    })
  }
  const timer = setInterval(forget, EVERY_MS)
  return () => clearInterval(timer)
}
