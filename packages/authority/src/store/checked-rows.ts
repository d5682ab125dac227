import type { Kysely, Selectable } from 'kysely'
import { toHex } from '@strongroom/core/bytes'
import { isIndexOf, isOwnWord, isSuccessor, type SearchedDeposit } from '../model/statement-claim.ts'
import type { DepositRow, Owner, StatementRow } from '../model/statement-rows.ts'
import { filledLots } from './lots.ts'
import { statementOf } from './read-statements.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** A statement that is what its row says. @throws StoreError STORE_CORRUPT */
export function checkedStatement(row: StatementRow): StatementRow {
  if (isOwnWord(row)) return row
  throw new StoreError('STORE_CORRUPT', `the row of leaf ${row.index} is not that of its statement`)
}

/** A row of a deposit, and the deposit that replaces it. */
export interface FoundRow {
  readonly deposit: SearchedDeposit
  readonly successor: Uint8Array | null
  readonly wrong: boolean
}

/**
 * Rows of deposits of an owner, each compared with its statement and with that of its successor: they are an index, and what is given out is
 * what was signed.
 *
 * @throws StoreError STORE_CORRUPT
 */
export async function checkedDeposits(
  db: Kysely<Schema>,
  owner: Owner,
  rows: readonly FoundRow[],
): Promise<DepositRow[]> {
  const wanted = rows.flatMap(({ deposit, successor }) => [deposit.digest, ...(successor ? [successor] : [])])
  const statements = await statementsOf(db, owner, wanted)
  return rows.map(({ deposit, successor, wrong }) => {
    const statement = statements.get(toHex(deposit.digest))
    const next = successor && statements.get(toHex(successor))
    if (
      !statement ||
      !isIndexOf(deposit, statement) ||
      (successor && !(next && isSuccessor(next, deposit.digest)))
    ) {
      throw new StoreError(
        'STORE_CORRUPT',
        `the row of deposit ${deposit.index} is not that of its statement`,
      )
    }
    const { folded: _, ...row } = deposit
    return { ...row, wrong, superseded: successor !== null }
  })
}

async function statementsOf(
  db: Kysely<Schema>,
  { tenant, client }: Owner,
  digests: readonly Uint8Array[],
): Promise<Map<string, StatementRow>> {
  const found = new Map<string, StatementRow>()
  for (const lot of filledLots(digests)) {
    const rows: Selectable<Schema['statement']>[] = await db
      .selectFrom('statement')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('digest', 'in', lot)
      .execute()
    // Not asked of the database: SQLite would then look through all statements of the client instead.
    for (const row of rows) if (row.client === client) found.set(toHex(row.digest), statementOf(row))
  }
  return found
}
