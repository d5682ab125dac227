import { read, write } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { systemError, without } from './positional-io.ts'

const RETRY_MS = 2

/**
 * Reads from a stream, or from a file at a position, until `buffer` is full or there is no more; returns how many bytes
 * were read.
 *
 * Does not block the thread: a slow writer at the other end delays nothing else.
 *
 * @throws SealError IO
 */
export async function readStream(fd: number, buffer: Uint8Array, position?: number): Promise<number> {
  let filled = 0
  while (filled < buffer.length) {
    const at = position === undefined ? null : position + filled
    const count = await patiently('read', () => readOnce(fd, buffer.subarray(filled), at))
    if (count === 0) break
    filled += count
  }
  return filled
}

/** Writes all bytes to a stream, at the pace of its reader. @throws SealError IO */
export async function writeStream(fd: number, bytes: Uint8Array): Promise<void> {
  let rest = [bytes]
  while (rest.length > 0) {
    const [first = bytes] = rest
    const written = await patiently('write', () => writeOnce(fd, first))
    rest = without(rest, written)
  }
}

/** A descriptor that was made non-blocking by somebody else answers EAGAIN instead of waiting. */
async function patiently(operation: string, call: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await call()
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN')) {
        throw systemError(operation, cause)
      }
      await setTimeout(RETRY_MS)
    }
  }
}

function readOnce(fd: number, buffer: Uint8Array, position: number | null): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
}

function writeOnce(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (error, count) => (error ? reject(error) : resolve(count)))
  })
}
