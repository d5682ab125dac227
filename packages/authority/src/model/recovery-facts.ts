import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  depositListDigest,
  fingerprintOf,
  openStatement,
  parseEnvelope,
  probeListDigest,
  ProtocolError,
  rewrapListDigest,
  sortedIds,
  verificationListDigest,
  type Act,
  type ActPayloads,
  type AuthorityTrust,
  type Envelope,
  type ProbeResult,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { sha256 } from './digest.ts'

/** Kinds of statements about recovery. */
export const RECOVERY_ACTS = [
  'charter',
  'request',
  'approval',
  'rejection',
  'cancellation',
  'release',
  'verification',
  'rewrap',
  'completion',
  'codes',
  'vetting',
  'probe',
  'probe-answer',
] as const

export type RecoveryAct = (typeof RECOVERY_ACTS)[number]

/** A deposit that a custodian opened. */
export interface OpenedDeposit {
  readonly id: Uint8Array
  readonly right: boolean
}

/** A key blob that a custodian made for a deposit. */
export interface DepositKeyBlob {
  readonly id: Uint8Array
  readonly blob: Uint8Array
}

/** What travels beside a statement, and is no part of what is signed but by its digest. */
export interface Beside {
  /** Of a charter: signers in text form, of people whose fingerprints stand in it. */
  readonly keys?: readonly string[]
  /** Of a request or probe: the ids of its deposits. */
  readonly deposits?: readonly Uint8Array[]
  /** Of a request or charter: the one-time key, in text form, with which its notices let somebody cancel. */
  readonly notice?: string
  /** Of a verification. */
  readonly results?: readonly OpenedDeposit[]
  /** Of a rewrap. */
  readonly blobs?: readonly DepositKeyBlob[]
  /** Of the answer to a probe. */
  readonly answers?: readonly ProbeResult[]
}

/** What follows from a statement of one act. */
export interface RecoveryFactsOf<K extends RecoveryAct> {
  readonly kind: K
  readonly payload: ActPayloads[K]
  readonly beside: Beside
}

/** What follows from a statement about recovery. */
export type RecoveryFacts = { readonly [K in RecoveryAct]: RecoveryFactsOf<K> }[RecoveryAct]

/** A statement about recovery, verified, with the tenant and client that it is kept under. */
export interface OpenedRecovery {
  readonly statement: VerifiedStatement<unknown>
  readonly facts: RecoveryFacts
  readonly owner: { readonly tenant: string; readonly client: string }
}

/** Whether an envelope is about recovery. */
export function recoveryActOf({ payloadType }: Pick<Envelope, 'payloadType'>): RecoveryAct | undefined {
  return RECOVERY_ACTS.find((name) => ACTS[name].payloadType === payloadType)
}

/**
 * Verifies a statement about recovery by itself, and what came beside it: signatures, that it is for this authority, lists by their
 * digests. Whether it may be, is decided when it is stored.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING
 */
export function openRecovery(bytes: Uint8Array, trust: AuthorityTrust, beside: Beside): OpenedRecovery {
  const envelope = parseEnvelope(bytes)
  const name = recoveryActOf(envelope)
  if (name === undefined) throw new ProtocolError('PROTOCOL_FORMAT', 'no statement about recovery')
  const statement = openStatement(ACTS[name] as Act<unknown>, envelope, trust)
  const facts = { kind: name, payload: statement.payload, beside } as RecoveryFacts
  const identity = trust.identity.startsWith('SHA256:')
    ? trust.identity
    : fingerprintOf(sha256, trust.identity)
  if (facts.payload.identity !== identity) throw foreign('made for another authority')
  const checked = { ...facts, beside: besideOf(facts) } as RecoveryFacts
  return { statement, facts: checked, owner: ownerOf(checked) }
}

/** Under whom a statement is kept: the client that it is about, if it names one. */
function ownerOf({ payload }: RecoveryFacts): OpenedRecovery['owner'] {
  const client = 'client' in payload ? payload.client : ''
  return { tenant: 'tenant' in payload ? payload.tenant : '', client }
}

/** What belongs beside a statement, in the one order; refused if it is not what was signed. */
function besideOf(facts: RecoveryFacts): Beside {
  const { beside } = facts
  const notice = beside.notice === undefined ? {} : { notice: beside.notice }
  if (facts.kind === 'charter') return { keys: keysOf(facts.payload.people, beside.keys ?? []), ...notice }
  if (facts.kind === 'request') {
    const deposits = sortedIds(beside.deposits ?? [])
    checkList(facts.payload.deposits.digest, depositListDigest(sha256, deposits))
    checkCount(facts.payload.deposits.count, deposits.length)
    return { deposits, ...notice }
  }
  if (facts.kind === 'probe') {
    const deposits = sortedIds(beside.deposits ?? [])
    checkList(facts.payload.deposits.digest, depositListDigest(sha256, deposits))
    checkCount(facts.payload.deposits.count, deposits.length)
    return { deposits }
  }
  if (facts.kind === 'probe-answer') {
    const answers = inOrder(beside.answers ?? [])
    checkList(facts.payload.results, probeListDigest(sha256, answers))
    checkCount(facts.payload.count, answers.length)
    return { answers }
  }
  if (facts.kind === 'verification') {
    const results = inOrder(beside.results ?? [])
    checkList(facts.payload.results, verificationListDigest(sha256, results))
    checkCount(facts.payload.count, results.length)
    return { results }
  }
  if (facts.kind === 'rewrap') {
    const blobs = inOrder(beside.blobs ?? [])
    checkList(facts.payload.results, rewrapListDigest(sha256, blobs))
    checkCount(facts.payload.count, blobs.length)
    return { blobs }
  }
  return {}
}

/** The keys whose fingerprints stand in a charter, each once. */
function keysOf(
  people: readonly { readonly signers: readonly string[] }[],
  keys: readonly string[],
): readonly string[] {
  const named = new Set(people.flatMap(({ signers }) => signers))
  const own = new Set(keys.filter((key) => named.has(fingerprintOf(sha256, key))))
  if (own.size < keys.length) throw foreign('a key beside the charter that is of nobody in it')
  return [...own].toSorted()
}

function inOrder<T extends { readonly id: Uint8Array }>(rows: readonly T[]): T[] {
  return rows.toSorted((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))
}

function checkList(signed: Uint8Array, found: Uint8Array): void {
  if (!equalBytes(signed, found)) throw foreign('the list beside it is not the one that was signed')
}

function checkCount(signed: number, found: number): void {
  if (signed !== found) throw foreign('the list beside it has another length than was signed')
}

function foreign(message: string): ProtocolError {
  return new ProtocolError('PROTOCOL_BINDING', message)
}
