import { sql, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely'
import { utf8Decode } from '@strongroom/core/bytes'
import { DEPOSIT_FORMATS, type DepositFormat } from '@strongroom/core/protocol'
import { foldText } from '../model/folded-text.ts'
import type { DepositRow, Owner } from '../model/statement-rows.ts'
import { checkedDeposits } from './checked-rows.ts'
import type { EngineFacts } from './engine.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'
import type { DepositSearch } from './store.ts'

/** The level of a deposit that a custodian opened. */
const OPENED = 2
const FORMATS = Object.keys(DEPOSIT_FORMATS) as DepositFormat[]

/** A row of `deposit` as the contract has it. @throws StoreError STORE_CORRUPT for what nobody wrote */
export function depositOf(row: Selectable<Schema['deposit']>): Omit<DepositRow, 'superseded' | 'wrong'> {
  const format = FORMATS.find((candidate) => DEPOSIT_FORMATS[candidate] === row.format)
  if (format === undefined)
    throw new StoreError('STORE_CORRUPT', `deposit ${row.leaf} is of an unknown format`)
  const { tenant, client, leaf, digest, serial, commitment, epoch, retention } = row
  const { created, received, size, level } = row
  const { seal_id: sealId, object_name: nameDigest, object_size: objectSize, description, previous } = row
  return {
    tenant,
    client,
    index: leaf,
    digest,
    serial,
    commitment,
    epoch,
    format,
    retention,
    created,
    received,
    size,
    level,
    ...(sealId && { sealId }),
    ...(nameDigest && { object: { nameDigest, size: objectSize ?? 0 } }),
    ...(description && { description: utf8Decode(description) }),
    ...(previous && { previous }),
  }
}

/** Deposits of an owner, the newest leaf first. @throws StoreError STORE_CORRUPT for a row that is not that of its statement */
export async function searchDeposits(
  db: Kysely<Schema>,
  facts: EngineFacts,
  { tenant, client }: Owner,
  search: DepositSearch,
): Promise<DepositRow[]> {
  let query = db
    .selectFrom('deposit')
    .selectAll()
    .select((it) => [
      later(it).clearSelect().select('next.digest').limit(1).as('successor'),
      foundWrong(it).limit(1).as('wrong'),
    ])
    .where('tenant', '=', tenant)
    .where('client', '=', client)
  const { serial, object, description, from, to, level, superseded, before } = search
  if (serial) query = query.where('serial', '=', serial)
  if (object) query = query.where('object_name', '=', object)
  if (description !== undefined) {
    const place = sql<number>`${sql.raw(facts.position)}(folded, ${foldText(description)})`
    query = query.where(place, '>', 0)
  }
  if (from !== undefined) query = query.where('created', '>=', from)
  if (to !== undefined) query = query.where('created', '<', to)
  if (level !== undefined) query = query.where('level', '=', level)
  if (superseded !== undefined) {
    query = query.where((it) => (superseded ? it.exists(later(it)) : it.not(it.exists(later(it)))))
  }
  if (before !== undefined) query = query.where('leaf', '<', before)
  const rows = await query.orderBy('leaf', 'desc').limit(search.limit).execute()
  const found = rows.map((row) => ({
    deposit: { ...depositOf(row), folded: row.folded },
    successor: row.successor,
    wrong: row.wrong !== null && row.level < OPENED,
  }))
  return checkedDeposits(db, { tenant, client }, found)
}

/** When the first deposit of the log came that is below level 2, of whatever tenant. */
export async function readOldestUnopened(db: Kysely<Schema>): Promise<number | undefined> {
  const row = await oldestUnopened(db).executeTakeFirst()
  return row?.received
}

/** It stands in an index of its own, whose condition a parameter would not be: whoever watches asks it every few seconds. */
export function oldestUnopened(db: Kysely<Schema>) {
  return db
    .selectFrom('deposit')
    .select('received')
    .where('level', '<', sql.lit(OPENED))
    .orderBy('leaf')
    .limit(1)
}

/** That the custodian opened it and found it wrong. */
function foundWrong(it: ExpressionBuilder<Schema, 'deposit'>) {
  return it
    .selectFrom('opened')
    .select('opened.leaf')
    .whereRef('opened.tenant', '=', 'deposit.tenant')
    .whereRef('opened.deposit', '=', 'deposit.digest')
    .where('opened.correct', '=', 0)
}

/** Deposits of the same client that name this one as the one that they replace. */
function later(it: ExpressionBuilder<Schema, 'deposit'>) {
  return it
    .selectFrom('deposit as next')
    .select('next.leaf')
    .whereRef('next.tenant', '=', 'deposit.tenant')
    .whereRef('next.client', '=', 'deposit.client')
    .whereRef('next.previous', '=', 'deposit.digest')
}
