import type { Kysely, Selectable } from 'kysely'
import { fromHex, toHex } from '@strongroom/core/bytes'
import {
  chartersOf,
  isFinal,
  keyNameOf,
  proposalSubject,
  requestSubject,
  startRecovery,
  stepRecovery,
  vouchingFor,
  type Approval,
  type Charter,
  type RecoveryPhase,
  type RecoveryRequest,
  type RecoveryState,
  type RecoverySubject,
  type Vetting,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { readKept, type KeptStatement, type RecoveryGround } from './recovery-ground.ts'
import type { Schema } from './schema.ts'

/** A request or a proposed charter with all that was said about it. */
export type SubjectRecord = (
  | {
      readonly kind: 'request'
      readonly statement: KeptStatement<RecoveryRequest>
      /** The signer that the owner enrolled with. */
      readonly ownerSigner: string
    }
  | { readonly kind: 'charter'; readonly statement: KeptStatement<Charter> }
) & {
  readonly row: Selectable<Schema['subject']>
  readonly state: RecoveryState
  readonly approvals: readonly KeptStatement<Approval>[]
  readonly ending: Selectable<Schema['ending']> | undefined
}

/** Where it stands at a moment; undefined if there is no such subject in the tenant. */
export async function readSubject(
  db: Kysely<Schema>,
  ground: RecoveryGround,
  digest: Uint8Array,
  now: number,
): Promise<SubjectRecord | undefined> {
  const row = await db
    .selectFrom('subject')
    .selectAll()
    .where('tenant', '=', ground.tenant)
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && recordOf(db, ground, row, now)
}

/** Which subjects are looked for. */
export interface SubjectSearch {
  readonly state?: RecoveryPhase | 'open'
  readonly kind?: 'request' | 'charter'
  readonly before?: number
  readonly limit: number
  /** Those of an owner, or of a key by its name, alone. */
  readonly only?: { readonly client: string } | { readonly key: string }
}

const PAGE = 64

/** Subjects of a tenant, the newest first. */
export async function searchSubjects(
  db: Kysely<Schema>,
  ground: RecoveryGround,
  search: SubjectSearch,
  now: number,
): Promise<SubjectRecord[]> {
  const found: SubjectRecord[] = []
  for (let before = search.before ?? Number.MAX_SAFE_INTEGER; found.length < search.limit; ) {
    const rows = await readRows(db, ground.tenant, { ...search, before })
    for (const row of rows) {
      const record = await recordOf(db, ground, row, now)
      if (record && matches(record, search.state)) found.push(record)
      if (found.length === search.limit) break
    }
    const last = rows.at(-1)
    if (rows.length < PAGE || !last) break
    before = last.leaf
  }
  return found
}

function matches({ state }: SubjectRecord, wanted: SubjectSearch['state']): boolean {
  if (wanted === undefined) return true
  return wanted === 'open' ? !isFinal(state.phase) : state.phase === wanted
}

async function readRows(
  db: Kysely<Schema>,
  tenant: string,
  { state, kind, before, only }: SubjectSearch & { readonly before: number },
): Promise<Selectable<Schema['subject']>[]> {
  let query = db.selectFrom('subject').selectAll().where('tenant', '=', tenant).where('leaf', '<', before)
  if (kind) query = query.where('kind', '=', kind)
  if (only && 'client' in only) query = query.where('client', '=', only.client)
  if (only && 'key' in only) {
    const { key } = only
    query = query.where((it) => it.or([it('signer', '=', key), it('opener', '=', key)]))
  }
  const ended = state === 'released' || state === 'denied' || state === 'cancelled'
  if (state !== undefined) {
    query = query.where((it) => {
      const ending = it
        .selectFrom('ending')
        .select('ending.leaf')
        .whereRef('ending.tenant', '=', 'subject.tenant')
        .whereRef('ending.subject', '=', 'subject.digest')
      return ended ? it.exists(ending.where('ending.phase', '=', state)) : it.not(it.exists(ending))
    })
  }
  return query.orderBy('leaf', 'desc').limit(PAGE).execute()
}

async function recordOf(
  db: Kysely<Schema>,
  ground: RecoveryGround,
  row: Selectable<Schema['subject']>,
  now: number,
): Promise<SubjectRecord | undefined> {
  const about =
    row.kind === 'request' ? await aboutRequest(db, ground, row) : await aboutCharter(db, ground, row)
  if (!about) return undefined
  const { subject, ...rest } = about
  const approvals = await readApprovals(db, row)
  const ending = await db
    .selectFrom('ending')
    .selectAll()
    .where('tenant', '=', row.tenant)
    .where('subject', '=', row.digest)
    .executeTakeFirst()
  const state = stateOf({ subject, received: row.received, approvals, ending, now })
  return { ...rest, row, state, approvals, ending }
}

async function aboutRequest(
  db: Kysely<Schema>,
  ground: RecoveryGround,
  { tenant, digest, client }: Selectable<Schema['subject']>,
) {
  const statement = await readKept(db, tenant, 'request', digest)
  const charters = statement && ground.charters && chartersOf(ground.charters, statement.index)
  const owner = await db
    .selectFrom('client')
    .select('signer')
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    .executeTakeFirst()
  if (!statement || !charters || !ground.terms || !owner) return undefined
  const vouching = vouchingFor(statement, await readVettings(db, tenant, statement.payload))
  const facts = { sha256, terms: ground.terms, ownerSigner: owner.signer, vouching }
  const subject = requestSubject(statement, charters, facts)
  return { kind: 'request', statement, ownerSigner: owner.signer, subject } as const
}

async function aboutCharter(
  db: Kysely<Schema>,
  ground: RecoveryGround,
  { tenant, digest }: Selectable<Schema['subject']>,
) {
  const statement = await readKept(db, tenant, 'charter', digest)
  const before = statement && ground.charters?.inForceAt(statement.index)
  if (!statement || !before || !ground.terms) return undefined
  const subject = proposalSubject(statement, before.statement.payload, { sha256, terms: ground.terms })
  return { kind: 'charter', statement, subject } as const
}

/** The vettings whose codes a request was made with. */
export async function readVettings(
  db: Kysely<Schema>,
  tenant: string,
  { evidence }: RecoveryRequest,
): Promise<KeptStatement<Vetting>[]> {
  const found: KeptStatement<Vetting>[] = []
  for (const { kind, key } of evidence) {
    if (kind !== 'vetting') continue
    const row = await db
      .selectFrom('vetting')
      .select('digest')
      .where('tenant', '=', tenant)
      .where('code', '=', keyNameOf(sha256, key))
      .executeTakeFirst()
    const vetting = row && (await readKept(db, tenant, 'vetting', row.digest))
    if (vetting) found.push(vetting)
  }
  return found
}

async function readApprovals(
  db: Kysely<Schema>,
  { tenant, digest }: Selectable<Schema['subject']>,
): Promise<KeptStatement<Approval>[]> {
  const rows = await db
    .selectFrom('approval')
    .select('digest')
    .where('tenant', '=', tenant)
    .where('subject', '=', digest)
    .orderBy('leaf')
    .execute()
  const found: KeptStatement<Approval>[] = []
  for (const row of rows) {
    const approval = await readKept(db, tenant, 'approval', row.digest)
    if (approval) found.push(approval)
  }
  return found
}

/** By the one step function of the protocol. How it ended was decided when that was logged, and stays so. */
function stateOf({
  subject,
  received,
  approvals,
  ending,
  now,
}: {
  readonly subject: RecoverySubject
  readonly received: number
  readonly approvals: readonly KeptStatement<Approval>[]
  readonly ending: Selectable<Schema['ending']> | undefined
  readonly now: number
}): RecoveryState {
  let state = startRecovery(sha256, subject, received)
  for (const statement of approvals) {
    state = stepRecovery(sha256, state, { act: 'approval', statement, atMs: statement.received })
  }
  if (ending) return { ...state, phase: ending.phase as RecoveryPhase }
  return stepRecovery(sha256, state, { act: 'time', atMs: now })
}

/** The ids of the deposits of a subject. */
export function depositIds({ deposits }: Pick<Selectable<Schema['subject']>, 'deposits'>): Uint8Array[] {
  const hex = toHex(deposits)
  return Array.from({ length: deposits.length / 32 }, (_, i) => fromHex(hex.slice(64 * i, 64 * (i + 1))))
}
