import {
  constants,
  fchmodSync,
  fchownSync,
  fsync,
  lstatSync,
  openSync,
  renameSync,
  type BigIntStats,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { syncFolder, takeFreeName } from '../container/index.ts'
import { isSameState, isUnchanged, type FileState } from './file-state.ts'
import { attempt, closeQuietly, systemError } from './positional-io.ts'
import { haveSameFile } from './same-file.ts'
import { SealError } from './seal-error.ts'
import { forgetTemporary, removeTemporary, temporaryName, trackTemporary } from './temporary-names.ts'

/** A file that is to appear whole or not at all. */
export interface FileTarget {
  readonly path: string
  /** Replace an existing file. */
  readonly overwrite?: boolean | undefined
  /** What the file to be replaced was when it was read: another that took its name meanwhile is not replaced. */
  readonly expected?: FileState | undefined
}

const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = constants

/**
 * A file under construction, in the folder where it is to appear, under a name of its own.
 *
 * Until `commit` it has no permission bits: if the process is killed, what is left can be read by
 * nobody, and the next writer in the folder removes it. `commit` makes it durable and gives it its
 * name in one step; the file that had the name before is whole until then.
 */
export class PrivateFile {
  readonly fd: number
  readonly target: FileTarget
  readonly #temporary: string
  /** What has the name and is to be replaced; undefined if the name was free. */
  readonly #replaced: BigIntStats | undefined
  #open = true
  #state: 'private' | 'committed' = 'private'

  private constructor(target: FileTarget, temporary: string, fd: number, replaced: BigIntStats | undefined) {
    this.target = target
    this.#temporary = temporary
    this.fd = fd
    this.#replaced = replaced
  }

  /**
   * Starts a file. The target is looked at first, so that a refusal costs nothing.
   *
   * @throws SealError EXISTS, SYMLINK, UNSUPPORTED, INPUT_CHANGED, IO
   */
  static create(target: FileTarget): PrivateFile {
    const replaced = checkTarget(target)
    const folder = dirname(target.path)
    const temporary = join(folder, temporaryName(folder))
    const flags = O_CREAT | O_EXCL | O_RDWR | (O_NOFOLLOW ?? 0)
    const fd = attempt('create a file in', () => openSync(temporary, flags, 0), folder)
    trackTemporary(temporary)
    return new PrivateFile(target, temporary, fd, replaced)
  }

  /**
   * Makes the file durable and visible under its name, with the permission bits `mode`.
   *
   * If the process dies before the last step, the old file is there; after it, the new one. That the
   * name survives a power cut takes `syncFolder`, once for many files.
   *
   * @throws SealError EXISTS or INPUT_CHANGED if somebody else took or changed the name meanwhile; IO
   */
  async commit(mode: number): Promise<void> {
    const { path } = this.target
    await synchronise(this.fd, path)
    // Not before all that takes time: who is killed from here on leaves a finished file that lacks its name.
    if (this.#replaced) keepOwner(this.fd, this.#replaced)
    attempt('finish', () => fchmodSync(this.fd, mode), path)
    this.#close()
    if (this.#replaced) {
      // What somebody else put there since is not ours to replace.
      if (!isUnchanged(path, this.#replaced)) throw changed(path)
      attempt('rename to', () => renameSync(this.#temporary, path), path)
      forgetTemporary(this.#temporary)
    } else {
      this.#linkNew()
      // Should that fail, the next process in the folder does it.
      removeTemporary(this.#temporary)
    }
    this.#state = 'committed'
  }

  /** Removes the file, unless it was committed. Never fails. */
  discard(): void {
    this.#close()
    if (this.#state === 'committed') return
    removeTemporary(this.#temporary)
  }

  /** A link refuses an existing name in the same step in which it takes it; a rename would replace it. */
  #linkNew(): void {
    const { path } = this.target
    try {
      takeFreeName(this.#temporary, path)
    } catch (cause) {
      // Over a network, a link that was made can be reported as refused: the name tells (link(2), "BUGS").
      if (haveSameFile(this.#temporary, path)) return
      throw isErrno(cause, 'EEXIST') ? exists(path) : systemError('create', cause, path)
    }
  }

  #close(): void {
    if (!this.#open) return
    this.#open = false
    closeQuietly(this.fd)
  }
}

/**
 * Lets `fill` write a file that appears, durably, when it is done and nothing was thrown.
 *
 * @param mode permission bits
 * @returns what `fill` returns
 * @throws SealError as `PrivateFile`; whatever `fill` throws
 */
export async function intoPrivateFile<Result>(
  target: FileTarget,
  mode: number,
  fill: (output: PrivateFile) => Promise<Result>,
): Promise<Result> {
  const output = PrivateFile.create(target)
  try {
    const result = await fill(output)
    await output.commit(mode)
    syncFolder(dirname(target.path))
    return result
  } finally {
    output.discard()
  }
}

/** Waits until a file's bytes are on the disk; other threads do the waiting, so many files wait together. */
function synchronise(fd: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(fd, (cause) => (cause ? reject(systemError('synchronise', cause, path)) : resolve()))
  })
}

/** What is to be replaced; undefined if the name is free. */
function checkTarget(target: FileTarget): BigIntStats | undefined {
  const found = lstatSync(target.path, { bigint: true, throwIfNoEntry: false })
  if (target.expected && !(found && isSameState(target.expected, found))) throw changed(target.path)
  if (!found) return undefined
  refuseUnlessFile(found, target)
  if (!target.overwrite) throw exists(target.path)
  return found
}

/** A file that is replaced keeps its owner, where the system lets us give files away. */
function keepOwner(fd: number, { uid, gid }: BigIntStats): void {
  try {
    fchownSync(fd, Number(uid), Number(gid))
  } catch {
    // Only a privileged process may: for all others the new file is their own.
  }
}

function refuseUnlessFile(found: BigIntStats, { path }: FileTarget): void {
  if (found.isSymbolicLink()) {
    throw new SealError('SYMLINK', `${path} is a symbolic link`, { path })
  }
  if (!found.isFile()) throw new SealError('UNSUPPORTED', `${path} is not a regular file`, { path })
}

function exists(path: string): SealError {
  return new SealError('EXISTS', `${path} exists`, { path })
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function changed(path: string): SealError {
  return new SealError('INPUT_CHANGED', `${path} was changed by somebody else`, { path })
}
