import {
  fingerprintOf,
  releaseListDigest,
  type ActPayloads,
  type DepositContext,
} from '@strongroom/core/protocol'
import { LogKeys } from '../../src/log/log-keys.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { REQUESTED } from '../custodian/story.ts'
import {
  ADA,
  CHARTER,
  DAY,
  EXCHANGE,
  HOUR,
  OFFICERS,
  OTHER_CODE,
  START,
  STRANGER,
  World,
} from '../custodian/world.ts'
import { BETA_ID, LATER, type Called, type PayloadOf } from './tale-statements.ts'

/** Another value of a member, which its author may sign, and what it comes to. */
export type Member = readonly [value: unknown, fate: string, also?: Readonly<Record<string, unknown>>]

const OTHER = fingerprintOf(sha256, STRANGER.signer)
const { origin } = new World().keys
const OTHER_LOG = { origin, keys: LogKeys.parse(LogKeys.generate(origin)).verifierKeys }

/** Of each member of each statement one other value. What the custodian says of it when it stands in the log and is signed by the right keys. */
export const MEMBERS: { readonly [C in Called]: { readonly [M in keyof PayloadOf<C>]-?: Member } } = {
  epoch: {
    authority: ['Another archive', 'EPOCHS'],
    identity: [STRANGER.signer, 'IDENTITY'],
    number: [2, 'EPOCHS', { previous: bytesOf(1) }],
    exchange: [LATER.recipient().toString(), 'DEPOSITS'],
    rsa: [new Uint8Array(256).fill(0xc1), 'DEPOSITS'],
    custodian: [STRANGER.signer, 'DEPOSITS'],
    log: [OTHER_LOG, 'DEPOSITS'],
    policy: [bytesOf(1), 'DEPOSITS'],
    notBefore: [START + 1_000, 'DEPOSITS'],
    notAfter: [START + 699 * DAY, 'DEPOSITS'],
    previous: [bytesOf(1), 'EPOCHS', { number: 2 }],
  },
  'next epoch': {
    authority: ['Another archive', 'EPOCHS'],
    identity: [STRANGER.signer, 'IDENTITY'],
    number: [3, 'EPOCHS'],
    exchange: [EXCHANGE.recipient().toString(), 'opened'],
    rsa: [new Uint8Array(256).fill(0xc1), 'opened'],
    custodian: [STRANGER.signer, 'CUSTODIAN'],
    log: [OTHER_LOG, 'CHECKPOINT'],
    policy: [bytesOf(1), 'TERMS'],
    notBefore: [START + 1_000, 'opened'],
    notAfter: [START + 699 * DAY, 'opened'],
    previous: [bytesOf(1), 'EPOCHS'],
  },
  charter: {
    identity: [OTHER, 'CHARTERS'],
    tenant: ['beta', 'TWICE'],
    number: [2, 'CHARTERS', { previous: bytesOf(1) }],
    standing: ['personal', 'CHARTERS'],
    people: [CHARTER.people.slice(0, 3), 'CHARTERS'],
    policy: [{ ...CHARTER.policy, self: CHARTER.policy['break-glass'] }, 'CHARTERS'],
    by: [ADA.signer, 'IDENTITY'],
    previous: [bytesOf(1), 'CHARTERS', { number: 2 }],
    created: [START + 1_000, 'CHARTERS'],
  },
  'next charter': {
    identity: [OTHER, 'CHARTERS'],
    tenant: ['beta', 'CHARTERS'],
    number: [3, 'CHARTERS'],
    standing: ['personal', 'CHARTERS'],
    people: [CHARTER.people.slice(0, 3), 'CHARTERS'],
    policy: [{ ...CHARTER.policy, self: CHARTER.policy['break-glass'] }, 'CHARTERS'],
    by: [OFFICERS[0].signer, 'CHARTERS'],
    previous: [bytesOf(1), 'CHARTERS'],
    created: [START + 1_000, 'CHARTERS'],
  },
  'release of the charter': {
    identity: [OTHER, 'CHARTERS'],
    tenant: ['beta', 'CHARTERS'],
    custodian: [STRANGER.signer, 'CHARTERS'],
    subject: [bytesOf(1), 'CHARTERS'],
    kind: ['request', 'CHARTERS', { count: 1 }],
    count: [1, 'CHARTERS', { kind: 'request' }],
    results: [releaseListDigest(sha256, [{ id: bytesOf(1), blob: bytesOf(1) }]), 'opened'],
    checkpoint: [{ size: 8, root: bytesOf(8) }, 'opened'],
    created: [START + 1_000, 'opened'],
  },
  enrolment: {
    identity: [OTHER, 'OWNER'],
    tenant: ['beta', 'TWICE'],
    invitation: [STRANGER.signer, 'opened'],
    signer: [STRANGER.signer, 'OWNER'],
    exchange: [LATER.recipient().toString(), 'opened'],
    name: ['another', 'opened'],
    challenge: [bytesOf(6), 'opened'],
    created: [START + 1_000, 'opened'],
  },
  codes: {
    identity: [OTHER, 'RECOVERY_CODE'],
    tenant: ['beta', 'RECOVERY_CODE'],
    client: [BETA_ID, 'RECOVERY_CODE'],
    signer: [STRANGER.signer, 'RECOVERY_CODE'],
    codes: [[OTHER_CODE.signer], 'RECOVERY_CODE'],
    previous: [bytesOf(1), 'opened'],
    created: [START + 1_000, 'opened'],
  },
  vetting: {
    identity: [OTHER, 'VETTING'],
    tenant: ['beta', 'VETTING'],
    client: [BETA_ID, 'VETTING'],
    person: ['bo', 'VETTING'],
    by: [STRANGER.signer, 'VETTING'],
    code: [STRANGER.signer, 'VETTING'],
    evidence: ['saw nothing', 'opened'],
    created: [START + 1_000, 'opened'],
    expires: [REQUESTED - 1_000, 'VETTING'],
  },
  request: {
    identity: [OTHER, 'FOREIGN'],
    tenant: ['beta', 'CHARTERS'],
    charter: [bytesOf(1), 'OTHER_CHARTER'],
    class: ['third-party', 'APPROVALS', { requester: 'ada', by: ADA.signer }],
    client: [BETA_ID, 'OWNER'],
    deposits: [{ count: 1, digest: bytesOf(1) }, 'APPROVALS'],
    requester: ['bo', 'APPROVALS', { by: OFFICERS[0].signer }],
    by: [STRANGER.signer, 'REQUESTER', { requester: 'ada' }],
    recipient: [EXCHANGE.recipient().toString(), 'APPROVALS'],
    signer: [STRANGER.signer, 'APPROVALS'],
    evidence: [[{ kind: 'recovery-code', key: STRANGER.signer }], 'RECOVERY_CODE'],
    reason: ['a better one', 'APPROVALS'],
    reference: ['a file', 'APPROVALS'],
    created: [REQUESTED + HOUR, 'SUBJECT_FUTURE'],
    expires: [REQUESTED + 8 * DAY, 'VALIDITY'],
    nonce: [bytesOf(0x49), 'APPROVALS'],
  },
  'first approval': approval('cy'),
  'second approval': approval('bo'),
}

/** The two differ in nothing. */
function approval(other: string): { readonly [M in keyof ActPayloads['approval']]: Member } {
  return {
    identity: [OTHER, 'APPROVALS'],
    tenant: ['beta', 'APPROVALS'],
    subject: [bytesOf(1), 'APPROVALS'],
    person: [other, 'APPROVALS'],
    by: [STRANGER.signer, 'APPROVALS'],
    evidence: ['another check', 'opened'],
    created: [REQUESTED + 1_000, 'opened'],
    expires: [REQUESTED + 2 * HOUR, 'APPROVALS'],
  }
}

/** What the custodian says of a statement that others signed, under the names of those who should have. */
export const SIGNED_BY_OTHERS: Readonly<Record<Called, string>> = {
  epoch: 'EPOCHS',
  'next epoch': 'EPOCHS',
  charter: 'CHARTERS',
  'next charter': 'CHARTERS',
  'release of the charter': 'STATEMENT',
  enrolment: 'OWNER',
  codes: 'STATEMENT',
  vetting: 'STATEMENT',
  request: 'SUBJECT',
  'first approval': 'STATEMENT',
  'second approval': 'STATEMENT',
}

/** What it says of one that is signed by whom it should be, and says something else than the log has. */
export const IN_PLACE: Readonly<
  Record<Called, { readonly fate: string; readonly but?: Readonly<Record<string, string>> }>
> = {
  epoch: { fate: 'EPOCHS', but: { identity: 'IDENTITY' } },
  'next epoch': { fate: 'EPOCHS', but: { identity: 'IDENTITY' } },
  // The log has the same charter of another tenant.
  charter: { fate: 'NOT_LOGGED', but: { tenant: 'CHARTERS' } },
  'next charter': { fate: 'NOT_LOGGED' },
  'release of the charter': { fate: 'NOT_LOGGED' },
  enrolment: { fate: 'NOT_LOGGED', but: { identity: 'OWNER', tenant: 'OWNER' } },
  codes: { fate: 'NOT_LOGGED' },
  vetting: { fate: 'NOT_LOGGED' },
  request: { fate: 'NOT_LOGGED' },
  'first approval': { fate: 'NOT_LOGGED' },
  'second approval': { fate: 'NOT_LOGGED' },
}

/** The same of a deposit. What its owner may say of it, it may say; whether it opens is another question. */
export const DEPOSIT_MEMBERS: { readonly [M in keyof Required<DepositContext>]: Member } = {
  tenant: ['beta', 'DEPOSITS'],
  clientId: [BETA_ID, 'DEPOSITS'],
  signer: [{ suiteId: 1, id: bytesOf(1) }, 'DEPOSITS'],
  epochNumber: [2, 'DEPOSITS'],
  epochDigest: [bytesOf(1), 'DEPOSITS'],
  format: ['named-key', 'opened'],
  serial: [bytesOf(1, 16), 'opened'],
  commitment: [bytesOf(1), 'opened'],
  sealId: [bytesOf(1), 'opened'],
  object: [{ nameDigest: bytesOf(1), size: 1 }, 'opened'],
  description: [{ kind: 'plain', text: 'another' }, 'opened'],
  retention: ['a-year', 'opened'],
  policy: [bytesOf(1), 'DEPOSITS'],
  recipientDigest: [bytesOf(1), 'DEPOSITS'],
  previous: [bytesOf(1), 'opened'],
  createdMs: [START - 1_000, 'opened'],
  enclosed: [bytesOf(1, 64), 'opened', { format: 'password-parameters' }],
}
