import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ClientRow } from '../model/index.ts'
import { NoticeKeys } from '../notices/index.ts'
import { problemAnswer, SECURITY_FIELDS, TRANSPORT_SECURITY, writeAnswer } from './answer.ts'
import { Challenges } from './challenges.ts'
import { clientAddress } from './client-address.ts'
import { KnownClients } from './known-clients.ts'
import type { Metrics } from './metrics.ts'
import { ProblemError, problemErrorOf } from './problem-error.ts'
import { announcedLength, BodyBudget, ConnectionClosed, hasBody, readBody } from './request-body.ts'
import type { RequestLine, RequestLog } from './request-log.ts'
import { parseTarget, type RequestTarget } from './request-target.ts'
import { findRoute } from './route-table.ts'
import type { Answer, Call, Desk, RequestBody, Route } from './route.ts'
import type { ServedAuthority, ServiceLimits } from './served-authority.ts'
import type { Caller } from './callers.ts'
import { authenticate, authenticateCaller } from './signed-request.ts'
import { TokenBuckets } from './token-buckets.ts'

/** What requests are handled with. */
export interface HandlerOptions {
  /** The public origin of the authority: clients sign for its host. */
  readonly url: string
  readonly limits: ServiceLimits
  /** How many proxies of ours a request comes through. */
  readonly hops: number
  readonly metrics: Metrics
  readonly log: RequestLog
  /** How many bytes of bodies of all requests are held at once; 256 MiB unless told. */
  readonly bodyBytes?: number
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** Handles one request of node:http, and never rejects. */
export type RequestHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>

/** Bytes of bodies of all requests at once. A single client can send 16 MiB; an address, so much a minute as its requests allow. */
const MOST_BODY_BYTES = 256 * 1024 * 1024
/** Fields of a request at most. Their bytes are limited by the server. */
const MOST_FIELDS = 64
/** Fields that are looked at, and must not come twice. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'signature',
  'signature-input',
  'transfer-encoding',
])

/**
 * Makes the handler of an authority's requests. What a request goes through, in this order:
 *
 * 1. The address has a token: whoever asks too much costs nothing more than this.
 * 2. Path and method are of the table, fields and query of the form that they must have.
 * 3. The body is announced, short enough, of a type that the route takes, and arrives in time.
 * 4. It is signed, where that is asked for; statements are signed in themselves.
 * 5. The route's handler answers in time.
 *
 * Whatever else happens is a problem document.
 */
export function createHandler(authority: ServedAuthority, options: HandlerOptions): RequestHandler {
  const handling = new Handling(authority, options)
  return (incoming, outgoing) => handling.handle(incoming, outgoing)
}

/** What is known of a request while it is handled. */
interface State {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly address: string
  readonly line: RequestLine
  release: () => void
  work: Promise<unknown>
  /** Known as soon as the route is. */
  refused: (problem: ProblemError) => Answer
}

class Handling {
  readonly #options: HandlerOptions
  readonly #desk: Desk
  readonly #secure: boolean
  readonly #addresses: TokenBuckets
  readonly #owners: TokenBuckets
  readonly #budget: BodyBudget

  constructor(authority: ServedAuthority, options: HandlerOptions) {
    const { url, limits, metrics, now, bodyBytes = MOST_BODY_BYTES } = options
    const { host, protocol } = new URL(url)
    this.#options = options
    this.#budget = new BodyBudget(bodyBytes)
    this.#secure = protocol === 'https:'
    this.#addresses = new TokenBuckets({ perMinute: limits.requestsPerMinute.address, now })
    this.#owners = new TokenBuckets({ perMinute: limits.requestsPerMinute.client, now })
    this.#desk = {
      authority,
      limits,
      metrics,
      host,
      now,
      clients: new KnownClients(authority.store, now),
      challenges: new Challenges(authority.keys, now),
      recipients: new Challenges(authority.keys, now, 'recipient'),
      notices: new NoticeKeys(authority.keys),
    }
  }

  async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const started = performance.now()
    const state: State = {
      incoming,
      outgoing,
      address: clientAddress(incoming, this.#options.hops),
      line: { id: randomUUID(), method: incoming.method ?? '', route: '' },
      release: () => {},
      work: Promise.resolve(),
      refused: problemAnswer,
    }
    this.#setFields(state)
    const answer = await this.#answer(state)
    if (answer) writeAnswer(incoming, outgoing, answer)
    // What was given up goes on, and has its body until it is done: however long a database stands still, no more than the budget waits.
    state.work.then(state.release, state.release)
    this.#note(state, answer?.status ?? (answer ? 200 : 499), (performance.now() - started) / 1000)
  }

  #setFields({ outgoing, line }: State): void {
    for (const [name, value] of Object.entries(SECURITY_FIELDS)) outgoing.setHeader(name, value)
    if (this.#secure) outgoing.setHeader('Strict-Transport-Security', TRANSPORT_SECURITY)
    outgoing.setHeader('X-Request-Id', line.id)
  }

  /** The answer, whatever happens; undefined if nobody is there to hear it. */
  async #answer(state: State): Promise<Answer | undefined> {
    try {
      return await this.#handled(state)
    } catch (error) {
      if (error instanceof ConnectionClosed) return undefined
      const problem = problemErrorOf(error)
      state.line.problem = problem.code
      if (problem.cause !== undefined) this.#options.log.failure(state.line, problem)
      return state.refused(problem)
    }
  }

  async #handled(state: State): Promise<Answer> {
    const { incoming } = state
    this.#take(this.#addresses, state.address)
    const target = parseTarget(incoming.url ?? '')
    const { route, parameter } = routeOf(incoming.method ?? '', target, state.line)
    state.refused = route.refused ?? problemAnswer
    checkFields(incoming)
    if (target.hasQuery && !route.query) {
      throw new ProblemError('malformed', { detail: 'a query where there is none' })
    }
    const { body, type } = await this.#body(state, route)
    const call = this.#call(state, { parameter, query: target.query, body, type })
    const client = route.auth === 'signed' ? await this.#client(incoming, call) : undefined
    const caller = route.auth === 'keyed' ? await this.#caller(incoming, call) : undefined
    const work = route.handle({ ...call, client, caller })
    state.work = work
    return within(route.seconds, work)
  }

  #call(
    { address, line }: State,
    request: Pick<Call, 'parameter' | 'query' | 'body' | 'type'>,
  ): Omit<Call, 'client' | 'caller'> {
    const is = ({ tenant, client }: Pick<ClientRow, 'tenant' | 'client'>) => {
      line.tenant = tenant
      line.client = client
      this.#take(this.#owners, client)
    }
    return { desk: this.#desk, ...request, is, strike: () => this.#take(this.#addresses, address) }
  }

  #client(incoming: IncomingMessage, call: Pick<Call, 'is' | 'strike' | 'body'>): Promise<ClientRow> {
    const { method = '', url: target = '' } = incoming
    return authenticate(
      this.#desk,
      incoming,
      { method, authority: this.#desk.host, target, body: call.body },
      call,
    )
  }

  #caller(incoming: IncomingMessage, call: Pick<Call, 'is' | 'strike' | 'body'>): Promise<Caller> {
    const { method = '', url: target = '' } = incoming
    const request = { method, authority: this.#desk.host, target, body: call.body }
    return authenticateCaller(this.#desk, incoming, request, call)
  }

  async #body(state: State, route: Route): Promise<{ readonly body: Uint8Array; readonly type: string }> {
    const { incoming, outgoing } = state
    if (!route.bodies) {
      if (hasBody(incoming)) throw new ProblemError('malformed', { detail: 'a body where there is none' })
      return { body: NOTHING, type: '' }
    }
    const { limits } = this.#options
    const [type, taken] = bodyOf(incoming, route.bodies)
    const length = announcedLength(incoming, taken.most(limits))
    if (incoming.headers.expect !== undefined) outgoing.writeContinue()
    const milliseconds = limits.bodySeconds * 1000
    const read = await readBody(incoming, { length, milliseconds, budget: this.#budget })
    state.release = read.release
    return { body: read.bytes, type }
  }

  #take(buckets: TokenBuckets, name: string): void {
    const wait = buckets.take(name)
    if (wait > 0) throw new ProblemError('too-many', { fields: { 'Retry-After': String(wait) } })
  }

  #note({ line }: State, status: number, seconds: number): void {
    const { metrics, log } = this.#options
    metrics.answered(line.route === '' ? '' : line.method, line.route, status, seconds)
    log.request(line, status, seconds)
  }
}

const NOTHING = new Uint8Array(0)

/** @throws ProblemError not-found, method */
function routeOf(
  method: string,
  { path }: RequestTarget,
  line: RequestLine,
): { readonly route: Route; readonly parameter: string } {
  const found = findRoute(path)
  if (!found) throw new ProblemError('not-found')
  // An answer without its body: node:http leaves that out.
  const route = found.byMethod.get(method === 'HEAD' ? 'GET' : method)
  if (!route) throw new ProblemError('method', { fields: { Allow: allowed(found.byMethod) } })
  line.route = route.path
  return { route, parameter: found.parameter }
}

function allowed(byMethod: ReadonlyMap<string, Route>): string {
  return [...byMethod.keys()].map((method) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ')
}

/** Two fields of one name are two meanings: one for us, another for whatever stands in front. @throws ProblemError */
function checkFields({ rawHeaders, headers, httpVersion }: IncomingMessage): void {
  if (rawHeaders.length > 2 * MOST_FIELDS) throw new ProblemError('fields-too-large')
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase() ?? ''
    if (!SINGLE_FIELDS.has(name)) continue
    if (seen.has(name)) throw new ProblemError('malformed', { detail: `the field ${name} twice` })
    seen.add(name)
  }
  if (headers.host === undefined && httpVersion !== '1.0') throw new ProblemError('malformed')
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw new ProblemError('malformed', { detail: 'another expectation than 100-continue' })
  }
}

/** The row of the table for the body that is announced. @throws ProblemError media-type */
function bodyOf(
  { headers }: IncomingMessage,
  bodies: Readonly<Record<string, RequestBody>>,
): readonly [string, RequestBody] {
  const type = headers['content-type']?.toLowerCase() ?? ''
  const taken = Object.hasOwn(bodies, type) ? bodies[type] : undefined
  if (!taken || headers['content-encoding'] !== undefined) {
    throw new ProblemError('media-type', { fields: { Accept: Object.keys(bodies).join(', ') } })
  }
  return [type, taken]
}

/** What takes too long is given up; it may be done all the same, and is found when the request is made again. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new ProblemError('unavailable')), seconds * 1000)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
