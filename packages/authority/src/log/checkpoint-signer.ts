import { equalBytes } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import { encodeCheckpoint, signNote, type TreeHead } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { LogError } from './log-error.ts'
import type { LogKeys } from './log-keys.ts'
import type { SignedCheckpoint, SignedFile } from './signed-file.ts'

/** What was signed before anything was. */
const NOTHING: TreeHead = { size: 0, root: merkleTree(sha256).emptyRoot() }

/**
 * Signs checkpoints of one log, each at least as great as the one before, and remembers the greatest before it is given out.
 *
 * That a tree was committed, and begins with the one signed before, is for the caller to know.
 */
export class CheckpointSigner {
  readonly #keys: LogKeys
  readonly #file: SignedFile
  readonly #now: () => number
  #last: SignedCheckpoint | undefined
  #signedMs = Number.NEGATIVE_INFINITY

  private constructor(
    keys: LogKeys,
    file: SignedFile,
    now: () => number,
    last: SignedCheckpoint | undefined,
  ) {
    this.#keys = keys
    this.#file = file
    this.#now = now
    this.#last = last
  }

  /** @throws LogError LOG_SIGNED_FILE if the file is malformed, or of another log */
  static async open(keys: LogKeys, file: SignedFile, now: () => number): Promise<CheckpointSigner> {
    const last = await file.read()
    if (last && last.checkpoint.origin !== keys.origin) {
      throw new LogError('LOG_SIGNED_FILE', 'this node has signed checkpoints of another log')
    }
    return new CheckpointSigner(keys, file, now, last)
  }

  /** The greatest tree that this node has signed. */
  get floor(): TreeHead {
    return this.#last?.checkpoint ?? NOTHING
  }

  /** The signed note of `floor`; undefined if nothing was signed. */
  get note(): Uint8Array | undefined {
    return this.#last?.note
  }

  /** For how long this process has not signed, in milliseconds. */
  get age(): number {
    return this.#now() - this.#signedMs
  }

  /**
   * The signed checkpoint of a tree.
   *
   * @param anew signs a tree that was signed before once more, so that its signature has the time of now
   * @throws RangeError for a tree that is smaller than the floor, or of its size and another; the platform's error if the file
   *   cannot be written: the signature is then forgotten
   */
  async sign({ size, root }: TreeHead, anew = false): Promise<Uint8Array> {
    const floor = this.floor
    if (size < floor.size || (size === floor.size && !equalBytes(root, floor.root))) {
      throw new RangeError(`a tree of ${size} leaves does not follow from the ${floor.size} that were signed`)
    }
    if (this.#last && size === floor.size && !anew) return this.#last.note
    const checkpoint = { origin: this.#keys.origin, size, root, extensions: [] }
    const note = signNote(encodeCheckpoint(checkpoint), this.#keys.signers(this.#now))
    await this.#file.write(note)
    this.#last = { checkpoint, note }
    this.#signedMs = this.#now()
    return note
  }
}
