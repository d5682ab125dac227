import {
  ContainerError,
  ContainerStore,
  createContainer,
  publicCard,
  type ContainerInfo,
} from '@strongroom/core/container'
import type { Context, OptionTable } from './command.ts'
import { PROTECTED_BY, PROTECTION_OPTIONS, encodeProtected, type ProtectionValues } from './protection.ts'
import { shortRecipient } from './recipients.ts'

/** How a new container is to be. */
export const NEW_CONTAINER_OPTIONS = {
  profile: {
    flags: '--profile <profile>',
    kind: 'value',
    description: 'pq resists quantum computers; classic is for people whose age is older than 1.3',
    choices: ['pq', 'classic'],
  },
  withClassic: {
    flags: '--with-classic',
    kind: 'flag',
    description: 'give a pq container a classic exchange key as well',
  },
  ...PROTECTION_OPTIONS,
} as const satisfies OptionTable

/** The values of `NEW_CONTAINER_OPTIONS`. */
interface NewContainerValues extends ProtectionValues {
  readonly profile: string | undefined
  readonly withClassic: boolean
}

/** Makes a container, saves it and tells its public keys. @throws ContainerError CONTAINER_EXISTS */
export async function makeContainer(
  context: Context,
  values: NewContainerValues,
  name: string,
): Promise<void> {
  const store = new ContainerStore(context.folders.containers)
  if (store.exists(name)) throw alreadyThere(name)
  const profile = values.profile === 'classic' ? 'classic' : 'pq'
  const { withClassic } = values
  const container = createContainer({ name, profile, withClassic, now: new Date() })
  try {
    const locked = store.save(await encodeProtected(context, values, container))
    const card = publicCard(container)
    tell(context, locked.info, locked.protection, store.pathOf(name), card)
  } finally {
    container.wipe()
  }
}

/** The public keys as rows: what each is for, its algorithm and its fingerprint. */
export function keyFields({ keys }: ContainerInfo): [string, string][] {
  return keys.map(({ use, algorithm, id, state }) => [
    use === 'signature' ? 'signs with' : 'opens with',
    `${algorithm}  ${id}${state === 'retired' ? '  retired' : ''}`,
  ])
}

function tell(
  { terminal }: Context,
  info: ContainerInfo,
  protection: keyof typeof PROTECTED_BY,
  path: string,
  card: string,
): void {
  terminal.record({ ...info, protection, path, card })
  if (terminal.quiet) return
  terminal.heading(`made the container ${info.name}`)
  terminal.fields([
    ...keyFields(info),
    ...info.keys.flatMap(({ use, public: text }): [string, string][] =>
      use === 'exchange' ? [['recipient', shortRecipient(text)]] : [],
    ),
    ['protected by', PROTECTED_BY[protection]],
    ['kept in', path],
  ])
  if (protection === 'none') {
    terminal.warning('whoever can read that file can open your files and sign in your name')
    terminal.hint(`strongroom container protect ${info.name} gives it a passphrase`)
  }
}

function alreadyThere(name: string): ContainerError {
  return new ContainerError('CONTAINER_EXISTS', `there is a container ${name} already`)
}
