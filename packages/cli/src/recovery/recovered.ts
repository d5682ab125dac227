import { join } from 'node:path'
import { toHex, wipe } from '@strongroom/core/bytes'
import {
  keyOfFile,
  recoveredKeyBlob,
  recoveredName,
  restoreFile,
  type RecoveredKey,
  type RecoveryRecord,
} from '@strongroom/core/client'
import { ContainerError, SignerKey, writeFileAtomically, type KeyContainer } from '@strongroom/core/container'
import { KeyBlobError } from '@strongroom/core/keyblob'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { knownSigners } from '../owner.ts'

/** What came back, and for whom. */
export interface Recovered {
  readonly record: RecoveryRecord
  /** Whether whoever asks was the owner. */
  readonly own: boolean
  readonly keys: readonly RecoveredKey[]
  readonly container: KeyContainer
  /** Files that are to open again, besides those that were named when it was asked for. */
  readonly paths: readonly string[]
  /** Those of them that were found in a folder: one without a key is no error. */
  readonly inFolders: ReadonlySet<string>
  /** Where keys are written that are not those of files. */
  readonly outputFolder: string
}

/** What was made of it. */
export interface Restored {
  readonly files: readonly string[]
  /** Keys that were written as files of their own. */
  readonly written: readonly string[]
  readonly alias: string
}

/**
 * Makes something of the keys that came back: files get a header for their new owner at once, everything else becomes a file of its
 * own. Done again, it changes nothing more. What fails is reported, and the rest goes on.
 */
export async function restore(context: Context, recovered: Recovered): Promise<Restored> {
  const { record, keys, container, paths, inFolders, outputFolder } = recovered
  const ownerSigner = record.released?.ownerSigner ?? ''
  const alias = pinOwner(context, ownerSigner, recovered)
  const files: string[] = []
  for (const path of new Set([...record.files.map((file) => file.path), ...paths])) {
    try {
      const key = await keyOfFile(path, keys)
      if (!key && inFolders.has(path)) {
        context.terminal.warning(`${displayName(path)}: none of the keys that came back is that of this file`)
        continue
      }
      if (!key) throw new KeyBlobError('NO_KEY', 'none of the keys that came back is that of this file')
      await restoreFile(path, key, {
        ownerSigner,
        recipients: [container.recipient()],
        signal: context.signal,
      })
      files.push(path)
      context.terminal.done(displayName(path), `opens again with ${container.name}, sealed by ${alias}`)
    } catch (error) {
      if (context.signal.aborted) throw error
      context.failures.report(error, path)
    }
  }
  const written = keys.flatMap((key) => writeApart(context, key, container, outputFolder))
  return { files, written, alias }
}

/**
 * Whoever made the deposits sealed the files: their key is one to accept from now on. Who recovers their own files was that once; who
 * was released those of somebody else knows who they are of.
 */
function pinOwner(context: Context, ownerSigner: string, { record, own }: Recovered): string {
  const signer = SignerKey.parse(ownerSigner)
  const known = knownSigners(context)
  const before = known.find(signer.keyId)
  if (before) return before.alias
  const short = record.client.slice(2, 10)
  const alias = own ? `before-${short}` : `owner-${short}`
  known.add(alias, signer, own ? 'the key before a recovery' : 'whose keys were recovered')
  known.save(context.folders.knownSigners)
  return alias
}

/** How what comes back besides keys of files is written. */
const APART: Partial<
  Record<
    RecoveredKey['context']['format'],
    {
      readonly name: (key: RecoveredKey) => string
      readonly bytes: (key: RecoveredKey, by: KeyContainer) => Uint8Array
    }
  >
> = {
  'named-key': {
    name: (key) => `${recoveredName(key)}.keyblob`,
    bytes: (key, container) => recoveredKeyBlob(key, container, Date.now()),
  },
  'simple-blob': {
    name: (key) => `${nameOf(key)}.${key.cryptoApiKey ? 'plaintextkeyblob' : 'simpleblob'}`,
    bytes: (key) => key.cryptoApiKey?.slice() ?? enclosedOf(key),
  },
  'password-parameters': { name: (key) => `${nameOf(key)}.derivation`, bytes: enclosedOf },
}

function writeApart(context: Context, key: RecoveredKey, container: KeyContainer, folder: string): string[] {
  const row = APART[key.context.format]
  if (!row) return []
  const path = join(folder, row.name(key))
  const bytes = row.bytes(key, container)
  try {
    writeFileAtomically(path, bytes, { mode: 0o600 })
    context.terminal.done(displayName(path), `came back, for decryption alone${labelOf(key)}`)
    return [path]
  } catch (error) {
    // It came back before.
    if (error instanceof ContainerError && error.code === 'CONTAINER_EXISTS') return [path]
    context.failures.report(error, path)
    return []
  } finally {
    wipe(bytes)
  }
}

function nameOf({ id }: RecoveredKey): string {
  return `recovered-${toHex(id).slice(0, 12)}`
}

function enclosedOf({ enclosed }: RecoveredKey): Uint8Array {
  return enclosed?.slice() ?? new Uint8Array(0)
}

function labelOf({ description }: RecoveredKey): string {
  return description === undefined ? '' : `: ${displayName(description)}`
}

/** Forgets keys that came back. */
export function wipeKeys(keys: readonly RecoveredKey[]): void {
  for (const { sessionKey, enclosed, cryptoApiKey } of keys) {
    wipe(sessionKey)
    if (enclosed) wipe(enclosed)
    if (cryptoApiKey) wipe(cryptoApiKey)
  }
}
