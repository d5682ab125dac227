import type { ZodType } from 'zod'
import type { ClientRow } from '../model/index.ts'
import type { Caller } from './callers.ts'
import type { KnownClients } from './known-clients.ts'
import type { NoticeKeys } from '../notices/index.ts'
import type { Challenges } from './challenges.ts'
import type { ServedAuthority, ServiceLimits } from './served-authority.ts'
import type { Metrics } from './metrics.ts'
import type { ProblemError } from './problem-error.ts'

/** What is answered. */
export interface Answer {
  readonly status?: number
  readonly type: string
  readonly body: Uint8Array | string
  readonly fields?: Readonly<Record<string, string>>
}

/** What handlers work with: one for each service. */
export interface Desk {
  readonly authority: ServedAuthority
  readonly limits: ServiceLimits
  readonly clients: KnownClients
  readonly challenges: Challenges
  /** The same for the recipients of requests. */
  readonly recipients: Challenges
  readonly notices: NoticeKeys
  readonly metrics: Metrics
  /** The host that clients sign for: of the public address, with its port unless that is the scheme's. */
  readonly host: string
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number
}

/** A request as its handler sees it: within the limits, of the right type, and signed where that is asked for. */
export interface Call {
  readonly desk: Desk
  /** What stands in the path in place of the parameter; empty if there is none. */
  readonly parameter: string
  /** Without the question mark. */
  readonly query: string
  /** Empty if there is none. */
  readonly body: Uint8Array
  /** The media type of the body. */
  readonly type: string
  /** Who signed it, on signed routes. */
  readonly client: ClientRow | undefined
  /** Who signed it, on keyed routes. */
  readonly caller: Caller | undefined
  /**
   * Says whose the request turned out to be: counted, and written to the log of requests.
   *
   * @throws ProblemError too-many
   */
  readonly is: (client: Pick<ClientRow, 'tenant' | 'client'>) => void
  /** Counts a signature that was not valid against the address. @throws ProblemError too-many if there were too many */
  readonly strike: () => void
}

/** A body that a route takes. */
export interface RequestBody {
  readonly schema: ZodType
  /** Bytes. */
  readonly most: (limits: ServiceLimits) => number
}

/** One row of the route table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Literal, but for one parameter in braces at most: `{id}` and `{digest}` are 64 hexadecimal digits, `{tile}` what names a tile. */
  readonly path: string
  /**
   * `public`: anybody. `signed`: clients, by an HTTP signature. `keyed`: clients, and other keys that are known from a statement.
   * `statement`: what is sent is signed in itself.
   */
  readonly auth: 'public' | 'signed' | 'keyed' | 'statement'
  readonly summary: string
  /** The bodies it takes, by media type. */
  readonly bodies?: Readonly<Record<string, RequestBody>>
  /** Its query parameters; without one, no query is taken. */
  readonly query?: ZodType
  /** What it answers, by media type. */
  readonly answers: Readonly<Record<string, ZodType>>
  /** It is given up after so many seconds. */
  readonly seconds: number
  readonly handle: (call: Call) => Promise<Answer>
  /** What is answered in place of a problem document, where people ask and not programs. */
  readonly refused?: (problem: ProblemError) => Answer
}
