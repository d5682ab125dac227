const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A shell and a parent may both pass on one Ctrl-C; only a later one is impatience. */
const IMPATIENCE_MS = 1000

/**
 * The first signal asks everything under way to clean up and stop; one that comes a second later or more
 * calls `give up`.
 */
export function stopOnSignals(giveUp: () => void): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = () => {
    const now = performance.now()
    first ??= now
    controller.abort()
    if (now - first > IMPATIENCE_MS) giveUp()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return controller.signal
}
