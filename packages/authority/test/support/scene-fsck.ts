import { fsck, type Finding } from '../../src/log/fsck.ts'
import { keptSigners } from '../../src/model/index.ts'
import type { AuthorityLog } from '../../src/log/authority-log.ts'
import type { Store } from '../../src/store/store.ts'
import type { TestAuthority } from './authority.ts'

const { verifyLater } = keptSigners()

/** All that `fsck` finds. */
export async function findings(
  store: Store,
  { trust }: TestAuthority,
  signed?: AuthorityLog['signed'],
): Promise<Finding[]> {
  return Array.fromAsync(fsck({ store, trust, verifyLater, ...(signed && { signed }) }))
}
