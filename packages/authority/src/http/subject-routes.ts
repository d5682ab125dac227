import { AgeError } from '@strongroom/core/age'
import { equalBytes } from '@strongroom/core/bytes'
import {
  CHALLENGE,
  encodeDeposits,
  encodeEnvelope,
  encodeJson,
  encodeKeyBlobs,
  encodeSubjectFile,
  encodeSubjectPage,
  LIMITS,
  MEDIA_TYPES,
  parseEnvelope,
  parseJson,
  parseKeyBlobs,
  parseRequestSubmission,
  parseSubjectQuery,
  RECIPIENT_CHALLENGE,
  RECOVERY_LIMITS,
  releaseListDigest,
  statementDigest,
  type FoundStanding,
  type FoundSubject,
  type LoggedEnvelope,
} from '@strongroom/core/protocol'
import {
  evidenceStatements,
  isOfOneTenant,
  makeBundle,
  ownerStatements,
  subjectReceipt,
} from '../log/index.ts'
import { sha256, type AdmittedStatement, type StatementRow } from '../model/index.ts'
import { depositIds, type SubjectRecord, type SubjectSearch } from '../store/index.ts'
import { callerOf, checkCustodian, memberOf, seenSubject } from './callers.ts'
import { checkWritable } from './deposit-routes.ts'
import { ProblemError, readRequest } from './problem-error.ts'
import { numberIn } from './recovery-schemas.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'
import { admitted, appendOne } from './statement-routes.ts'

const BLOB_LENGTH_BYTES = 4

/** Requests for recovery, and what becomes of them. What somebody may not see is absent. */
export const SUBJECT_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/requests/challenge',
    auth: 'public',
    summary: 'Ask for what proves that the recipient key is held',
    bodies: { [MEDIA_TYPES.json]: { schema: SCHEMAS.recipientChallenge, most: () => LIMITS.jsonBytes } },
    answers: { [MEDIA_TYPES.json]: SCHEMAS.challenge },
    seconds: 10,
    handle: challenge,
  },
  {
    method: 'POST',
    path: '/v1/requests',
    auth: 'statement',
    summary: 'Ask for session keys',
    bodies: {
      [MEDIA_TYPES.json]: { schema: SCHEMAS.requestSubmission, most: () => RECOVERY_LIMITS.submissionBytes },
    },
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt },
    seconds: 60,
    handle: request,
  },
  {
    method: 'GET',
    path: '/v1/requests',
    auth: 'keyed',
    summary: 'Requests and proposed charters',
    query: SCHEMAS.subjectQuery,
    answers: { [MEDIA_TYPES.json]: SCHEMAS.subjectPage },
    seconds: 30,
    handle: listSubjects,
  },
  {
    method: 'GET',
    path: '/v1/requests/{digest}',
    auth: 'keyed',
    summary: 'All that was said about a request or charter',
    answers: { [MEDIA_TYPES.json]: SCHEMAS.subjectFile },
    seconds: 30,
    handle: readSubject,
  },
  {
    method: 'GET',
    path: '/v1/requests/{digest}/bundle',
    auth: 'keyed',
    summary: 'What a custodian judges by',
    query: SCHEMAS.bundleQuery,
    answers: { [MEDIA_TYPES.bundle]: SCHEMAS.bytes },
    seconds: 110,
    handle: readBundle,
  },
  {
    method: 'GET',
    path: '/v1/requests/{digest}/release',
    auth: 'keyed',
    summary: 'The key blobs that were released to who signed the request',
    answers: { [MEDIA_TYPES.keyBlobs]: SCHEMAS.bytes },
    seconds: 60,
    handle: readRelease,
  },
  {
    method: 'GET',
    path: '/v1/requests/{digest}/deposits',
    auth: 'keyed',
    summary: 'The deposits whose keys were released, to who signed the request',
    query: SCHEMAS.releasedQuery,
    answers: { [MEDIA_TYPES.deposits]: SCHEMAS.bytes },
    seconds: 60,
    handle: readReleased,
  },
  {
    method: 'PUT',
    path: '/v1/requests/{digest}/release',
    auth: 'keyed',
    summary: 'Hand out key blobs whose release is logged',
    bodies: {
      [MEDIA_TYPES.keyBlobs]: {
        schema: SCHEMAS.bytes,
        most: () => RECOVERY_LIMITS.deposits * (RECOVERY_LIMITS.releaseBlobBytes + BLOB_LENGTH_BYTES),
      },
    },
    answers: { [MEDIA_TYPES.receipt]: SCHEMAS.receipt },
    seconds: 60,
    handle: handOut,
  },
]

async function challenge({ desk, body }: Call): Promise<Answer> {
  const { signer, recipient } = readRequest(() => parseJson(RECIPIENT_CHALLENGE, body, LIMITS.jsonBytes))
  try {
    const file = desk.recipients.give({ invitation: signer, exchange: recipient })
    return { type: MEDIA_TYPES.json, body: encodeJson(CHALLENGE, { file }, LIMITS.jsonBytes) }
  } catch (cause) {
    if (cause instanceof AgeError) throw new ProblemError('malformed', { cause, detail: 'recipient: no key' })
    throw cause
  }
}

async function request(call: Call): Promise<Answer> {
  const { desk } = call
  checkWritable(desk)
  const submission = readRequest(() => parseRequestSubmission(call.body))
  const { signer: notice } = desk.notices.signerOf(statementDigest(sha256, submission.statement))
  const beside = { deposits: submission.deposits, notice }
  const statement = admitted(call, encodeEnvelope(submission.statement), ['request'], beside)
  if (!isHeld(call, statement, submission.challenge)) return askedBefore(call, statement)
  const answer = await counted(call, statement)
  await desk.authority.store.recovery.keepReceipt(statement.owner.tenant, statement.digest, answer.body)
  return answer
}

/** Whether the challenge is one that was given for this signer and recipient. */
function isHeld({ desk }: Call, { facts }: AdmittedStatement, given: Uint8Array): boolean {
  if (facts.kind !== 'request') return false
  const { signer, recipient } = facts.payload
  return desk.recipients.accepts(given, { invitation: signer, exchange: recipient })
}

/** The same request again, later, gets its receipt. @throws ProblemError challenge */
async function askedBefore({ desk, is, strike }: Call, statement: AdmittedStatement): Promise<Answer> {
  const receipt = await desk.authority.log.receipt(statement.owner, statement.digest)
  if (!receipt) {
    strike()
    throw new ProblemError('challenge')
  }
  is(statement.owner)
  return { type: MEDIA_TYPES.receipt, body: receipt }
}

/** Codes that do not fit are counted before anybody hears of it: who hangs up is counted too. */
async function counted(call: Call, statement: AdmittedStatement) {
  try {
    return await appendOne(call, statement)
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'recovery') await noteAttempt(call, statement)
    throw error
  }
}

async function noteAttempt({ desk }: Call, { owner }: AdmittedStatement): Promise<void> {
  const { store } = desk.authority
  const found = await store.client(owner.client)
  // A name that was made up is not kept: there is no end of those.
  const of = found?.tenant === owner.tenant ? owner : { tenant: '', client: '' }
  await store.recovery.noteAttempt(of.tenant, of.client, desk.now())
}

async function listSubjects(call: Call): Promise<Answer> {
  const { desk } = call
  const caller = callerOf(call)
  const { limit, ...query } = readRequest(() => parseSubjectQuery(call.query))
  const { store, trust } = desk.authority
  const member = await memberOf(desk, caller)
  const tenant = member ?? caller.tenants[0]
  const search: SubjectSearch = {
    ...query,
    limit: limit + 1,
    ...(member === undefined && { only: caller.client ? { client: caller.name } : { key: caller.name } }),
  }
  const found = tenant === undefined ? [] : await store.recovery.subjects(trust, tenant, search, desk.now())
  const subjects = found.slice(0, limit).map(foundSubject)
  const next = found.length > limit ? (subjects.at(-1)?.index ?? null) : null
  return { type: MEDIA_TYPES.json, body: encodeSubjectPage({ subjects, next }) }
}

function foundSubject(record: SubjectRecord): FoundSubject {
  const { row } = record
  const common = { digest: row.digest, index: row.leaf, received: row.received, standing: standingOf(record) }
  if (record.kind === 'charter') {
    const requester = [...record.state.subject.involved][0] ?? null
    const none = { class: null, client: null, count: 0, reason: null, reference: null }
    return { ...common, ...none, kind: 'charter', requester }
  }
  const { class: name, client, deposits, requester, reason, reference } = record.statement.payload
  const { count } = deposits
  return { ...common, kind: 'request', class: name, client, count, requester, reason, reference }
}

function standingOf({ state }: SubjectRecord): FoundStanding {
  const { phase, persons, releasableFrom, subject } = state
  return { phase, persons, approvals: subject.approvals, releasableFrom, expires: subject.expires }
}

async function readSubject(call: Call): Promise<Answer> {
  const { authority } = call.desk
  const { subject } = await seenSubject(call)
  const { row, kind, statement } = subject
  const verdicts = (await authority.store.recovery.verdicts(row.tenant, row.digest)).map(placed)
  const release = subject.ending?.phase === 'released' ? (verdicts.at(-1) ?? null) : null
  const body = encodeSubjectFile({
    kind,
    statement: statement.envelope,
    index: row.leaf,
    received: row.received,
    deposits: depositIds(row),
    receipt: await subjectReceipt(authority, subject),
    standing: standingOf(subject),
    enrolments: await enrolmentsOf(call, subject),
    evidence: await evidenceOf(call, subject),
    statements: release ? verdicts.slice(0, -1) : verdicts,
    release,
    keys: await authority.store.recovery.peopleKeys(row.tenant),
  })
  return { type: MEDIA_TYPES.json, body }
}

const placed = ({ index, bytes }: StatementRow): LoggedEnvelope => ({ index, envelope: parseEnvelope(bytes) })

async function enrolmentsOf({ desk }: Call, { row, kind }: SubjectRecord): Promise<LoggedEnvelope[]> {
  if (kind === 'charter') return []
  const { store } = desk.authority
  const owner = await store.client(row.client)
  return owner ? (await ownerStatements(store, owner)).map(placed) : []
}

async function evidenceOf({ desk }: Call, subject: SubjectRecord): Promise<LoggedEnvelope[]> {
  if (subject.kind === 'charter') return []
  const shown = await evidenceStatements(desk.authority.store.recovery, subject.statement.payload)
  return shown.map(({ index, envelope }) => ({ index, envelope }))
}

async function readBundle(call: Call): Promise<Answer> {
  const { authority } = call.desk
  const seen = readRequest(() => numberIn(call.query, 'seen'))
  const { subject, roles } = await seenSubject(call)
  const { isCustodian } = callerOf(call)
  const mayRead = roles.includes('officer') || roles.includes('auditor')
  // What would forbid a release stands in it whoever said it: nobody of one tenant sees what others said.
  if (!isCustodian && !(mayRead && (await isOfOneTenant(authority)))) throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.bundle, body: await makeBundle(authority, subject, seen) }
}

async function readRelease(call: Call): Promise<Answer> {
  const { row } = await releasedTo(call)
  const blobs = await call.desk.authority.store.recovery.releaseBlobs(row.tenant, row.digest)
  if (blobs.length === 0) throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.keyBlobs, body: encodeKeyBlobs(blobs) }
}

/** A page of the deposits, in ascending order of their ids; each of them alone would be a request. */
async function readReleased(call: Call): Promise<Answer> {
  const from = readRequest(() => numberIn(call.query, 'from'))
  const { row } = await releasedTo(call)
  const ids = depositIds(row).slice(from, from + RECOVERY_LIMITS.depositsPerPage)
  const found = await call.desk.authority.store.recovery.depositsNamed(row.tenant, ids)
  if (ids.length === 0 || found.length < ids.length) throw new ProblemError('not-found')
  return { type: MEDIA_TYPES.deposits, body: encodeDeposits(found.map(({ bytes }) => bytes)) }
}

/** The request that was released to whoever asks. @throws ProblemError not-found to all others, and as long as it was not */
async function releasedTo(call: Call): Promise<SubjectRecord> {
  const { subject } = await seenSubject(call)
  const { row, ending } = subject
  if (row.signer === callerOf(call).name && ending?.phase === 'released') return subject
  throw new ProblemError('not-found')
}

async function handOut(call: Call): Promise<Answer> {
  checkCustodian(call)
  const { store, log } = call.desk.authority
  const { subject } = await seenSubject(call)
  const { row, ending } = subject
  if (ending?.phase !== 'released' || subject.kind !== 'request') throw new ProblemError('not-found')
  const blobs = readRequest(() => parseKeyBlobs(call.body))
  const ids = depositIds(row)
  const rows = ids.flatMap((id, i) => {
    const blob = blobs[i]
    return blob ? [{ id, blob: blob.slice() }] : []
  })
  const results = await store.recovery.releaseResults(row.tenant, ending.digest)
  const same = results && blobs.length === ids.length && equalBytes(releaseListDigest(sha256, rows), results)
  if (!same) throw new ProblemError('statement', { detail: 'not the key blobs that were released' })
  await store.recovery.keepReleaseBlobs(row.tenant, row.digest, rows)
  const receipt = await log.receipt({ tenant: row.tenant, client: '' }, ending.digest)
  if (!receipt) throw new ProblemError('internal')
  return { type: MEDIA_TYPES.receipt, body: receipt }
}
