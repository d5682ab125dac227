import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'

/** The command, from its sources. */
export const BIN = fileURLToPath(new URL('../../packages/cli/bin/strongroom.js', import.meta.url))

/** Characters of a line that are shown. */
const LONGEST = 220

/** What a run of a command is expected to do, unless it is told: succeed, for the person whose home is that of the stage. */
interface Expected {
  readonly status?: number | 'refused'
  /** Whose home it is run in: a folder of that name on the stage. */
  readonly home?: string
}

/** A temporary home where commands are shown, run for real, and cleared away with all they left. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'strongroom-quickstart-'))
  readonly #services: ChildProcess[] = []
  #steps = 0

  say(line: string): void {
    process.stdout.write(`${line}\n`)
  }

  step(text: string): void {
    this.#steps++
    this.say(`\n${styleText('bold', `${this.#steps}.`.padEnd(4))}${text}`)
  }

  /** The names in a folder on the stage. */
  list(name: string): string[] {
    return readdirSync(this.path(name))
  }

  async pause(seconds: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  strongroom(words: readonly string[], expected: Expected = {}): string {
    return this.run('strongroom', words, expected)
  }

  /** Shows the command line, runs it, and shows what it says. Returns what it printed on standard output. */
  run(program: 'strongroom' | 'age', words: readonly string[], { status = 0, home }: Expected = {}): string {
    this.say(styleText('cyan', `    $ ${[program, ...words].map(quoted).join(' ')}`))
    const [file, all] = program === 'age' ? ['age', words] : [process.execPath, [BIN, ...words]]
    const found = spawnSync(file, all, { cwd: this.folder, env: this.#environment(home), encoding: 'utf8' })
    for (const line of `${found.stdout}${found.stderr}`.split('\n')) {
      if (line !== '')
        this.say(styleText('dim', `    ${line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line}`))
    }
    const asExpected =
      status === 'refused' ? found.status !== 0 && found.status !== 1 : found.status === status
    if (!asExpected) throw new Error(`expected exit status ${status}, got ${found.status}`)
    return found.stdout
  }

  /** Starts a command that goes on until the stage is cleared, and waits for its first line. */
  async start(words: readonly string[]): Promise<void> {
    this.say(styleText('cyan', `    $ ${['strongroom', ...words].map(quoted).join(' ')} &`))
    const service = spawn(process.execPath, [BIN, ...words], {
      cwd: this.folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#services.push(service)
    let complaints = ''
    service.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
    const lines = createInterface({ input: service.stdout })
    const first = await Promise.race([
      lines[Symbol.asyncIterator]().next(),
      new Promise<never>((_, reject) => {
        service.once('exit', () => reject(new Error(`it ended at once: ${complaints}`)))
      }),
    ])
    if (first.done !== true) this.say(styleText('dim', `    ${first.value}`))
  }

  async expectSame(copy: string, before: string): Promise<void> {
    const after = await sha256Of(this.path(copy))
    if (after !== before) throw new Error(`${copy} is not what went in: ${after} is not ${before}`)
    this.say(`    ${styleText('green', 'the same')}  SHA-256 ${after}`)
  }

  /** Stops what runs, and deletes what was made. */
  async clear(): Promise<void> {
    await this.stopServices()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async stopServices(): Promise<void> {
    await Promise.all(
      this.#services.splice(0).map(async (service) => {
        if (service.exitCode !== null || service.signalCode !== null) return
        const ended = new Promise((resolve) => service.once('exit', resolve))
        service.kill('SIGTERM')
        await ended
      }),
    )
  }

  #environment(home = 'home'): NodeJS.ProcessEnv {
    const named = { STRONGROOM_HOME: this.path(home), STRONGROOM_AUTHORITY_METRICS_LISTEN_PORT: '0' }
    return { ...process.env, STRONGROOM_PASSPHRASE_FILE: '', ...named }
  }
}

/** The SHA-256 of a file in hexadecimal digits. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** A port of this computer at which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A word as it must be typed. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
