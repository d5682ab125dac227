import { constants, openSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { attempt, closeQuietly, readAt } from './positional-io.ts'
import { PrivateFile, type FileTarget } from './private-file.ts'
import { writeStream } from './stream-io.ts'
import { removeTemporary, temporaryName } from './temporary-names.ts'

/** Where bytes go: a file that appears whole or not at all, or an open descriptor such as standard output, 1. */
export type Output = FileTarget | { readonly fd: number }

const COPY_BYTES = 1_048_576
const { O_CREAT, O_EXCL, O_RDWR } = constants

/** A place where an output is built at any position before it is released. */
export interface Staging {
  readonly fd: number
  /** The folder whose names change, to be synchronised after the release. */
  readonly folder: string | undefined
  /** Releases what was built: the first `length` bytes. */
  release(length: number, mode: number): Promise<void>
  /** Leaves nothing behind; after `release` it does nothing. */
  discard(): void
}

/**
 * Opens a place to build an output.
 *
 * A stream cannot be written twice, but a header comes first and is known last: its bytes wait in a
 * file without a name. Only ciphertext is ever built this way.
 *
 * @throws SealError EXISTS, SYMLINK, UNSUPPORTED, IO
 */
export function openStaging(output: Output): Staging {
  return 'path' in output ? fileStaging(output) : streamStaging(output.fd)
}

function fileStaging(target: FileTarget): Staging {
  const file = PrivateFile.create(target)
  return {
    fd: file.fd,
    folder: dirname(target.path),
    release: (_length, mode) => file.commit(mode),
    discard: () => file.discard(),
  }
}

function streamStaging(stream: number): Staging {
  const fd = openNameless()
  let open = true
  const close = () => {
    if (open) closeQuietly(fd)
    open = false
  }
  return {
    fd,
    folder: undefined,
    release: async (length) => {
      await copyOut(fd, length, stream)
      close()
    },
    discard: close,
  }
}

/** A file that has lost its name already: it goes with the process, however that ends. */
export function openNameless(): number {
  const folder = tmpdir()
  const path = join(folder, temporaryName(folder))
  const fd = attempt('create a file in', () => openSync(path, O_CREAT | O_EXCL | O_RDWR, 0), folder)
  try {
    attempt('remove a name from', () => unlinkSync(path), folder)
    return fd
  } catch (error) {
    closeQuietly(fd)
    removeTemporary(path)
    throw error
  }
}

async function copyOut(fd: number, length: number, stream: number): Promise<void> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, length))
  for (let at = 0; at < length; ) {
    const count = readAt(fd, buffer.subarray(0, Math.min(buffer.length, length - at)), at)
    if (count === 0) break
    await writeStream(stream, buffer.subarray(0, count))
    at += count
  }
}
