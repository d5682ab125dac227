import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { problemOf, type ProblemCode } from '@strongroom/core/protocol'
import { limitedAddress } from './client-address.ts'
import type { Metrics } from './metrics.ts'
import type { RequestHandler } from './request-handler.ts'
import { connectionProblem, refuseConnection } from './socket-refusals.ts'

/** A certificate and its key, in PEM; with `clientCa`, whoever connects needs one that those signed. */
export interface ServerTls {
  readonly certificate: string
  readonly key: string
  readonly clientCa?: string
}

/** How connections are taken. */
export interface ServerOptions {
  readonly tls?: ServerTls
  /** A request must have arrived after so many seconds. */
  readonly bodySeconds: number
  /** Connections at the same time at most. */
  readonly connections: number
  /** How many proxies of ours stand in front: all connections are theirs then. */
  readonly hops: number
  readonly metrics: Metrics
}

/** Of header fields together, in bytes: a signature of both algorithms takes 4,500. */
const MOST_FIELD_BYTES = 16_384
const HEADER_SECONDS = 10
const HANDSHAKE_MS = 10_000
const IDLE_MS = 15_000
/** On which nothing is read or written, such as an answer that nobody takes: longer than any route may take. */
const STILL_MS = 120_000
/** A request that arrives too slowly is noticed after so much more. */
const LOOK_MS = 1_000
/** How much of all connections one address may have, where addresses are those of clients. */
const SHARE = 1 / 4
const LEAST_SHARE = 16

/**
 * A server that is not listening yet. What it does not hand to the handler it refuses with a problem document.
 *
 * TLS is 1.3 alone, with the hybrid group of X25519 and ML-KEM-768 before all others: what is sent today is not read by whoever has
 * a quantum computer later.
 */
export function createServer(handler: RequestHandler, options: ServerOptions): Server {
  const { tls, bodySeconds } = options
  const headersTimeout = Math.min(HEADER_SECONDS, bodySeconds) * 1000
  const common = {
    maxHeaderSize: MOST_FIELD_BYTES,
    headersTimeout,
    // Bodies are timed where they are read. This ends what is never read.
    requestTimeout: bodySeconds * 1000 + headersTimeout + LOOK_MS,
    connectionsCheckingInterval: Math.min(LOOK_MS, headersTimeout / 2),
    keepAliveTimeout: IDLE_MS,
    // The handler refuses it with a problem.
    requireHostHeader: false,
    insecureHTTPParser: false,
    noDelay: true,
  }
  const server = tls
    ? createHttpsServer({ ...common, ...tlsOptions(tls), handshakeTimeout: HANDSHAKE_MS })
    : createHttpServer(common)
  server.maxConnections = options.connections
  server.setTimeout(STILL_MS)
  serve(server, handler, options.metrics)
  watchConnections(server, options)
  return server
}

function tlsOptions({ certificate, key, clientCa }: ServerTls) {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.3' as const,
    maxVersion: 'TLSv1.3' as const,
    ecdhCurve: 'X25519MLKEM768:X25519:P-256',
    ...(clientCa !== undefined && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  }
}

function serve(server: Server, handler: RequestHandler, metrics: Metrics): void {
  /** Requests of a connection that are not answered, and connections that end when all of theirs are. */
  const open = new WeakMap<Socket, number>()
  const ending = new WeakSet<Socket>()
  const last = new WeakMap<Socket, IncomingMessage>()
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming
    open.set(socket, (open.get(socket) ?? 0) + 1)
    last.set(socket, incoming)
    outgoing.once('close', () => {
      const left = (open.get(socket) ?? 1) - 1
      open.set(socket, left)
      if (left === 0 && ending.has(socket)) socket.destroySoon()
    })
    // A server that is being stopped answers what it is asked, and hangs up.
    if (!server.listening) outgoing.setHeader('Connection', 'close')
    handler(incoming, outgoing).catch(() => socket.destroy())
  }
  const refuse = (socket: Socket, code: ProblemCode) => {
    refuseConnection(socket, code)
    metrics.answered('', '', problemOf(code).status, 0)
  }
  server.on('request', handle)
  // The handler asks for the body when it wants it; other expectations are refused with the request.
  server.on('checkContinue', handle)
  server.on('checkExpectation', handle)
  server.on('connect', (_, socket: Socket) => refuse(socket, 'method'))
  server.on('clientError', (error, stream) => {
    const socket = stream as Socket
    const code = connectionProblem(error)
    if (code === undefined || !socket.writable) socket.destroy()
    else if ((open.get(socket) ?? 0) === 0) refuse(socket, code)
    // Answers to what had arrived are not cut off, and get no other one between them; what was arriving does not go on.
    else if (last.get(socket)?.complete) ending.add(socket)
    else socket.destroy()
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
}

/** Counts connections, and keeps one address from having all of them. */
function watchConnections(server: Server, { connections, hops, metrics }: ServerOptions): void {
  const share = hops === 0 ? Math.max(LEAST_SHARE, Math.floor(connections * SHARE)) : connections
  const counts = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = limitedAddress(socket.remoteAddress ?? '')
    const count = (counts.get(address) ?? 0) + 1
    counts.set(address, count)
    metrics.connected(1)
    socket.on('error', () => {})
    socket.once('close', () => {
      metrics.connected(-1)
      const left = (counts.get(address) ?? 1) - 1
      if (left > 0) counts.set(address, left)
      else counts.delete(address)
    })
    if (count > share) socket.destroy()
  })
}
