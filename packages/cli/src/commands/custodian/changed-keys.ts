import { custodianCard, encodeForShares, unlockWithSecret, type CustodianFolder } from '@strongroom/authority'
import { wipe } from '@strongroom/core/bytes'
import type { KeyContainer, LockedContainer } from '@strongroom/core/container'
import type { Context } from '../../command.ts'
import { openForUpdate, type OpenedForUpdate } from '../../container-update.ts'
import { collectShares, type CustodyValues } from './custodian-options.ts'

/**
 * Changes the keys of a custodian: opens the container, changes it, and puts it in the place of the one before, under the passphrase or the
 * shares that it had. On the disk is one or the other, whenever the process ends; what throws changes nothing.
 *
 * @returns what the change gave, and the public card of the container as it is now
 */
export async function changeKeys<T>(
  context: Context,
  values: CustodyValues,
  folder: CustodianFolder,
  change: (container: KeyContainer) => Promise<T> | T,
): Promise<{ readonly result: T; readonly card: string }> {
  const locked = folder.container()
  const { container, encodeAgain, end } = await opened(context, values, folder, locked)
  try {
    const result = await change(container)
    const card = custodianCard(container)
    folder.protect(await encodeAgain(), folder.shares(locked))
    return { result, card }
  } finally {
    container.wipe()
    end()
  }
}

async function opened(
  context: Context,
  values: CustodyValues,
  folder: CustodianFolder,
  locked: LockedContainer,
): Promise<OpenedForUpdate & { readonly end: () => void }> {
  if (locked.protection !== 'keyring') {
    return { ...(await openForUpdate(context, values, locked)), end: () => {} }
  }
  const shares = await collectShares(context, values, folder.shares(locked))
  try {
    const secret = await shares.secret()
    const container = unlockWithSecret(locked, secret)
    const encodeAgain = async () => encodeForShares(container, secret)
    return { container, encodeAgain, end: () => wipe(secret) }
  } finally {
    shares.wipe()
  }
}
