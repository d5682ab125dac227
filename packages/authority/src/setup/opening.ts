import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { nodeMeans } from '@strongroom/core/client'
import type { AuthorityTrust } from '@strongroom/core/protocol'
import type { TreeHead } from '@strongroom/core/tlog'
import type { Configuration } from '../config/index.ts'
import { LogError, LogKeys, SignedFile } from '../log/index.ts'
import { openPostgresStore, openSqliteStore, type Store } from '../store/index.ts'

/** Whose statements a configuration stands for. */
export function trustOf({ identity }: Pick<Configuration, 'identity'>): AuthorityTrust {
  return { ...nodeMeans, identity }
}

/**
 * Opens the database of an authority.
 *
 * @param create whether a SQLite file may be made; tables of PostgreSQL are made whenever `ownerUrl` is there
 * @throws StoreError
 */
export async function openStore({ database, quotas }: Configuration, create = false): Promise<Store> {
  if (database.engine === 'sqlite') return openSqliteStore({ path: database.path, create, quotas })
  const { engine: _, ...options } = database
  return openPostgresStore({ ...options, quotas })
}

/** The keys of the log. @throws LogError LOG_KEYS, also if there is no such file; the platform's error */
export async function readLogKeys({ log }: Configuration): Promise<LogKeys> {
  try {
    return LogKeys.parse(await readFile(log.keys, 'utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    throw new LogError('LOG_KEYS', `there is no file ${basename(log.keys)} with the keys of the log`, {
      cause,
    })
  }
}

/** The greatest tree that this node has signed; undefined if it has signed none. @throws LogError LOG_SIGNED_FILE */
export async function readSigned({ log }: Configuration): Promise<TreeHead | undefined> {
  return (await new SignedFile(log.signed).read())?.checkpoint
}

/** Does something with the database, and closes it. */
export async function withStore<T>(
  configuration: Configuration,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const store = await openStore(configuration)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
