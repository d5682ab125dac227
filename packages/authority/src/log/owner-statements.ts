import type { ClientRow, StatementRow } from '../model/statement-rows.ts'
import { StoreError } from '../store/store-error.ts'
import type { Store } from '../store/store.ts'

/** What shows a client to others: its enrolment, or the request and the release that let it in. @throws StoreError */
export async function ownerStatements(
  store: Store,
  { tenant, enrolment, invitation }: Pick<ClientRow, 'tenant' | 'enrolment' | 'invitation'>,
): Promise<StatementRow[]> {
  const entered = await statementNamed(store, tenant, enrolment)
  if (entered.kind !== 'release') return [entered]
  return [await statementNamed(store, tenant, invitation), entered]
}

async function statementNamed(store: Store, tenant: string, digest: Uint8Array): Promise<StatementRow> {
  const row = await store.recovery.statementOf(tenant, digest)
  if (row) return row
  throw new StoreError('STORE_CORRUPT', 'a client without the statements that let it in')
}
