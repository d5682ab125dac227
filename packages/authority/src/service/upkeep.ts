import type { Logger } from 'pino'
import { LogError } from '../log/index.ts'
import { StoreError } from '../store/index.ts'
import type { OpenAuthority } from './open-authority.ts'

const EVERY_MS = 60_000
/** As docs/spec/log.md, "Checkpoints", has it. */
const RENEW_AFTER_MS = 600_000

/**
 * What a running authority does by itself, once a minute: it forgets nonces whose signatures have expired, and signs its tree again if
 * nothing else was signed for ten minutes.
 *
 * @returns what ends it
 */
export function upkeep({ store, log }: OpenAuthority, now: () => number, logger: Logger): () => void {
  const tasks = { forget: () => store.forgetNonces(now()), renew: () => log.renew(RENEW_AFTER_MS) }
  const timer = setInterval(() => {
    for (const [task, run] of Object.entries(tasks)) {
      // The next minute is as good. What it was, the requests will have said.
      run().catch((error: unknown) => logger.debug({ task, code: codeOf(error) }, 'upkeep was put off'))
    }
  }, EVERY_MS)
  return () => clearInterval(timer)
}

function codeOf(error: unknown): string {
  return error instanceof StoreError || error instanceof LogError ? error.code : 'unknown'
}
