import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname, basename } from 'node:path'
import { fromHex, toHex, utf8Decode, utf8Encode } from '../bytes/index.ts'
import type { TreeHead } from '../tlog/index.ts'
import { withLock } from './folder-lock.ts'
import { makePrivateFolder, readOwnFile, removeOwnFiles, writeOwnFile } from './own-files.ts'

/** A tree that a receipt was proved in. */
export interface PromisedHead extends TreeHead {
  /** The statement of the receipt, in hexadecimal. */
  readonly id: string
  /** Its leaf. */
  readonly index: number
}

const LINE = /^(\d{1,16}) ([0-9a-f]{64}) (\d{1,16}) ([0-9a-f]{64})$/
const MAX_BYTES = 1_073_741_824
const LOCK_WAIT_MS = 5_000

/**
 * The trees of receipts that were not yet compared with the log, a line each: whoever gave the receipts must stand by all of
 * them. Without it a log that forgot what it signed in a receipt would be noticed by those alone who look that receipt up.
 */
export class PromisedHeads {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** All that were not settled. Lines cut off by a crash are passed over: their receipts were not kept either. */
  read(): PromisedHead[] {
    const text = utf8Decode(readOwnFile(this.#path, MAX_BYTES, 'trees of receipts') ?? new Uint8Array(0))
    return text.split('\n').flatMap((line) => {
      const [, size, root = '', index, id] = LINE.exec(line) ?? []
      if (id === undefined) return []
      return [{ size: Number(size), root: fromHex(root), index: Number(index), id }]
    })
  }

  /** Adds trees, durably: before their receipts are kept. */
  add(heads: readonly PromisedHead[]): void {
    if (heads.length === 0) return
    makePrivateFolder(dirname(this.#path))
    this.#locked(() => {
      const fd = openSync(this.#path, 'a', 0o600)
      try {
        // On a line of their own even if a crash cut the one before; empty lines are passed over.
        appendFileSync(fd, `\n${heads.map(lineOf).join('\n')}\n`)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
    })
  }

  /** Forgets those that were compared; what was added meanwhile stays. */
  settle(settled: readonly PromisedHead[]): void {
    if (settled.length === 0) return
    this.#locked(() => {
      const done = new Set(settled.map(lineOf))
      const open = this.read().filter((head) => !done.has(lineOf(head)))
      if (open.length === 0) removeOwnFiles(dirname(this.#path), [basename(this.#path)])
      else writeOwnFile(this.#path, utf8Encode(`${open.map(lineOf).join('\n')}\n`))
    })
  }

  #locked(work: () => void): void {
    withLock(`${this.#path}.lock`, LOCK_WAIT_MS, work)
  }
}

function lineOf({ size, root, index, id }: PromisedHead): string {
  return `${size} ${toHex(root)} ${index} ${id}`
}
