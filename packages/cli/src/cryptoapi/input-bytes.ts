import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { wipe } from '@strongroom/core/bytes'
import { CliError } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'
import { formatBytes } from '../quantities.ts'

/** What stands for standard input on the command line. */
const STREAM = '-'
const STDIN = 0
/** What is read at once from something whose length is not known. */
const PIECE_BYTES = 65_536

/** Bytes of a file that holds one key: a PEM text of 16384 bits has some 13,000. */
export const MAX_KEY_FILE_BYTES = 65_536

/** The start of an input, and how long all of it is. */
export interface InputStart {
  readonly bytes: Uint8Array
  readonly totalBytes: number
}

/**
 * Reads all of a regular file, or of standard input if the path is `-`, and never waits for a pipe of somebody else's.
 *
 * @param what names it in errors: `a key file`
 * @throws CliError UNSUPPORTED for folders, pipes and devices, and for more than `maxBytes`; the system's errors
 */
export function readInput(path: string, maxBytes: number, what: string): Uint8Array {
  const { bytes, totalBytes } = readStart(path, maxBytes)
  if (totalBytes <= maxBytes) return bytes
  wipe(bytes)
  const message = `${displayName(path)} is longer than ${what} can be: more than ${formatBytes(maxBytes)}`
  throw new CliError('UNSUPPORTED', message, { hint: 'look whether it is the file that you mean' })
}

/**
 * Reads at most `maxBytes` of a file and says how long it is; standard input is read no further, and counts as one byte
 * longer then. @throws as `readInput`
 */
export function readStart(path: string, maxBytes: number): InputStart {
  if (path === STREAM) return withLength(readAtMost(STDIN, maxBytes + 1), maxBytes)
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const found = fstatSync(fd)
    if (!found.isFile()) throw notRegular(path, found)
    const start = withLength(readAtMost(fd, maxBytes + 1), maxBytes)
    return { ...start, totalBytes: Math.max(start.totalBytes, found.size) }
  } finally {
    closeSync(fd)
  }
}

function withLength(read: Uint8Array, maxBytes: number): InputStart {
  return { bytes: read.subarray(0, maxBytes), totalBytes: read.length }
}

/** Pieces of their own, so that nothing is set aside for what a file only claims to hold. */
function readAtMost(fd: number, maxBytes: number): Uint8Array {
  const pieces: Uint8Array[] = []
  let length = 0
  while (length < maxBytes) {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, maxBytes - length))
    const count = readSync(fd, piece, 0, piece.length, null)
    if (count === 0) break
    pieces.push(piece.subarray(0, count))
    length += count
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
    wipe(piece)
  }
  return whole
}

function notRegular(path: string, found: Stats): CliError {
  const kind = found.isDirectory() ? 'a folder' : 'a pipe or device'
  return new CliError('UNSUPPORTED', `${displayName(path)} is ${kind}`, {
    hint: found.isDirectory() ? 'name the files in it' : 'read it on standard input, as -',
  })
}
