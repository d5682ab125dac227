import { readFileSync } from 'node:fs'
import { parseIdentityFile, ScryptIdentity, type Identity } from '@strongroom/core/age'
import { ContainerError, ContainerStore, type KeyContainer } from '@strongroom/core/container'
import { KeyBlobError, SessionKeyStore, type SignerDirectory } from '@strongroom/core/keyblob'
import { Ledger, SealError } from '@strongroom/core/seal'
import { usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { displayName } from './escape-text.ts'
import { namesIn } from './listing.ts'
import {
  claimedSigners,
  containerName,
  lockedContainer,
  openContainer,
  OWNER_OPTIONS,
  OWN_NAME,
  signerDirectory,
  knownSigners,
  type OwnerValues,
} from './owner.ts'
import { bringsPassphrase } from './passphrase.ts'

/** How the files of named session keys end. */
export const SESSION_KEY_SUFFIX = '.keyblob'

/** With which keys a file is read, and whose seal is expected. */
export const READER_OPTIONS = {
  signer: {
    flags: '--signer <alias>',
    kind: 'value',
    description: 'accept only this signer; "me" for yourself',
    completes: 'signer',
    group: 'Proof:',
  },
  allowSuperseded: {
    flags: '--allow-superseded',
    kind: 'flag',
    description: 'accept an older version than one already seen',
    group: 'Proof:',
  },
  identity: {
    flags: '-i, --identity <file>',
    kind: 'list',
    description: 'use the identities in an age identity file instead of your container',
    completes: 'file',
    group: 'Keys:',
  },
  ...OWNER_OPTIONS,
} as const satisfies OptionTable

/** The values of `READER_OPTIONS`. */
export interface ReaderValues extends OwnerValues {
  readonly signer: string | undefined
  readonly allowSuperseded: boolean
  readonly identity: readonly string[]
}

/** Everything the library asks of whoever reads a file. */
export interface FileReader {
  readonly identities: readonly Identity[]
  readonly signers: SignerDirectory
  readonly ledger: Ledger
  readonly allowSuperseded: boolean
}

/**
 * The keys of the owner, their named session keys and the signers they accept; with `--identity` the keys
 * in those files, and no passphrase is asked for.
 */
export async function openReader(context: Context, values: ReaderValues): Promise<FileReader> {
  if (values.identity.length > 0) return readerWithIdentities(context, values)
  const container = await openContainer(context, values)
  return readerOf(context, values, container)
}

/** A reader with the keys of a container that is open. */
export function readerOf(context: Context, values: ReaderOptions, container: KeyContainer): FileReader {
  const signers = expected(context, values.signer, signerDirectory(context, container.signers()))
  const own = container.identities()
  return { ...common(context, values), identities: [...own, ...sessionKeys(context, own, signers)], signers }
}

/** The part of `ReaderValues` that does not choose keys. */
export interface ReaderOptions {
  readonly signer: string | undefined
  readonly allowSuperseded: boolean
}

/** A reader without keys: enough to verify public seals. Its own signers are those the container claims. */
export function keylessReader(
  context: Context,
  values: ReaderOptions & { container: string | undefined },
): FileReader {
  const own = hasContainer(context, values) ? claimedSigners(lockedContainer(context, values)) : []
  const signers = expected(context, values.signer, signerDirectory(context, own))
  return { ...common(context, values), identities: [], signers }
}

/** A reader who knows one passphrase and nothing else. */
export function passwordReader(context: Context, passphrase: string): FileReader {
  const signers = { find: () => undefined }
  const reader = common(context, { signer: undefined, allowSuperseded: false })
  return { ...reader, identities: [new ScryptIdentity(passphrase)], signers }
}

/** Whether there is a container to use at all. */
export function hasContainer(context: Context, values: { container: string | undefined }): boolean {
  return new ContainerStore(context.folders.containers).exists(containerName(context, values))
}

/**
 * Whether somebody must be asked for a passphrase before more than a public seal can be read: then what
 * can be done without is done without.
 */
export function mustAsk(context: Context, values: ReaderValues): boolean {
  if (values.identity.length > 0 || bringsPassphrase(context, values)) return false
  return hasContainer(context, values) && lockedContainer(context, values).protection === 'passphrase'
}

/**
 * The error of a refused signer in the words of whoever asked for one: sealed by somebody known, who is
 * not the one that was expected.
 */
export function explainSigner(context: Context, values: ReaderOptions, error: unknown): unknown {
  if (!(error instanceof SealError) || error.code !== 'UNKNOWN_SIGNER' || values.signer === undefined) {
    return error
  }
  const found = knownSigners(context).entries.find(({ signer }) => signer.fingerprint === error.fingerprint)
  const who = found ? `${found.alias}, ${error.fingerprint}` : error.fingerprint
  return new SealError('UNKNOWN_SIGNER', `not sealed by ${displayName(values.signer)} but by ${who}`, {
    cause: error,
    path: error.path,
    fingerprint: error.fingerprint,
  })
}

function readerWithIdentities(context: Context, values: ReaderValues): FileReader {
  const identities = values.identity.flatMap((path) => parseIdentityFile(readFileSync(path, 'utf8')))
  return { ...keylessReader(context, values), identities }
}

function common({ folders }: Context, { allowSuperseded }: ReaderOptions) {
  return { ledger: new Ledger(folders.ledger), allowSuperseded }
}

/** The directory, cut down to one signer if one was asked for. */
function expected(context: Context, alias: string | undefined, all: SignerDirectory): SignerDirectory {
  if (alias === undefined) return all
  const known = knownSigners(context).named(alias)
  if (!known && alias !== OWN_NAME) {
    const names = [OWN_NAME, ...knownSigners(context).entries.map((entry) => entry.alias)]
    throw usage(`nobody is called ${displayName(alias)}`, `known are ${names.join(', ')}`)
  }
  return {
    find: (keyId) => {
      const found = all.find(keyId)
      return found?.name === (known?.alias ?? OWN_NAME) ? found : undefined
    },
  }
}

/** Named session keys that verify. One that does not is of no use here, and no reason to stop. */
function sessionKeys(context: Context, own: readonly Identity[], signers: SignerDirectory): Identity[] {
  const store = new SessionKeyStore(context.folders.sessionKeys)
  return namesIn(context.folders.sessionKeys, SESSION_KEY_SUFFIX).flatMap((name) => {
    try {
      return [store.load(name, own, signers)]
    } catch (error) {
      if (error instanceof KeyBlobError || error instanceof ContainerError) return []
      throw error
    }
  })
}
