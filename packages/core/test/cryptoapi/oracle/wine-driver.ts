import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Oracle } from './oracle-programs.ts'

/** What one call answered. Bytes are hexadecimal text, as in the vectors. */
export interface Answer {
  readonly ok: boolean
  /** GetLastError, unsigned; only where the call failed. */
  readonly err?: number
  /** What stood in the length argument after the call. */
  readonly len?: number
  readonly data?: string
  /** The provider came to its end over the call. */
  readonly crashed?: true
  /** What no caller could live with: an exception, bytes written past the answer. */
  readonly fault?: string
}

/** Arguments of a call, as a step of the vectors gives them. */
export type Arguments = Readonly<Record<string, string | number>>

interface Waiting {
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
  readonly request: string
}

/** Thrown when the driver ends in the middle of a call: the provider crashed, or hung and was ended. */
export class DriverCrash extends Error {
  constructor(request: string) {
    super(`the driver ended during: ${request.slice(0, 200)}`)
    this.name = 'DriverCrash'
  }
}

/** A call that takes longer will never end: Wine hangs where it would crash another time. */
const LONGEST_CALL_MS = 60_000

/** One process of `capi-driver.exe`: one line per call, one line of JSON per answer, in order. */
export class WineDriver {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Waiting[] = []
  #ended = false

  constructor(oracle: Oracle) {
    this.#child = spawn(oracle.wine, [oracle.programs['capi-driver']], { env: oracle.environment })
    this.#child.stderr.resume() // handles that do not exist are named there, and asked for on purpose
    this.#child.stdin.on('error', () => {}) // a broken pipe shows as the end of the process
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) this.#waiting.shift()?.resolve(line) // anything else is part of a crash report
    })
    // Not 'close': Wine's services inherit the pipes of whoever starts them first, and outlive it.
    this.#child.on('exit', () => {
      this.#ended = true
      this.#child.stdout.destroy()
      this.#child.stderr.destroy()
      for (const { reject, request } of this.#waiting.splice(0)) reject(new DriverCrash(request))
    })
  }

  /** The version of Wine that answers. */
  async version(): Promise<string> {
    const answer = JSON.parse(await this.#ask('version')) as { wine: string } // our own program's answer
    return answer.wine
  }

  async call(fn: string, args: Arguments): Promise<Answer> {
    const words = Object.entries(args).map(([name, value]) => `${name}=${value}`)
    const line = await this.#ask([fn, ...words].join(' '))
    const { err, ...answer } = JSON.parse(line) as Omit<Answer, 'err'> & { err?: string } // our own program's answer
    if (err === undefined) return answer
    return { ...answer, err: Number(err) }
  }

  /** Forgets every handle name. The handles themselves live until the process ends. */
  async reset(): Promise<void> {
    await this.#ask('reset')
  }

  async close(): Promise<void> {
    if (this.#ended) return
    this.#child.stdin.end()
    await once(this.#child, 'exit')
  }

  #ask(request: string): Promise<string> {
    if (this.#ended) return Promise.reject(new DriverCrash(request))
    const answer = new Promise<string>((resolve, reject) => {
      this.#waiting.push({ resolve, reject, request })
      this.#child.stdin.write(`${request}\n`)
    })
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), LONGEST_CALL_MS)
    return answer.finally(() => clearTimeout(patience))
  }
}

/** The version of Wine that an oracle has. */
export async function wineVersion(oracle: Oracle): Promise<string> {
  const driver = new WineDriver(oracle)
  try {
    return await driver.version()
  } finally {
    await driver.close()
  }
}
