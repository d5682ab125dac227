import { encryptFile, parseRecipient } from '@strongroom/core/age'
import { ByteReader, ByteWriter, toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import type { Transport, TransportAnswer, TransportRequest } from '@strongroom/core/client'
import { createContainer, type KeyContainer, type Profile } from '@strongroom/core/container'
import {
  CHALLENGE,
  CHALLENGE_REQUEST,
  encodeAuthorityCard,
  encodeInvitation,
  encodeJson,
  encodeProblem,
  encodeStatementPage,
  LIMITS,
  MEDIA_TYPES,
  parseEnvelope,
  parseJson,
  problemOf,
  statementDigest,
  verifyEnrolment,
  type Envelope,
  type ProblemCode,
} from '@strongroom/core/protocol'
import {
  bytesOf,
  means,
  receiptFor,
  sha256,
  START,
  testAuthority,
  type TestAuthority,
} from '../protocol/fixtures.ts'

export const URL_OF_AUTHORITY = 'https://vault.example.org'
export const now = (): number => START + 5_000

export const containerOf = (profile: Profile = 'classic'): KeyContainer =>
  createContainer({ name: 'laptop', profile, now: new Date(START) })

/** The invitation of an authority, whose public key the tests of the protocol call INVITED. */
export const invitationTo = (authority: TestAuthority, secret = bytesOf(0x22)): string =>
  encodeInvitation({
    url: URL_OF_AUTHORITY,
    tenant: 'acme',
    identity: authority.identity.fingerprint,
    secret,
    expires: START + 86_400_000,
  })

export const json = (body: Uint8Array, type: string = MEDIA_TYPES.json): TransportAnswer => ({
  status: 200,
  headers: { 'content-type': type },
  body,
})

export const problem = (code: ProblemCode): TransportAnswer => {
  const found = problemOf(code)
  return {
    status: found.status,
    headers: { 'content-type': MEDIA_TYPES.problem },
    body: encodeProblem(found),
  }
}

/** The card of an authority with these epochs. */
export const cardOf = (epochs: readonly Envelope[]): TransportAnswer =>
  json(encodeAuthorityCard({ epochs, limits: { depositBytes: 16_384, depositsPerRequest: 100 } }))

/** Answers a request, or lets the next one do it. */
export type Answering = (request: TransportRequest) => TransportAnswer | undefined

/** An authority that enrols one client: what it was asked is seen, and what it answers can be changed. */
export class EnrollingAuthority {
  readonly authority: TestAuthority
  /** Method and path of each request, in their order. */
  readonly asked: string[] = []
  readonly bodies: Uint8Array[] = []
  enrolled: Envelope | undefined
  /** Asked first. */
  before: Answering = () => undefined
  #challenge: Uint8Array = new Uint8Array(0)
  #given = 0

  constructor(authority = testAuthority(1)) {
    this.authority = authority
  }

  connect = (): Transport => ({
    request: async (request) => {
      this.asked.push(`${request.method} ${request.path}`)
      if (request.body) this.bodies.push(request.body)
      return this.before(request) ?? this.answer(request)
    },
    close: () => undefined,
  })

  answer(request: TransportRequest): TransportAnswer {
    const body = request.body ?? new Uint8Array(0)
    const { envelopes } = this.authority
    const routes: Readonly<Record<string, () => TransportAnswer>> = {
      '/v1/authority': () => cardOf(envelopes),
      '/v1/enrolments/challenge': () => this.#give(body),
      '/v1/enrolments': () => this.#enrol(body),
      '/v1/statements': () => this.#statements(),
    }
    return routes[request.path]?.() ?? problem('not-found')
  }

  /** A challenge of another content. */
  challengeFor(body: Uint8Array, content: Uint8Array): TransportAnswer {
    const { exchange } = parseJson(CHALLENGE_REQUEST, body, LIMITS.jsonBytes)
    const file = encryptFile(content, [parseRecipient(exchange)])
    return json(encodeJson(CHALLENGE, { file }, LIMITS.jsonBytes))
  }

  #give(body: Uint8Array): TransportAnswer {
    this.#challenge = new ByteWriter(32)
      .u64(START)
      .bytes(bytesOf(++this.#given, 24))
      .toBytes()
    return this.challengeFor(body, this.#challenge)
  }

  #enrol(body: Uint8Array): TransportAnswer {
    const envelope = parseEnvelope(body)
    const { statement } = verifyEnrolment(envelope, {
      ...means,
      identity: this.authority.identity.fingerprint,
    })
    const digest = toHex(statement.digest)
    if (this.enrolled && toHex(statementDigest(sha256, this.enrolled)) !== digest)
      return problem('invitation')
    if (!this.enrolled && toHex(statement.payload.challenge) !== toHex(this.#challenge))
      return problem('challenge')
    this.enrolled = envelope
    return this.receipt(statement.digest)
  }

  /** A receipt for an enrolment. @param epoch the number of the one that it names */
  receipt(digest: Uint8Array, authority = this.authority, epoch = 1): TransportAnswer {
    return json(receiptFor(authority, { kind: 'enrolment', digest }, { epoch }), MEDIA_TYPES.receipt)
  }

  /** What is answered to an enrolment that is taken now. */
  take(request: TransportRequest, answer: (digest: Uint8Array) => TransportAnswer): TransportAnswer {
    const taken = this.answer(request)
    return this.enrolled ? answer(statementDigest(sha256, this.enrolled)) : taken
  }

  #statements(): TransportAnswer {
    if (!this.enrolled) return problem('unauthenticated')
    const bytes = utf8Encode(JSON.stringify(jsonOf(this.enrolled)))
    const digest = statementDigest(sha256, this.enrolled)
    const statements = [{ index: 2, kind: 'enrolment', digest, received: START, bytes }] as const
    return json(encodeStatementPage({ statements, next: null }))
  }
}

const jsonOf = ({ payload, payloadType, signatures }: Envelope) => ({
  payload: Buffer.from(payload).toString('base64'),
  payloadType,
  signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig).toString('base64') })),
})

/** Whether a text stands in any request, in any of the ways in which texts are written. */
export function mentions(bodies: readonly Uint8Array[], text: string): boolean {
  return bodies.some((body) => {
    const shown = utf8Decode(body)
    const payload = /"payload":"([^"]*)"/.exec(shown)?.[1] ?? ''
    return [shown, Buffer.from(payload, 'base64').toString('utf8')].some((whole) => whole.includes(text))
  })
}

/** The time in front of a challenge. */
export const timeOf = (challenge: Uint8Array): number => Number(new ByteReader(challenge).u64())
