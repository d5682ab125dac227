import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  loggedAt,
  openStatement,
  parseRecoveryBundle,
  verifyCharters,
  type Charter,
  type CharterChain,
  type Logged,
  type RecoveryBundle,
  type RecoveryRequest,
  type Release,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import { entryOf, sameDigest } from './bundle-entries.ts'
import { readStatements, type LoggedActs } from './bundle-statements.ts'
import { placedReceipt, readTree, type BundleTree } from './bundle-tree.ts'
import type { CheckedDeposit } from './checked-deposits.ts'
import { CustodianError } from './custodian-error.ts'
import { judgeCharterSubject, judgeRequestSubject, type Judged } from './judged-subject.ts'
import type { Knowledge, Learned } from './knowledge.ts'
import { refusing } from './refusing.ts'

/** What a bundle is about. */
export type CheckedSubject =
  | { readonly kind: 'request'; readonly statement: Logged<RecoveryRequest> }
  | { readonly kind: 'charter'; readonly statement: Logged<Charter> }

/** What steps 1 to 6 of the check found: the log, its charters, and what was asked. */
export interface ShownSubject {
  readonly subject: CheckedSubject
  readonly tree: BundleTree
  readonly acts: LoggedActs
  readonly charters: CharterChain
  /** `T1`: milliseconds since 1970. */
  readonly receiptMs: number
  /** What a custodian remembers of it. */
  readonly learned: Learned
}

// Held by this module alone: nobody else can make a CheckedBundle.
const MADE_BY_CHECK = Symbol('checked')

/** A bundle that passed every check at one moment. Only `checkBundle` makes one: to hold it is the proof, and a release needs one. */
export class CheckedBundle implements ShownSubject {
  readonly subject: CheckedSubject
  readonly tree: BundleTree
  readonly acts: LoggedActs
  readonly charters: CharterChain
  readonly receiptMs: number
  readonly learned: Learned
  /** Whose approvals counted. */
  readonly persons: readonly string[]
  /** Since when it may be released: milliseconds since 1970. */
  readonly releasableFrom: number
  /** In ascending order of their ids; none of a charter. */
  readonly deposits: readonly CheckedDeposit[]

  constructor(token: typeof MADE_BY_CHECK, shown: ShownSubject, judged: Judged) {
    if (token !== MADE_BY_CHECK) throw new TypeError('a bundle is checked by checkBundle alone')
    this.subject = shown.subject
    this.tree = shown.tree
    this.acts = shown.acts
    this.charters = shown.charters
    this.receiptMs = shown.receiptMs
    this.learned = shown.learned
    this.persons = judged.persons
    this.releasableFrom = judged.releasableFrom
    this.deposits = judged.deposits
  }

  get tenant(): string {
    return this.charters.tenant
  }

  /** The statement digest of the request or charter. */
  get digest(): Uint8Array {
    return this.subject.statement.digest
  }
}

/** Reads a bundle. Nothing is verified. @throws CustodianError BUNDLE_FORMAT */
export function readBundle(bytes: Uint8Array): RecoveryBundle {
  return refusing('BUNDLE_FORMAT', () => parseRecoveryBundle(bytes))
}

/**
 * Checks everything by which a custodian releases: docs/spec/recovery.md, "What the custodian checks", steps 2 to 12 but for the opening.
 * Pure: bytes, what the custodian knows, and its clock; nothing is opened, asked or written.
 *
 * @param now milliseconds since 1970
 * @throws CustodianError one of `BundleRefusal`, the first that applies in that order; with what was learned before it
 */
export function checkBundle(bundle: RecoveryBundle, knowledge: Knowledge, now: number): CheckedBundle {
  const shown = checkShown(bundle, knowledge, now)
  const { subject, tree, acts, charters, receiptMs, learned } = shown
  return withLearned(learned, () => {
    const facts = { charters, knowledge, tree, acts, receiptMs }
    const judged =
      subject.kind === 'request'
        ? judgeRequestSubject(bundle, subject.statement, facts)
        : judgeCharterSubject(bundle, subject.statement, facts)
    return new CheckedBundle(MADE_BY_CHECK, shown, judged)
  })
}

/** Steps 2 to 6: what is shown is the log, and the subject is in it. Whether it may be released is another question. @throws CustodianError */
export function checkShown(bundle: RecoveryBundle, knowledge: Knowledge, now: number): ShownSubject {
  const tree = readTree(bundle, knowledge, now)
  const seen: Learned = {
    sighting: { size: tree.size, root: tree.root, at: now },
    epoch: tree.epochs.known,
  }
  return withLearned(seen, () => {
    const acts = readStatements(bundle, tree)
    checkRemembered(acts, knowledge, tree)
    // Not before: the next bundle has to show again what was forgotten.
    const read = tree.size
    const subject = subjectOf(bundle, tree)
    const { tenant } = subject.statement.payload
    const charters = readCharters(bundle, tenant, knowledge, { tree, acts })
    const { latestMs: receiptMs } = placedReceipt(bundle.receipt, entryOf(bundle.subject), tree)
    const learned = { ...seen, read, tenant, charter: charters.known }
    return { subject, tree, acts, charters, receiptMs, learned }
  })
}

/** A refusal does not undo what was proved before it: the next bundle must go on from this tree. */
function withLearned<T>(learned: Learned, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof CustodianError)) throw error
    const { code, message, cause, digests } = error
    throw new CustodianError(code, message, {
      cause,
      learned: error.learned ?? learned,
      ...(digests && { digests }),
    })
  }
}

/** The subject, at its place in the range: all that happened to it since must be in there. */
function subjectOf({ subject, range }: RecoveryBundle, { places, trust }: BundleTree): CheckedSubject {
  const entry = entryOf(subject)
  const index = places.of(entry, 'the subject')
  if (index < range.start) {
    throw new CustodianError('BUNDLE_SUBJECT', 'the subject stands before the entries that are shown')
  }
  return refusing('BUNDLE_SUBJECT', (): CheckedSubject => {
    if (entry.kind === ENTRY_KINDS.request) {
      return { kind: 'request', statement: loggedAt(openStatement(ACTS.request, subject, trust), index) }
    }
    if (entry.kind === ENTRY_KINDS.charter) {
      return { kind: 'charter', statement: loggedAt(openStatement(ACTS.charter, subject, trust), index) }
    }
    throw new CustodianError('BUNDLE_SUBJECT', 'neither a request nor a charter')
  })
}

/** Step 5. A charter that came into force in the range is shown: its release is, and names what must be among these. */
function readCharters(
  { charters }: RecoveryBundle,
  tenant: string,
  knowledge: Knowledge,
  { tree, acts }: Pick<ShownSubject, 'tree' | 'acts'>,
): CharterChain {
  const { places, trust, custodianAt } = tree
  const links = charters.map(({ charter, release }) => ({
    charter: { envelope: charter, index: places.of(entryOf(charter), 'a charter') },
    release: release ? { envelope: release, index: places.of(entryOf(release), 'a release') } : null,
  }))
  const known = knowledge.charters.get(tenant)
  const chain = refusing('BUNDLE_CHARTERS', () =>
    verifyCharters(links, { ...trust, tenant, custodianAt, ...(known && { known }) }),
  )
  checkAllShown(chain, acts)
  if (!known && knowledge.signers.length > 0 && !knowledge.named.has(toHex(chain.known.first))) {
    const message = `the tenant ${tenant} is new here; its first charter is ${toHex(chain.known.first)}`
    throw new CustodianError('BUNDLE_TENANT', message, { digests: [chain.known.first] })
  }
  return chain
}

function checkAllShown({ tenant, charters }: CharterChain, { release: releases }: LoggedActs): void {
  const hidden = releases.find(({ payload }) => {
    const shown = charters.some(({ statement }) => sameDigest(statement.digest, payload.subject))
    return payload.kind === 'charter' && payload.tenant === tenant && !shown
  })
  if (!hidden) return
  const message = `the charter that was released at leaf ${hidden.index} is not in the bundle`
  throw new CustodianError('BUNDLE_CHARTERS', message)
}

/**
 * Whether the log has releases of this very custodian that it does not know: then its memory is of an earlier day than the log, and
 * what it released meanwhile it might release again.
 */
function checkRemembered(acts: LoggedActs, knowledge: Knowledge, tree: BundleTree): void {
  const forgotten = forgottenReleases(acts, knowledge, tree)
  if (forgotten.length === 0) return
  throw new CustodianError(
    'BUNDLE_FORGOTTEN',
    `the log has ${forgotten.length} releases that this custodian does not remember: its folder is older than they are`,
    { digests: forgotten.map(({ digest }) => digest) },
  )
}

/** The releases in the range that this custodian made and does not know. */
export function forgottenReleases(
  { release: releases }: LoggedActs,
  { signers, releases: known }: Knowledge,
  { custodianAt }: BundleTree,
): Logged<Release>[] {
  return releases.filter(({ payload, digest, index }) => {
    // What somebody signed who was not the custodian then is no release.
    const own = payload.custodian === custodianAt(index) && signers.includes(payload.custodian)
    return own && !known.has(toHex(digest))
  })
}
