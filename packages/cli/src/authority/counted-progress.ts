import type { Terminal } from '../terminal.ts'

/** Short work shows nothing; long work is redrawn often enough to be seen moving. */
const QUIET_MS = 400
const REDRAW_MS = 100

/** A line about how many of how many were done: shown after a moment, redrawn ten times a second at most. */
export class CountedProgress {
  readonly #terminal: Terminal
  readonly #verb: string
  #drawn = performance.now() + QUIET_MS - REDRAW_MS

  /** @param verb as in `checking` */
  constructor(terminal: Terminal, verb: string) {
    this.#terminal = terminal
    this.#verb = verb
  }

  update(done: number, of: number): void {
    const now = performance.now()
    if (now - this.#drawn < REDRAW_MS) return
    this.#drawn = now
    const share = of > 0 ? `${Math.floor((100 * done) / of)} %  ` : ''
    this.#terminal.status(`${this.#verb}  ${share}${done.toLocaleString('en')} of ${of.toLocaleString('en')}`)
  }

  /** Takes the line away. */
  end(): void {
    this.#terminal.status(undefined)
  }
}
