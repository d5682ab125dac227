import { readFileSync } from 'node:fs'
import { parseIdentityFile, ScryptIdentity, type Identity } from '@strongroom/core/age'
import { ContainerStore, type KeyContainer, type SignerKey } from '@strongroom/core/container'
import type { SignerDirectory } from '@strongroom/core/keyblob'
import { Ledger } from '@strongroom/core/seal'
import { CliError } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { NamedKeys } from './named-keys.ts'
import {
  containerName,
  lockedContainer,
  openContainer,
  OWNER_OPTIONS,
  OWN_NAME,
  unlock,
  type OwnerValues,
} from './owner.ts'
import { bringsPassphrase } from './passphrase.ts'
import {
  claimSentence,
  claimsOf,
  explainSigner,
  onlySigner,
  signerDirectory,
  type Claims,
} from './signers.ts'

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

/** The same for whoever looks at session keys. */
export const KEY_READER_OPTIONS = {
  ...READER_OPTIONS,
  allowSuperseded: {
    ...READER_OPTIONS.allowSuperseded,
    description: 'accept an older blob of that name than one already seen',
  },
} as const satisfies OptionTable

/** The values of `READER_OPTIONS`. */
export interface ReaderValues extends OwnerValues {
  readonly signer: string | undefined
  readonly allowSuperseded: boolean
  readonly identity: readonly string[]
}

/** Everything the library asks of whoever reads a file, and what the command asks besides. */
export interface FileReader {
  readonly identities: readonly Identity[]
  readonly signers: SignerDirectory
  readonly ledger: Ledger
  readonly allowSuperseded: boolean
  /** The error of a signer that was refused, in the reader's words; any other as it is. */
  explain(error: unknown): unknown
  /** Whose key it is, as far as a container that was not opened claims it. */
  claimant(fingerprint: string): string | undefined
  /** Forgets the keys. Whoever got a reader calls it. */
  wipe(): void
}

/**
 * The keys of the owner, their named session keys and the signers they accept; with `--identity` the keys
 * in those files, and no passphrase is asked for.
 */
export async function openReader(context: Context, values: ReaderValues): Promise<FileReader> {
  if (values.identity.length > 0) return await readerWithIdentities(context, values)
  const container = await openContainer(context, values)
  const reader = readerOf(context, values, container)
  return { ...reader, wipe: () => [reader, container].forEach((keys) => keys.wipe()) }
}

/** Does something with a reader that is wiped afterwards. @throws what `use` throws, explained */
export async function withReader<Result>(
  context: Context,
  values: ReaderValues,
  use: (reader: FileReader) => Result,
): Promise<Result> {
  const reader = await openReader(context, values)
  try {
    return use(reader)
  } catch (error) {
    throw reader.explain(error)
  } finally {
    reader.wipe()
  }
}

/** A reader with the keys of a container that is open, which whoever opened it wipes. */
export function readerOf(context: Context, values: ReaderOptions, container: KeyContainer): FileReader {
  const own = container.identities()
  const all = signerDirectory(context, container.signers())
  const reader = readerFor(context, values, all)
  // Whose seal on the file is expected says nothing of who made the session key that opens it.
  const namedKeys = new NamedKeys(context, { ...reader, identities: own, signers: all })
  return { ...reader, identities: [...own, namedKeys], wipe: () => namedKeys.wipe() }
}

/** The part of `ReaderValues` that does not choose keys. */
export interface ReaderOptions {
  readonly signer: string | undefined
  readonly allowSuperseded: boolean
}

/**
 * A reader without keys: enough to verify public seals of known signers. Nobody is `me` to it, since a container
 * that is not opened proves nothing.
 */
export function keylessReader(
  context: Context,
  values: ReaderOptions & { container: string | undefined },
): FileReader {
  const claims = hasContainer(context, values) ? claimsOf(lockedContainer(context, values)) : undefined
  return readerFor(context, values, signerDirectory(context, []), claims)
}

/** A reader who knows one passphrase and nothing else. */
export function passwordReader(context: Context, passphrase: string): FileReader {
  const options = { signer: undefined, allowSuperseded: false }
  const reader = readerFor(context, options, { find: () => undefined })
  return { ...reader, identities: [new ScryptIdentity(passphrase)] }
}

/** Whether there is a container to use at all. */
export function hasContainer(context: Context, values: { container: string | undefined }): boolean {
  return new ContainerStore(context.folders.containers).exists(containerName(context, values))
}

/**
 * Whether somebody must be asked for a passphrase before more than a public seal can be read: then what
 * can be done without is done without, unless it is the owner's own seal that is expected.
 */
export function mustAsk(context: Context, values: ReaderValues): boolean {
  if (values.identity.length > 0 || values.signer === OWN_NAME) return false
  if (bringsPassphrase(context, values)) return false
  return hasContainer(context, values) && lockedContainer(context, values).protection === 'passphrase'
}

async function readerWithIdentities(context: Context, values: ReaderValues): Promise<FileReader> {
  const identities = values.identity.flatMap((path) => parseIdentityFile(readFileSync(path, 'utf8')))
  const { proved, claims } = await ownSigners(context, values)
  return { ...readerFor(context, values, signerDirectory(context, proved), claims), identities }
}

/**
 * Who `me` is to a reader with other keys: the signers of the container, if it can be opened without asking or
 * the owner's own seal is expected. Otherwise nobody.
 */
async function ownSigners(
  context: Context,
  values: ReaderValues,
): Promise<{ proved: readonly SignerKey[]; claims?: Claims }> {
  const needed = values.signer === OWN_NAME
  if (!needed && !hasContainer(context, values)) return { proved: [] }
  const locked = lockedContainer(context, values)
  const asks = locked.protection === 'passphrase' && !bringsPassphrase(context, values)
  if (asks && !needed) return { proved: [], claims: claimsOf(locked) }
  try {
    const container = await unlock(context, values, locked)
    const proved = container.signers()
    container.wipe()
    return { proved }
  } catch (error) {
    if (needed || !(error instanceof CliError && error.code === 'KEYRING')) throw error
    return { proved: [], claims: claimsOf(locked) }
  }
}

/** A reader without keys, who accepts those of `all` that were asked for. */
function readerFor(
  context: Context,
  { signer, allowSuperseded }: ReaderOptions,
  all: SignerDirectory,
  claims?: Claims,
): FileReader {
  return {
    identities: [],
    signers: onlySigner(context, signer, all),
    ledger: new Ledger(context.folders.ledger),
    allowSuperseded,
    explain: (error) => explainSigner(context, error, { expected: signer, claims }),
    claimant: (fingerprint) => claimSentence(claims, fingerprint),
    wipe: () => undefined,
  }
}
