import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Metrics } from '../http/index.ts'

const PATH = '/metrics'
const PLAIN = 'text/plain; charset=utf-8'

/** A server for whoever monitors the authority: one page, and not where clients ask. */
export function createMetricsServer(metrics: Metrics): Server {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (incoming, outgoing) => {
    if (incoming.method !== 'GET' || incoming.url !== PATH) return end(outgoing, 404, PLAIN, 'not here\n')
    metrics.text().then(
      (text) => end(outgoing, 200, metrics.contentType, text),
      () => end(outgoing, 500, PLAIN, 'failed\n'),
    )
  })
  server.maxConnections = 32
  return server
}

function end(outgoing: ServerResponse, status: number, type: string, text: string): void {
  outgoing.writeHead(status, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' })
  outgoing.end(text)
}
