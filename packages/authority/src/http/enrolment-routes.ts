import { AgeError } from '@strongroom/core/age'
import {
  ACTS,
  CHALLENGE,
  CHALLENGE_REQUEST,
  encodeJson,
  LIMITS,
  MEDIA_TYPES,
  parseEnvelope,
  parseJson,
} from '@strongroom/core/protocol'
import { admitEnrolment, type AdmittedStatement } from '../model/index.ts'
import { append, checkWritable } from './deposit-routes.ts'
import { ProblemError, readRequest, readStatement } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

/** How clients come to be: docs/spec/authority-protocol.md, "Enrolment". */
export const ENROLMENT_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/enrolments/challenge',
    auth: 'public',
    summary: 'Ask for what proves that the exchange key is held',
    bodies: {
      [MEDIA_TYPES.json]: { schema: SCHEMAS.challengeRequest, most: () => LIMITS.jsonBytes },
    },
    answers: { [MEDIA_TYPES.json]: SCHEMAS.challenge },
    seconds: 10,
    handle: challenge,
  },
  {
    method: 'POST',
    path: '/v1/enrolments',
    auth: 'statement',
    summary: 'Enrol a client under an invitation',
    bodies: { [MEDIA_TYPES.envelope]: { schema: SCHEMAS.envelope, most: () => LIMITS.envelopeBytes } },
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt },
    seconds: 60,
    handle: enrol,
  },
]

async function challenge({ desk, body }: Call): Promise<Answer> {
  const request = readRequest(() => parseJson(CHALLENGE_REQUEST, body, LIMITS.jsonBytes))
  try {
    const file = desk.challenges.give(request)
    return { type: MEDIA_TYPES.json, body: encodeJson(CHALLENGE, { file }, LIMITS.jsonBytes) }
  } catch (cause) {
    // A text of the right form and length that is no key: only whoever encrypts finds out.
    if (cause instanceof AgeError) throw new ProblemError('malformed', { cause, detail: 'exchange: no key' })
    throw cause
  }
}

async function enrol(call: Call): Promise<Answer> {
  const { desk, is, strike } = call
  checkWritable(desk)
  const statement = admitted(call)
  if (!isChallengeGiven(call)) return enrolledBefore(call, statement)
  const [outcome] = await append(desk, [statement])
  if (outcome?.state === 'logged') {
    is(statement.owner)
    return { type: MEDIA_TYPES.receipt, body: outcome.receipt }
  }
  strike()
  throw new ProblemError(outcome?.reason ?? 'internal')
}

function admitted({ desk, body, strike }: Call): AdmittedStatement {
  try {
    return readStatement(() => admitEnrolment(body, desk.authority.trust))
  } catch (error) {
    strike()
    throw error
  }
}

/** Whether the challenge is one that was given for this invitation and exchange key. */
function isChallengeGiven({ desk, body }: Call): boolean {
  const { payload } = parseEnvelope(body)
  const enrolment = parseJson(ACTS.enrolment.payload, payload, LIMITS.payloadBytes)
  return desk.challenges.accepts(enrolment.challenge, enrolment)
}

/** The same statement again, later: it was taken in time, and gets its receipt. @throws ProblemError challenge */
async function enrolledBefore(
  { desk, is, strike }: Call,
  { owner, digest }: AdmittedStatement,
): Promise<Answer> {
  const receipt = await desk.authority.log.receipt(owner, digest)
  if (!receipt) {
    strike()
    throw new ProblemError('challenge')
  }
  is(owner)
  return { type: MEDIA_TYPES.receipt, body: receipt }
}
