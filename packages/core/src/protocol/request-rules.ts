import { equalBytes } from '../bytes/index.ts'
import type { CharterChain } from './charter-chain.ts'
import { whyNotSuccessor } from './charter-chain.ts'
import { checkCharter } from './charter-rules.ts'
import { personOf, type Charter } from './charter.ts'
import { spentByUse, type Evidence, type EvidenceKind } from './evidence.ts'
import { LIMITS } from './limits.ts'
import type { RecoveryCodes, Vetting } from './recovery-codes.ts'
import type { RecoveryFault } from './recovery-faults.ts'
import type { RecoveryRequest } from './recovery-request.ts'
import { chartersOf, rulesOf, type DecidingCharters, type Logged } from './recovery-subject.ts'
import { fingerprintOf, type VerifyMeans } from './signer-text.ts'
import type { Terms } from './terms.ts'

/** What a request or a proposal is judged by. All statements are verified and logged. */
export interface RequestFacts extends Pick<VerifyMeans, 'sha256'> {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly charters: CharterChain
  readonly terms: Terms
  /** The signer that the owner of the deposits enrolled with, in text form. */
  readonly ownerSigner: string
  /** Every statement that names recovery codes of the owner, as far as the log goes: the newest counts. */
  readonly codes: readonly Logged<RecoveryCodes>[]
  readonly vettings: readonly Logged<Vetting>[]
  /** Keys of codes that a request was made with before. */
  readonly spent: ReadonlySet<string>
  /** When the request was logged, and the latest time that is known; milliseconds since 1970. */
  readonly loggedMs: number
  readonly nowMs: number
}

/**
 * What is wrong with a request by itself, whoever approves it: docs/spec/recovery.md, "What the custodian checks", steps 7 and 8.
 *
 * @returns the faults; none for a good one
 */
export function judgeRequest(
  request: Logged<RecoveryRequest>,
  facts: RequestFacts,
): readonly RecoveryFault[] {
  const { payload } = request
  const charters = chartersOf(facts.charters, request.index)
  const inForce = facts.charters.inForceAt(request.index)
  if (!isOwn(payload, facts)) return ['foreign']
  if (!charters || !inForce || !equalBytes(inForce.statement.digest, payload.charter)) return ['charter']
  const rows: readonly (readonly [boolean, RecoveryFault])[] = [
    [payload.created <= facts.loggedMs + LIMITS.clockSkewSeconds * 1000, 'future'],
    [rulesOf(charters, payload.class).every(({ expiry }) => lasts(payload) <= expiry), 'validity'],
    [facts.nowMs <= payload.expires, 'expired'],
    [requesterIsKnown(payload, charters, facts), 'requester'],
    [!isSomebodys(payload.signer, charters, facts), 'container'],
  ]
  const faults = rows.flatMap(([holds, fault]) => (holds ? [] : [fault]))
  return [...faults, ...judgeEvidence(request, charters, facts)]
}

/** What is wrong with a new charter, whoever approves it. */
export function judgeProposal(
  { payload, index }: Logged<Charter>,
  facts: Pick<RequestFacts, 'sha256' | 'identity' | 'charters' | 'terms' | 'loggedMs' | 'nowMs'>,
): readonly RecoveryFault[] {
  if (!isOwn(payload, facts)) return ['foreign']
  const { latest } = facts.charters
  const before = latest.statement.payload
  const rows: readonly (readonly [boolean, RecoveryFault])[] = [
    [whyNotSuccessor(latest, payload, index, facts) === undefined, 'proposal'],
    [checkCharter(payload, facts.terms).length === 0, 'proposal'],
    [payload.created <= facts.loggedMs + LIMITS.clockSkewSeconds * 1000, 'future'],
    [facts.nowMs <= payload.created + before.policy.charter.expiry * 1000, 'expired'],
  ]
  return [...new Set(rows.flatMap(([holds, fault]) => (holds ? [] : [fault])))]
}

/** The persons who vouched for the requester: they do not approve too. */
export function vouchingFor(
  { payload, index }: Logged<RecoveryRequest>,
  vettings: readonly Logged<Vetting>[],
): readonly string[] {
  const keys = payload.evidence.map(({ key }) => key)
  return vettings
    .filter((vetting) => vetting.index < index && keys.includes(vetting.payload.code))
    .map(({ payload: { person } }) => person)
}

const isOwn = (
  { identity, tenant }: { readonly identity: string; readonly tenant: string },
  facts: Pick<RequestFacts, 'identity' | 'charters'>,
) => identity === facts.identity && tenant === facts.charters.tenant

const lasts = ({ created, expires }: RecoveryRequest) => (expires - created) / 1000

function requesterIsKnown(
  { requester, by }: RecoveryRequest,
  { past, present }: DecidingCharters,
  { sha256 }: RequestFacts,
): boolean {
  if (requester === null || by === null) return true
  return [past, present].every((charter) => personOf(charter, fingerprintOf(sha256, by))?.id === requester)
}

function isSomebodys(signer: string, { past, present }: DecidingCharters, { sha256 }: RequestFacts): boolean {
  const print = fingerprintOf(sha256, signer)
  return [past, present].some((charter) => personOf(charter, print) !== undefined)
}

/** How a piece of evidence is checked, by its kind. */
const CHECKS: {
  readonly [K in EvidenceKind]: (
    key: string,
    request: Logged<RecoveryRequest>,
    charters: DecidingCharters,
    facts: RequestFacts,
  ) => boolean
} = {
  'client-key': (key, _, __, { ownerSigner }) => key === ownerSigner,
  'recovery-code': (key, request, _, facts) => {
    // Only the owner replaces the owner's codes; and whoever found an old sheet has nothing.
    const own = facts.codes.filter(({ payload }) => isOfOwner(payload, request, facts))
    const newest = own.toSorted((one, other) => one.index - other.index).at(-1)
    return newest !== undefined && newest.index < request.index && newest.payload.codes.includes(key)
  },
  vetting: (key, request, charters, facts) =>
    facts.vettings.some(
      (vetting) => vetting.payload.code === key && vouches(vetting, request, charters, facts),
    ),
}

function judgeEvidence(
  request: Logged<RecoveryRequest>,
  charters: DecidingCharters,
  facts: RequestFacts,
): readonly RecoveryFault[] {
  const { evidence } = request.payload
  const wrong = evidence.filter(({ kind, key }) => !CHECKS[kind](key, request, charters, facts))
  const spent = spentByUse(evidence).some(({ key }) => facts.spent.has(key))
  const enough = rulesOf(charters, request.payload.class).every(
    (rule) => counted(evidence, rule.evidence.of) >= rule.evidence.need,
  )
  return [
    ...wrong.map(({ kind }) => kind),
    ...(spent ? (['spent'] as const) : []),
    ...(enough ? [] : (['evidence'] as const)),
  ]
}

const counted = (evidence: readonly Evidence[], of: readonly EvidenceKind[]) =>
  evidence.filter(({ kind }) => of.includes(kind)).length

function isOfOwner(codes: RecoveryCodes, { payload }: Logged<RecoveryRequest>, facts: RequestFacts): boolean {
  return isOwn(codes, facts) && codes.client === payload.client && codes.signer === facts.ownerSigner
}

function vouches(
  { payload: vetting, index }: Logged<Vetting>,
  request: Logged<RecoveryRequest>,
  charters: DecidingCharters,
  facts: RequestFacts,
): boolean {
  const { client, requester } = request.payload
  const print = fingerprintOf(facts.sha256, vetting.by)
  const isOfficer = [charters.past, charters.present].every((charter) => {
    const person = personOf(charter, print)
    return person?.id === vetting.person && person.roles.includes('officer')
  })
  const inTime = index < request.index && facts.loggedMs <= vetting.expires
  return (
    isOwn(vetting, facts) && vetting.client === client && vetting.person !== requester && isOfficer && inTime
  )
}
