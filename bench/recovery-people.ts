import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../tools/quickstart/stage.ts'
import { BUNDLE } from './strongroom.ts'
import { noiseFolder } from './workbench.ts'

const PASSPHRASES = 'passphrases'
const CUSTODY = ['--folder', 'custody', '--passphrase-file', PASSPHRASES] as const
const OFFICERS = ['ada', 'bo', 'cy'] as const
/** What `recover` says as long as it waits. */
const WAITING = 18
/** Of the charter: the shortest that the command line takes. */
const WAITING_TIME = '1s'
const FILE_BYTES = 4_096

/** A process that was started. */
export interface Started {
  readonly ended: Promise<number>
  /** What it logs, a JSON object a line, and when it did: milliseconds since 1970. */
  readonly events: readonly { readonly event: string; readonly at: number }[]
  /** What else it says on standard error. */
  readonly complaints: readonly string[]
  /** Waits for its first line on standard output. */
  readonly ready: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** An authority, its custodian, its officers and somebody with sealed files: the command as it is released, in real processes. */
export class RecoveringPeople {
  readonly #folder: string
  readonly #started: Started[] = []
  #opened = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @param count of files that are sealed and deposited */
  static async make(folder: string, count: number): Promise<RecoveringPeople> {
    if (!existsSync(BUNDLE)) throw new Error('there is no release bundle: npm run build')
    mkdirSync(folder)
    const people = new RecoveringPeople(folder)
    await people.#found()
    noiseFolder(join(folder, 'input'), count, FILE_BYTES)
    mkdirSync(join(folder, 'backup'))
    await people.run(['seal', 'input', '-O', 'backup', '--require-receipt', '-q'])
    return people
  }

  /** Loses all keys and asks for the files anew; one of the two officers that it takes agrees, and the waiting time ends. @returns the request */
  async ask(): Promise<string> {
    rmSync(join(this.#folder, 'you'), { recursive: true })
    const asking = ['--code-file', 'codes', '--reason', 'a benchmark', '--unprotected', '-q']
    await this.run(['recover', ...this.#sealed(), ...asking], { status: WAITING })
    const [request = ''] = readdirSync(join(this.#folder, 'you', 'recoveries'))
    await this.approve(request, 'bo')
    await setTimeout(2_500)
    return request
  }

  approve(request: string, officer: (typeof OFFICERS)[number] = 'ada'): Promise<void> {
    const words = ['officer', 'approve', request, '--checked', 'called back', '--yes', '--digest', request]
    return this.run([...words, '-q'], { home: officer })
  }

  /** Rounds of the custodian, a second apart, until it is stopped. */
  async custodian(): Promise<Started> {
    const custodian = this.#start(['custodian', 'run', ...CUSTODY, '--every', '1s', '--json'])
    await custodian.ready()
    return custodian
  }

  custodianOnce(): Promise<void> {
    return this.run(['custodian', 'run', ...CUSTODY, '--once'])
  }

  recover(...more: string[]): Promise<void> {
    return this.run(['recover', '-q', ...more])
  }

  /** Opens every file, into a new folder. */
  async open(): Promise<void> {
    const output = `opened-${++this.#opened}`
    mkdirSync(join(this.#folder, output))
    const sealed = this.#sealed()
    await this.run(['open', ...sealed, '-O', output, '-q'])
    const opened = readdirSync(join(this.#folder, output)).length
    if (opened !== sealed.length) throw new Error(`${opened} of ${sealed.length} files were opened`)
  }

  /** Runs a command to its end. @param status that it must end with */
  async run(words: readonly string[], { status = 0, home = 'you' } = {}): Promise<void> {
    const { ended, complaints } = this.#start(words, home)
    const code = await ended
    if (code !== status) throw new Error(`strongroom ${words.join(' ')}: ${code}: ${complaints.join(' ')}`)
  }

  /** Stops what runs. */
  async clear(): Promise<void> {
    for (const started of this.#started.splice(0)) await started.stop()
  }

  #sealed(): string[] {
    const folder = join('backup', 'input')
    return readdirSync(join(this.#folder, folder)).map((name) => join(folder, name))
  }

  async #found(): Promise<void> {
    const url = `http://127.0.0.1:${await freePort()}`
    writeFileSync(join(this.#folder, PASSPHRASES), 'the keys of a benchmark\n', { mode: 0o600 })
    for (const officer of OFFICERS) {
      await this.run(['init', '--unprotected', '-q'], { home: officer })
      await this.run(['container', 'export', '-o', `${officer}.card`, '-q'], { home: officer })
    }
    await this.#save('custodian.card', ['custodian', 'init', 'custody', '--passphrase-file', PASSPHRASES])
    const officers = OFFICERS.flatMap((officer) => ['--officer', `${officer}=${officer}.card`])
    const init = ['authority', 'init', 'vault', '--name', 'Example archive', '--url', url]
    const rules = ['--custodian', 'custodian.card', ...officers, '--waiting', WAITING_TIME]
    const made = await this.#text([...init, '--passphrase-file', PASSPHRASES, ...rules])
    const fingerprint = /SHA256:\S+/.exec(made)?.[0] ?? ''
    const charter = /first charter\s+([0-9a-f]{64})/.exec(made)?.[1] ?? ''
    const trusted = ['--url', url, '--charter', charter, '--folder', 'custody', '-q']
    await this.run(['custodian', 'trust', fingerprint, ...trusted])
    await this.#start(['authority', 'serve', '--folder', 'vault']).ready()
    for (const person of ['you', ...OFFICERS]) {
      await this.#save(`${person}.invitation`, ['authority', 'invite', person, '--folder', 'vault', '-q'])
    }
    await this.run(['init', '--unprotected', '-q'])
    await this.run(['enroll', 'you.invitation', '--codes-file', 'codes', '-q'])
    for (const home of OFFICERS)
      await this.run(['enroll', `${home}.invitation`, '--no-codes', '-q'], { home })
  }

  async #save(name: string, words: readonly string[]): Promise<void> {
    writeFileSync(join(this.#folder, name), await this.#text(words), { mode: 0o600 })
  }

  async #text(words: readonly string[]): Promise<string> {
    const child = this.#spawn(words, 'you')
    const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)])
    const [[text, complaints], [code]] = await Promise.all([texts, once(child, 'exit')])
    if (code !== 0) throw new Error(`strongroom ${words.join(' ')}: ${complaints}`)
    return text
  }

  #start(words: readonly string[], home = 'you'): Started {
    const child = this.#spawn(words, home)
    const events: { event: string; at: number }[] = []
    const complaints: string[] = []
    if (child.stderr) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        if (!line.startsWith('{')) {
          complaints.push(line)
          return
        }
        const { event, time } = JSON.parse(line) as { event?: string; time: string }
        if (event !== undefined) events.push({ event, at: Date.parse(time) })
      })
    }
    const ended = once(child, 'exit').then(([code]) => Number(code))
    const ready = async () => {
      if (child.stdout) await Promise.race([once(child.stdout, 'data'), ended])
    }
    const stop = async () => {
      child.kill('SIGTERM')
      await ended
    }
    const started = { ended, events, complaints, ready, stop }
    this.#started.push(started)
    child.stdout?.resume()
    return started
  }

  #spawn(words: readonly string[], home: string): ChildProcess {
    const own = { STRONGROOM_HOME: join(this.#folder, home), STRONGROOM_AUTHORITY_METRICS_LISTEN_PORT: '0' }
    return spawn(process.execPath, [BUNDLE, ...words], {
      cwd: this.#folder,
      env: { ...process.env, ...own, STRONGROOM_PASSPHRASE_FILE: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }
}

async function textOf(stream: Readable | null): Promise<string> {
  const pieces: Buffer[] = await (stream?.toArray() ?? [])
  return Buffer.concat(pieces).toString()
}
