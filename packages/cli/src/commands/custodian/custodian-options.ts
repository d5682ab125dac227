import { readFileSync } from 'node:fs'
import {
  CustodianError,
  CustodianFolder,
  keysOfContainer,
  readBundle,
  ShareCollection,
  unlockWithShares,
  type CustodianKeys,
  type ShareSet,
} from '@strongroom/authority'
import { equalBytes } from '@strongroom/core/bytes'
import {
  ContainerError,
  readRegularFile,
  writeFileAtomically,
  type KeyContainer,
} from '@strongroom/core/container'
import { RECOVERY_LIMITS, type RecoveryBundle } from '@strongroom/core/protocol'
import { CliError, usage } from '../../cli-error.ts'
import type { Context, OptionTable } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS, type PassphraseValues } from '../../passphrase.ts'
import { count } from '../../quantities.ts'

/** Which custodian a command is about. */
export const CUSTODIAN_OPTIONS = {
  folder: {
    flags: '-f, --folder <folder>',
    kind: 'value',
    description: 'the custodian’s folder, also from STRONGROOM_CUSTODIAN; the one you are in unless told',
    completes: 'folder',
  },
} as const satisfies OptionTable

/** How its keys are unlocked. */
export const CUSTODY_OPTIONS = {
  ...PASSPHRASE_OPTIONS,
  shareFile: {
    flags: '--share-file <file>',
    kind: 'list',
    description: 'read a share from a file; as often as there are shares to read',
    completes: 'file',
    group: 'Passphrase:',
  },
} as const satisfies OptionTable

/** The option of a command that writes one file. */
export const RESULT_OPTIONS = {
  output: {
    flags: '-o, --output <file>',
    kind: 'value',
    description: 'where the result goes',
    completes: 'file',
  },
} as const satisfies OptionTable

/** The values of `CUSTODIAN_OPTIONS`. */
export interface CustodianValues {
  readonly folder: string | undefined
}

/** The values of `CUSTODY_OPTIONS`. */
export interface CustodyValues extends PassphraseValues {
  readonly shareFile: readonly string[]
}

/** Does something with a custodian's folder, and lets go of it. @throws CustodianError */
export async function withFolder<T>(
  { environment }: Context,
  { folder }: CustodianValues,
  work: (folder: CustodianFolder) => Promise<T> | T,
): Promise<T> {
  const opened = CustodianFolder.open(folder ?? (environment['STRONGROOM_CUSTODIAN'] || '.'))
  try {
    return await work(opened)
  } finally {
    opened.close()
  }
}

/** Unlocks the keys for as long as `work` takes. */
export async function withKeys<T>(
  context: Context,
  values: CustodyValues,
  folder: CustodianFolder,
  work: (keys: CustodianKeys) => Promise<T> | T,
): Promise<T> {
  const keys = keysOfContainer(await unlockContainer(context, values, folder))
  try {
    return await work(keys)
  } finally {
    keys.wipe()
  }
}

/** The container of a custodian, by passphrase or by shares. */
export async function unlockContainer(
  context: Context,
  values: CustodyValues,
  folder: CustodianFolder,
): Promise<KeyContainer> {
  const locked = folder.container()
  if (locked.protection !== 'keyring') return await unlock(context, values, locked)
  return await unlockWithShares(locked, await collectShares(context, values, folder.shares(locked)))
}

/** Reads as many shares as are needed. Whoever gets them wipes them. */
export async function collectShares(
  context: Context,
  { shareFile }: Pick<CustodyValues, 'shareFile'>,
  set: ShareSet | undefined,
): Promise<ShareCollection> {
  const shares = new ShareCollection(set)
  try {
    for (const file of shareFile) takeShare(context, shares, readFileSync(file, 'utf8'))
    while ((shares.missing ?? 1) > 0) await askShare(context, shares)
    return shares
  } catch (error) {
    shares.wipe()
    throw error
  }
}

async function askShare(context: Context, shares: ShareCollection): Promise<void> {
  const { terminal, signal } = context
  const missing = shares.missing === undefined ? '' : `, ${count(shares.missing, 'more share')} needed`
  const typed = await terminal.askSecret(`Share${missing}`, signal)
  try {
    takeShare(context, shares, typed)
  } catch (error) {
    // Whoever mistyped tries again; the others stay at the table.
    if (!(error instanceof CustodianError)) throw error
    terminal.warning(error.message)
  }
}

function takeShare({ terminal }: Context, shares: ShareCollection, typed: string): void {
  const index = shares.add(typed.trim())
  const { missing } = shares
  terminal.note(`share ${index} taken${missing ? `, ${count(missing, 'more share')} needed` : ''}`)
}

/** Reads the bundle in a file. @throws CustodianError BUNDLE_FORMAT */
export function bundleIn(path: string): RecoveryBundle {
  return readBundle(readRegularFile(path, RECOVERY_LIMITS.bundleBytes, 'bundle').bytes)
}

/** Where a result goes. @throws CliError USAGE without one */
export function resultPath({ output }: { readonly output: string | undefined }, example: string): string {
  if (output !== undefined && output !== '-') return output
  throw usage(`--output is needed: the name of a file, as in -o ${example}`)
}

/** Writes a result. What is there already may be the same: the answer of the last time. @throws CliError EXISTS */
export function writeResult(path: string, bytes: Uint8Array): void {
  try {
    writeFileAtomically(path, bytes, { mode: 0o600, overwrite: false })
  } catch (cause) {
    if (!(cause instanceof ContainerError) || cause.code !== 'CONTAINER_EXISTS') throw cause
    if (equalBytes(readRegularFile(path, RECOVERY_LIMITS.bundleBytes, 'result').bytes, bytes)) return
    throw new CliError('EXISTS', `${displayName(path)} exists`, { hint: 'choose another output', cause })
  }
}

/** A moment for people and programs: UTC, full seconds. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** A digest that was typed. @throws CliError USAGE */
export function digestOption(option: string, text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw usage(`${option}: expected 64 hexadecimal digits, got ${displayName(text)}`)
}
