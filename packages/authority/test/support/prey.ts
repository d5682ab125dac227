import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** What a victim says of a deposit that was acknowledged; bytes in base64. */
export interface Acknowledged {
  readonly number: number
  readonly digest: string
  readonly index: number
  readonly receipt: string
}

/** What a victim found when it started: leaves of the log, of the checkpoint that is kept, and of the one it signed last. */
export interface Found {
  readonly head: number
  readonly kept: number
  readonly signed: number
  /** Leaves up to the last one that was acknowledged. */
  readonly acknowledged: number
}

/** Where a victim works. */
export interface Hunt {
  readonly address: string
  readonly folder: string
  readonly node: string
  readonly client: number
  /** How many calls it has on their way at the same time; 6 unless told. */
  readonly callers?: number
}

const CALLERS = 6

/** The sources of the victim and of the thread that it starts; the second is looked for beside the first. */
const SOURCES = {
  victim: new URL('victim.ts', import.meta.url),
  'database-thread': new URL('../../src/store/sqlite/database-thread.ts', import.meta.url),
}

let built: string | undefined

/** The victim in one file: loading a hundred sources anew after every kill would take most of the time. */
function victimProgram(): string {
  if (built !== undefined) return built
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-victim-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  buildSync({
    entryPoints: Object.fromEntries(Object.entries(SOURCES).map(([name, url]) => [name, fileURLToPath(url)])),
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['source'],
    external: ['pg-native', 'pg-cloudflare'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  built = join(folder, 'victim.js')
  return built
}

/** A node in a process of its own, killed and started again; it goes on where its last acknowledgement was. */
export class Prey {
  readonly #hunt: Hunt
  #child: ChildProcess | undefined
  #lines: AsyncIterator<string> | undefined
  #errors = ''
  /** All that was ever acknowledged. */
  readonly acknowledged: Acknowledged[] = []
  /** What it found at every start. */
  readonly found: Found[] = []

  constructor(hunt: Hunt) {
    this.#hunt = hunt
  }

  /** Starts it. @param launcher the words of a program that starts another */
  start(launcher: readonly string[] = []): void {
    const { address, folder, node, client, callers = CALLERS } = this.#hunt
    // What was sent and not answered is sent again.
    const from = (this.acknowledged.at(-1)?.number ?? -1) + 1
    const [program = process.execPath, ...words] = [
      ...launcher,
      process.execPath,
      victimProgram(),
      address,
      folder,
      node,
      ...[client, from, callers].map(String),
    ]
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') }
    const child = spawn(program, words, { env, stdio: ['ignore', 'pipe', 'pipe'] })
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

  /** Hears it until it ends by itself. @returns what it complained of */
  async hearEnd(): Promise<string> {
    const [child, lines] = [this.#child, this.#lines]
    if (!child || !lines) throw new Error('the node was not started')
    const ended = child.exitCode === null ? once(child, 'close') : undefined
    for (let line = await lines.next(); !line.done; line = await lines.next()) this.#note(line.value)
    await ended
    return this.#errors
  }

  #note(line: string): void {
    // The last line may be cut off: who did not hear all of it was not told.
    if (!line.endsWith('}')) return
    const said: Acknowledged | Omit<Found, 'acknowledged'> = JSON.parse(line)
    if ('digest' in said) this.acknowledged.push(said)
    else this.found.push({ ...said, acknowledged: this.#leaves() })
  }

  #leaves(): number {
    return this.acknowledged.reduce((most, { index }) => Math.max(most, index + 1), 0)
  }
}
