import {
  ClientError,
  type AuthorityClient,
  type AuthorityFolder,
  type ToldLevels,
} from '@strongroom/core/client'
import type { Context } from '../command.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { enrolledKey, type ChosenAuthority } from './authority-choice.ts'
import { connectedTo } from './connection.ts'

const TIMEOUT_MS = 60_000
const PAGE = 1_000

/** Opens the container, asks the authority how far its custodian is, and remembers what it says. */
export async function askLevels(
  context: Context,
  chosen: ChosenAuthority,
  values: OwnerValues,
): Promise<ToldLevels> {
  const container = await openContainer(context, values)
  try {
    const key = enrolledKey(chosen, container)
    const { clientId } = chosen.state
    const credentials = { clientId, sign: (message: Uint8Array) => key.sign(message) }
    return await connectedTo(context, chosen.state, { timeoutMs: TIMEOUT_MS, credentials }, (client) =>
      noteLevels(chosen.folder, client),
    )
  } finally {
    container.wipe()
  }
}

/** The same over a connection that there is. */
export async function noteLevels(folder: AuthorityFolder, client: AuthorityClient): Promise<ToldLevels> {
  // Counted before it is asked: what another process delivers meanwhile is newer.
  const receipts = folder.receipts.list().length
  const told = { receipts, ...(await countBelow(client)), askedMs: Date.now() }
  folder.noteLevels(told)
  return told
}

/** How many deposits in force the custodian has not opened, and how many of them it found wrong, as the authority says. */
async function countBelow(client: AuthorityClient): Promise<Pick<ToldLevels, 'below' | 'wrong'>> {
  let [below, wrong] = [0, 0]
  let before: number | undefined
  for (;;) {
    const { deposits, next } = await client.searchDeposits({
      level: 0,
      superseded: false,
      limit: PAGE,
      ...(before !== undefined && { before }),
    })
    below += deposits.filter(({ level }) => level === 0).length
    wrong += deposits.filter((deposit) => deposit.wrong).length
    if (next === null) return { below, wrong }
    // Pages that lead back would never end.
    if (before !== undefined && next >= before)
      throw new ClientError('CLIENT_ANSWER', 'a page of deposits that does not go on')
    before = next
  }
}
