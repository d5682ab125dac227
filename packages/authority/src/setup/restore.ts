import { existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from '@strongroom/core/container'
import { ConfigError, type Configuration } from '../config/index.ts'
import { SignedFile } from '../log/index.ts'
import type { Store } from '../store/index.ts'
import { readBackupFile } from './backup-file.ts'
import type { BackedUpLog } from './backup-records.ts'
import { lockFolder } from './folder-lock.ts'
import { checkEmpty } from './init-authority.ts'
import { openStore, readLogKeys, readSigned, trustOf } from './opening.ts'
import { RestoredLog } from './restored-log.ts'
import { SetupError } from './setup-error.ts'

/** What was taken once is taken again. */
const UNLIMITED = {
  client: {},
  tenant: {},
  requests: { owner: Number.MAX_SAFE_INTEGER, key: Number.MAX_SAFE_INTEGER },
  probes: { deposits: Number.MAX_SAFE_INTEGER },
}

/** How a backup is restored. */
export interface RestoreOptions {
  /** Called with how many statements were read, of how many. */
  readonly onProgress?: (read: number, of: number) => void
}

/** What was restored. */
export interface RestoredBackup {
  readonly statements: number
  /** When the backup was made: milliseconds since 1970. */
  readonly taken: number
  /** How many statements this node had signed that are not in the backup: their receipts are broken promises. */
  readonly missing: number
}

/**
 * Makes the database of an authority from a backup, and verifies all of it before the database takes its name: every signature of every
 * statement, the tree over them, the checkpoint. Any backup goes into any database; `authority.json` says which.
 *
 * The keys of the log must be there. `last-checkpoint` stays: if it is greater than the backup's, the authority starts read-only.
 *
 * @throws SetupError SETUP_BUSY, SETUP_NOT_EMPTY, BACKUP_FORMAT, BACKUP_CONTENT; LogError LOG_KEYS; StoreError; the platform's errors
 */
export async function restore(
  configuration: Configuration,
  path: string,
  options: RestoreOptions = {},
): Promise<RestoredBackup> {
  const keys = await readLogKeys(configuration)
  const signed = await readSigned(configuration)
  const lock = lockFolder(configuration.folder)
  try {
    const target = { ...configuration, quotas: UNLIMITED }
    const into = configuration.database.engine === 'sqlite' ? intoFile : intoServer
    const log = await into(target, path, { ...options, origin: keys.origin })
    // On a machine that never signed, what is in the backup is all that is known.
    if (!signed) await new SignedFile(configuration.log.signed).write(log.note)
    return { statements: log.size, taken: log.taken, missing: Math.max(0, (signed?.size ?? 0) - log.size) }
  } finally {
    lock.release()
  }
}

interface Means extends RestoreOptions {
  /** Of the log whose keys are there. */
  readonly origin: string
}

/** A file is made beside, and takes its name when all of it was verified. */
async function intoFile(target: Configuration, path: string, means: Means): Promise<BackedUpLog> {
  if (target.database.engine !== 'sqlite') throw new ConfigError('CONFIG_FORMAT', 'expected a file')
  const final = target.database.path
  if (existsSync(final)) throw new SetupError('SETUP_NOT_EMPTY', `there is a database already: ${final}`)
  const unfinished = `${final}.restoring`
  forget(unfinished)
  try {
    const log = await withOpened(
      { ...target, database: { engine: 'sqlite', path: unfinished } },
      async (store) => load(target, path, means, store),
    )
    renameSync(unfinished, final)
    syncFolder(dirname(final))
    return log
  } catch (error) {
    forget(unfinished)
    throw error
  }
}

/** A server has no name to take: all of it is verified before any of it is written. */
async function intoServer(target: Configuration, path: string, means: Means): Promise<BackedUpLog> {
  return withOpened(target, async (store) => {
    await checkEmpty(store)
    await load(target, path, means)
    return load(target, path, means, store)
  })
}

async function withOpened<T>(target: Configuration, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(target, true)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function load(
  target: Configuration,
  path: string,
  { origin, onProgress }: Means,
  store?: Store,
): Promise<BackedUpLog> {
  const restored = new RestoredLog(trustOf(target), store)
  for await (const record of readBackupFile(path)) {
    await restored.add(record)
    if (record.name === 'statement') onProgress?.(...restored.progress)
  }
  const log = await restored.finish()
  if (log.origin === origin) return log
  throw new SetupError('BACKUP_CONTENT', 'a backup of a log whose keys are not in this folder')
}

function forget(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}
