import { randomBytes } from 'node:crypto'
import { wipe } from '../bytes/index.ts'
import { SigningKey } from '../container/index.ts'
import {
  ACTS,
  encodeRecoveryCode,
  fingerprintOf,
  personOf,
  signStatement,
  type CancellationCapacity,
  type Charter,
  type CharterPerson,
  type Envelope,
  type MessageSigner,
} from '../protocol/index.ts'
import { sha256 } from './node-verify.ts'
import { fullSecond } from './recovery-codes.ts'

/** What is decided, where, and by whom. */
export interface Deciding {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The statement digest of the request or charter. */
  readonly subject: Uint8Array
  readonly key: MessageSigner
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** The person of a charter whose key that is; undefined if it is nobody's. */
export function personOfKey(charter: Charter, signer: string): CharterPerson | undefined {
  return personOf(charter, fingerprintOf(sha256, signer))
}

/**
 * Approves: of this digest and nothing else.
 *
 * @param evidence what this officer checked, one line of at most 500 bytes
 * @param expires milliseconds since 1970; it never counts longer than its subject lives
 * @throws ProtocolError PROTOCOL_FORMAT for a text that is no line
 */
export function newApproval(
  { key, nowMs, ...about }: Deciding,
  {
    person,
    evidence,
    expires,
  }: { readonly person: string; readonly evidence: string; readonly expires: number },
): Envelope {
  const { identity, tenant, subject } = about
  const times = { created: fullSecond(nowMs), expires: fullSecond(expires) }
  return signStatement(
    sha256,
    ACTS.approval,
    { identity, tenant, subject, person, by: key.signer, evidence, ...times },
    [key],
  )
}

/** Rejects, which is final. @throws ProtocolError PROTOCOL_FORMAT for a reason that is no line */
export function newRejection(
  { key, nowMs, ...about }: Deciding,
  { person, reason }: { readonly person: string; readonly reason: string },
): Envelope {
  const { identity, tenant, subject } = about
  const created = fullSecond(nowMs)
  return signStatement(
    sha256,
    ACTS.rejection,
    { identity, tenant, subject, person, by: key.signer, reason, created },
    [key],
  )
}

/** Cancels, which is final. */
export function newCancellation(
  { key, nowMs, ...about }: Deciding,
  capacity: CancellationCapacity,
): Envelope {
  const { identity, tenant, subject } = about
  const created = fullSecond(nowMs)
  return signStatement(
    sha256,
    ACTS.cancellation,
    { identity, tenant, subject, capacity, by: key.signer, created },
    [key],
  )
}

/** For whom an officer vouches. */
export interface Vouching extends Omit<Deciding, 'subject'> {
  readonly url: string
  /** The client whose deposits may be asked for. */
  readonly client: string
  /** The id of the officer. */
  readonly person: string
  /** What the officer saw: one line of at most 500 bytes. */
  readonly evidence: string
  /** Milliseconds since 1970. */
  readonly expires: number
}

/**
 * Vouches for somebody who has no code: docs/spec/recovery.md, "Vetting".
 *
 * @returns the statement, and the code to hand out, which is good for one request once the statement is logged
 */
export function newVetting(wanted: Vouching): { readonly statement: Envelope; readonly code: string } {
  const { url, identity, tenant, client, person, evidence, key, nowMs } = wanted
  const secret = new Uint8Array(randomBytes(32))
  const pair = SigningKey.fromSecretBytes('ed25519', secret)
  const payload = {
    identity,
    tenant,
    client,
    person,
    by: key.signer,
    code: pair.signer.toString(),
    evidence,
    created: fullSecond(nowMs),
    expires: fullSecond(wanted.expires),
  }
  const statement = signStatement(sha256, ACTS.vetting, payload, [key])
  const code = encodeRecoveryCode({ url, identity, tenant, client, secret })
  wipe(secret)
  pair.wipe()
  return { statement, code }
}
