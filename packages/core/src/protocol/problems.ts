import { utf8Decode, utf8Encode } from '../bytes/index.ts'
import { LIMITS } from './limits.ts'
import { printed } from './printed-text.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'

/** What a problem code means. */
export interface ProblemRow {
  /** The HTTP status. */
  readonly status: number
  /** RFC 9457 `title`. */
  readonly title: string
  /** What the person at the client can do. */
  readonly hint: string
}

const AGAIN = 'run it again'
const LATER = 'run it again later; deposits wait in the outbox meanwhile'
const REPORT = 'please report it, with the versions of client and authority'
const SMALLER = 'make it smaller, or send it in parts'

/**
 * Everything that an authority answers instead of what was asked for: docs/errors.md, "What an authority answers".
 *
 * Absent and forbidden are one code, and so are all reasons why a request is not known to be of a client: which of them it was
 * would tell a stranger who is a client and what there is.
 */
export const PROBLEMS = {
  malformed: { status: 400, title: 'not a request of this protocol', hint: REPORT },
  statement: {
    status: 400,
    title: 'a statement that is malformed, not validly signed, or made for somebody else',
    hint: REPORT,
  },
  unauthenticated: {
    status: 401,
    title: 'not signed by a client of this authority',
    hint: 'enrol this client, or name the container that was enrolled',
  },
  clock: {
    status: 401,
    title: 'signed in the future or too long ago',
    hint: 'set the clock of this computer',
  },
  replayed: { status: 401, title: 'this very request was made before', hint: AGAIN },
  invitation: {
    status: 403,
    title: 'the invitation is not open: unknown, used or expired',
    hint: 'ask for a new invitation',
  },
  challenge: {
    status: 403,
    title: 'the challenge is not the one that was given, or too old',
    hint: AGAIN,
  },
  quota: {
    status: 403,
    title: 'the quota of this client or tenant is used up',
    hint: 'ask the administrator of the authority for more',
  },
  'no-key': {
    status: 403,
    title: 'a deposit of password parameters: there is no key in it to open',
    hint: 'leave it out; strongroom deposit --derived deposits the parameters again',
  },
  recovery: {
    status: 403,
    title: 'the request for recovery is not accepted',
    hint: 'look at the recovery code and at the client that it names; then ask an officer of the tenant',
  },
  involved: {
    status: 403,
    title: 'of somebody who asks, owns or vouches',
    hint: 'let other officers decide',
  },
  'not-found': {
    status: 404,
    title: 'there is nothing of that name for you',
    hint: 'look at the id, and at the authority that you asked',
  },
  method: { status: 405, title: 'not a method of this address', hint: REPORT },
  timeout: { status: 408, title: 'the request took too long to arrive', hint: AGAIN },
  enrolled: {
    status: 409,
    title: 'a client with that key is enrolled already',
    hint: 'use the enrolled client, or enrol a new container',
  },
  epoch: {
    status: 409,
    title: 'made for an epoch or policy that is not accepted any more',
    hint: 'deposit it again: the client then fetches the current epoch',
  },
  charter: {
    status: 409,
    title: 'not under the charter that is in force',
    hint: 'fetch the charter, and make it again under that one',
  },
  decided: {
    status: 409,
    title: 'denied, cancelled, expired or released already',
    hint: 'make a new request',
  },
  stale: {
    status: 409,
    title: 'made for another state than the one that there is',
    hint: 'look at what there is now, and make it again',
  },
  'length-required': { status: 411, title: 'a body without its length', hint: REPORT },
  'too-large': { status: 413, title: 'more than the authority takes at once', hint: SMALLER },
  'uri-too-long': { status: 414, title: 'an address that is too long', hint: SMALLER },
  'media-type': { status: 415, title: 'not a media type of this address', hint: REPORT },
  'too-many': { status: 429, title: 'too many requests', hint: LATER },
  'probe-budget': {
    status: 429,
    title: 'as many deposits were probed as may be in a day',
    hint: 'run it again tomorrow, or ask the administrator of the authority for more',
  },
  'fields-too-large': { status: 431, title: 'header fields that are too long', hint: REPORT },
  internal: {
    status: 500,
    title: 'a mistake in the authority itself',
    hint: 'tell the administrator of the authority when it happened',
  },
  'read-only': {
    status: 503,
    title: 'the authority takes nothing new at present',
    hint: LATER,
  },
  unavailable: { status: 503, title: 'the authority cannot answer at present', hint: LATER },
} as const satisfies Readonly<Record<string, ProblemRow>>

export type ProblemCode = keyof typeof PROBLEMS

/** A problem document, RFC 9457. Media type `application/problem+json`. */
export interface Problem {
  /** Undefined for one that this version does not know. */
  readonly code: ProblemCode | undefined
  readonly status: number
  readonly title: string
  /** What is the matter in this very case. */
  readonly detail?: string
}

const TYPE = 'urn:strongroom:problem:'
const MAX_TEXT_CHARACTERS = 500
/** The problem of a code. @param detail for people; never a secret, and nothing that tells a stranger what there is */
export function problemOf(code: ProblemCode, detail?: string): Problem {
  const { status, title } = PROBLEMS[code]
  return { code, status, title, ...(detail !== undefined && { detail }) }
}

/** The document of a problem: JSON with type, title, status and, if there is one, detail. */
export function encodeProblem({ code, status, title, detail }: Problem): Uint8Array {
  const type = code === undefined ? 'about:blank' : `${TYPE}${code}`
  return utf8Encode(JSON.stringify({ type, title, status, detail }))
}

/**
 * Reads a problem document of anybody: RFC 9457 §3 has members that are unknown or of the wrong kind ignored. Nothing in it is
 * trusted; texts are cut and made printable.
 *
 * @param status of the answer, which counts more than the member
 * @throws ProtocolError PROTOCOL_FORMAT for what is no JSON object, PROTOCOL_LIMIT
 */
export function parseProblem(bytes: Uint8Array, status: number): Problem {
  checkLimit('problem, in bytes', bytes.length, LIMITS.problemBytes)
  const text = readAs('problem', () => utf8Decode(bytes))
  const { type, title, detail } = membersOf(text)
  const code = codeOf(type)
  return {
    code,
    status,
    title: code ? PROBLEMS[code].title : shown(title ?? 'no problem of this protocol'),
    ...(typeof detail === 'string' && { detail: shown(detail) }),
  }
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw malformed('problem', 'not JSON')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>
  }
  throw malformed('problem', 'expected an object')
}

function codeOf(type: unknown): ProblemCode | undefined {
  if (typeof type !== 'string' || !type.startsWith(TYPE)) return undefined
  const name = type.slice(TYPE.length)
  return Object.hasOwn(PROBLEMS, name) ? (name as ProblemCode) : undefined
}

function shown(text: unknown): string {
  return typeof text === 'string' ? printed(text, MAX_TEXT_CHARACTERS) : ''
}
