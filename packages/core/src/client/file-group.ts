import { closeSync, constants, fsync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { checkTarget, ContainerError, syncFolder, temporaryFor } from '../container/index.ts'
import { ClientError } from './client-error.ts'
import { makePrivateFolder } from './own-files.ts'

/** How many files are open at once: the disk takes several at a time, and processes may open a few hundred. */
const MOST_OPEN = 32

/**
 * Files of the client's own that get their names together.
 *
 * Each is whole and on the disk before it has its name; a disk is asked for several at once, which costs little more than one.
 * Killed before `commit`, none is there; killed within it, any of them may be; when it is fulfilled, all are, and survive a power cut.
 */
export class FileGroup {
  readonly #files: { readonly temporary: string; readonly path: string }[] = []
  readonly #folders = new Set<string>()
  readonly #syncing = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined

  /**
   * Writes a file that only its owner can read, and lets the disk begin with it.
   *
   * @throws ClientError CLIENT_STATE if the name is that of no regular file; the platform's error, of files before this one too.
   *   `discard` must follow
   */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.#enter(path)
    const temporary = temporaryFor(path)
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    this.#files.push({ temporary, path })
    try {
      writeFileSync(fd, bytes)
    } catch (error) {
      closeSync(fd)
      throw error
    }
    const syncing: Promise<void> = synced(fd)
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => this.#syncing.delete(syncing))
    this.#syncing.add(syncing)
    while (this.#syncing.size >= MOST_OPEN) await Promise.race(this.#syncing)
    this.#check()
  }

  /** Gives all files their names, in the place of those that may be there. @throws the platform's error; `discard` must follow */
  async commit(): Promise<void> {
    await Promise.all(this.#syncing)
    this.#check()
    for (let file = this.#files[0]; file; file = this.#files[0]) {
      renameSync(file.temporary, file.path)
      this.#files.shift()
    }
    for (const folder of this.#folders) syncFolder(folder)
  }

  /** Takes away what has no name yet. */
  async discard(): Promise<void> {
    await Promise.all(this.#syncing)
    for (const { temporary } of this.#files.splice(0)) {
      try {
        unlinkSync(temporary)
      } catch (error) {
        // The first error is the one to report; what stays is cleared away by its age.
        void error
      }
    }
  }

  #enter(path: string): void {
    const folder = dirname(path)
    if (!this.#folders.has(folder)) makePrivateFolder(folder)
    this.#folders.add(folder)
    try {
      checkTarget(path)
    } catch (cause) {
      if (cause instanceof ContainerError) throw new ClientError('CLIENT_STATE', cause.message, { cause })
      throw cause
    }
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }
}

/** Writes files that get their names together, or none of them if the disk refuses one before that. */
export async function writingTogether<T>(work: (group: FileGroup) => Promise<T>): Promise<T> {
  const group = new FileGroup()
  try {
    const result = await work(group)
    await group.commit()
    return result
  } catch (error) {
    await group.discard()
    throw error
  }
}

function synced(fd: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    fsync(fd, (error) => (error ? reject(error) : resolve()))
  }).finally(() => closeSync(fd))
}
