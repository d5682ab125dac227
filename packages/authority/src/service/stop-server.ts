import type { Server } from 'node:http'

/** How long requests may still take. */
const GRACE_MS = 10_000

/** Takes no new connection, and waits until those that are there have been answered; ten seconds at most. */
export async function stopServer(server: Server): Promise<void> {
  if (!server.listening) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // Connections on which nothing is asked have nothing to lose. Others end with their answer.
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await promise
  clearTimeout(timer)
}
