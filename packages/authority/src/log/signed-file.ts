import { open, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseCheckpoint, parseNote, TlogError, type Checkpoint } from '@strongroom/core/tlog'
import { LogError } from './log-error.ts'

/** The greatest checkpoint that a node has signed, and the note itself. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint
  readonly note: Uint8Array
}

/**
 * The file in which a node remembers the greatest checkpoint that it has signed: `last-checkpoint`, beside its configuration.
 *
 * It is what tells a restored or replaced database from the one that was promised, so it must not be restored with it. Trusted:
 * whoever can change it can hide from this node that the database lost something; not from clients, who have their receipts.
 */
export class SignedFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** What was signed; undefined if there is no such file. @throws LogError LOG_SIGNED_FILE if it is malformed */
  async read(): Promise<SignedCheckpoint | undefined> {
    const note = await this.#readNote()
    if (!note) return undefined
    try {
      return { checkpoint: parseCheckpoint(parseNote(note).text), note }
    } catch (cause) {
      if (!(cause instanceof TlogError)) throw cause
      throw new LogError('LOG_SIGNED_FILE', `${basename(this.#path)} is no checkpoint`, { cause })
    }
  }

  /**
   * Remembers a checkpoint. When the promise is fulfilled, the disk has it.
   *
   * The bytes go to a temporary file, which is synced and takes the name; then the folder is synced. If the process dies on the
   * way, the old file is there, and the signature that was about to be given out has not been.
   *
   * @throws the platform's error
   */
  async write(note: Uint8Array): Promise<void> {
    const temporary = join(dirname(this.#path), `.${basename(this.#path)}.tmp`)
    try {
      await writeSynced(temporary, note)
      await rename(temporary, this.#path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await syncFolder(dirname(this.#path))
  }

  async #readNote(): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  // Truncated and not exclusive: the one that a killed process left is of no use to anybody.
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; its file system orders names by itself.
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
