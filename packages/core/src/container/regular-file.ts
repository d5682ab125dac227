import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'

/** What `readRegularFile` found: the bytes and the permission bits they were kept under. */
export interface RegularFile {
  readonly bytes: Uint8Array
  readonly mode: number
}

/** Anyone but the owner may read or write. */
export const OTHERS_READ_OR_WRITE = 0o066
/** Anyone but the owner may write. */
export const OTHERS_WRITE = 0o022

/**
 * Reads a small file, without following a symbolic link, without waiting on a pipe and without
 * trusting its size.
 *
 * @param what names the file in errors, as in `container`
 * @throws ContainerError CONTAINER_NOT_FOUND if there is none
 * @throws ContainerError CONTAINER_PERMISSIONS if it is a symbolic link or no regular file
 * @throws ContainerError CONTAINER_FORMAT if it is longer than `maxBytes`
 * @throws the platform's error for everything else the disk refuses
 */
export function readRegularFile(path: string, maxBytes: number, what: string): RegularFile {
  const fd = openWithoutFollowing(path, what)
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) throw notRegular(path, what)
    return { bytes: readAtMost(fd, found.size, maxBytes, what), mode: found.mode & 0o777 }
  } finally {
    closeSync(fd)
  }
}

/**
 * Refuses a file whose permissions give others what they must not have.
 *
 * @param forbidden `OTHERS_WRITE` or `OTHERS_READ_OR_WRITE`
 * @throws ContainerError CONTAINER_PERMISSIONS
 */
export function checkMode(path: string, mode: number, forbidden: number): void {
  // Windows keeps access lists instead; the mode that Node shows there says nothing.
  if (process.platform === 'win32' || (mode & forbidden) === 0) return
  const octal = mode.toString(8).padStart(4, '0')
  const wanted = (mode & ~forbidden).toString(8).padStart(4, '0')
  const others = forbidden === OTHERS_WRITE ? 'written' : 'read or written'
  const message = `${path} can be ${others} by others: its mode is ${octal}, expected ${wanted}`
  throw new ContainerError('CONTAINER_PERMISSIONS', message)
}

function openWithoutFollowing(path: string, what: string): number {
  try {
    // Windows has neither flag; there `fstat` alone decides.
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    return openSync(path, flags)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT') throw new ContainerError('CONTAINER_NOT_FOUND', `no ${what} at ${path}`, { cause })
    if (code === 'ELOOP' || code === 'ENXIO') throw notRegular(path, what)
    throw cause
  }
}

/** The size is believed as far as room is made for it: a file that grows while it is read is read to its end. */
function readAtMost(fd: number, size: number, maxBytes: number, what: string): Uint8Array {
  let room = new Uint8Array(Math.min(size, maxBytes) + 1)
  try {
    let length = 0
    for (;;) {
      const count = readSync(fd, room, length, room.length - length, null)
      if (count === 0) return room.slice(0, length)
      length += count
      if (length > maxBytes) {
        throw new ContainerError('CONTAINER_FORMAT', `${what}: longer than ${maxBytes} bytes`)
      }
      if (length === room.length) room = grown(room, maxBytes + 1)
    }
  } finally {
    wipe(room)
  }
}

function grown(full: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
  const room = new Uint8Array(Math.min(full.length * 2, limit))
  room.set(full)
  wipe(full)
  return room
}

function notRegular(path: string, what: string): ContainerError {
  const message = `${what}: ${path} is a symbolic link or no regular file`
  return new ContainerError('CONTAINER_PERMISSIONS', message)
}
