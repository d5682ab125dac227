import { ContainerStore, createContainer, type KeyContainer } from '@strongroom/core/container'
import { usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { containerName, lockedContainer, OWNER_OPTIONS, unlock } from '../owner.ts'
import { encodeProtected, PROTECTION_OPTIONS, type ProtectionValues } from '../protection.ts'

/** For which container something is recovered. */
export const NEW_OWNER_OPTIONS = {
  container: {
    ...OWNER_OPTIONS.container,
    description: 'recover for this container, which is made if there is none; the default one unless told',
  },
  ...PROTECTION_OPTIONS,
} as const satisfies OptionTable

/** The values of `NEW_OWNER_OPTIONS`. */
export interface NewOwnerValues extends ProtectionValues {
  readonly container: string | undefined
}

/** The container for which something is recovered: the one that there is, or a new one, which is saved. Whoever gets it wipes it. */
export async function newOwner(context: Context, values: NewOwnerValues): Promise<KeyContainer> {
  const store = new ContainerStore(context.folders.containers)
  const name = containerName(context, values)
  return store.exists(name) ? await existing(context, values, name) : await made(context, values, store, name)
}

async function existing(context: Context, values: NewOwnerValues, name: string): Promise<KeyContainer> {
  const container = await unlock(context, values, lockedContainer(context, { container: name }))
  if (container.profile === 'pq') return container
  container.wipe()
  throw usage(
    `the container ${displayName(name)} has no post-quantum exchange key`,
    'name another with --container NAME: it is made if there is none',
  )
}

async function made(
  context: Context,
  values: NewOwnerValues,
  store: ContainerStore,
  name: string,
): Promise<KeyContainer> {
  const container = createContainer({ name, now: new Date() })
  const locked = store.save(await encodeProtected(context, values, container))
  context.terminal.note(`made the container ${displayName(name)}: ${store.pathOf(locked.info.name)}`)
  if (locked.protection === 'none') {
    context.terminal.warning('whoever can read that file can open your files and sign in your name')
  }
  return container
}
