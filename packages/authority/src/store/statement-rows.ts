import type { Insertable, Kysely } from 'kysely'
import { utf8Encode } from '@strongroom/core/bytes'
import { DEPOSIT_FORMATS } from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import type { AdmittedStatement } from '../model/admitted-statement.ts'
import { foldText } from '../model/folded-text.ts'
import type { DepositFacts, EnrolmentFacts, Usage } from '../model/statement-rows.ts'
import { exactLots } from './lots.ts'
import type { Schema } from './schema.ts'

/** A statement and the leaf that it gets. */
export interface FreshStatement {
  readonly statement: AdmittedStatement
  readonly index: number
}

/** Writes statements and the rows that stand for them. */
export async function writeStatements(
  db: Kysely<Schema>,
  fresh: readonly FreshStatement[],
  received: number,
): Promise<void> {
  await insert(
    db,
    'statement',
    fresh.map((it) => statementRow(it, received)),
  )
  await insert(
    db,
    'deposit',
    fresh.flatMap((it) => depositRow(it, received)),
  )
  for (const { statement, index } of fresh) {
    const { facts, digest } = statement
    if (facts.kind === 'enrolment') await writeClient(db, statement, facts.enrolment, { index, received })
    if (facts.kind === 'epoch') await insert(db, 'epoch', [{ number: facts.number, digest }])
  }
}

async function insert<T extends keyof Schema>(
  db: Kysely<Schema>,
  table: T,
  rows: readonly Insertable<Schema[T]>[],
): Promise<void> {
  for (const lot of exactLots(rows)) await db.insertInto(table).values(lot).execute()
}

function statementRow(
  { statement, index }: FreshStatement,
  received: number,
): Insertable<Schema['statement']> {
  const { owner, digest, bytes, facts } = statement
  return { ...owner, digest, kind: ENTRY_KINDS[facts.kind], leaf: index, received, bytes }
}

function depositRow({ statement, index }: FreshStatement, received: number): Insertable<Schema['deposit']>[] {
  const { owner, digest, bytes, facts } = statement
  if (facts.kind !== 'deposit') return []
  return [
    { ...owner, digest, leaf: index, received, size: bytes.length, level: 0, ...columnsOf(facts.deposit) },
  ]
}

/** The columns that follow from what a deposit says of itself. */
function columnsOf(facts: DepositFacts) {
  const { serial, commitment, epoch, retention, created, sealId, object, description, previous } = facts
  return {
    serial,
    commitment,
    epoch,
    retention,
    created,
    format: DEPOSIT_FORMATS[facts.format],
    seal_id: sealId ?? null,
    object_name: object?.nameDigest ?? null,
    object_size: object?.size ?? null,
    description: description === undefined ? null : utf8Encode(description),
    folded: description === undefined ? null : foldText(description),
    previous: previous ?? null,
  }
}

async function writeClient(
  db: Kysely<Schema>,
  { owner, digest }: AdmittedStatement,
  enrolment: EnrolmentFacts,
  { index, received }: { readonly index: number; readonly received: number },
): Promise<void> {
  const { tenant, client } = owner
  await db
    .insertInto('client')
    .values({ tenant, client, ...enrolment, enrolment: digest, leaf: index, received, state: 'active' })
    .execute()
  await db.insertInto('client_home').values({ client, tenant }).execute()
  await db
    .updateTable('invitation')
    .set({ spent: digest })
    .where('tenant', '=', tenant)
    .where('id', '=', enrolment.invitation)
    .execute()
}

/** Writes what is stored for clients and tenants, by `keyOf`. */
export async function writeUsage(db: Kysely<Schema>, usage: ReadonlyMap<string, Usage>): Promise<void> {
  const rows = [...usage].map(([key, used]) => {
    const [tenant = '', client = ''] = key.split('/')
    return { tenant, client, ...used }
  })
  for (const lot of exactLots(rows)) {
    await db
      .insertInto('usage')
      .values(lot)
      .onConflict((it) =>
        it.columns(['tenant', 'client']).doUpdateSet((row) => ({
          deposits: row.ref('excluded.deposits'),
          bytes: row.ref('excluded.bytes'),
        })),
      )
      .execute()
  }
}
