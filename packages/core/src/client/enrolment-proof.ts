import { AgeError, decryptFile } from '../age/index.ts'
import { ByteReader, wipe } from '../bytes/index.ts'
import type { KeyContainer, SigningKey } from '../container/index.ts'
import {
  ACTS,
  signStatement,
  type Challenge,
  type Enrolment,
  type Envelope,
  type Invitation,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'

/** Who enrols. */
export interface Enrolling {
  readonly invitation: Invitation
  /** The pair of the invitation. */
  readonly invited: SigningKey
  readonly container: KeyContainer
  /** What the client calls itself. */
  readonly name: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const CHALLENGE_BYTES = 32
/** The challenge begins with the time; by how much the two clocks may differ. */
const CLOCKS_APART_MS = 86_400_000

/**
 * The enrolment, signed by the client's pair and by the invitation's, with what only the exchange key opens.
 *
 * @throws ClientError CLIENT_ANSWER for a challenge that is none; ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT for the name
 */
export function signEnrolment(
  { invitation, invited, container, name, now }: Enrolling,
  { file }: Challenge,
): Envelope {
  const own = container.signingKey()
  const enrolment: Enrolment = {
    identity: invitation.identity,
    tenant: invitation.tenant,
    invitation: invited.signer.toString(),
    signer: own.signer.toString(),
    exchange: container.recipient().toString(),
    name,
    challenge: openChallenge(file, container, now()),
    created: Math.floor(now() / 1000) * 1000,
  }
  return signStatement(sha256, ACTS.enrolment, enrolment, [own, invited].map(messageSigner))
}

function messageSigner(key: SigningKey) {
  return { signer: key.signer.toString(), sign: (message: Uint8Array) => key.sign(message) }
}

/**
 * What is in a challenge. Its time is checked so that an authority gets nothing else opened: a file of the client's own that was
 * stolen, and holds 32 bytes.
 *
 * @throws ClientError CLIENT_ANSWER for what is no challenge
 */
export function openChallenge(file: Uint8Array, container: KeyContainer, nowMs: number): Uint8Array {
  const challenge = decrypted(file, container)
  if (challenge.length === CHALLENGE_BYTES) {
    const given = Number(new ByteReader(challenge).u64())
    if (Math.abs(given - nowMs) <= CLOCKS_APART_MS) return challenge
  }
  wipe(challenge)
  throw new ClientError('CLIENT_ANSWER', 'what the authority wants opened is no challenge of now')
}

function decrypted(file: Uint8Array, container: KeyContainer): Uint8Array {
  try {
    return decryptFile(file, container.identities())
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    throw new ClientError('CLIENT_ANSWER', 'the challenge is not made for this client', { cause })
  }
}
