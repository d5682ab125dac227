import { closeSync, constants, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ClientError } from './client-error.ts'
import { makePrivateFolder } from './own-files.ts'

/** SQLite's result code for a lock that somebody else has: sqlite.org/rescode.html, SQLITE_BUSY. */
const SQLITE_BUSY = 5

/** A lock that is held. */
export interface FolderLock {
  readonly release: () => void
}

/**
 * Takes a lock that no other process has, and none of this one.
 *
 * It is SQLite's own, on a database without content: the system lets go of it when the process ends, however it ends, so there
 * is no lock of a dead process to be broken. Nothing of what it guards may depend on it: on some network disks locks do not hold.
 *
 * @param waitMs blocks for so long, if somebody else has it
 * @throws ClientError CLIENT_BUSY
 */
export function lockFolder(path: string, waitMs = 0): FolderLock {
  makePrivateFolder(dirname(path))
  // Made here, so that it is its owner's alone.
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  const database = new DatabaseSync(path, { timeout: waitMs })
  try {
    // Without a journal nothing is ever written: the lock is all there is.
    database.exec('PRAGMA journal_mode = OFF; BEGIN IMMEDIATE')
  } catch (cause) {
    database.close()
    if (!isBusy(cause)) throw cause
    throw new ClientError('CLIENT_BUSY', 'another process is at work with this authority', { cause })
  }
  return { release: () => database.close() }
}

/** Does `work` with the lock. @throws ClientError CLIENT_BUSY, and what `work` throws */
export function withLock<T>(path: string, waitMs: number, work: () => T): T {
  const lock = lockFolder(path, waitMs)
  try {
    return work()
  } finally {
    lock.release()
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
