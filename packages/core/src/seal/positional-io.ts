import { closeSync, readSync, writevSync } from 'node:fs'
import { SealError } from './seal-error.ts'

/**
 * Reads at `position` until `buffer` is full or the file ends; returns how many bytes were read.
 *
 * @throws SealError IO
 */
export function readAt(fd: number, buffer: Uint8Array, position: number): number {
  let filled = 0
  while (filled < buffer.length) {
    const count = attempt('read', () =>
      readSync(fd, buffer, filled, buffer.length - filled, position + filled),
    )
    if (count === 0) break
    filled += count
  }
  return filled
}

/** Reads exactly `buffer.length` bytes. @throws SealError IO, or INPUT_CHANGED if the file ends before */
export function readFullyAt(fd: number, buffer: Uint8Array, position: number): void {
  if (readAt(fd, buffer, position) !== buffer.length) {
    throw new SealError('INPUT_CHANGED', 'the input became shorter while it was read')
  }
}

/**
 * Writes all parts, one after the other, at `position`.
 *
 * @throws SealError IO, with the system's error as its cause: a full disk among others
 */
export function writeAllAt(fd: number, parts: readonly Uint8Array[], position: number): void {
  let rest = parts
  for (let at = position; rest.length > 0; ) {
    const written = attempt('write', () => writevSync(fd, rest, at))
    at += written
    rest = without(rest, written)
  }
}

/** The parts that are left after the first `count` bytes. */
export function without(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = count
  for (const part of parts) {
    if (skip >= part.length) skip -= part.length
    else {
      rest.push(skip === 0 ? part : part.subarray(skip))
      skip = 0
    }
  }
  return rest
}

/** Closes a descriptor. What was written through it is durable already, or is not needed: a failure changes nothing. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // The descriptor is gone even so: close(2), "Dealing with error returns".
  }
}

/** Runs a system call and names it in its failure. */
export function attempt<T>(operation: string, call: () => T, path?: string): T {
  try {
    return call()
  } catch (cause) {
    throw systemError(operation, cause, path)
  }
}

/** A system error as a `SealError`; other errors pass unchanged. */
export function systemError(operation: string, cause: unknown, path?: string): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) return cause
  const where = path === undefined ? '' : ` ${path}`
  return new SealError('IO', `cannot ${operation}${where}: ${String(cause.code)}`, { cause, path })
}
