import {
  chartersOf,
  judgeApprovals,
  judgeProposal,
  judgeRequest,
  proposalSubject,
  RECOVERY_FAULTS,
  releasableFrom,
  requestSubject,
  vouchingFor,
  type Charter,
  type CharterChain,
  type Logged,
  type RecoveryBundle,
  type RecoveryFault,
  type RecoveryRequest,
  type RecoverySubject,
  type Release,
  type VerifiedOwner,
} from '@strongroom/core/protocol'
import { toHex } from '@strongroom/core/bytes'
import { sha256 } from '../model/digest.ts'
import { sameDigest } from './bundle-entries.ts'
import type { LoggedActs } from './bundle-statements.ts'
import type { BundleTree } from './bundle-tree.ts'
import { depositsOf, ownerOf, type CheckedDeposit } from './checked-deposits.ts'
import { CustodianError, JUDGED } from './custodian-error.ts'
import { lastSeenWithout, type Knowledge } from './knowledge.ts'

/** What a subject is judged by. */
export interface JudgingFacts {
  readonly charters: CharterChain
  readonly knowledge: Knowledge
  readonly tree: BundleTree
  readonly acts: LoggedActs
  /** `T1`, the time of the subject's receipt: milliseconds since 1970. */
  readonly receiptMs: number
}

/** A subject that may be released. */
export interface Judged {
  readonly persons: readonly string[]
  /** Milliseconds since 1970. */
  readonly releasableFrom: number
  readonly deposits: readonly CheckedDeposit[]
}

/** Judges a request: steps 7 to 12, but for the opening. @throws CustodianError */
export function judgeRequestSubject(
  bundle: RecoveryBundle,
  request: Logged<RecoveryRequest>,
  facts: JudgingFacts,
): Judged {
  const owner = ownerOf(bundle, request.payload, facts.tree)
  checkCodesShown(bundle, request, owner, facts)
  const subject = judgedRequest(request, owner, facts)
  const when = judgeDecisions(subject, facts)
  return { ...when, deposits: depositsOf(bundle, request.payload, owner, facts.tree) }
}

/** Judges a charter that is to follow the one in force. @throws CustodianError */
export function judgeCharterSubject(
  bundle: RecoveryBundle,
  charter: Logged<Charter>,
  facts: JudgingFacts,
): Judged {
  const { charters, knowledge, tree, receiptMs } = facts
  const { terms, latestMs: nowMs } = tree
  const { identity } = knowledge
  refuseFaults(judgeProposal(charter, { sha256, identity, charters, terms, loggedMs: receiptMs, nowMs }))
  const before = charters.latest.statement.payload
  const when = judgeDecisions(proposalSubject(charter, before, { sha256, terms }), facts)
  if (bundle.deposits.length + (bundle.rewrapped ?? []).length === 0) return { ...when, deposits: [] }
  throw new CustodianError('BUNDLE_DEPOSITS', 'deposits in the bundle of a charter')
}

/** Steps 7 and 8. */
function judgedRequest(
  request: Logged<RecoveryRequest>,
  owner: VerifiedOwner,
  { charters, knowledge, tree, acts, receiptMs }: JudgingFacts,
): RecoverySubject {
  const { terms, latestMs: nowMs } = tree
  const { signer: ownerSigner } = owner
  const { identity } = knowledge
  const { codes, vetting: vettings } = acts
  const spent = new Set([...knowledge.codes, ...codesOfReleased(acts)])
  const facts = { sha256, identity, charters, terms, ownerSigner, codes, vettings, spent, nowMs }
  refuseFaults(judgeRequest(request, { ...facts, loggedMs: receiptMs }))
  const deciding = chartersOf(charters, request.index)
  if (!deciding) throw new CustodianError('BUNDLE_OTHER_CHARTER', 'no charter was in force')
  return requestSubject(request, deciding, {
    sha256,
    terms,
    ownerSigner,
    vouching: vouchingFor(request, vettings),
  })
}

/** The keys of codes by which something was released, as far as the bundle has the requests. */
function codesOfReleased({ request: requests, release: releases }: LoggedActs): string[] {
  const released = new Set(releases.map(({ payload }) => toHex(payload.subject)))
  return requests
    .filter(({ digest }) => released.has(toHex(digest)))
    .flatMap(({ payload }) => payload.evidence.map(({ key }) => key))
}

/** Newer codes void older ones. That there are none newer is shown only by a range that begins with those that are used. */
function checkCodesShown(
  { range }: RecoveryBundle,
  { payload }: Logged<RecoveryRequest>,
  { clientId }: VerifiedOwner,
  { acts }: JudgingFacts,
): void {
  if (!payload.evidence.some(({ kind }) => kind === 'recovery-code')) return
  const newest = acts.codes.findLast((codes) => codes.payload.client === clientId)
  if (!newest || newest.index >= range.start) return
  const message = `the owner named recovery codes at leaf ${newest.index}, before the entries that are shown`
  throw new CustodianError('BUNDLE_INCOMPLETE', message)
}

/** Steps 9 to 11, the same for requests and charters: who agreed, that nobody refused, that they waited, that it is the first time. */
function judgeDecisions(
  subject: RecoverySubject,
  { acts, tree, knowledge, receiptMs }: JudgingFacts,
): Omit<Judged, 'deposits'> {
  const { persons, enough } = judgeApprovals(sha256, subject, aboutOf(acts.approval, subject), tree.latestMs)
  if (!enough) {
    const message = `${subject.approvals} persons must approve, and ${persons.length} did`
    throw new CustodianError('BUNDLE_APPROVALS', message)
  }
  checkUndecided(acts, subject)
  const lastWithoutMs = lastSeenWithout(knowledge, subject.index)
  const from = releasableFrom(subject, { receiptMs, lastWithoutMs })
  if (tree.timeMs < from) {
    const [end, now] = [from, tree.timeMs].map((ms) => new Date(ms).toISOString())
    throw new CustodianError('BUNDLE_WAITING', `the waiting time ends ${end}, and the log says ${now}`)
  }
  checkUnspent(aboutOf<Release>(acts.release, subject), subject, knowledge)
  return { persons, releasableFrom: from }
}

/** Whoever rejected or cancelled, and whether they may: to believe too much here only denies. */
function checkUndecided({ rejection, cancellation }: LoggedActs, subject: RecoverySubject): void {
  for (const [what, list] of [
    ['rejected', rejection],
    ['cancelled', cancellation],
  ] as const) {
    const [first] = list.filter(({ payload }) => sameDigest(payload.subject, subject.digest))
    if (first) throw new CustodianError('BUNDLE_DECIDED', `it was ${what} at leaf ${first.index}`)
  }
}

function checkUnspent(
  [released]: readonly Logged<Release>[],
  { digest }: RecoverySubject,
  { spent }: Knowledge,
): void {
  if (!released && !spent.has(toHex(digest))) return
  throw new CustodianError('BUNDLE_SPENT', 'it was released already')
}

function aboutOf<T extends { readonly subject: Uint8Array }>(
  statements: readonly Logged<T>[],
  { digest }: RecoverySubject,
): Logged<T>[] {
  return statements.filter(({ payload }) => sameDigest(payload.subject, digest))
}

function refuseFaults([first]: readonly RecoveryFault[]): void {
  if (first === undefined) return
  const code = JUDGED[first as keyof typeof JUDGED]
  throw new CustodianError(code, RECOVERY_FAULTS[first])
}
