const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** A shell and a parent may both pass on one Ctrl-C; only a later one is impatience. */
const IMPATIENCE_MS = 1000
/** Longer than any one step takes; but a read from a pipe that nobody writes to would wait for ever. */
const GRACE_MS = 2500

/**
 * The first signal asks everything under way to clean up and stop. `giveUp` is called when that takes too
 * long, or at a second signal.
 */
export function stopOnSignals(giveUp: () => void, graceMs = GRACE_MS): AbortSignal {
  const controller = new AbortController()
  let first: number | undefined
  const stop = () => {
    const now = performance.now()
    if (first === undefined) setTimeout(giveUp, graceMs).unref()
    first ??= now
    controller.abort()
    if (now - first > IMPATIENCE_MS) giveUp()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  return controller.signal
}
