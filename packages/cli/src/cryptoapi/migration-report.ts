import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import type { Task } from '../outputs.ts'
import { count, formatBytes } from '../quantities.ts'
import type { Migrated } from './migration.ts'
import { rsaRecord } from './rsa-text.ts'

/** Says what became of each file, and at the end of all. */
export class MigrationReport {
  readonly #context: Context
  readonly #files: number
  #migrated = 0
  #bytes = 0
  #leftOut = 0
  #unproved = 0
  /** Texts whose password nothing can show to be right. */
  #unchecked = 0

  /** @param files how many there are in all */
  constructor(context: Context, files: number) {
    this.#context = context
    this.#files = files
  }

  /** A file of a folder that is none of those that are migrated. */
  leftOut({ inputName }: Task, reason: string): void {
    const { terminal } = this.#context
    this.#leftOut += 1
    terminal.record({ input: inputName, status: 'left out', reason })
    terminal.note(`${displayName(inputName)} left out: ${reason}`)
  }

  migrated(task: Task, { old, ...made }: Migrated, inputRemoved: boolean): void {
    const { terminal } = this.#context
    const { facts, madeFor, signed, key } = old
    const { alreadyThere, plaintextBytes, plaintextSha256 } = made
    this.#migrated += 1
    this.#bytes += plaintextBytes
    if (madeFor && !signed) this.#unproved += 1
    if (!madeFor && key.blockLength === 0) this.#unchecked += 1
    terminal.record({
      input: task.inputName,
      output: task.outputName ?? null,
      status: alreadyThere ? 'already there' : 'migrated',
      ...facts,
      ...(madeFor && { madeFor: rsaRecord(madeFor) }),
      keyProof: signed ? { signer: rsaRecord(signed.signer), hash: signed.hash, form: signed.form } : null,
      plaintextBytes,
      plaintextSha256,
      inputRemoved,
    })
    const state = alreadyThere ? 'was there and holds the same text' : 'migrated and compared'
    const from = `${formatBytes(plaintextBytes)}, from ${key.row.name} with ${facts.bits} bits`
    const gone = inputRemoved ? ', old file removed' : ''
    terminal.done(displayName(task.outputName ?? task.inputName), `${state}, ${from}${gone}`)
  }

  /** How many of all, and what nobody can prove of them. */
  end(): void {
    const { terminal } = this.#context
    const left = this.#leftOut === 0 ? '' : `, ${this.#leftOut} left out`
    const failed = this.#files - this.#migrated - this.#leftOut
    const lost = failed === 0 ? '' : `, ${failed} failed`
    const all = count(this.#files, 'file')
    terminal.note(`migrated ${this.#migrated} of ${all}, ${formatBytes(this.#bytes)}${left}${lost}`)
    if (this.#unproved > 0) {
      terminal.warning(
        `nobody proves who made the ${this.#unproved === 1 ? 'key' : 'keys'} of ${count(this.#unproved, 'file')}: anybody with your public key could have`,
      )
    }
    if (this.#unchecked > 0) {
      terminal.warning(
        `nothing shows whether the password was right: look at ${this.#unchecked === 1 ? 'the sealed file' : 'the sealed files'} before you remove anything`,
      )
    }
  }
}
