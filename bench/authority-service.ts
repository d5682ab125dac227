import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Configuration } from '../packages/authority/src/config/index.ts'
import { HttpConnection } from './authority-connection.ts'
import type { BenchDatabase } from './authority-databases.ts'
import { timedCalls } from './authority-rates.ts'
import type { Prepared } from './authority-requests.ts'
import type { BenchAuthority } from './authority-scene.ts'

/** The program that serves what a description says. */
export const SERVING = fileURLToPath(new URL('authority-serving.ts', import.meta.url))

/** A service in a process of its own. */
export class ServingProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #port: number
  /** The answer to the last request. */
  lastAnswer: Uint8Array = new Uint8Array(0)

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, port: number) {
    this.#child = child
    this.#lines = lines
    this.#port = port
  }

  static async start(database: BenchDatabase, authority: BenchAuthority): Promise<ServingProcess> {
    const store = await database.open()
    await (await authority.begin(store, database.folder)).close()
    await store.close()
    const description = join(database.folder, 'configuration.json')
    writeFileSync(description, JSON.stringify(configurationOf(database, authority)))
    const profile = process.env.PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.PROFILE}`] : []
    const words = ['-C', 'source', ...profile, SERVING, description]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const { value: url } = await lines.next()
    return new ServingProcess(child, lines, Number(new URL(String(url)).port))
  }

  /** Sends requests over so many connections; CPU time is that of the service. */
  async loaded(connections: number, requests: readonly Prepared[]) {
    const open = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(this.#port)))
    const free = [...open]
    const before = await this.#cpuMs()
    const last = requests.at(-1)
    const times = await timedCalls(connections, requests, async (request) => {
      const connection = free.pop()
      if (!connection) throw new Error('more callers than connections')
      const answer = await connection.ask(request.bytes)
      // Others may be answered after the last one.
      if (request === last) this.lastAnswer = answer
      free.push(connection)
    })
    const cpuMs = (await this.#cpuMs()) - before
    for (const connection of open) connection.close()
    return { ...times, cpuMs }
  }

  /** What it has in memory at present, in MiB. Linux only. */
  memoryMiB(): number {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1024
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
  }

  async #cpuMs(): Promise<number> {
    this.#child.stdin?.write('\n')
    return Number((await this.#lines.next()).value)
  }
}

/** What a service needs to know. @param place where it is, for clients, and the port on which it listens; any unless told */
export function configurationOf(
  { folder, settings }: Pick<BenchDatabase, 'folder' | 'settings'>,
  { keysText, trust }: Pick<BenchAuthority, 'keysText' | 'trust'>,
  { url = 'https://vault.example.org', port = 0 } = {},
): Configuration {
  const keys = join(folder, 'log-keys')
  writeFileSync(keys, keysText)
  const much = 1_000_000_000
  return {
    folder,
    name: 'Example archive',
    url,
    identity: trust.identity,
    listen: { host: '127.0.0.1', port },
    tls: null,
    proxy: { hops: 0 },
    database: settings,
    log: { keys, signed: join(folder, 'last-checkpoint') },
    quotas: { client: {}, tenant: {} },
    limits: {
      depositsPerRequest: 1_000,
      bodySeconds: 60,
      requestsPerMinute: { address: much, client: much },
      connections: 1_024,
    },
    metrics: {},
    logLevel: 'warn',
  }
}
