import {
  ContainerError,
  ContainerStore,
  KnownRecipients,
  KnownSigners,
  unlockWithKeyring,
  type KeyContainer,
  type LockedContainer,
} from '@strongroom/core/container'
import type { Context, OptionTable } from './command.ts'
import { loadConfig } from './config.ts'
import { PASSPHRASE_OPTIONS, givenPassphrase, withPassphrase, type PassphraseValues } from './passphrase.ts'

/** Which container a command uses, and where its passphrase comes from. */
export const OWNER_OPTIONS = {
  container: {
    flags: '-c, --container <name>',
    kind: 'value',
    description: 'use this container instead of the default one',
    completes: 'container',
    group: 'Keys:',
  },
  ...PASSPHRASE_OPTIONS,
} as const satisfies OptionTable

/** The values of `OWNER_OPTIONS`. */
export interface OwnerValues extends PassphraseValues {
  readonly container: string | undefined
}

/** The container of whoever has not settled otherwise. */
export const FIRST_CONTAINER = 'default'
/** What the owner of the container is called as a signer; no alias may be the same. */
export const OWN_NAME = 'me'

/** The name of the container that is used. @throws CliError CONFIG */
export function containerName({ folders }: Context, values: { container: string | undefined }): string {
  return values.container ?? loadConfig(folders.configFile).defaultContainer ?? FIRST_CONTAINER
}

/** Reads the container that is used, locked. @throws ContainerError as `ContainerStore.load` */
export function lockedContainer(
  context: Context,
  values: { container: string | undefined },
): LockedContainer {
  const store = new ContainerStore(context.folders.containers)
  const name = containerName(context, values)
  return naming(store.pathOf(name), () => store.load(name))
}

/** Opens the container that is used, asking for its passphrase if it has one. */
export async function openContainer(context: Context, values: OwnerValues): Promise<KeyContainer> {
  return await unlock(context, values, lockedContainer(context, values))
}

/**
 * Opens a container.
 *
 * A passphrase that was given for one without protection is an error: somebody who can write to the folder
 * may have put a container of their own there.
 *
 * @throws ContainerError CONTAINER_LOCKED, CONTAINER_SECRET; CliError KEYRING, NO_PASSPHRASE
 */
export async function unlock(
  context: Context,
  values: PassphraseValues,
  locked: LockedContainer,
): Promise<KeyContainer> {
  if (locked.protection === 'keyring') return await unlockByKeyring(locked)
  if (locked.protection === 'none') return locked.unlock(givenPassphrase(context, values))
  const question = `Passphrase of the container ${locked.info.name}`
  const use = async (passphrase: string) => locked.unlock(passphrase)
  return await withPassphrase(context, values, question, use, isLocked)
}

async function unlockByKeyring(locked: LockedContainer): Promise<KeyContainer> {
  const { systemKeyring } = await import('./keyring.ts')
  return await unlockWithKeyring(locked, await systemKeyring())
}

/** Whether the error is that of a wrong passphrase. */
export function isLocked(error: unknown): boolean {
  return error instanceof ContainerError && error.code === 'CONTAINER_LOCKED'
}

/** The known signers; none if there is no list. */
export function knownSigners({ folders }: Context): KnownSigners {
  return loadList(folders.knownSigners, (path) => KnownSigners.load(path), KnownSigners.empty())
}

/** The names of recipients; none if there is no list. */
export function knownRecipients({ folders }: Context): KnownRecipients {
  return loadList(folders.knownRecipients, (path) => KnownRecipients.load(path), KnownRecipients.empty())
}

function loadList<List>(path: string, load: (path: string) => List, empty: List): List {
  try {
    return naming(path, () => load(path))
  } catch (error) {
    if (error instanceof ContainerError && error.code === 'CONTAINER_NOT_FOUND') return empty
    throw error
  }
}

/** Puts the file's name before what is wrong in it. */
function naming<Result>(path: string, load: () => Result): Result {
  try {
    return load()
  } catch (error) {
    if (!(error instanceof ContainerError) || error.message.includes(path)) throw error
    throw new ContainerError(error.code, `${path}: ${error.message}`, { cause: error })
  }
}
