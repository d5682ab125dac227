import type { SecretStore } from '@strongroom/core/container'
import { CliError } from './cli-error.ts'

/** What we use of the package's `AsyncEntry`; it is loaded only when a keyring is wanted. */
interface Entry {
  setPassword(password: string): Promise<void>
  getPassword(): Promise<string | null>
  deletePassword(): Promise<boolean>
}

type OpenEntry = (service: string, account: string) => Entry

const WITHOUT_KEYRING = 'protect the container with a passphrase instead: leave out --keyring'

/**
 * The keyring of the system for whoever is logged in: Secret Service on Linux, Keychain, Credential Manager.
 *
 * @throws CliError KEYRING if the optional package is not installed
 */
export async function systemKeyring(): Promise<SecretStore> {
  const open = await loadPackage()
  const answer = async <T>(use: (entry: Entry) => Promise<T>, service: string, account: string) => {
    try {
      return await use(open(service, account))
    } catch (cause) {
      throw new CliError('KEYRING', `the keyring refused: ${reasonOf(cause)}`, { cause })
    }
  }
  return {
    get: async (service, account) =>
      (await answer((entry) => entry.getPassword(), service, account)) ?? undefined,
    set: (service, account, secret) => answer((entry) => entry.setPassword(secret), service, account),
    delete: async (service, account) => {
      await answer((entry) => entry.deletePassword(), service, account)
    },
  }
}

async function loadPackage(): Promise<OpenEntry> {
  try {
    const { AsyncEntry } = await import('@napi-rs/keyring')
    // Without this, a Linux without Secret Service would use the kernel's keyring, which forgets
    // everything at the next start: the container could never be opened again.
    const options = { linux: { store: 'secret-service' as const } }
    return (service, account) => new AsyncEntry(service, account, options)
  } catch (cause) {
    throw new CliError('KEYRING', 'the package @napi-rs/keyring is not installed for this system', {
      cause,
      hint: WITHOUT_KEYRING,
    })
  }
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return (text.split('\n')[0] ?? '').replace(/\.$/, '')
}
