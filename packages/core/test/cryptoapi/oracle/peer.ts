import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Oracle } from './oracle-programs.ts'
import { WineDriver } from './wine-driver.ts'

/** What the peer says of a command: success, or the function that failed and its status. */
interface PeerAnswer {
  readonly ok: boolean
  readonly fn?: string
  readonly err?: string
}

/** `peer.exe`, one process for each command, and a folder for the files that go to it and come from it. */
export class Peer {
  readonly #oracle: Oracle
  readonly #folder = mkdtempSync(join(tmpdir(), 'oracle-peer-'))
  /** Keeps Wine's server running, which would start anew for every command. */
  readonly #company: WineDriver

  private constructor(oracle: Oracle) {
    this.#oracle = oracle
    this.#company = new WineDriver(oracle)
  }

  static async start(oracle: Oracle): Promise<Peer> {
    const peer = new Peer(oracle)
    await peer.#company.version()
    return peer
  }

  /** Runs a command; its files are names in the folder. */
  async run(...words: readonly string[]): Promise<PeerAnswer> {
    const { wine, programs, environment } = this.#oracle
    const output = await new Promise<string>((resolve) => {
      // A failed command exits with 1 and says why on standard output all the same.
      execFile(wine, [programs.peer, ...words], { cwd: this.#folder, env: environment }, (_, stdout) =>
        resolve(stdout),
      )
    })
    const line = output.split(/\r?\n/).find((each) => each.startsWith('{'))
    if (line === undefined)
      throw new Error(`peer ${words.join(' ')}: no answer but ${JSON.stringify(output)}`)
    return JSON.parse(line) as PeerAnswer // our own program's answer
  }

  /** Runs a command that has to succeed. */
  async succeed(...words: readonly string[]): Promise<void> {
    const { ok, fn, err } = await this.run(...words)
    if (!ok) throw new Error(`peer ${words.join(' ')}: ${fn} failed with ${err}`)
  }

  /** Puts a file into the folder, and answers its name. */
  write(name: string, bytes: Uint8Array): string {
    writeFileSync(join(this.#folder, name), bytes)
    return name
  }

  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.#folder, name)))
  }

  async close(): Promise<void> {
    await this.#company.close()
    rmSync(this.#folder, { recursive: true })
  }
}
