import { AuthorityStore, type AuthorityFolder, type AuthorityState } from '@strongroom/core/client'
import type { KeyContainer, SigningKey } from '@strongroom/core/container'
import { type CliError, usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { loadConfig } from '../config.ts'
import { displayName } from '../escape-text.ts'

/** Which backup authority a command is about. */
export const AUTHORITY_OPTIONS = {
  authority: {
    flags: '--authority <name>',
    kind: 'value',
    description: 'use this backup authority instead of the default one',
    completes: 'authority',
    group: 'Backup authority:',
  },
} as const satisfies OptionTable

/** The values of `AUTHORITY_OPTIONS`. */
export interface AuthorityValues {
  readonly authority: string | undefined
}

/** What is kept about an authority, and what it said when it was read. */
export interface ChosenAuthority {
  readonly folder: AuthorityFolder
  readonly state: AuthorityState
}

/** Where what is kept about authorities lies. */
export function authorityStore({ folders }: Context): AuthorityStore {
  return new AuthorityStore(folders.authorities)
}

/** The authority that was named, or else the default one. @throws CliError USAGE if there is neither; ClientError CLIENT_NOT_ENROLLED, CLIENT_STATE */
export function chosenAuthority(context: Context, { authority }: AuthorityValues): ChosenAuthority {
  const name = authority ?? loadConfig(context.folders.configFile).defaultAuthority
  if (name === undefined) throw noAuthority()
  return openAuthority(context, name)
}

/** The authority that was named, or else all there are. @throws as `chosenAuthority` */
export function chosenAuthorities(context: Context, { authority }: AuthorityValues): ChosenAuthority[] {
  const names = authority === undefined ? authorityStore(context).list() : [authority]
  if (names.length === 0) throw noAuthority()
  return names.map((name) => openAuthority(context, name))
}

/**
 * The authority at which a container deposits: the one that was named, the default one, or else any that the container is enrolled
 * with.
 *
 * @returns undefined if there is none that knows this container
 * @throws CliError USAGE if the one that was named does not know it
 */
export function authorityOf(
  context: Context,
  { authority }: AuthorityValues,
  container: KeyContainer,
): ChosenAuthority | undefined {
  if (authority !== undefined) {
    const chosen = openAuthority(context, authority)
    if (knownKey(chosen, container)) return chosen
    throw otherContainer(chosen, container.name)
  }
  const { defaultAuthority } = loadConfig(context.folders.configFile)
  const names = authorityStore(context).list()
  const inOrder = names.toSorted((a, b) => Number(b === defaultAuthority) - Number(a === defaultAuthority))
  for (const name of inOrder) {
    const candidate = openAuthority(context, name)
    if (knownKey(candidate, container)) return candidate
  }
  return undefined
}

/**
 * The signature pair that the authority knows; it may be retired for everything else.
 *
 * @throws CliError USAGE: another container was enrolled
 */
export function enrolledKey(chosen: ChosenAuthority, container: KeyContainer): SigningKey {
  const key = knownKey(chosen, container)
  if (key) return key
  throw otherContainer(chosen, container.name)
}

function knownKey({ state }: ChosenAuthority, container: KeyContainer): SigningKey | undefined {
  const keys = container.pairs().flatMap(({ pair }) => (pair.kind === 'signature' ? [pair.signingKey] : []))
  return keys.find(({ signer }) => signer.toString() === state.signer)
}

function otherContainer({ folder, state }: ChosenAuthority, name: string): CliError {
  const enrolled = displayName(state.container)
  return usage(
    `${folder.name} knows the container ${enrolled}, and this is ${displayName(name)}`,
    `name the one with --container ${enrolled}, or enroll this one too`,
  )
}

function openAuthority(context: Context, name: string): ChosenAuthority {
  const store = authorityStore(context)
  const known = store.list()
  if (!known.includes(name)) {
    const hint = known.length > 0 ? `there is ${known.join(', ')}` : ENROLL
    throw usage(`no backup authority is called ${displayName(name)} here`, hint)
  }
  const folder = store.open(name)
  return { folder, state: folder.load() }
}

const ENROLL = 'strongroom enroll takes the invitation of an administrator'

function noAuthority(): CliError {
  return usage('there is no backup authority to use', ENROLL)
}
