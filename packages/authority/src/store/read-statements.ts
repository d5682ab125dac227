import type { Kysely, Selectable } from 'kysely'
import { ENTRY_KINDS, type EntryKindName } from '@strongroom/core/tlog'
import { AUTHORITY, type Owner, type StatementRow } from '../model/statement-rows.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

const KINDS = Object.keys(ENTRY_KINDS) as EntryKindName[]

/** A row of `statement` as the contract has it. @throws StoreError STORE_CORRUPT for a kind that nobody wrote */
export function statementOf(row: Selectable<Schema['statement']>): StatementRow {
  const { tenant, client, digest, kind, leaf, received, bytes } = row
  const name = KINDS.find((candidate) => ENTRY_KINDS[candidate] === kind)
  if (name === undefined) throw new StoreError('STORE_CORRUPT', `leaf ${leaf} is of an unknown kind, ${kind}`)
  return { tenant, client, kind: name, digest, bytes, index: leaf, received }
}

/** A statement of an owner. */
export async function readStatement(
  db: Kysely<Schema>,
  { tenant, client }: Owner,
  digest: Uint8Array,
): Promise<StatementRow | undefined> {
  const row = await db
    .selectFrom('statement')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .where('client', '=', client)
    .executeTakeFirst()
  return row && statementOf(row)
}

/** Statements of an owner from an index on, in the order of the log. */
export async function readStatementsFrom(
  db: Kysely<Schema>,
  { tenant, client }: Owner,
  from: number,
  limit: number,
): Promise<StatementRow[]> {
  const rows = await db
    .selectFrom('statement')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('client', '=', client)
    .where('leaf', '>=', from)
    .orderBy('leaf')
    .limit(limit)
    .execute()
  return rows.map(statementOf)
}

/** All epoch records in the order of their numbers. */
export async function readEpochs(db: Kysely<Schema>): Promise<StatementRow[]> {
  const rows = await db
    .selectFrom('epoch')
    .innerJoin('statement', 'statement.digest', 'epoch.digest')
    .selectAll('statement')
    .where('statement.tenant', '=', AUTHORITY.tenant)
    .orderBy('epoch.number')
    .execute()
  return rows.map(statementOf)
}
