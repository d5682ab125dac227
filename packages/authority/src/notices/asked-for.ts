import type { AuthorityTrust } from '@strongroom/core/protocol'
import type { Store } from '../store/store.ts'
import type { AskedFor } from './notice-text.ts'
import type { OutboxOptions } from './outbox.ts'

/** Reads what a request asks for from its statement, which was verified when it came. */
export function askedFor(
  { store, trust }: { readonly store: Store; readonly trust: AuthorityTrust },
  now: () => number,
): OutboxOptions['about'] {
  return async ({ tenant, subject }): Promise<AskedFor | undefined> => {
    const found = await store.recovery.subject(trust, tenant, subject, now())
    if (found?.kind !== 'request') return undefined
    const { class: kind, requester, deposits } = found.statement.payload
    return { class: kind, requester, count: deposits.count }
  }
}
