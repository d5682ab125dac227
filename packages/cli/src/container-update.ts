import {
  encodeContainer,
  encodeForKeyring,
  forgetKeyringSecret,
  type ContainerStore,
  type KeyContainer,
  type LockedContainer,
} from '@strongroom/core/container'
import type { Context } from './command.ts'
import { isLocked, unlock } from './owner.ts'
import { withPassphrase, type PassphraseValues } from './passphrase.ts'

/** A container that was opened to be changed, and the way to encode it under the protection it had. */
export interface OpenedForUpdate {
  readonly container: KeyContainer
  readonly encodeAgain: () => Promise<Uint8Array>
}

/** Opens a container as `unlock` does, and keeps what is needed to protect it again the same way. */
export async function openForUpdate(
  context: Context,
  values: PassphraseValues,
  locked: LockedContainer,
): Promise<OpenedForUpdate> {
  if (locked.protection === 'passphrase') {
    const question = `Passphrase of the container ${locked.info.name}`
    return await withPassphrase(
      context,
      values,
      question,
      async (passphrase) => byPassphrase(locked, passphrase),
      isLocked,
    )
  }
  const container = await unlock(context, values, locked)
  const encodeAgain =
    locked.protection === 'none'
      ? async () => encodeContainer(container, { kind: 'none' })
      : async () => await encodeForSystemKeyring(container)
  return { container, encodeAgain }
}

/** Puts a new version in place of the one that was loaded; the keyring then forgets the old one's secret. */
export async function replaceContainer(
  store: ContainerStore,
  locked: LockedContainer,
  bytes: Uint8Array,
): Promise<LockedContainer> {
  const saved = store.save(bytes, locked)
  await forget(locked)
  return saved
}

/** Takes a container away, and its secret out of the keyring. */
export async function removeContainer(store: ContainerStore, locked: LockedContainer): Promise<void> {
  store.remove(locked.info.name)
  await forget(locked)
}

function byPassphrase(locked: LockedContainer, passphrase: string): OpenedForUpdate {
  const container = locked.unlock(passphrase)
  return {
    container,
    encodeAgain: async () => encodeContainer(container, { kind: 'passphrase', passphrase }),
  }
}

async function encodeForSystemKeyring(container: KeyContainer): Promise<Uint8Array> {
  const { systemKeyring } = await import('./keyring.ts')
  return await encodeForKeyring(container, await systemKeyring())
}

async function forget(locked: LockedContainer): Promise<void> {
  if (locked.protection !== 'keyring') return
  const { systemKeyring } = await import('./keyring.ts')
  await forgetKeyringSecret(locked, await systemKeyring())
}
