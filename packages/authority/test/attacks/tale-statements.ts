import {
  ACTS,
  clientIdOf,
  depositListDigest,
  pae,
  releaseListDigest,
  signStatement,
  type ActName,
  type ActPayloads,
  type Approval,
  type Charter,
  type Envelope,
  type MessageSigner,
  type RecoveryCodes,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { MlKem768X25519Identity } from '@strongroom/core/age'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { keys } from '../custodian/connected.ts'
import { REQUESTED } from '../custodian/story.ts'
import {
  ADA,
  CHARTER,
  CODE,
  CUSTODIAN,
  DAY,
  HOUR,
  IDENTITY,
  IDENTITY_PRINT,
  INVITATION,
  MINUTE,
  NEWCOMER,
  OFFICERS,
  OTHER_CODE,
  OWNER,
  OWNER_ID,
  RECIPIENT,
  START,
  STRANGER,
  VETTED,
} from '../custodian/world.ts'

// What is said in the log of `tale.ts`, and who signs it.

export const BETA_ID = clientIdOf(sha256, 'beta', OWNER.signer)
/** Everybody of this log. */
const PAIRS: readonly MessageSigner[] = [
  IDENTITY,
  CUSTODIAN,
  keys.signer,
  ADA,
  ...OFFICERS,
  STRANGER,
  NEWCOMER,
  CODE,
  OTHER_CODE,
  VETTED,
  INVITATION,
  OWNER,
]

/** Of the second epoch. */
export const LATER = MlKem768X25519Identity.fromBytes(new Uint8Array(32).fill(3))
export const CODES_OF_BETA = STRANGER

const signedOnce = new Map<string, Envelope>()

/** Signs an act with the pairs that the payload names; what was said before has the signatures of before. */
export function made<K extends ActName>(name: K, payload: ActPayloads[K]): Envelope {
  const said = `${name} ${JSON.stringify(ACTS[name].payload.write(payload))}`
  const known = signedOnce.get(said)
  if (known) return known
  const envelope = signedNow(name, payload)
  signedOnce.set(said, envelope)
  return envelope
}

function signedNow<K extends ActName>(name: K, payload: ActPayloads[K]): Envelope {
  const signers = ACTS[name].signersOf(payload).map((signer) => {
    const pair = PAIRS.find((candidate) => candidate.signer === signer)
    if (!pair) throw new RangeError('not a key of these tests')
    return pair
  })
  return signStatement(sha256, ACTS[name], payload, signers)
}

/** The same statement under the same names, every signature made by somebody else. */
export function signedBy(envelope: Envelope, by: MessageSigner): Envelope {
  const message = pae(envelope.payloadType, envelope.payload)
  return {
    ...envelope,
    signatures: envelope.signatures.map(({ keyid }) => ({ keyid, sig: by.sign(message) })),
  }
}

/** The statements on which the first request rests, by what they are called here. */
export const STATEMENTS = {
  epoch: 'epoch',
  'next epoch': 'epoch',
  charter: 'charter',
  'next charter': 'charter',
  'release of the charter': 'release',
  enrolment: 'enrolment',
  codes: 'codes',
  vetting: 'vetting',
  request: 'request',
  'first approval': 'approval',
  'second approval': 'approval',
} as const satisfies Readonly<Record<string, ActName>>

export type Called = keyof typeof STATEMENTS
export type PayloadOf<C extends Called> = ActPayloads[(typeof STATEMENTS)[C]]

/** What a statement says. */
export function payloadOf<C extends Called>(called: C, { payload }: Envelope): PayloadOf<C> {
  const text = JSON.parse(Buffer.from(payload).toString()) as unknown
  return ACTS[STATEMENTS[called]].payload.read(text, called)
}

export const enrolmentOf = (tenant: string): ActPayloads['enrolment'] => ({
  identity: IDENTITY_PRINT,
  tenant,
  invitation: INVITATION.signer,
  signer: OWNER.signer,
  exchange: RECIPIENT.recipient().toString(),
  name: 'laptop',
  challenge: bytesOf(5),
  created: START,
})

export const codesOf = (tenant: string, client: string, codes: readonly string[]): RecoveryCodes => ({
  identity: IDENTITY_PRINT,
  tenant,
  client,
  signer: OWNER.signer,
  codes,
  previous: null,
  created: START,
})

export const vettingOf = (): ActPayloads['vetting'] => ({
  identity: IDENTITY_PRINT,
  tenant: 'acme',
  client: OWNER_ID,
  person: 'di',
  by: OFFICERS[2].signer,
  code: VETTED.signer,
  evidence: 'saw the passport',
  created: START,
  expires: START + 3 * DAY,
})

export const followerOf = (previous: Uint8Array): Charter => ({
  ...CHARTER,
  number: 2,
  by: ADA.signer,
  previous,
  created: START + MINUTE,
})

export const charterReleaseOf = (subject: Uint8Array): ActPayloads['release'] => ({
  identity: IDENTITY_PRINT,
  tenant: 'acme',
  custodian: keys.signer.signer,
  subject,
  kind: 'charter',
  count: 0,
  results: releaseListDigest(sha256, []),
  checkpoint: { size: 9, root: bytesOf(9) },
  created: START + 2 * MINUTE,
})

export const evidenceOf = (code: MessageSigner): RecoveryRequest['evidence'] => [
  { kind: 'recovery-code', key: code.signer },
  { kind: 'vetting', key: VETTED.signer },
]

export function requestOf(
  charter: Uint8Array,
  blobs: readonly Uint8Array[],
  changes: Partial<RecoveryRequest> = {},
): RecoveryRequest {
  const ids = blobs.map((blob) => sha256(blob))
  return {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    charter,
    class: 'self',
    client: OWNER_ID,
    deposits: { count: ids.length, digest: depositListDigest(sha256, ids) },
    requester: null,
    by: null,
    recipient: RECIPIENT.recipient().toString(),
    signer: NEWCOMER.signer,
    evidence: evidenceOf(CODE),
    reason: 'the laptop burnt',
    reference: null,
    created: REQUESTED,
    expires: REQUESTED + 7 * DAY,
    nonce: bytesOf(0x47),
    ...changes,
  }
}

export const betaRequest = (charter: Uint8Array, blobs: readonly Uint8Array[]): RecoveryRequest =>
  requestOf(charter, blobs, {
    tenant: 'beta',
    client: BETA_ID,
    evidence: [{ kind: 'recovery-code', key: CODES_OF_BETA.signer }],
  })

export const approvalBy = (officer: number, subject: Uint8Array, tenant: string): Approval => ({
  identity: IDENTITY_PRINT,
  tenant,
  subject,
  person: ['bo', 'cy', 'di'][officer] ?? '',
  by: OFFICERS[officer]?.signer ?? '',
  evidence: 'called back',
  created: REQUESTED + HOUR,
  expires: REQUESTED + 3 * DAY,
})
