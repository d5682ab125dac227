import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { toHex } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'

/** The platform's own calls. */
export const NODE_CALLS = {
  openSync,
  fchmodSync,
  writeFileSync,
  fsyncSync,
  closeSync,
  linkSync,
  renameSync,
  unlinkSync,
}

/** The calls that change the disk, in a table so that a test can let any of them fail. */
export type DiskCalls = typeof NODE_CALLS

/** How `writeFileAtomically` treats the target. */
export interface AtomicWriteOptions {
  /** Permission bits of the new file, whatever the umask; 0o600 unless told. */
  readonly mode?: number
  /** Whether an existing regular file may be replaced; refused unless told. */
  readonly overwrite?: boolean
}

/**
 * Writes a small file so that `path` holds the old bytes or the new ones, never anything between.
 *
 * The bytes go to a private temporary file (0600, O_EXCL) in the same folder, which is synced and then
 * takes the name; then the folder is synced. After an error before the name is taken, the old file, or
 * none, is untouched; after one later, the new file is in place but may not survive a power cut.
 *
 * @throws ContainerError CONTAINER_EXISTS if `path` exists and `overwrite` is not set; nothing can take
 *   the name between the check and the write
 * @throws ContainerError CONTAINER_PERMISSIONS if `path` is a symbolic link or no regular file
 * @throws the platform's error for everything the disk refuses
 */
export function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  options: AtomicWriteOptions = {},
  calls: DiskCalls = NODE_CALLS,
): void {
  checkTarget(path)
  const temporary = temporaryFor(path)
  try {
    writeTemporary(temporary, bytes, options.mode ?? 0o600, calls)
    if (options.overwrite) calls.renameSync(temporary, path)
    else takeFreeName(temporary, path, calls)
  } catch (error) {
    forget(temporary, calls)
    if (options.overwrite || errorCode(error) !== 'EEXIST') throw error
    throw new ContainerError('CONTAINER_EXISTS', `${path} already exists`, { cause: error })
  }
  syncFolder(dirname(path), calls)
}

/** A name beside `path` that nothing else has. */
export function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${toHex(randomBytes(8))}.tmp`)
}

/** Makes what happened to the names in a folder survive a power cut. */
export function syncFolder(folder: string, calls: DiskCalls = NODE_CALLS): void {
  // Windows cannot open a folder; its file system orders metadata by itself.
  if (process.platform === 'win32') return
  const fd = calls.openSync(folder, constants.O_RDONLY)
  try {
    calls.fsyncSync(fd)
  } finally {
    calls.closeSync(fd)
  }
}

/** @throws ContainerError CONTAINER_PERMISSIONS if there is a symbolic link or no regular file */
export function checkTarget(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found || found.isFile()) return
  throw new ContainerError('CONTAINER_PERMISSIONS', `${path} is a symbolic link or no regular file`)
}

/** Writes a new file, 0600 until it is whole, and makes its contents durable; its name is not yet. */
export function writeTemporary(path: string, bytes: Uint8Array, mode: number, calls: DiskCalls): void {
  const fd = calls.openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    calls.writeFileSync(fd, bytes)
    calls.fchmodSync(fd, mode)
    calls.fsyncSync(fd)
  } finally {
    calls.closeSync(fd)
  }
}

/**
 * Gives a finished file its name. A hard link fails if the name is taken, where a rename would replace what is there.
 *
 * @throws the platform's error: EEXIST if the name is taken
 */
export function takeFreeName(temporary: string, path: string, calls: DiskCalls = NODE_CALLS): void {
  try {
    calls.linkSync(temporary, path)
  } catch (error) {
    if (!LINKS_UNSUPPORTED.has(errorCode(error))) throw error
    renameToReserved(temporary, path, calls)
    return
  }
  calls.unlinkSync(temporary)
}

/**
 * For file systems without hard links (memory cards): the name is reserved with an empty file first.
 * If power is cut between the two steps the empty file stays, and every reader refuses it.
 */
function renameToReserved(temporary: string, path: string, calls: DiskCalls): void {
  calls.closeSync(calls.openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))
  try {
    calls.renameSync(temporary, path)
  } catch (error) {
    forget(path, calls)
    throw error
  }
}

const LINKS_UNSUPPORTED = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Takes away what a failure left. */
export function forget(path: string, calls: DiskCalls): void {
  try {
    calls.unlinkSync(path)
  } catch (error) {
    // It may never have been made, and the first error is the one to report.
    void error
  }
}

/** The platform's code of an error, `ENOENT` and the like; empty for other errors. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
