import type { IncomingMessage } from 'node:http'
import { fromBase64 } from '@strongroom/core/bytes'
import {
  ProtocolError,
  readSignature,
  verifySignature,
  type ClaimedSignature,
  type HttpRequest,
  type ProblemCode,
  type ProtocolErrorCode,
  type VerifiedRequest,
} from '@strongroom/core/protocol'
import { sha256, verifiedAhead, type ClientRow } from '../model/index.ts'
import { verifyingSigner } from './decoy-signers.ts'
import { findCaller, type Caller } from './callers.ts'
import { ProblemError } from './problem-error.ts'
import type { Call, Desk } from './route.ts'

const PROBLEMS: Readonly<Partial<Record<ProtocolErrorCode, ProblemCode>>> = {
  PROTOCOL_SIGNATURE: 'unauthenticated',
  REQUEST_WINDOW: 'clock',
}

/**
 * Finds out which client signed a request: docs/spec/authority-protocol.md, "HTTP signatures". The steps are the specification's.
 *
 * What is cheap and tells nothing comes first; then one look for the client and one verification, whether or not there is such a
 * client; the nonce is spent last, so that nobody but the client can spend one.
 *
 * @throws ProblemError malformed, clock, unauthenticated, replayed, too-many
 */
export async function authenticate(
  desk: Desk,
  incoming: IncomingMessage,
  request: HttpRequest,
  call: Pick<Call, 'is' | 'strike'>,
): Promise<ClientRow> {
  const claimed = claimedSignature(incoming, request, desk.now())
  const found = await desk.clients.find(claimed.params.clientId)
  await accept(desk, claimed, found, call)
  if (!found) throw new ProblemError('unauthenticated')
  return found
}

/**
 * Finds out which client, or which other key that is known, signed a request. As `authenticate` in all else.
 *
 * @throws ProblemError malformed, clock, unauthenticated, replayed, too-many
 */
export async function authenticateCaller(
  desk: Desk,
  incoming: IncomingMessage,
  request: HttpRequest,
  call: Pick<Call, 'is' | 'strike'>,
): Promise<Caller> {
  const claimed = claimedSignature(incoming, request, desk.now())
  const caller = await findCaller(desk, claimed.params.clientId)
  const owner = caller && { tenant: caller.tenants[0] ?? '', client: caller.name, signer: caller.signer }
  await accept(desk, claimed, owner, call)
  if (!caller) throw new ProblemError('unauthenticated')
  return caller
}

/** Whoever was found must have signed, and not have sent the very same before. */
async function accept(
  desk: Desk,
  claimed: ClaimedSignature,
  found: Pick<ClientRow, 'tenant' | 'client' | 'signer'> | undefined,
  call: Pick<Call, 'is' | 'strike'>,
): Promise<void> {
  const signer = verifyingSigner(found, claimed.signature.length)
  const verified = await verifiedBy(claimed, signer, desk)
  if (!verified || !found || signer !== found.signer) {
    call.strike()
    throw new ProblemError('unauthenticated')
  }
  call.is(found)
  await spend(desk, found, verified)
}

function claimedSignature({ headers }: IncomingMessage, request: HttpRequest, now: number): ClaimedSignature {
  const field = (name: string) => headers[name] as string | undefined
  const fields = {
    'signature-input': field('signature-input'),
    signature: field('signature'),
    'content-digest': field('content-digest'),
  }
  try {
    return readSignature(sha256, request, fields, now)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    const code = PROBLEMS[cause.code] ?? 'malformed'
    throw new ProblemError(code, { cause, ...(code !== 'unauthenticated' && { detail: cause.message }) })
  }
}

async function verifiedBy(
  claimed: ClaimedSignature,
  signer: string,
  { authority }: Desk,
): Promise<VerifiedRequest | undefined> {
  const { base: message, signature } = claimed
  const verify = await verifiedAhead(authority.verifyLater, { signer, message, signature })
  try {
    return verifySignature(claimed, signer, verify)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

async function spend(
  { authority: { store } }: Desk,
  { tenant, client }: Pick<ClientRow, 'tenant' | 'client'>,
  { nonce, expiresMs }: VerifiedRequest,
): Promise<void> {
  const spent = { tenant, client, nonce: fromBase64(nonce), expires: expiresMs + NONCE_SLACK_MS }
  if (!(await store.spendNonce(spent))) throw new ProblemError('replayed')
}

/** Nonces are remembered longer than their signatures hold, for nodes whose clocks are behind the one that forgets. */
const NONCE_SLACK_MS = 60_000
