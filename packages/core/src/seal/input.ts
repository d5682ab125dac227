import { constants, fstatSync, open, openSync, statSync, type BigIntStats, type Stats } from 'node:fs'
import { attempt, closeQuietly, systemError } from './positional-io.ts'
import { SealError } from './seal-error.ts'

// A file never waits; a pipe that took its place meanwhile would.
const AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

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
 * Opens an input. A pipe with a name is waited for until somebody writes to it; other threads do the waiting.
 *
 * @throws SealError UNSUPPORTED for a folder, device or socket; IO
 */
export async function openInput(input: Input): Promise<OpenInput> {
  if (!('path' in input)) {
    // The number of a closed descriptor would soon be that of another file.
    attempt('read', () => fstatSync(input.fd))
    return { fd: input.fd, path: undefined, file: undefined, close: () => undefined }
  }
  const { path } = input
  // Looked at before: to open a device can have consequences.
  const isPipe = attempt('open', () => isStream(statSync(path), path), path)
  const fd = isPipe ? await openPipe(path) : attempt('open', () => openSync(path, AT_ONCE), path)
  try {
    const file = attempt('look at', () => fstatSync(fd, { bigint: true }), path)
    if (isStream(file, path) !== isPipe)
      throw new SealError('INPUT_CHANGED', `${path} was replaced`, { path })
    return { fd, path, file: isPipe ? undefined : file, close: () => closeQuietly(fd) }
  } catch (error) {
    closeQuietly(fd)
    throw error
  }
}

function isStream(found: Stats | BigIntStats, path: string): boolean {
  if (found.isFile() || found.isFIFO()) return found.isFIFO()
  const kind = found.isDirectory() ? 'a folder' : 'a device or socket'
  throw new SealError('UNSUPPORTED', `${path} is ${kind}`, { path })
}

function openPipe(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, constants.O_RDONLY, (cause, fd) =>
      cause ? reject(systemError('open', cause, path)) : resolve(fd),
    )
  })
}

/** Makes sure that another descriptor is one of the same file. @throws SealError INPUT_CHANGED */
export function assertSameFile(fd: number, { file, path }: OpenInput): void {
  const now = fstatSync(fd, { bigint: true })
  if (now.dev === file?.dev && now.ino === file.ino) return
  throw new SealError('INPUT_CHANGED', 'another file took its name while it was read', { path })
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
