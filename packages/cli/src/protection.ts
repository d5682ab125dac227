import { encodeContainer, encodeForKeyring, type KeyContainer } from '@strongroom/core/container'
import { usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { PASSPHRASE_OPTIONS, newPassphrase, type PassphraseValues } from './passphrase.ts'

const KINDS = {
  keyring: {
    flags: '--keyring',
    kind: 'flag',
    description: 'protect it by the keyring of the system instead of a passphrase',
    group: 'Protection:',
  },
  unprotected: {
    flags: '--unprotected',
    kind: 'flag',
    description: 'protect it by the permissions of its file alone',
    group: 'Protection:',
  },
} as const satisfies OptionTable

/** What is to protect the private keys of a container. */
export const PROTECTION_OPTIONS = {
  ...KINDS,
  passphraseFile: { ...PASSPHRASE_OPTIONS.passphraseFile, group: 'Protection:' },
  passphraseFd: { ...PASSPHRASE_OPTIONS.passphraseFd, group: 'Protection:' },
} as const satisfies OptionTable

/** The same for a container that has a protection already, whose passphrase is asked for apart. */
export const NEW_PROTECTION_OPTIONS = {
  ...KINDS,
  newPassphraseFile: {
    flags: '--new-passphrase-file <file>',
    kind: 'value',
    description: 'read the new passphrase from the only line of a file',
    completes: 'file',
    group: 'Protection:',
  },
} as const satisfies OptionTable

/** The values of `PROTECTION_OPTIONS`. */
export interface ProtectionValues extends PassphraseValues {
  readonly keyring: boolean
  readonly unprotected: boolean
}

/** How the kinds of protection are called in a sentence. */
export const PROTECTED_BY = {
  passphrase: 'a passphrase',
  keyring: 'the keyring of this system',
  none: 'the permissions of its file alone',
} as const

/**
 * Encodes a container for the disk under the protection that was asked for: a passphrase unless told.
 *
 * @throws CliError USAGE for two protections at once; those of `newPassphrase` and `systemKeyring`
 */
export async function encodeProtected(
  context: Context,
  values: ProtectionValues,
  container: KeyContainer,
): Promise<Uint8Array> {
  checkOne(values)
  if (values.unprotected) return encodeContainer(container, { kind: 'none' })
  if (values.keyring) {
    const { systemKeyring } = await import('./keyring.ts')
    return await encodeForKeyring(container, await systemKeyring())
  }
  const passphrase = await newPassphrase(context, values, `the container ${container.name}`)
  return encodeContainer(container, { kind: 'passphrase', passphrase })
}

function checkOne({ keyring, unprotected, passphraseFile, passphraseFd }: ProtectionValues): void {
  const chosen = [keyring, unprotected, passphraseFile !== undefined || passphraseFd !== undefined]
  if (chosen.filter(Boolean).length > 1) {
    throw usage('a container has one protection', 'give --keyring, --unprotected or a passphrase')
  }
}
