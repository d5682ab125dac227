import type { Kysely } from 'kysely'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  checkCharter,
  clientIdOf,
  fingerprintOf,
  isFinal,
  judgeApproval,
  judgeCancellation,
  judgeProposal,
  judgeRejection,
  judgeRelease,
  judgeRequest,
  keyNameOf,
  personOf,
  stepRecovery,
  type CharterChain,
  type RecoveryFault,
  type RequestFacts,
  type Terms,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { Refusal } from '../model/group-judgement.ts'
import type { RecoveryAct } from '../model/recovery-facts.ts'
import type { RecoveryCase, RecoveryGiven } from './recovery-case.ts'
import { judgeCompletion, judgeRewrap, judgeVerification } from './custodian-rules.ts'
import { filledLots } from './lots.ts'
import { readClient } from './people.ts'
import { judgeProbe, judgeProbeAnswer } from './probe-rules.ts'
import { custodianOf, readKept } from './recovery-ground.ts'
import { readSubject, readVettings, searchSubjects, type SubjectRecord } from './recovery-subjects.ts'
import type { Schema } from './schema.ts'

type Rule<K extends RecoveryAct> = (it: RecoveryCase<K>) => Promise<Refusal | undefined>

/**
 * Who may say what, and when: docs/spec/recovery.md, by the pure rules of the protocol. Absent, foreign and forbidden are one answer.
 *
 * @returns why a statement is not taken; undefined if it is
 */
export const RECOVERY_RULES: { readonly [K in RecoveryAct]: Rule<K> } = {
  charter: judgeCharter,
  request: judgeNewRequest,
  approval: (it) => aboutSubject(it, approvalOf),
  rejection: (it) => aboutSubject(it, rejectionOf),
  cancellation: (it) => aboutSubject(it, cancellationOf),
  release: releaseByCustodian,
  codes: judgeCodes,
  vetting: judgeVetting,
  verification: judgeVerification,
  rewrap: judgeRewrap,
  completion: judgeCompletion,
  probe: judgeProbe,
  'probe-answer': judgeProbeAnswer,
}

async function judgeCharter(it: RecoveryCase<'charter'>): Promise<Refusal | undefined> {
  const { db, facts, ground } = it
  const charter = facts.payload
  const tenant = await db
    .selectFrom('tenant')
    .select('tenant')
    .where('tenant', '=', charter.tenant)
    .executeTakeFirst()
  if (!tenant || !ground.terms) return 'charter'
  if (charter.number === 1) {
    const isFirst = !ground.charters && fingerprintOf(sha256, charter.by) === ground.identity
    return isFirst && checkCharter(charter, ground.terms).length === 0 ? undefined : 'charter'
  }
  if (!ground.charters || proposalFaults(it, ground.charters, ground.terms).length > 0) return 'charter'
  const key = { key: keyNameOf(sha256, charter.by) }
  return (await isFull(it, key, it.quota.key)) ? 'quota' : undefined
}

function proposalFaults(
  { statement, facts, ground, index, now }: RecoveryCase<'charter'>,
  charters: CharterChain,
  terms: Terms,
): readonly RecoveryFault[] {
  const logged = { payload: facts.payload, digest: statement.digest, index }
  const { identity } = ground
  return judgeProposal(logged, { sha256, identity, charters, terms, loggedMs: now, nowMs: now })
}

/** Whether there are as many open requests as there may be. */
async function isFull(
  { db, ground, now }: RecoveryGiven,
  only: { readonly client: string } | { readonly key: string },
  most: number,
): Promise<boolean> {
  const open = await searchSubjects(db, ground, { state: 'open', only, limit: most }, now)
  return open.length >= most
}

async function judgeNewRequest(it: RecoveryCase<'request'>): Promise<Refusal | undefined> {
  const { db, statement, facts, ground, index, now } = it
  const { payload, beside } = facts
  const { charters, terms, tenant, identity } = ground
  if (!charters || !terms) return 'charter'
  const owner = await readClient(db, { tenant, client: payload.client })
  if (!owner) return 'recovery'
  const request = { payload, digest: statement.digest, index }
  const means: RequestFacts = {
    sha256,
    identity,
    charters,
    terms,
    ownerSigner: owner.signer,
    codes: await readCodes(it, payload.client),
    vettings: await readVettings(db, tenant, payload),
    spent: await readSpent(it),
    loggedMs: now,
    nowMs: now,
  }
  const faults = judgeRequest(request, means)
  if (faults.includes('charter')) return 'charter'
  if (faults.length > 0 || !(await ownsAll(it, beside.deposits ?? []))) return 'recovery'
  if (await isEnrolled(it)) return 'enrolled'
  const key = payload.by ?? payload.evidence[0]?.key ?? payload.signer
  const full =
    (await isFull(it, { client: payload.client }, it.quota.owner)) ||
    (await isFull(it, { key: keyNameOf(sha256, key) }, it.quota.key))
  return full ? 'quota' : undefined
}

async function readCodes({ db, ground }: RecoveryGiven, client: string) {
  const row = await newestCodes(db, ground.tenant, client)
  const codes = row && (await readKept(db, ground.tenant, 'codes', row.digest))
  return codes ? [codes] : []
}

function newestCodes(db: Kysely<Schema>, tenant: string, client: string) {
  return db
    .selectFrom('codes')
    .select(['digest', 'leaf'])
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    .orderBy('leaf', 'desc')
    .limit(1)
    .executeTakeFirst()
}

async function readSpent({ db, ground, facts }: RecoveryCase<'request'>): Promise<ReadonlySet<string>> {
  const { evidence } = facts.payload
  const names = evidence.map(({ key }) => keyNameOf(sha256, key))
  if (names.length === 0) return new Set()
  const rows = await db
    .selectFrom('spent_key')
    .select('name')
    .where('tenant', '=', ground.tenant)
    .where('name', 'in', names)
    .execute()
  const spent = new Set(rows.map(({ name }) => name))
  return new Set(evidence.filter(({ key }) => spent.has(keyNameOf(sha256, key))).map(({ key }) => key))
}

/** Whether all of them are deposits of the owner. */
async function ownsAll(
  { db, ground, facts }: RecoveryCase<'request'>,
  ids: readonly Uint8Array[],
): Promise<boolean> {
  const found = new Set<string>()
  for (const lot of filledLots(ids)) {
    const rows = await db
      .selectFrom('statement')
      .innerJoin('deposit', (it) =>
        it
          .onRef('deposit.tenant', '=', 'statement.tenant')
          .onRef('deposit.client', '=', 'statement.client')
          .onRef('deposit.leaf', '=', 'statement.leaf'),
      )
      .select('statement.digest')
      .where('statement.tenant', '=', ground.tenant)
      .where('statement.client', '=', facts.payload.client)
      .where('statement.digest', 'in', lot)
      .execute()
    for (const { digest } of rows) found.add(toHex(digest))
  }
  return ids.every((id) => found.has(toHex(id)))
}

/** A container that is a client already would not become the owner's next one. */
async function isEnrolled({ db, ground, facts }: RecoveryCase<'request'>): Promise<boolean> {
  const client = clientIdOf(sha256, ground.tenant, facts.payload.signer)
  return (await readClient(db, { tenant: ground.tenant, client })) !== undefined
}

type Verdicts = 'approval' | 'rejection' | 'cancellation' | 'release'

/** A verdict needs its subject, and one that is not decided. */
async function aboutSubject<K extends Verdicts>(
  it: RecoveryCase<K>,
  judge: (it: RecoveryCase<K>, subject: SubjectRecord) => Promise<Refusal | undefined> | Refusal | undefined,
): Promise<Refusal | undefined> {
  const subject = await readSubject(it.db, it.ground, it.facts.payload.subject, it.now)
  if (!subject) return 'not-found'
  return judge(it, subject)
}

const logged = <K extends RecoveryAct>({ facts, statement, index }: RecoveryCase<K>) => ({
  payload: facts.payload,
  digest: statement.digest,
  index,
})

function approvalOf(it: RecoveryCase<'approval'>, subject: SubjectRecord): Refusal | undefined {
  const { payload } = it.facts
  const fault = judgeApproval(sha256, subject.state.subject, { ...logged(it), payload }, it.now)
  // Who is nobody of the charter learns nothing, not even that it was decided.
  if (fault !== undefined && fault !== 'involved' && fault !== 'expired') return 'not-found'
  if (fault === 'involved') return 'involved'
  if (fault === 'expired' || isFinal(subject.state.phase)) return 'decided'
  const before = subject.approvals.some((approval) => approval.payload.person === payload.person)
  return before ? 'decided' : undefined
}

function rejectionOf(it: RecoveryCase<'rejection'>, subject: SubjectRecord): Refusal | undefined {
  const { payload } = it.facts
  if (judgeRejection(sha256, subject.state.subject, { ...logged(it), payload })) return 'not-found'
  return isFinal(subject.state.phase) ? 'decided' : undefined
}

async function cancellationOf(
  it: RecoveryCase<'cancellation'>,
  subject: SubjectRecord,
): Promise<Refusal | undefined> {
  const { payload } = it.facts
  const keys = {
    requester: openersOf(subject),
    owner: await ownersOf(it, subject),
    notice: subject.row.notice === null ? [] : [subject.row.notice],
  }
  if (judgeCancellation(subject.state.subject, { ...logged(it), payload }, keys)) return 'not-found'
  return isFinal(subject.state.phase) ? 'decided' : undefined
}

function openersOf({ kind, statement }: SubjectRecord): readonly string[] {
  if (kind === 'charter') return [statement.payload.by]
  const { signer, by } = statement.payload
  return by === null ? [signer] : [signer, by]
}

/** A client that was suspended or replaced, perhaps because somebody else has its key, has no say. */
async function ownersOf({ db, ground }: RecoveryGiven, subject: SubjectRecord): Promise<readonly string[]> {
  if (subject.kind === 'charter') return []
  const owner = await readClient(db, { tenant: ground.tenant, client: subject.statement.payload.client })
  return owner?.state === 'active' ? [owner.signer] : []
}

/** Who is not the custodian learns nothing, not even whether there is such a subject. */
async function releaseByCustodian(it: RecoveryCase<'release'>): Promise<Refusal | undefined> {
  const { facts, ground, index } = it
  if (facts.payload.custodian !== custodianOf(ground, index)) return 'unauthenticated'
  return await aboutSubject(it, releaseOf)
}

async function releaseOf(it: RecoveryCase<'release'>, subject: SubjectRecord): Promise<Refusal | undefined> {
  const { facts, ground, index, now } = it
  const { payload } = facts
  const release = { ...logged(it), payload }
  if (judgeRelease(subject.state.subject, release, custodianOf(ground, index))) return 'not-found'
  const count = subject.kind === 'request' ? subject.statement.payload.deposits.count : 0
  if (payload.count !== count) return 'recovery'
  const next = stepRecovery(sha256, subject.state, { act: 'release', statement: release, atMs: now })
  if (isFinal(subject.state.phase)) return 'decided'
  if (next.phase !== 'released') return 'recovery'
  return subject.kind === 'charter' ? stillFollows(it, subject.statement) : undefined
}

/** Another charter may have come into force since it was proposed. */
function stillFollows(
  { ground, now }: RecoveryGiven,
  statement: Extract<SubjectRecord, { kind: 'charter' }>['statement'],
): Refusal | undefined {
  const { charters, terms, identity } = ground
  if (!charters || !terms) return 'charter'
  const means = { sha256, identity, charters, terms, loggedMs: statement.received, nowMs: now }
  return judgeProposal(statement, means).length > 0 ? 'charter' : undefined
}

async function judgeCodes({ db, facts, ground }: RecoveryCase<'codes'>): Promise<Refusal | undefined> {
  const { client, signer, previous } = facts.payload
  const owner = await readClient(db, { tenant: ground.tenant, client })
  if (owner?.state !== 'active' || owner.signer !== signer) return 'unauthenticated'
  const newest = await newestCodes(db, ground.tenant, client)
  const same = newest ? previous !== null && equalBytes(previous, newest.digest) : previous === null
  return same ? undefined : 'stale'
}

async function judgeVetting({
  db,
  facts,
  ground,
  now,
}: RecoveryCase<'vetting'>): Promise<Refusal | undefined> {
  const { client, person, by, code, expires } = facts.payload
  const charter = ground.charters?.latest.statement.payload
  const officer = charter && personOf(charter, fingerprintOf(sha256, by))
  if (officer?.id !== person || !officer.roles.includes('officer')) return 'not-found'
  if (!(await readClient(db, { tenant: ground.tenant, client }))) return 'not-found'
  if (expires < now) return 'stale'
  const before = await db
    .selectFrom('vetting')
    .select('leaf')
    .where('tenant', '=', ground.tenant)
    .where('code', '=', keyNameOf(sha256, code))
    .executeTakeFirst()
  return before ? 'stale' : undefined
}
