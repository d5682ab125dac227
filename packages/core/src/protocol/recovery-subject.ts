import type { CharterChain } from './charter-chain.ts'
import { personOf, type Charter, type RecoveryRule } from './charter.ts'
import type { RecoveryRequest } from './recovery-request.ts'
import { fingerprintOf, type VerifyMeans } from './signer-text.ts'
import type { VerifiedStatement } from './statement.ts'
import type { Terms } from './terms.ts'

/** A verified statement and its place in the log. */
export interface Logged<T> {
  readonly payload: T
  /** The statement digest. */
  readonly digest: Uint8Array
  /** The index of its leaf. */
  readonly index: number
}

/** A verified statement with the place that it was proved to have. */
export function loggedAt<T>({ payload, digest }: VerifiedStatement<T>, index: number): Logged<T> {
  return { payload, digest, index }
}

/**
 * What is decided about: a request or a new charter, and who decides how. Made by `requestSubject` and `proposalSubject` from
 * verified statements alone.
 */
export interface RecoverySubject {
  readonly kind: 'request' | 'charter'
  readonly identity: string
  readonly tenant: string
  readonly digest: Uint8Array
  readonly index: number
  /** Distinct persons, and seconds: by the stricter of the charters then and now, and never less than the floors. */
  readonly approvals: number
  readonly waiting: number
  /** Milliseconds since 1970. */
  readonly expires: number
  /** Fingerprints by the id of the person: officers then and now, with keys that were theirs then and are now. */
  readonly officers: ReadonlyMap<string, ReadonlySet<string>>
  /** The same for everybody who may reject: officers and administrators, then or now. */
  readonly objectors: ReadonlyMap<string, ReadonlySet<string>>
  /** Persons who never count: they ask, own or vouch. */
  readonly involved: ReadonlySet<string>
}

/** The charters that a decision stands under. */
export interface DecidingCharters {
  /** In force where the subject stands in the log. */
  readonly past: Charter
  /** In force now. */
  readonly present: Charter
}

/** The charters of a request; undefined if it does not stand behind any. */
export function chartersOf(charters: CharterChain, index: number): DecidingCharters | undefined {
  const past = charters.inForceAt(index)
  return past && { past: past.statement.payload, present: charters.latest.statement.payload }
}

/**
 * The subject of a request.
 *
 * @param ownerSigner the signer that the owner of the deposits enrolled with
 * @param vouching the persons who vouched for the requester
 */
export function requestSubject(
  { payload, digest, index }: Logged<RecoveryRequest>,
  charters: DecidingCharters,
  facts: Pick<VerifyMeans, 'sha256'> & {
    readonly terms: Terms
    readonly ownerSigner: string
    readonly vouching: readonly string[]
  },
): RecoverySubject {
  const { identity, tenant, requester, expires } = payload
  // An officer who asks for what is theirs does not decide it, even under no name.
  const keys = [payload.signer, ...payload.evidence.map(({ key }) => key)]
  if (payload.class === 'self') keys.push(facts.ownerSigner)
  const involved = [...peopleWith(charters, keys, facts), ...facts.vouching]
  if (requester !== null) involved.push(requester)
  return {
    kind: 'request',
    identity,
    tenant,
    digest,
    index,
    expires,
    ...strictest(charters, payload.class, facts.terms),
    ...voters(charters),
    involved: new Set(involved),
  }
}

/** The subject of a new charter under the one in force. Its author may be an officer, and never counts. */
export function proposalSubject(
  { payload, digest, index }: Logged<Charter>,
  before: Charter,
  facts: Pick<VerifyMeans, 'sha256'> & { readonly terms: Terms },
): RecoverySubject {
  const charters = { past: before, present: before }
  const { identity, tenant } = payload
  return {
    kind: 'charter',
    identity,
    tenant,
    digest,
    index,
    expires: payload.created + before.policy.charter.expiry * 1000,
    ...strictest(charters, 'charter', facts.terms),
    ...voters(charters),
    involved: new Set(peopleWith(charters, [payload.by], facts)),
  }
}

/** The rows of a class in both charters. */
export function rulesOf({ past, present }: DecidingCharters, name: keyof Charter['policy']): RecoveryRule[] {
  return [past.policy[name], present.policy[name]]
}

/** What was raised since counts too; so does a floor of the terms, but for a personal tenant. */
function strictest(
  charters: DecidingCharters,
  name: keyof Charter['policy'],
  { floor }: Terms,
): Pick<RecoverySubject, 'approvals' | 'waiting'> {
  const rules = rulesOf(charters, name)
  const floors = charters.present.standing === 'personal' ? { approvals: 0, waiting: 0 } : floor
  return {
    approvals: Math.max(floors.approvals, ...rules.map(({ approvals }) => approvals)),
    waiting: Math.max(floors.waiting, ...rules.map(({ waiting }) => waiting)),
  }
}

function voters({ past, present }: DecidingCharters): Pick<RecoverySubject, 'officers' | 'objectors'> {
  const [before, after] = [keysByPerson(past, ['officer']), keysByPerson(present, ['officer'])]
  const officers = [...before].flatMap(([id, keys]) => {
    const both = [...keys].filter((key) => after.get(id)?.has(key))
    return both.length > 0 ? [[id, new Set(both)] as const] : []
  })
  const objectors = new Map<string, Set<string>>()
  for (const charter of [past, present]) {
    for (const [id, keys] of keysByPerson(charter, ['officer', 'administrator'])) {
      objectors.set(id, new Set([...(objectors.get(id) ?? []), ...keys]))
    }
  }
  return { officers: new Map(officers), objectors }
}

function keysByPerson({ people }: Charter, roles: readonly string[]): Map<string, Set<string>> {
  const chosen = people.filter((person) => person.roles.some((role) => roles.includes(role)))
  return new Map(chosen.map(({ id, signers }) => [id, new Set(signers)]))
}

function peopleWith(
  { past, present }: DecidingCharters,
  keys: readonly string[],
  { sha256 }: Pick<VerifyMeans, 'sha256'>,
): string[] {
  const prints = keys.map((key) => fingerprintOf(sha256, key))
  return [past, present].flatMap((charter) => prints.flatMap((print) => personOf(charter, print)?.id ?? []))
}
