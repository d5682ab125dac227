import { encodeHeader, encodeStanza, type MlKem768X25519Identity } from '@strongroom/core/age'
import { toHex, utf8Encode } from '@strongroom/core/bytes'
import { makeDeposit, nodeMeans, parseDepositBlob, type NewDeposit } from '@strongroom/core/client'
import {
  depositListDigest,
  encodeDepositBody,
  encodeTerms,
  parseDepositBody,
  verifyEpochs,
  type EpochChain,
  type Approval,
  type Charter,
  type Envelope,
  type MessageSigner,
  type RecoveryBundle,
  type RecoveryRequest,
  type Terms,
} from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import {
  MINUTE,
  HOUR,
  DAY,
  START,
  IDENTITY,
  IDENTITY_PRINT,
  OFFICERS,
  NEWCOMER,
  CODE,
  OTHER_CODE,
  VETTED,
  INVITATION,
  OWNER_KEY,
  OWNER,
  OWNER_ID,
  EXCHANGE,
  RECIPIENT,
  CHARTER,
  digestOf,
  World,
} from './world.ts'

export const byId = (one: Uint8Array, other: Uint8Array): number =>
  toHex(sha256(one)) < toHex(sha256(other)) ? -1 : 1

/** What of the usual story is different. */
export interface StoryChanges {
  readonly terms?: Terms
  readonly charter?: Partial<Charter>
  /** Session keys of the deposits; two unless told. */
  readonly sessionKeys?: readonly Uint8Array[]
  readonly deposit?: Partial<NewDeposit>
  readonly request?: (usual: RecoveryRequest) => RecoveryRequest
  readonly approvals?: (usual: readonly Approval[]) => readonly Approval[]
  /** Before the request, and behind the approvals. */
  readonly before?: (world: World) => void
  readonly after?: (world: World, request: Uint8Array) => void
  /** When the latest checkpoint is signed. */
  readonly at?: number
  /** The first leaf of the range; that of the codes unless told. */
  readonly start?: number
  /** When the receipt of the request was signed. */
  readonly receiptAt?: number
  readonly custodian?: MessageSigner
  /** The exchange pair of the custodian. */
  readonly exchange?: MlKem768X25519Identity
  /** The RSA key of the custodian. */
  readonly rsa?: Uint8Array
  /** The last deposit holds this session key, and promises another. */
  readonly wrongKey?: Uint8Array
}

/** A request that was approved and has waited. */
export interface Story {
  readonly world: World
  readonly bundle: RecoveryBundle
  readonly charter: Uint8Array
  readonly request: Envelope
  readonly subject: Uint8Array
  readonly approvals: readonly Envelope[]
  readonly codes: Envelope
  readonly now: number
}

export const SESSION_KEYS = [bytesOf(0x7e57, 16), bytesOf(0x7e58, 16)] as const
export const REQUESTED = START + HOUR
export const JUDGED_AT = REQUESTED + DAY + HOUR

/** The usual story: an owner with two deposits and recovery codes, who lost everything and asks. */
export function story(changes: StoryChanges = {}): Story {
  const { terms, custodian, wrongKey, exchange, rsa } = changes
  const world = new World({
    ...(terms && { terms }),
    ...(custodian && { custodian }),
    ...(exchange && { exchange }),
    ...(rsa && { rsa }),
  })
  const charter = world.state('charter', { ...CHARTER, ...changes.charter })
  const enrolment = world.state('enrolment', {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    invitation: INVITATION.signer,
    signer: OWNER.signer,
    exchange: RECIPIENT.recipient().toString(),
    name: 'laptop',
    challenge: bytesOf(5),
    created: START,
  })
  world.fill(3)
  const blobs = (changes.sessionKeys ?? SESSION_KEYS).map((key, i) =>
    world.deposit(depositOf(world, key, i, changes.deposit)),
  )
  if (wrongKey) blobs.push(world.deposit(lyingDeposit(world, wrongKey)))
  const codes = world.state('codes', {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    client: OWNER_ID,
    signer: OWNER.signer,
    codes: [CODE.signer, OTHER_CODE.signer],
    previous: null,
    created: START,
  })
  const vetting = world.state('vetting', {
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
  world.fill(2)
  changes.before?.(world)
  const usual = requestFor(charter, blobs)
  const request = world.state('request', changes.request?.(usual) ?? usual)
  const subject = digestOf(request)
  const given = [approvalOf(subject, 0), approvalOf(subject, 1)]
  const approvals = (changes.approvals?.(given) ?? given).map((approval) => world.state('approval', approval))
  changes.after?.(world, subject)
  const receipt = world.receipt(subject, changes.receiptAt ?? REQUESTED + MINUTE)
  const at = changes.at ?? JUDGED_AT
  const start = changes.start ?? world.indexOf(digestOf(codes))
  const shown = [...world.epochs, charter, enrolment, codes, vetting]
  const bundle: RecoveryBundle = {
    epochs: world.epochs,
    terms: encodeTerms(world.terms),
    charters: [{ charter }],
    subject: request,
    deposits: blobs.toSorted(byId),
    enrolments: [enrolment],
    evidence: [codes, vetting],
    receipt,
    checkpoint: world.checkpoint(at),
    range: world.range({ start }),
    statements: statementsFrom(world, start, shown),
    proofs: world.proofs([...shown.map(digestOf), ...blobs.map((blob) => sha256(blob))], { start }),
  }
  return { world, bundle, charter: digestOf(charter), request, subject, approvals, codes, now: at + MINUTE }
}

/** Every statement from a leaf on that a bundle has to show, but those that stand elsewhere in it. */
export function statementsFrom(world: World, start: number, shown: readonly Envelope[]): Envelope[] {
  const elsewhere = new Set(shown.map((envelope) => toHex(digestOf(envelope))))
  return world.leaves
    .slice(start)
    .flatMap(({ envelope, kind, digest }) =>
      envelope && kind !== 'request' && kind !== 'charter' && !elsewhere.has(toHex(digest)) ? [envelope] : [],
    )
}

export function depositOf(
  world: World,
  sessionKey: Uint8Array,
  i: number,
  changes: Partial<NewDeposit> = {},
): Uint8Array {
  const epoch = verifyEpochs(world.epochs, TRUST).latest
  return makeDeposit({
    epoch,
    tenant: 'acme',
    clientId: OWNER_ID,
    signingKey: OWNER_KEY,
    retention: 'ten-years',
    createdMs: START + i,
    sessionKey,
    format: 'file',
    serial: bytesOf(0x9000 + i, 16),
    ...changes,
  }).blob
}

/** A deposit whose header is that of another session key than the one it commits to: signed and well-formed all the same. */
function lyingDeposit(world: World, sessionKey: Uint8Array): Uint8Array {
  const { header, body } = parseDepositBlob(depositOf(world, bytesOf(0x600d, 16), 99))
  const { context } = parseDepositBody(body)
  const wrapped = EXCHANGE.recipient().wrap(sessionKey)
  const recipientDigest = sha256(utf8Encode(encodeStanza(wrapped)))
  const lying = encodeDepositBody({ ...context, recipientDigest }, (message) => OWNER_KEY.sign(message))
  const [, stanza] = header.stanzas
  if (!stanza) throw new RangeError('a deposit has two stanzas')
  return encodeHeader([wrapped, { ...stanza, body: lying }], sessionKey)
}

const TRUST = { ...nodeMeans, identity: IDENTITY.signer }

export const requestFor = (charter: Envelope, blobs: readonly Uint8Array[]): RecoveryRequest => ({
  identity: IDENTITY_PRINT,
  tenant: 'acme',
  charter: digestOf(charter),
  class: 'self',
  client: OWNER_ID,
  deposits: {
    count: blobs.length,
    digest: depositListDigest(
      sha256,
      blobs.map((blob) => sha256(blob)),
    ),
  },
  requester: null,
  by: null,
  recipient: RECIPIENT.recipient().toString(),
  signer: NEWCOMER.signer,
  evidence: [{ kind: 'recovery-code', key: CODE.signer }],
  reason: 'the laptop burnt',
  reference: null,
  created: REQUESTED,
  expires: REQUESTED + 7 * DAY,
  nonce: bytesOf(0x47),
})

export const approvalOf = (
  subject: Uint8Array,
  officer: 0 | 1 | 2,
  changes: Partial<Approval> = {},
): Approval => ({
  identity: IDENTITY_PRINT,
  tenant: 'acme',
  subject,
  person: ['bo', 'cy', 'di'][officer] ?? '',
  by: OFFICERS[officer].signer,
  evidence: 'called back',
  created: REQUESTED + HOUR,
  expires: REQUESTED + 3 * DAY,
  ...changes,
})

/** The next bundle of the same subject, with its release in the log. */
export function withRelease(
  { world, bundle, now }: Pick<Story, 'world' | 'bundle' | 'now'>,
  release: Envelope,
  { at = now + HOUR, before = () => {} }: { at?: number; before?: () => void } = {},
): { readonly bundle: RecoveryBundle; readonly now: number } {
  before()
  world.add('release', release)
  const digest = digestOf(release)
  const releaseReceipt = world.receipt(digest, at)
  const { start } = bundle.range
  const shown = new Set(bundle.statements.map((envelope) => toHex(digestOf(envelope))))
  const added = world.leaves
    .slice(bundle.range.start + bundle.range.entries.length / 33)
    .flatMap(({ envelope }) => (envelope && !shown.has(toHex(digestOf(envelope))) ? [envelope] : []))
  const digests = bundle.proofs.map((proof) => proof.digest)
  return {
    bundle: {
      ...bundle,
      releaseReceipt,
      checkpoint: world.checkpoint(at),
      range: world.range({ start }),
      statements: [...bundle.statements, ...added],
      proofs: world.proofs(digests, { start }),
    },
    now: at + MINUTE,
  }
}

/** The epochs of a world, verified. */
export const chainOf = ({ epochs }: World): EpochChain => verifyEpochs(epochs, TRUST)
