import { equalBytes } from '../bytes/index.ts'
import { ACTS } from './acts.ts'
import { checkCharter } from './charter-rules.ts'
import { personOf, type Charter } from './charter.ts'
import type { Release } from './custodian-statements.ts'
import type { Envelope } from './dsse.ts'
import type { AuthorityTrust } from './epoch-chain.ts'
import type { Epoch } from './epoch.ts'
import { ProtocolError } from './protocol-error.ts'
import { checkPinned, fingerprintOf, parseFingerprint, signerIdOf, type VerifyMeans } from './signer-text.ts'
import { openStatement, type VerifiedStatement } from './statement.ts'

/** A statement and the index of its leaf. That it is there, the caller has proved or knows. */
export interface LoggedEnvelope {
  readonly envelope: Envelope
  readonly index: number
}

/** A charter and, but for the first, the release that brought it into force. */
export interface CharterLink {
  readonly charter: LoggedEnvelope
  readonly release: LoggedEnvelope | null
}

/** Whose charters, and what is known of them. */
export interface CharterTrust extends AuthorityTrust {
  readonly tenant: string
  /** Whose releases count at that place of the log: `custodianAt`. */
  readonly custodianAt: (index: number) => string | undefined
  /** What was seen before; the first charter of a tenant is pinned by it. */
  readonly known?: KnownCharter
}

/** What a custodian keeps of a tenant's charters. */
export interface KnownCharter {
  /** The statement digest of number 1. */
  readonly first: Uint8Array
  /** The newest that was in force. */
  readonly number: number
  readonly digest: Uint8Array
}

/** A charter with the time of its rule, in leaves. */
export interface CharterInForce {
  readonly statement: VerifiedStatement<Charter>
  /** The leaf from which on it is in force: its own for number 1, that of its release for the others. */
  readonly from: number
}

// Held by this module alone: nobody else can make a CharterChain.
const MADE_BY_VERIFICATION = Symbol('verified')

/** All charters of a tenant, verified from the identity key on. Only `verifyCharters` makes one. */
export class CharterChain {
  readonly tenant: string
  /** From number 1 on. */
  readonly charters: readonly CharterInForce[]
  /** The one in force at the end. */
  readonly latest: CharterInForce
  readonly #first: Uint8Array

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    tenant: string,
    charters: readonly [CharterInForce, ...CharterInForce[]],
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('charters are verified by verifyCharters alone')
    this.tenant = tenant
    this.charters = charters
    this.latest = charters.at(-1) ?? charters[0]
    this.#first = charters[0].statement.digest
  }

  /** The charter under which a statement at that leaf stands; undefined before the first. */
  inForceAt(index: number): CharterInForce | undefined {
    return this.charters.findLast(({ from }) => from < index)
  }

  /** What a custodian keeps, to give it to `verifyCharters` the next time. */
  get known(): KnownCharter {
    const { statement } = this.latest
    return { first: this.#first, number: statement.payload.number, digest: statement.digest }
  }
}

/**
 * Verifies the charters of a tenant, from the first on: docs/spec/recovery.md, "Verifying charters". The steps are the
 * specification's.
 *
 * @throws ProtocolError CHARTER_CHAIN for a gap, a fork, a charter that nobody could make or that was not released;
 *   CHARTER_RULES for one that breaks the rules; PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, PROTOCOL_BINDING,
 *   AUTHORITY_IDENTITY
 */
export function verifyCharters(links: readonly CharterLink[], trust: CharterTrust): CharterChain {
  const charters: CharterInForce[] = []
  for (const link of links) charters.push(verifyLink(charters.at(-1), link, trust))
  const [first, ...others] = charters
  if (!first) throw new ProtocolError('CHARTER_CHAIN', 'a tenant without a charter')
  const chain = new CharterChain(MADE_BY_VERIFICATION, trust.tenant, [first, ...others])
  if (trust.known) checkKnown(chain, trust.known)
  return chain
}

/**
 * Whose statements count as the custodian's at a place of the log: of the epoch with the highest number whose record stands
 * before it. The order of the log decides, no clock.
 */
export function custodianAt(
  epochs: readonly { readonly epoch: Epoch; readonly index: number }[],
  index: number,
): string | undefined {
  const before = epochs.filter((logged) => logged.index < index)
  before.sort((one, other) => one.epoch.number - other.epoch.number)
  return before.at(-1)?.epoch.custodian
}

/** Why a charter cannot follow another; undefined if it can. What `checkCharter` says is not asked. */
export function whyNotSuccessor(
  before: CharterInForce,
  charter: Charter,
  index: number,
  { sha256 }: Pick<VerifyMeans, 'sha256'>,
): string | undefined {
  const previous = before.statement.payload
  const author = personOf(previous, fingerprintOf(sha256, charter.by))
  const rows: readonly (readonly [boolean, string])[] = [
    [charter.number === previous.number + 1, 'the number is missing before it'],
    [
      charter.previous !== null && equalBytes(charter.previous, before.statement.digest),
      'it has another predecessor',
    ],
    [
      author?.roles.includes('administrator') === true,
      'its author is no administrator of the charter before',
    ],
    // A personal tenant that turned into a shared one would do without its recovery code.
    [charter.standing === previous.standing, 'it is of another standing'],
    [index > before.from, 'it stands in the log before its predecessor was in force'],
  ]
  return rows.find(([holds]) => !holds)?.[1]
}

function verifyLink(
  before: CharterInForce | undefined,
  link: CharterLink,
  trust: CharterTrust,
): CharterInForce {
  const statement = openStatement(ACTS.charter, link.charter.envelope, trust)
  const { payload } = statement
  checkOwner(payload, trust)
  const faults = checkCharter(payload, null)
  if (faults.length > 0) {
    const said = faults.map(({ message }) => message).join('; ')
    throw new ProtocolError('CHARTER_RULES', `charter ${payload.number}: ${said}`)
  }
  return before ? laterCharter(before, statement, link, trust) : firstCharter(statement, link, trust)
}

function firstCharter(
  statement: VerifiedStatement<Charter>,
  { charter, release }: CharterLink,
  trust: CharterTrust,
): CharterInForce {
  if (statement.payload.number !== 1 || release)
    throw broken(statement.payload, 'the first is missing before it')
  checkPinned(trust.sha256, trust.identity, statement.payload.by)
  return { statement, from: charter.index }
}

function laterCharter(
  before: CharterInForce,
  statement: VerifiedStatement<Charter>,
  { charter, release }: CharterLink,
  trust: CharterTrust,
): CharterInForce {
  const reason = whyNotSuccessor(before, statement.payload, charter.index, trust)
  if (reason !== undefined) throw broken(statement.payload, reason)
  if (!release) throw broken(statement.payload, 'no custodian released it')
  const released = openStatement(ACTS.release, release.envelope, trust)
  checkOwner(released.payload, trust)
  const why = whyNotReleased(statement, released.payload, release.index, charter.index, trust)
  if (why !== undefined) throw broken(statement.payload, why)
  return { statement, from: release.index }
}

function whyNotReleased(
  { digest }: VerifiedStatement<Charter>,
  release: Release,
  at: number,
  charterAt: number,
  trust: CharterTrust,
): string | undefined {
  const rows: readonly (readonly [boolean, string])[] = [
    [
      release.kind === 'charter' && equalBytes(release.subject, digest),
      'its release is about something else',
    ],
    [at > charterAt, 'its release stands before it in the log'],
    [release.custodian === trust.custodianAt(at), 'its release is of another custodian'],
  ]
  return rows.find(([holds]) => !holds)?.[1]
}

/** Whether a statement is for that authority and tenant. @throws ProtocolError PROTOCOL_BINDING */
function checkOwner(
  payload: { readonly identity: string; readonly tenant: string },
  trust: CharterTrust,
): void {
  if (payload.tenant !== trust.tenant) throw new ProtocolError('PROTOCOL_BINDING', 'of another tenant')
  const { identity, sha256 } = trust
  const pinned = identity.startsWith('SHA256:') ? parseFingerprint(identity) : signerIdOf(sha256, identity)
  if (equalBytes(pinned, parseFingerprint(payload.identity))) return
  throw new ProtocolError('PROTOCOL_BINDING', 'made for another authority')
}

function checkKnown({ charters }: CharterChain, known: KnownCharter): void {
  const [one, last] = [charters[0], charters[known.number - 1]]
  const same = one && equalBytes(one.statement.digest, known.first)
  if (same && last && equalBytes(last.statement.digest, known.digest)) return
  throw new ProtocolError(
    'CHARTER_CHAIN',
    `charters that were seen before are missing, up to number ${known.number}`,
  )
}

function broken({ number }: Charter, reason: string): ProtocolError {
  return new ProtocolError('CHARTER_CHAIN', `charter ${number}: ${reason}`)
}
