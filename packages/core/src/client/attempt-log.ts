import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import { utf8Encode } from '../bytes/index.ts'
import type { ProblemCode } from '../protocol/index.ts'
import { makePrivateFolder, removeOwnFiles, writeOwnFile } from './own-files.ts'

/**
 * What came of an attempt: the authority's problem, or
 *
 * - `sent`: no answer is known; the process may have ended first;
 * - `unreachable`: nobody answered, or nobody who is proved to be the authority's host;
 * - `reached`: the authority was reached, of `CALLING` alone;
 * - `problem`: a problem that this version does not know;
 * - `answer`: an answer that is not of the protocol;
 * - `receipt`: a receipt that proves nothing;
 * - `epochs`: the authority showed other epochs than before.
 */
export type AttemptOutcome =
  | ProblemCode
  | 'sent'
  | 'reached'
  | 'unreachable'
  | 'problem'
  | 'answer'
  | 'receipt'
  | 'epochs'

/** The attempts to deliver something. */
export interface Attempt {
  /** A deposit id in hexadecimal; `CALLING` for reaching the authority at all. */
  readonly id: string
  readonly count: number
  /** Of the last one: milliseconds since 1970, by this computer's clock. */
  readonly lastMs: number
  readonly outcome: string
}

/** Stands for all deposits: the authority was asked for its card before any was sent. */
export const CALLING = 'calling'

const LINE = /^([0-9a-f]{64}|calling) (\d{1,9}) (\d{1,16}) ([a-z-]{1,32})$/
const NEWLINE = 0x0a

/**
 * Who was tried, how often, and what came of it: a text file, a line an attempt, of which the last counts.
 *
 * Lines are only added, before the attempt and after it; one cut off by a crash is passed over. It decides nothing but which
 * deposits are tried again, and what a person is told.
 */
export class AttemptLog {
  readonly #path: string
  #lines = 0

  constructor(path: string) {
    this.#path = path
  }

  /** The last line of each. */
  read(): Map<string, Attempt> {
    const attempts = new Map<string, Attempt>()
    this.#lines = 0
    for (const line of textOf(this.#path).split('\n')) {
      const [, id, count, lastMs, outcome] = LINE.exec(line) ?? []
      if (id === undefined || outcome === undefined) continue
      this.#lines += 1
      attempts.set(id, { id, count: Number(count), lastMs: Number(lastMs), outcome })
    }
    return attempts
  }

  /** Adds lines, durably. Only whoever has the lock of the outbox may. */
  add(attempts: readonly Attempt[]): void {
    if (attempts.length === 0) return
    makePrivateFolder(dirname(this.#path))
    const fd = openSync(this.#path, 'a+', 0o600)
    try {
      // A line of its own even if a crash cut the one before.
      appendFileSync(fd, (endsInLine(fd) ? '' : '\n') + attempts.map(lineOf).join(''))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** Forgets what is no more, if there is much of it. */
  compact(remains: (id: string) => boolean): void {
    const attempts = [...this.read().values()].filter(({ id }) => remains(id))
    if (this.#lines <= 2 * attempts.length + 100) return
    writeOwnFile(this.#path, utf8Encode(attempts.map(lineOf).join('')))
  }

  /** Forgets all. */
  clear(): void {
    if (existsSync(this.#path)) removeOwnFiles(dirname(this.#path), [basename(this.#path)])
  }
}

function lineOf({ id, count, lastMs, outcome }: Attempt): string {
  return `${id} ${count} ${lastMs} ${outcome}\n`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

function endsInLine(fd: number): boolean {
  const { size } = fstatSync(fd)
  const last = new Uint8Array(1)
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === NEWLINE)
}
