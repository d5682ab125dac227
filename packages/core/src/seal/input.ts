import { constants, fstatSync, openSync, type BigIntStats } from 'node:fs'
import { attempt, closeQuietly } from './positional-io.ts'
import { SealError } from './seal-error.ts'

/** Where bytes come from: a file by its name, or an open descriptor such as standard input, 0. */
export type Input = { readonly path: string } | { readonly fd: number }

/** An open input. */
export interface OpenInput {
  readonly fd: number
  readonly path: string | undefined
  /** What a regular file was when it was opened; undefined for a stream, which is read once, in order. */
  readonly file: BigIntStats | undefined
  /** Closes it, if it was opened here. */
  close(): void
}

/**
 * Opens an input without waiting for one that nobody writes.
 *
 * @throws SealError UNSUPPORTED for a folder, device or socket; IO
 */
export function openInput(input: Input): OpenInput {
  if (!('path' in input)) return { fd: input.fd, path: undefined, file: undefined, close: () => undefined }
  const { path } = input
  const fd = attempt('open', () => openSync(path, constants.O_RDONLY), path)
  try {
    return { fd, path, file: regularOrPipe(fd, path), close: () => closeQuietly(fd) }
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}

function regularOrPipe(fd: number, path: string): BigIntStats | undefined {
  const found = attempt('look at', () => fstatSync(fd, { bigint: true }), path)
  if (found.isFile()) return found
  if (found.isFIFO()) return undefined
  const kind = found.isDirectory() ? 'a folder' : 'a device or socket'
  throw new SealError('UNSUPPORTED', `${path} is ${kind}`, { path })
}

/** Makes sure that a file is still what it was when it was opened. @throws SealError INPUT_CHANGED */
export function assertUnchanged(input: OpenInput): void {
  if (!input.file) return
  const now = fstatSync(input.fd, { bigint: true })
  const { size, mtimeNs, ctimeNs } = input.file
  if (now.size !== size || now.mtimeNs !== mtimeNs || now.ctimeNs !== ctimeNs) {
    throw new SealError('INPUT_CHANGED', 'the input changed while it was read', { path: input.path })
  }
}
