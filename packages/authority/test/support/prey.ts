import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a victim says of a deposit that was acknowledged; bytes in base64. */
export interface Acknowledged {
  readonly number: number
  readonly digest: string
  readonly index: number
  readonly receipt: string
}

/** Where a victim works. */
export interface Hunt {
  readonly address: string
  readonly folder: string
  readonly node: string
  readonly client: number
}

const VICTIM = fileURLToPath(new URL('victim.ts', import.meta.url))

/** A node in a process of its own, killed and started again; it goes on where its last acknowledgement was. */
export class Prey {
  readonly #hunt: Hunt
  #child: ChildProcess | undefined
  #lines: AsyncIterator<string> | undefined
  #errors = ''
  /** All that was ever acknowledged. */
  readonly acknowledged: Acknowledged[] = []

  constructor(hunt: Hunt) {
    this.#hunt = hunt
  }

  /** Starts it. */
  start(): void {
    const { address, folder, node, client } = this.#hunt
    // What was sent and not answered is sent again.
    const from = (this.acknowledged.at(-1)?.number ?? -1) + 1
    const words = ['-C', 'source', VICTIM, address, folder, node, String(client), String(from)]
    // Compiled code is kept between starts, which are what takes the time.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') }
    const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stderr.on('data', (piece) => (this.#errors += String(piece)))
    this.#child = child
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Waits until it said so many lines: that it has begun, that it is open, then acknowledgements. @throws Error if it ends before */
  async hear(lines: number): Promise<void> {
    for (let count = 0; count < lines; count++) {
      const line = await this.#lines?.next()
      if (!line || line.done) throw new Error(`the node ended by itself: ${this.#errors}`)
      this.#note(line.value)
    }
  }

  /** Kills it with no chance to tidy up, and hears what it had said. @throws Error if it ended by itself before */
  async kill(): Promise<void> {
    const [child, lines] = [this.#child, this.#lines]
    if (!child || !lines || !child.kill('SIGKILL'))
      throw new Error(`the node ended by itself: ${this.#errors}`)
    const ended = once(child, 'exit')
    for (;;) {
      const { value, done } = await lines.next()
      if (done) break
      this.#note(value)
    }
    await ended
  }

  #note(line: string): void {
    // The last line may be cut off: who did not hear all of it was not told.
    if (line.endsWith('}')) this.acknowledged.push(JSON.parse(line))
  }
}
