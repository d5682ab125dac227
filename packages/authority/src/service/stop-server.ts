import type { Server } from 'node:http'

/** How long requests may still take. */
const GRACE_MS = 10_000
const LOOK_MS = 20

/** Takes no new connection, and waits until those that are there have been answered; ten seconds at most. */
export async function stopServer(server: Server): Promise<void> {
  if (!server.listening) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  // Connections on which nothing is asked have nothing to lose; others are such once they have their answer.
  const idle = setInterval(() => server.closeIdleConnections(), LOOK_MS)
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  server.closeIdleConnections()
  await promise
  clearInterval(idle)
  clearTimeout(timer)
}
