import { sql, type ExpressionBuilder, type Kysely, type Selectable } from 'kysely'
import { toHex } from '@strongroom/core/bytes'
import type { CustodianErrand } from '@strongroom/core/protocol'
import { filledLots } from './lots.ts'
import type { Schema } from './schema.ts'

/** The level of a deposit that a custodian opened. It stands in queries as it is: the index of those below it has no parameter. */
const OPENED = 2

/** Where a deposit is kept. */
export interface DepositHome {
  readonly tenant: string
  readonly client: string
  readonly leaf: number
  readonly epoch: number
}

/** Where deposits of anybody are, by their ids in hexadecimal. A look for each tenant: ids say nothing of theirs. */
export async function tenantsOfDeposits(
  db: Kysely<Schema>,
  ids: readonly Uint8Array[],
): Promise<Map<string, DepositHome>> {
  const homes = new Map<string, DepositHome>()
  const tenants = await db.selectFrom('tenant').select('tenant').execute()
  for (const { tenant } of tenants) {
    for (const lot of filledLots(ids.filter((id) => !homes.has(toHex(id))))) {
      const rows = await db
        .selectFrom('statement')
        .innerJoin('deposit', (it) =>
          it
            .onRef('deposit.tenant', '=', 'statement.tenant')
            .onRef('deposit.client', '=', 'statement.client')
            .onRef('deposit.leaf', '=', 'statement.leaf'),
        )
        .select(['statement.digest', 'deposit.client', 'deposit.leaf', 'deposit.epoch'])
        .where('statement.tenant', '=', tenant)
        .where('statement.digest', 'in', lot)
        .execute()
      for (const { digest, ...row } of rows) homes.set(toHex(digest), { tenant, ...row })
    }
  }
  return homes
}

/** How much waits for the custodian. */
export interface CustodianBacklog {
  readonly unverified: number
  readonly rewrap: { readonly from: number; readonly to: number; readonly left: number } | null
  /** Released requests whose key blobs are not here. */
  readonly owed: readonly Uint8Array[]
}

const MOST_OWED = 1_000

/** Of all tenants. @param epoch the number of the epoch since which there is the last exchange key */
export async function readBacklog(db: Kysely<Schema>, epoch: number): Promise<CustodianBacklog> {
  const open = await db
    .selectFrom('deposit')
    .select((it) => it.fn.countAll<number>().as('count'))
    .where('level', '<', sql.lit(OPENED))
    .where((it) => it.not(it.exists(wasOpened(it))))
    .executeTakeFirst()
  const old = await db
    .selectFrom('deposit')
    .select(['epoch', (it) => it.fn.countAll<number>().as('count')])
    .where('epoch', '<', epoch)
    .where((it) => it.not(it.exists(wasRewrapped(it, epoch))))
    .where((it) => it.not(it.exists(wasCompleted(it, epoch))))
    .groupBy('epoch')
    .orderBy('epoch')
    .limit(1)
    .executeTakeFirst()
  const owed = await db
    .selectFrom('ending')
    .innerJoin('subject', (it) =>
      it.onRef('subject.tenant', '=', 'ending.tenant').onRef('subject.digest', '=', 'ending.subject'),
    )
    .select('ending.subject')
    .where('ending.phase', '=', 'released')
    .where('subject.kind', '=', 'request')
    .where((it) =>
      it.not(
        it.exists(
          it
            .selectFrom('release_blob')
            .select('release_blob.deposit')
            .whereRef('release_blob.tenant', '=', 'ending.tenant')
            .whereRef('release_blob.subject', '=', 'ending.subject'),
        ),
      ),
    )
    .orderBy('ending.leaf')
    .limit(MOST_OWED)
    .execute()
  return {
    unverified: open?.count ?? 0,
    rewrap: old ? { from: old.epoch, to: epoch, left: old.count } : null,
    owed: owed.map(({ subject }) => subject),
  }
}

/** Deposits that wait, in the order of the log. @param to the number of the epoch since which there is the last exchange key */
export async function readWaiting(
  db: Kysely<Schema>,
  {
    work,
    from,
    to,
    after,
    limit,
  }: {
    readonly work: CustodianErrand
    readonly from: number | undefined
    readonly to: number
    readonly after: number | undefined
    readonly limit: number
  },
): Promise<Selectable<Schema['statement']>[]> {
  let query = db
    .selectFrom('deposit')
    .innerJoin('statement', (it) =>
      it
        .onRef('deposit.tenant', '=', 'statement.tenant')
        .onRef('deposit.client', '=', 'statement.client')
        .onRef('deposit.leaf', '=', 'statement.leaf'),
    )
    .selectAll('statement')
  if (work === 'open') {
    query = query.where('deposit.level', '<', sql.lit(OPENED)).where((it) => it.not(it.exists(wasOpened(it))))
  }
  if (work === 'rewrap') {
    query = query
      .where('deposit.epoch', '<', to)
      .where((it) => it.not(it.exists(wasRewrapped(it, to))))
      .where((it) => it.not(it.exists(wasCompleted(it, to))))
  }
  if (from !== undefined) query = query.where('deposit.epoch', '=', from)
  if (after !== undefined) query = query.where('statement.leaf', '>', after)
  return query.orderBy('statement.leaf').limit(limit).execute()
}

/** The newest rewraps of deposits of a tenant, by their ids in hexadecimal. */
export async function readRewrapped(
  db: Kysely<Schema>,
  tenant: string,
  deposits: readonly Uint8Array[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const lot of filledLots(deposits)) {
    const rows = await db
      .selectFrom('rewrapped')
      .select(['deposit', 'blob'])
      .where('tenant', '=', tenant)
      .where('deposit', 'in', lot)
      .orderBy('epoch')
      .execute()
    for (const { deposit, blob } of rows) found.set(toHex(deposit), blob)
  }
  return found
}

/** What a custodian found in a deposit, right or wrong: once is enough. */
function wasOpened(it: ExpressionBuilder<Schema, 'deposit'>) {
  return it
    .selectFrom('opened')
    .select('opened.leaf')
    .whereRef('opened.tenant', '=', 'deposit.tenant')
    .whereRef('opened.deposit', '=', 'deposit.digest')
}

function wasRewrapped(it: ExpressionBuilder<Schema, 'deposit'>, epoch: number) {
  return it
    .selectFrom('rewrapped')
    .select('rewrapped.leaf')
    .whereRef('rewrapped.tenant', '=', 'deposit.tenant')
    .whereRef('rewrapped.deposit', '=', 'deposit.digest')
    .where('rewrapped.epoch', '=', epoch)
}

/** What a person gave up in a certificate is not wrapped, and waits for nothing. */
function wasCompleted(it: ExpressionBuilder<Schema, 'deposit'>, epoch: number) {
  return it
    .selectFrom('completed')
    .select('completed.leaf')
    .whereRef('completed.epoch', '=', 'deposit.epoch')
    .where('completed.successor', '=', epoch)
}
