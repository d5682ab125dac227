import { displayName } from './escape-text.ts'
import { formatBytes, formatSeconds } from './quantities.ts'
import type { Terminal } from './terminal.ts'

/** How far one job is, as the library reports it. */
interface JobProgress {
  readonly job: number
  readonly doneBytes: number
}

/** What is under way. */
interface Work {
  /** As in `sealing`. */
  readonly verb: string
  /** What the jobs are about, by their index. */
  readonly names: readonly string[]
  /** Of all jobs together; undefined if one of them is a stream. */
  readonly totalBytes: number | undefined
}

/** How far everything is. */
interface Standing {
  readonly doneBytes: number
  readonly totalBytes: number | undefined
  readonly seconds: number
}

/** Short work shows nothing; long work is redrawn often enough to be seen moving. */
const QUIET_MS = 400
const REDRAW_MS = 100

/** One line about everything under way: shown after a moment, redrawn ten times a second at most. */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #work: Work
  readonly #done = new Map<number, number>()
  readonly #started = performance.now()
  #drawn = this.#started + QUIET_MS - REDRAW_MS

  constructor(terminal: Terminal, work: Work) {
    this.#terminal = terminal
    this.#work = work
  }

  /** Takes a report, and draws if it is time. */
  update({ job, doneBytes }: JobProgress): void {
    this.#done.set(job, doneBytes)
    const now = performance.now()
    if (now - this.#drawn < REDRAW_MS) return
    this.#drawn = now
    const { verb, names, totalBytes } = this.#work
    const place = names.length > 1 ? `${job + 1} of ${names.length}: ` : ''
    const done = [...this.#done.values()].reduce((sum, bytes) => sum + bytes, 0)
    const standing = { doneBytes: done, totalBytes, seconds: (now - this.#started) / 1000 }
    this.#terminal.status(`${verb} ${place}${displayName(names[job] ?? '')}  ${describe(standing)}`)
  }

  /** Takes the line away. */
  end(): void {
    this.#terminal.status(undefined)
  }
}

/** `42 %  1.2 GB of 2.9 GB  812.0 MB/s  3 s left`; without a total: `1.2 GB  812.0 MB/s`. */
export function describe({ doneBytes, totalBytes, seconds }: Standing): string {
  const rate = doneBytes / Math.max(seconds, 0.001)
  const speed = `${formatBytes(Math.round(rate))}/s`
  if (totalBytes === undefined || totalBytes === 0) return `${formatBytes(doneBytes)}  ${speed}`
  const share = Math.floor((100 * doneBytes) / totalBytes)
  const left = rate > 0 ? `  ${formatSeconds((totalBytes - doneBytes) / rate)} left` : ''
  return `${share} %  ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}  ${speed}${left}`
}
