import { equalBytes, utf8Encode } from '../bytes/index.ts'
import {
  ACTS,
  chartersOf,
  depositListDigest,
  judgeApproval,
  judgeProposal,
  judgeRejection,
  judgeRelease,
  judgeRequest,
  loggedAt,
  openStatement,
  parseReceipt,
  proposalSubject,
  ProtocolError,
  requestSubject,
  startRecovery,
  statementDigest,
  stepRecovery,
  verifyOwner,
  vouchingFor,
  type Act,
  type Approval,
  type Cancellation,
  type Charter,
  type CharterChain,
  type EpochChain,
  type Logged,
  type LoggedEnvelope,
  type RecoveryCodes,
  type RecoveryEvent,
  type RecoveryFault,
  type RecoveryRequest,
  type RecoveryState,
  type RecoverySubject,
  type Rejection,
  type Release,
  type SubjectFile,
  type VerifiedOwner,
  type VerifiedReceipt,
  type Vetting,
} from '../protocol/index.ts'
import { parseLogProof } from '../tlog/index.ts'
import { ClientError } from './client-error.ts'
import { verifyHead } from './log-head.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { verifyReceiptFile } from './receipt-file.ts'
import { proveStatement, type ProvenCharters } from './recovery-charters.ts'
import type { ProvenLog } from './recovery-log.ts'

/** By what a subject is judged. */
export interface SubjectQuestion {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  readonly epochs: EpochChain
  readonly log: ProvenLog
  readonly charters: ProvenCharters
  /** This computer's clock, in milliseconds since 1970. */
  readonly nowMs: number
}

/** What somebody said about a subject, verified, and why it does not count; without `fault` it does. */
export type JudgedVerdict = { readonly fault: RecoveryFault | undefined } & (
  | { readonly act: 'approval'; readonly statement: Logged<Approval> }
  | { readonly act: 'rejection'; readonly statement: Logged<Rejection> }
  | { readonly act: 'cancellation'; readonly statement: Logged<Cancellation> }
)

/** All that is known of one subject from statements and proofs; nothing of it is the authority's word alone. */
export interface JudgedSubject {
  readonly digest: Uint8Array
  /** Of its leaf. */
  readonly index: number
  /** One of the two. */
  readonly request: RecoveryRequest | null
  readonly proposal: Charter | null
  /** Null for a proposal. */
  readonly owner: VerifiedOwner | null
  readonly receipt: VerifiedReceipt
  /** When it was logged: the time of the first checkpoint that has it, in milliseconds since 1970. */
  readonly loggedMs: number
  /** What is wrong with it by itself, whoever approves. Whether a code was used before, the custodian knows alone. */
  readonly faults: readonly RecoveryFault[]
  /** In the order of the log. */
  readonly verdicts: readonly JudgedVerdict[]
  /** Who vouched for the requester. */
  readonly vettings: readonly Logged<Vetting>[]
  readonly release: Logged<Release> | null
  /** Where it stands, derived from all this. */
  readonly state: RecoveryState
}

/**
 * Judges a subject as a custodian would, from what an authority shows of it. Each statement is verified, and its place in the log
 * proved; what the authority says of the state is not looked at.
 *
 * An authority may leave out verdicts that it does not want to be seen: the custodian gets the log whole, and finds them.
 *
 * @throws ClientError CLIENT_ALARM for whatever does not verify
 */
export async function judgeSubject(file: SubjectFile, question: SubjectQuestion): Promise<JudgedSubject> {
  for (const { envelope, index } of allOf(file)) {
    await proveStatement(question.log, kindOf(envelope), { envelope, index })
  }
  try {
    return judged(file, question)
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('CLIENT_ALARM', `what the authority shows does not hold: ${cause.message}`, {
      cause,
    })
  }
}

function allOf({
  statement,
  index,
  enrolments,
  evidence,
  statements,
  release,
}: SubjectFile): LoggedEnvelope[] {
  const own = { envelope: statement, index }
  return [own, ...enrolments, ...evidence, ...statements, ...(release ? [release] : [])]
}

/** Of which kind a statement is, by the type that its signers signed. */
function kindOf({ payloadType }: LoggedEnvelope['envelope']): keyof typeof ACTS {
  const act = Object.values(ACTS).find((candidate) => candidate.payloadType === payloadType)
  if (act) return act.name
  throw new ClientError('CLIENT_ANSWER', 'a statement of an unknown type')
}

function judged(file: SubjectFile, question: SubjectQuestion): JudgedSubject {
  const { identity, epochs, log, charters } = question
  const release = file.release && opened(ACTS.release, file.release)
  const chain = release ? charters.before(release.index) : charters.chain
  const digest = statementDigest(sha256, file.statement)
  const receipt = verifyReceiptFile(file.receipt, { identity, epochs, kind: file.kind, digest })
  const loggedMs = timeOf(file.receipt, epochs)
  const nowMs = Math.max(question.nowMs, log.head.signedMs)
  const situation: Situation = { file, question, chain, loggedMs, nowMs }
  const about = file.kind === 'request' ? aboutRequest(situation) : aboutProposal(situation)
  const verdicts = judgeVerdicts(file, about.subject, nowMs)
  const events: RecoveryEvent[] = verdicts.map((verdict) => ({ ...verdict, atMs: loggedMs }))
  // When the custodian judged is what it signed: what expired since was in time.
  if (release) events.push({ act: 'release', statement: release, atMs: release.payload.created })
  events.sort((one, other) => leafOf(one) - leafOf(other))
  const start = startRecovery(sha256, about.subject, loggedMs)
  const stepped = events.reduce((state, event) => stepRecovery(sha256, state, event), start)
  checkRelease(about.subject, release, stepped, charters)
  const state = stepRecovery(sha256, stepped, { act: 'time', atMs: nowMs })
  return { ...about, digest, index: file.index, receipt, loggedMs, verdicts, release, state }
}

interface Situation {
  readonly file: SubjectFile
  readonly question: SubjectQuestion
  readonly chain: CharterChain
  readonly loggedMs: number
  readonly nowMs: number
}

interface About {
  readonly subject: RecoverySubject
  readonly faults: readonly RecoveryFault[]
  readonly request: RecoveryRequest | null
  readonly proposal: Charter | null
  readonly owner: VerifiedOwner | null
  readonly vettings: readonly Logged<Vetting>[]
}

function aboutRequest({ file, question, chain, loggedMs, nowMs }: Situation): About {
  const { identity, tenant, charters } = question
  const request = opened(ACTS.request, { envelope: file.statement, index: file.index })
  const { payload } = request
  const owner = ownerOf(file, question)
  if (owner.clientId !== payload.client || owner.tenant !== tenant) {
    throw new ClientError('CLIENT_ALARM', 'the enrolment is of another client than the owner of the deposits')
  }
  checkList(file, payload)
  const { signer: ownerSigner } = owner
  const [codes, vettings] = evidenceIn(file)
  const facts = { sha256, identity, charters: chain, terms: charters.terms, ownerSigner, codes, vettings }
  const faults = judgeRequest(request, { ...facts, spent: new Set(), loggedMs, nowMs })
  const deciding = chartersOf(chain, request.index)
  if (!deciding) throw new ClientError('CLIENT_ALARM', 'a request that was logged before there was a charter')
  const vouching = vouchingFor(request, vettings)
  const subject = requestSubject(request, deciding, { sha256, terms: charters.terms, ownerSigner, vouching })
  return { subject, faults, request: payload, proposal: null, owner, vettings }
}

/** The list travels beside the request: what is shown of it is what was signed. */
function checkList({ deposits: ids }: SubjectFile, { deposits }: RecoveryRequest): void {
  if (ids.length === deposits.count && equalBytes(depositListDigest(sha256, ids), deposits.digest)) return
  throw new ClientError(
    'CLIENT_ALARM',
    'the authority shows another list of deposits than the one that was signed',
  )
}

/** Whose deposits they are: an enrolment, or a request and behind it its release, both at their places. */
function ownerOf(
  { enrolments }: SubjectFile,
  { identity, epochs, charters }: SubjectQuestion,
): VerifiedOwner {
  const [first, second] = enrolments
  if (!first) throw new ClientError('CLIENT_ALARM', 'a request without the enrolment of the owner')
  const owner = verifyOwner(
    enrolments.map(({ envelope }) => envelope),
    { ...nodeMeans, identity, epochs },
  )
  const custodian = owner.release?.payload.custodian
  const inOrder = !second || (second.index > first.index && charters.custodianAt(second.index) === custodian)
  if (inOrder) return owner
  throw new ClientError('CLIENT_ALARM', 'the owner was released by somebody who was not the custodian then')
}

function aboutProposal({ file, question, chain, loggedMs, nowMs }: Situation): About {
  const { identity, charters } = question
  const { terms } = charters
  const proposal = opened(ACTS.charter, { envelope: file.statement, index: file.index })
  const faults = judgeProposal(proposal, { sha256, identity, charters: chain, terms, loggedMs, nowMs })
  const before = chain.inForceAt(file.index)?.statement.payload
  if (!before) throw new ClientError('CLIENT_ALARM', 'a proposal that was logged before there was a charter')
  const subject = proposalSubject(proposal, before, { sha256, terms })
  return { subject, faults, request: null, proposal: proposal.payload, owner: null, vettings: [] }
}

function evidenceIn({ evidence }: SubjectFile): [Logged<RecoveryCodes>[], Logged<Vetting>[]] {
  const of = (act: { readonly payloadType: string }) =>
    evidence.filter(({ envelope }) => envelope.payloadType === act.payloadType)
  return [
    of(ACTS.codes).map((one) => opened(ACTS.codes, one)),
    of(ACTS.vetting).map((one) => opened(ACTS.vetting, one)),
  ]
}

function judgeVerdicts(
  { statements }: SubjectFile,
  subject: RecoverySubject,
  nowMs: number,
): JudgedVerdict[] {
  return statements.map((one): JudgedVerdict => {
    const act = kindOf(one.envelope)
    if (act === 'approval') {
      const statement = opened(ACTS.approval, one)
      return { act, statement, fault: judgeApproval(sha256, subject, statement, nowMs) }
    }
    if (act === 'rejection') {
      const statement = opened(ACTS.rejection, one)
      return { act, statement, fault: judgeRejection(sha256, subject, statement) }
    }
    return { act: 'cancellation', statement: opened(ACTS.cancellation, one), fault: undefined }
  })
}

/** A release that should not have been is none, and whoever logged it must answer for it. */
function checkRelease(
  subject: RecoverySubject,
  release: Logged<Release> | null,
  state: RecoveryState,
  charters: ProvenCharters,
): void {
  if (!release) return
  const fault =
    judgeRelease(subject, release, charters.custodianAt(release.index)) ?? state.irregular[0]?.fault
  if (fault === undefined) return
  throw new ClientError('CLIENT_ALARM', `a release that must not count: ${REASONS[fault] ?? fault}`)
}

const REASONS: Partial<Record<RecoveryFault, string>> = {
  subject: 'it is about another request',
  foreign: 'it is of another authority or tenant',
  custodian: 'it is of another custodian than the epoch names',
  approvals: 'too few officers have approved',
  waiting: 'the waiting time was not over',
  decided: 'it was decided before',
}

/** When the first tree that has a statement was signed, as its receipt proves. */
function timeOf(receipt: Uint8Array, epochs: EpochChain): number {
  const { checkpoint } = parseLogProof(utf8Encode(parseReceipt(receipt).proof))
  return verifyHead(checkpoint, epochs).signedMs
}

function leafOf(event: RecoveryEvent): number {
  return event.act === 'time' ? Infinity : event.statement.index
}

function opened<T>(act: Act<T>, { envelope, index }: LoggedEnvelope): Logged<T> {
  return loggedAt(openStatement(act, envelope, nodeMeans), index)
}
