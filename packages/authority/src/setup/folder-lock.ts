import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SetupError } from './setup-error.ts'

const LOCK_FILE = 'lock'
const BUSY = new Set([5, 6]) // SQLITE_BUSY, SQLITE_LOCKED

/** That nobody else works in an authority's folder. */
export interface FolderLock {
  release(): void
}

/**
 * Keeps other processes out of an authority's folder: two that sign with one `last-checkpoint` could each forget what the other has
 * signed.
 *
 * The lock is that of an empty SQLite database, since Node has none of its own for files: the system lets go of it when the process ends,
 * however it ends.
 *
 * @throws SetupError SETUP_BUSY
 */
export function lockFolder(folder: string): FolderLock {
  const database = new DatabaseSync(join(folder, LOCK_FILE))
  try {
    database.exec('pragma busy_timeout = 0; begin exclusive')
  } catch (cause) {
    database.close()
    if (!BUSY.has((cause as { errcode?: number }).errcode ?? -1)) throw cause
    throw new SetupError('SETUP_BUSY', `another process of the authority runs in ${folder}`, { cause })
  }
  return { release: () => database.close() }
}
