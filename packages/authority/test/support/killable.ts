import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Tests run in the folder of the project. */
const BUILD = join('tools', 'build.ts')

/** The command as it is published: from its sources every start would take most of the time. @returns the program */
export async function builtCommand(folder: string): Promise<string> {
  const { STRONGROOM_TEST_COMMAND: built } = process.env
  if (built !== undefined) return built
  const child = spawn(process.execPath, ['-C', 'source', BUILD, join(folder, 'dist')], { stdio: 'inherit' })
  const [status] = await once(child, 'exit')
  if (status !== 0) throw new Error('the command was not built')
  return join(folder, 'dist', 'strongroom.js')
}

/** A process that is killed and started again. */
export class Killable {
  readonly #words: readonly string[]
  readonly #env: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #killed = false
  #stderr = ''
  /** How often it was killed. */
  kills = 0

  constructor(words: readonly string[], env: Readonly<Record<string, string>>) {
    this.#words = words
    this.#env = env
  }

  start(): void {
    const env = { ...process.env, ...this.#env }
    const child = spawn(process.execPath, this.#words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    this.#killed = false
    this.#stderr = ''
    child.stderr.on('data', (piece) => (this.#stderr = `${this.#stderr}${piece}`.slice(-20_000)))
    this.#child = child
  }

  /** Kills it with no chance to tidy up. @throws Error if it ended by itself before */
  async kill(): Promise<void> {
    this.check()
    const child = this.#child
    if (!child) return
    const ended = once(child, 'close')
    this.#killed = child.kill('SIGKILL')
    await ended
    this.#child = undefined
    this.kills++
  }

  /** @throws Error if it ended by itself */
  check(): void {
    const child = this.#child
    if (this.#killed || !child || (child.exitCode === null && child.signalCode === null)) return
    throw new Error(
      `it ended by itself (${child.exitCode ?? child.signalCode}): ${this.#words.join(' ')}\n${this.#stderr}`,
    )
  }

  /** What it said of errors, at most the last of it. */
  get stderr(): string {
    return this.#stderr
  }
}
