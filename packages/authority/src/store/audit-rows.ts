import { sql, type Kysely } from 'kysely'
import { toHex } from '@strongroom/core/bytes'
import type { Owner, Usage } from '../model/statement-rows.ts'
import { depositOf } from './deposit-search.ts'
import { statementOf } from './read-statements.ts'
import type { Schema } from './schema.ts'
import type { AuditedStatement, RowCounts } from './store.ts'

/** Statements of everybody from an index on, in the order of the log, with the rows that stand for them. */
export async function readAudit(
  db: Kysely<Schema>,
  from: number,
  limit: number,
): Promise<AuditedStatement[]> {
  const statements = await db
    .selectFrom('statement')
    .selectAll()
    .where('leaf', '>=', from)
    .orderBy('leaf')
    .limit(limit)
    .execute()
  const last = statements.at(-1)?.leaf ?? from
  const deposits = await readDeposits(db, from, last)
  const epochs = await readEpochNumbers(db)
  const clients = await readClientLeaves(db, from, last)
  return statements.map((row) => {
    const [deposit, epoch] = [deposits.get(row.leaf), epochs.get(toHex(row.digest))]
    const client = clients.get(row.leaf)
    return {
      statement: statementOf(row),
      ...(deposit && {
        deposit: { ...depositOf(deposit), ...(deposit.folded !== null && { folded: deposit.folded }) },
      }),
      ...(epoch !== undefined && { epoch }),
      ...(client !== undefined && { client }),
    }
  })
}

/** The ids of clients whose rows name the leaf of a statement of theirs, by the leaf. */
async function readClientLeaves(db: Kysely<Schema>, from: number, last: number) {
  const rows = await db
    .selectFrom('statement')
    .innerJoin('client', (it) =>
      it
        .onRef('client.tenant', '=', 'statement.tenant')
        .onRef('client.client', '=', 'statement.client')
        .onRef('client.leaf', '=', 'statement.leaf'),
    )
    .select(['client.leaf', 'client.client'])
    .where('statement.leaf', '>=', from)
    .where('statement.leaf', '<=', last)
    .execute()
  return new Map(rows.map(({ leaf, client }) => [leaf, client]))
}

/** Rows of deposits whose owner and leaf are those of a statement. */
async function readDeposits(db: Kysely<Schema>, from: number, last: number) {
  const rows = await db
    .selectFrom('statement')
    .innerJoin('deposit', (it) =>
      it
        .onRef('deposit.tenant', '=', 'statement.tenant')
        .onRef('deposit.client', '=', 'statement.client')
        .onRef('deposit.leaf', '=', 'statement.leaf'),
    )
    .selectAll('deposit')
    .where('statement.leaf', '>=', from)
    .where('statement.leaf', '<=', last)
    .execute()
  return new Map(rows.map((row) => [row.leaf, row]))
}

async function readEpochNumbers(db: Kysely<Schema>): Promise<Map<string, number>> {
  const rows = await db.selectFrom('epoch').selectAll().execute()
  return new Map(rows.map(({ number, digest }) => [toHex(digest), number]))
}

/** All rows of usage. */
export async function readUsages(db: Kysely<Schema>): Promise<(Owner & Usage)[]> {
  return db.selectFrom('usage').selectAll().execute()
}

/** How many rows of each kind there are. */
export async function countRows(db: Kysely<Schema>): Promise<RowCounts> {
  const count = async (
    table: 'statement' | 'deposit' | 'client' | 'client_home' | 'epoch',
  ): Promise<number> => {
    const row = await db.selectFrom(table).select(sql<number>`count(*)`.as('count')).executeTakeFirst()
    return row?.count ?? 0
  }
  return {
    statements: await count('statement'),
    deposits: await count('deposit'),
    clients: await count('client'),
    homes: await count('client_home'),
    epochs: await count('epoch'),
  }
}
