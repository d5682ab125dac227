import { decryptFile, MlKem768X25519Identity, X25519Identity, type KeyIdentity } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  CHALLENGE,
  CHALLENGE_REQUEST,
  encodeDeposits,
  encodeEnvelope,
  encodeJson,
  fingerprintOf,
  LIMITS,
  MEDIA_TYPES,
  parseJson,
  parseReceiptList,
  receiptsOf,
  encodeReceipt,
  signStatement,
  verifyReceipt,
  type Enrolment,
  type ProblemCode,
} from '@strongroom/core/protocol'
import { verifyRaw } from '@strongroom/core/client'
import { sha256 } from '../../src/model/digest.ts'
import type { TestClient } from '../support/authority.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import type { Served } from '../support/served.ts'

/** Exchange keys of either kind. */
export const EXCHANGES: readonly KeyIdentity[] = [
  MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(9)),
  X25519Identity.fromBytes(new Uint8Array(32).fill(10)),
]

export function idOf(blob: Uint8Array): string {
  return toHex(sha256(blob))
}

export function depositOne(served: Served, body: Uint8Array): Promise<RawAnswer> {
  return served.ask('POST', '/v1/deposits', { type: MEDIA_TYPES.deposit, body })
}

export function depositSeveral(served: Served, blobs: readonly Uint8Array[]): Promise<RawAnswer> {
  return served.ask('POST', '/v1/deposits', { type: MEDIA_TYPES.deposits, body: encodeDeposits(blobs) })
}

/** Verifies a receipt for a statement with the identity key alone. @returns its leaf */
export function verifiedLeaf(
  served: Served,
  receipt: Uint8Array,
  kind: 'deposit' | 'enrolment',
  digest: Uint8Array,
) {
  const statement = { kind, digest }
  return verifyReceipt(receipt, { ...served.scene.authority.trust, verifyRaw, statement }).index
}

/**
 * The leaves of a list of receipts, or the problems in their places.
 *
 * @param every so many of the receipts is verified
 */
export function verifiedList(
  served: Served,
  answer: RawAnswer,
  blobs: readonly Uint8Array[],
  every = 1,
): (number | ProblemCode)[] {
  const list = parseReceiptList(answer.body)
  const statements = blobs.map((blob) => ({ kind: 'deposit' as const, digest: sha256(blob) }))
  const receipts = receiptsOf(list, statements)
  return list.outcomes.map((outcome, i) => {
    if ('problem' in outcome) return outcome.problem
    const [receipt, statement] = [receipts[i], statements[i]]
    if (i % every !== 0 || typeof receipt !== 'object' || !statement) return outcome.index
    return verifiedLeaf(served, encodeReceipt(receipt), 'deposit', statement.digest)
  })
}

export async function askChallenge(
  served: Served,
  invitation: string,
  exchange: KeyIdentity,
): Promise<RawAnswer> {
  const request = { invitation, exchange: exchange.recipient().toString() }
  const body = encodeJson(CHALLENGE_REQUEST, request, LIMITS.jsonBytes)
  return served.ask('POST', '/v1/enrolments/challenge', { type: MEDIA_TYPES.json, body })
}

/** The 32 bytes of a challenge, as the holder of the exchange key finds them. */
export async function challengeFor(
  served: Served,
  invitation: string,
  exchange: KeyIdentity,
): Promise<Uint8Array> {
  const answer = await askChallenge(served, invitation, exchange)
  return decryptFile(parseJson(CHALLENGE, answer.body, LIMITS.jsonBytes).file, [exchange])
}

/** The envelope of an enrolment. @param changes what is another than it should be */
export function enrolmentOf(
  served: Served,
  client: TestClient,
  challenge: Uint8Array,
  changes: Partial<Enrolment> = {},
): Uint8Array {
  const enrolment: Enrolment = {
    identity: fingerprintOf(sha256, served.scene.authority.identity.signer),
    tenant: client.owner.tenant,
    invitation: client.invited.signer,
    signer: client.pair.signer,
    exchange: (EXCHANGES[0] as MlKem768X25519Identity).recipient().toString(),
    name: 'laptop',
    challenge,
    created: Math.floor(served.scene.now / 1000) * 1000,
    ...changes,
  }
  return encodeEnvelope(signStatement(sha256, ACTS.enrolment, enrolment, [client.pair, client.invited]))
}

export function enrol(served: Served, body: Uint8Array): Promise<RawAnswer> {
  return served.ask('POST', '/v1/enrolments', { type: MEDIA_TYPES.envelope, body })
}
