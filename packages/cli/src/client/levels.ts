import type { AuthorityClient } from '@strongroom/core/client'
import type { Context } from '../command.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { enrolledKey, type ChosenAuthority } from './authority-choice.ts'
import { connectedTo } from './connection.ts'

const TIMEOUT_MS = 60_000
const PAGE = 1_000

/** How many deposits in force the custodian has not opened yet, as the authority says: it can prove that for each. */
export async function countBelowLevel2(
  context: Context,
  chosen: ChosenAuthority,
  values: OwnerValues,
): Promise<number> {
  const container = await openContainer(context, values)
  try {
    const key = enrolledKey(chosen, container)
    const { clientId } = chosen.state
    const credentials = { clientId, sign: (message: Uint8Array) => key.sign(message) }
    return await connectedTo(context, chosen.state, { timeoutMs: TIMEOUT_MS, credentials }, countPages)
  } finally {
    container.wipe()
  }
}

async function countPages(client: AuthorityClient): Promise<number> {
  let found = 0
  let before: number | undefined
  for (;;) {
    const { deposits, next } = await client.searchDeposits({
      level: 0,
      superseded: false,
      limit: PAGE,
      ...(before !== undefined && { before }),
    })
    found += deposits.filter(({ level }) => level === 0).length
    if (next === null) return found
    before = next
  }
}
