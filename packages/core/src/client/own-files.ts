import { lstatSync, mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BytesError } from '../bytes/index.ts'
import {
  checkMode,
  ContainerError,
  OTHERS_WRITE,
  readRegularFile,
  syncFolder,
  writeFileAtomically,
} from '../container/index.ts'
import { ProtocolError } from '../protocol/index.ts'
import { TlogError } from '../tlog/index.ts'
import { ClientError } from './client-error.ts'

/** What `writeFileAtomically` leaves when it is killed. */
const ABANDONED = /^\..+\.[0-9a-f]{16}\.tmp$/
const ABANDONED_AFTER_MS = 3_600_000

/** Makes a folder for its owner alone, and all above it that are missing; they survive a power cut. */
export function makePrivateFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made))
}

/**
 * Reads a file of the client's own.
 *
 * @param what names it in errors, as in `receipt`
 * @throws ClientError CLIENT_STATE if it is no regular file, too long, or others can write it; the platform's error
 */
export function readOwnFile(path: string, maxBytes: number, what: string): Uint8Array | undefined {
  try {
    const { bytes, mode } = readRegularFile(path, maxBytes, what)
    checkMode(path, mode, OTHERS_WRITE)
    return bytes
  } catch (cause) {
    if (!(cause instanceof ContainerError)) throw cause
    if (cause.code === 'CONTAINER_NOT_FOUND') return undefined
    throw new ClientError('CLIENT_STATE', cause.message, { cause })
  }
}

/**
 * Reads what stands in a file of the client's own.
 *
 * @throws ClientError CLIENT_STATE with the cause for what the layers below refuse
 */
export function readState<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const refused = [ProtocolError, TlogError, ContainerError, BytesError].some(
      (type) => cause instanceof type,
    )
    if (!refused || !(cause instanceof Error)) throw cause
    throw new ClientError('CLIENT_STATE', `${path}: ${cause.message}`, { cause })
  }
}

/** Writes a file that only its owner can read, in place of the one that may be there; it survives a power cut. */
export function writeOwnFile(path: string, bytes: Uint8Array): void {
  makePrivateFolder(dirname(path))
  try {
    writeFileAtomically(path, bytes, { mode: 0o600, overwrite: true })
  } catch (cause) {
    if (cause instanceof ContainerError) throw new ClientError('CLIENT_STATE', cause.message, { cause })
    throw cause
  }
}

/** Removes files of a folder durably. One that another process removed before is no error. */
export function removeOwnFiles(folder: string, names: readonly string[]): void {
  for (const name of names) {
    try {
      unlinkSync(join(folder, name))
    } catch (error) {
      if (!isAbsent(error)) throw error
    }
  }
  if (names.length > 0) syncFolder(folder)
}

/** The names of the files in a folder that end in `suffix`, without it, sorted; none if there is no folder. */
export function namesIn(folder: string, suffix: string): string[] {
  return listed(folder)
    .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    .map((name) => name.slice(0, -suffix.length))
    .sort()
}

/**
 * Removes what killed processes left under construction.
 *
 * By age alone: a file that is still being written and goes all the same makes its writer fail, and nothing is lost unnoticed.
 */
export function removeAbandoned(folder: string, nowMs: number): void {
  const old = listed(folder).filter((name) => {
    if (!ABANDONED.test(name)) return false
    const found = lstatSync(join(folder, name), { throwIfNoEntry: false })
    return found !== undefined && nowMs - found.mtimeMs > ABANDONED_AFTER_MS
  })
  removeOwnFiles(folder, old)
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
