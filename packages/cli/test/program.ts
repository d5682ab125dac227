import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** The command of the sources. */
export const SOURCE_BIN = fileURLToPath(new URL('../bin/strongroom.js', import.meta.url))
/** The command: the one that was built for all tests, or that of the sources. */
export const BIN = process.env.STRONGROOM_TEST_COMMAND ?? SOURCE_BIN

// Compiled code outlives the folders of the tests: a start costs half as much.
const COMPILE_CACHE = join(tmpdir(), 'strongroom-test-compile-cache')

/** What one run of the command left. */
export interface Run {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
}

/** How a run differs from the ordinary. */
export interface RunOptions {
  /** Written to standard input, which is then closed; undefined leaves it open. */
  readonly stdin?: string | Uint8Array | undefined
  readonly env?: Readonly<Record<string, string>>
  /** What the run finds as file descriptor 3. */
  readonly fd3?: number
  readonly node?: string
  /** What starts the command. */
  readonly bin?: string
  /** Below the working folder; that folder itself unless told. */
  readonly cwd?: string
  /** Told as soon as the process runs, to do something to it. */
  readonly onStart?: (child: ChildProcess) => void
}

/**
 * A person's machine in small: a folder to work in and a `STRONGROOM_HOME` in it, gone after the test.
 *
 * The command runs without a controlling terminal, so that a question that nobody can answer is an error
 * here as it is in a cron job, also when the tests are started by hand.
 */
export class Home {
  readonly folder: string
  readonly home: string

  constructor(t?: Pick<TestContext, 'after'>) {
    this.folder = mkdtempSync(join(tmpdir(), 'strongroom-test-'))
    this.home = join(this.folder, 'home')
    t?.after(() => this.remove())
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Where a file of the working folder is. */
  path(name: string): string {
    return join(this.folder, name)
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content)
    return this.path(name)
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name))
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  get environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env
    return {
      PATH,
      HOME,
      TZ: 'UTC',
      LC_ALL: 'C.UTF-8',
      STRONGROOM_HOME: this.home,
      NODE_COMPILE_CACHE: COMPILE_CACHE,
    }
  }

  /** Runs `strongroom` with these words. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<Run> {
    const { env = {}, fd3, node = process.execPath, bin = BIN, cwd = '.', onStart } = options
    const stdin = 'stdin' in options ? options.stdin : ''
    const child = spawn(node, [bin, ...words], {
      cwd: join(this.folder, cwd),
      env: { ...this.environment, ...env },
      stdio: ['pipe', 'pipe', 'pipe', fd3 ?? 'ignore'],
      detached: true,
    })
    const out: Buffer[] = []
    let err = ''
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    // A run that does not read its input closes it; that is its right.
    child.stdin?.on('error', () => undefined)
    if (stdin !== undefined) child.stdin?.end(stdin)
    onStart?.(child)
    const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    const bytes = Buffer.concat(out)
    return { status, signal, stdout: bytes.toString(), stderr: err, bytes }
  }

  /** Runs `strongroom` and expects it to succeed; a failure shows what it said. */
  async ok(words: readonly string[], options: RunOptions = {}): Promise<Run> {
    const run = await this.run(words, options)
    if (run.status !== 0) {
      throw new Error(`strongroom ${words.join(' ')}: exit ${run.status}\n${run.stdout}${run.stderr}`)
    }
    return run
  }

  /** Runs `strongroom … --json` and returns the documents it printed. */
  async json(words: readonly string[], options: RunOptions = {}): Promise<unknown[]> {
    const { stdout } = await this.run([...words, '--json'], options)
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line))
  }
}
