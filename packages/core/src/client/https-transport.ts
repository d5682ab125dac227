import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setImmediate as turn } from 'node:timers/promises'
import { concat } from '../bytes/index.ts'
import { checkUrl } from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import type { Transport, TransportAnswer, TransportRequest } from './transport.ts'

/** Where an authority is, and what proves that it is there. */
export interface HttpsTransportOptions {
  /** As `checkUrl` accepts it: `https://host[:port]`, or `http://` on this machine. */
  readonly url: string
  /** Certificates of authorities in PEM, instead of those that the platform trusts. */
  readonly ca?: string | Uint8Array
  /** A certificate and its private key in PEM, shown to a server that asks for one. */
  readonly own?: { readonly certificate: string; readonly key: string }
  /** For a whole request and its answer; 120 seconds unless it is told. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 120_000
const MAX_HEADER_BYTES = 16_384
const CONNECTIONS = 4
/** How Node's errors begin that say that the other side is not who it should be, or speaks no TLS 1.3. */
const TLS_ERROR =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_|HOSTNAME_MISMATCH|EPROTO)/

/** The other side asks for a certificate, and got none or another. */
const CERTIFICATE_WANTED = /ALERT_CERTIFICATE_REQUIRED|ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE/

/** The way to one host. */
interface Road {
  readonly open: typeof httpRequest
  readonly place: { readonly hostname: string; readonly port: string; readonly agent: HttpAgent }
}

/**
 * A transport over TLS 1.3, or over plain HTTP to this machine. Connections are kept and used again.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for another address than `checkUrl` accepts
 */
export function httpsTransport({
  url,
  ca,
  own,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: HttpsTransportOptions): Transport {
  const road = roadTo(checkUrl(url), { ca, own })
  const request = (wanted: TransportRequest) => {
    const inTime = AbortSignal.timeout(timeoutMs)
    const signal = wanted.signal ? AbortSignal.any([wanted.signal, inTime]) : inTime
    return exchange(road, { ...wanted, signal })
  }
  return { request, close: () => road.place.agent.destroy() }
}

function roadTo(
  url: string,
  { ca, own }: { [Name in 'ca' | 'own']: HttpsTransportOptions[Name] | undefined },
): Road {
  const { protocol, hostname, port } = new URL(url)
  const kept = { keepAlive: true, maxSockets: CONNECTIONS }
  const place = { hostname: hostname.replaceAll(/[[\]]/g, ''), port }
  if (protocol === 'http:') return { open: httpRequest, place: { ...place, agent: new HttpAgent(kept) } }
  const tls = {
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    ...(ca && { ca: Buffer.from(ca) }),
    ...(own && { cert: own.certificate, key: own.key }),
  } as const
  return { open: httpsRequest, place: { ...place, agent: new HttpsAgent({ ...kept, ...tls }) } }
}

/** One request on its way; a GET whose kept connection turns out to be closed is sent once more, on a new one. */
async function exchange(road: Road, wanted: TransportRequest): Promise<TransportAnswer> {
  // After a long computation a kept connection may be closed, and nobody has looked since: what is sent into it is lost. The first turn
  // ends the one in which that was computed, in the second sockets are looked at.
  await turn()
  await turn()
  const first = await attempt(road, wanted)
  if (first instanceof Stale) return finished(await attempt(road, wanted))
  return finished(first)
}

/** A kept connection that was closed before any of the answer had come. */
class Stale {
  readonly cause: unknown

  constructor(cause: unknown) {
    this.cause = cause
  }
}

function finished(answer: TransportAnswer | Stale): TransportAnswer {
  if (answer instanceof Stale) throw unreachable(answer.cause)
  return answer
}

function attempt(road: Road, wanted: TransportRequest): Promise<TransportAnswer | Stale> {
  const { method, path, headers, body, signal } = wanted
  return new Promise((resolve, reject) => {
    const options = {
      ...road.place,
      method,
      path,
      headers: { ...headers, 'accept-encoding': 'identity', ...(body && { 'content-length': body.length }) },
      maxHeaderSize: MAX_HEADER_BYTES,
      signal,
    }
    let answered = false
    const call = road.open(options, (answer) => {
      answered = true
      readAnswer(answer, wanted.maxBytes).then(resolve, (error: unknown) => {
        call.destroy()
        reject(refusal(signal?.aborted && !(error instanceof ClientError) ? signal.reason : error))
      })
    })
    call.on('error', (error) => {
      if (answered) return // `readAnswer` has it too
      if (call.reusedSocket && method === 'GET' && !signal?.aborted) resolve(new Stale(error))
      else reject(refusal(error))
    })
    call.on('upgrade', (_, socket) => {
      socket.destroy()
      reject(new ClientError('CLIENT_ANSWER', 'the answer is of another protocol'))
    })
    call.end(body)
  })
}

async function readAnswer(answer: IncomingMessage, maxBytes: number): Promise<TransportAnswer> {
  const status = answer.statusCode ?? 0
  checkHead(answer, status, maxBytes)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of answer as AsyncIterable<Uint8Array>) {
    length += part.length
    if (length > maxBytes) throw tooLong(maxBytes)
    parts.push(part)
  }
  if (!answer.complete) throw new ClientError('CLIENT_UNREACHABLE', 'the answer was cut off')
  return { status, headers: joined(answer), body: concat(...parts) }
}

function checkHead({ headers }: IncomingMessage, status: number, maxBytes: number): void {
  // A redirect would take what is sent to a host that nobody pinned.
  if (status >= 300 && status < 400) throw new ClientError('CLIENT_ANSWER', `a redirect (status ${status})`)
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLong(maxBytes)
  if (headers['content-encoding'] !== undefined) {
    throw new ClientError('CLIENT_ANSWER', 'the answer is encoded in a way that was not asked for')
  }
  // Without either, an answer that was cut off looks like a whole one.
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    throw new ClientError('CLIENT_ANSWER', 'the answer does not say where it ends')
  }
}

function joined({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(entries)
}

function tooLong(maxBytes: number): ClientError {
  return new ClientError('CLIENT_ANSWER', `the answer is longer than ${maxBytes} bytes`)
}

/** Node's errors in the words of this layer. */
function refusal(error: unknown): ClientError {
  if (error instanceof ClientError) return error
  const code = codeOf(error)
  if (TLS_ERROR.test(code)) {
    const message = CERTIFICATE_WANTED.test(code)
      ? 'whoever answered lets nobody connect without a certificate that it knows'
      : `whoever answered is not proved to be that authority (${code})`
    return new ClientError('CLIENT_TLS', message, { cause: error })
  }
  if (code.startsWith('HPE_'))
    return new ClientError('CLIENT_ANSWER', 'the answer is no HTTP', { cause: error })
  return unreachable(error)
}

function unreachable(cause: unknown): ClientError {
  const timedOut = cause instanceof Error && (cause.name === 'TimeoutError' || cause.name === 'AbortError')
  const code = codeOf(cause)
  const why = timedOut ? 'there was no whole answer in time' : `nobody answered${code && ` (${code})`}`
  return new ClientError('CLIENT_UNREACHABLE', why, { cause })
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
