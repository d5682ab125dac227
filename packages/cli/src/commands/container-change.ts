import { ContainerError, ContainerStore } from '@strongroom/core/container'
import { defineCommand } from '../command.ts'
import { confirm } from '../confirmation.ts'
import { loadConfig, saveConfig } from '../config.ts'
import { openForUpdate, removeContainer, replaceContainer } from '../container-update.ts'
import { displayName } from '../escape-text.ts'
import { containerName, lockedContainer } from '../owner.ts'
import { notOfContainer, PASSPHRASE_OPTIONS } from '../passphrase.ts'
import { encodeProtected, NEW_PROTECTION_OPTIONS, PROTECTED_BY } from '../protection.ts'

/** `strongroom container protect`. */
export const containerProtect = defineCommand({
  operands: [{ name: '[name]', description: 'the default container unless told', completes: 'container' }],
  options: { ...NEW_PROTECTION_OPTIONS, ...PASSPHRASE_OPTIONS },
  notes: ['Copies made before keep the protection they had, and open with the passphrase they had.'],
  examples: [
    { line: 'strongroom container protect', purpose: 'asks for the passphrase, then for the new one' },
    { line: 'strongroom container protect work --keyring', purpose: 'hands it to the keyring of the system' },
  ],
  run: async (context, [name], values) => {
    const { terminal, folders } = context
    const store = new ContainerStore(folders.containers)
    const locked = lockedContainer(context, { container: name })
    const { container } = await openForUpdate(context, values, locked)
    try {
      const wanted = { ...values, passphraseFile: values.newPassphraseFile, passphraseFd: undefined }
      // The variable names the passphrase there is; the new one must come from somewhere else.
      const bytes = await encodeProtected(notOfContainer(context), wanted, container)
      const { protection } = await replaceContainer(store, locked, bytes)
      terminal.record({ container: locked.info.name, protection })
      terminal.done(locked.info.name, `now protected by ${PROTECTED_BY[protection]}`)
    } finally {
      container.wipe()
    }
  },
})

/** `strongroom container default`. */
export const containerDefault = defineCommand({
  operands: [{ name: '<name>', description: 'the container to use from now on', completes: 'container' }],
  options: {},
  examples: [
    { line: 'strongroom container default work', purpose: 'use it wherever --container is not given' },
    { line: 'strongroom container default default', purpose: 'back to the first one' },
  ],
  run: async (context, [name]) => {
    const { terminal, folders } = context
    const { info } = lockedContainer(context, { container: name })
    saveConfig(folders.configFile, { ...loadConfig(folders.configFile), defaultContainer: info.name })
    terminal.record({ defaultContainer: info.name })
    terminal.done(info.name, 'is the default container now')
  },
})

/** `strongroom container remove`. */
export const containerRemove = defineCommand({
  operands: [{ name: '<name>', description: 'the container to destroy', completes: 'container' }],
  options: {
    force: { flags: '-f, --force', kind: 'flag', description: 'do not ask' },
  },
  notes: [
    'What was sealed for this container alone can never be opened again, unless you have a copy of it.',
  ],
  examples: [
    { line: 'strongroom container remove old', purpose: 'asks first' },
    { line: 'strongroom container remove old --force', purpose: 'for scripts' },
  ],
  run: async (context, [name = ''], { force }) => {
    const { terminal, folders } = context
    const store = new ContainerStore(folders.containers)
    if (!store.exists(name))
      throw new ContainerError('CONTAINER_NOT_FOUND', `no container ${displayName(name)}`)
    if (!force) {
      await confirm(
        context,
        `Destroy the container ${displayName(name)}? What only it opens is lost for ever`,
      )
    }
    const locked = tryLoad(store, name)
    if (locked) await removeContainer(store, locked)
    else store.remove(name)
    terminal.record({ removed: name })
    terminal.done(name, 'removed')
    if (name === containerName(context, { container: undefined })) {
      terminal.note('it was the default container: strongroom container default NAME chooses another')
    }
  },
})

/** A container that can no longer be read can still be removed; it has no secret that we could find. */
function tryLoad(store: ContainerStore, name: string) {
  try {
    return store.load(name)
  } catch (error) {
    if (error instanceof ContainerError) return undefined
    throw error
  }
}
