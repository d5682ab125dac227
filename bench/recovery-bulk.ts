/**
 * One request for thousands of keys, from the command to the opened files: an authority and a custodian in processes of their own, and
 * the people at their command lines.
 *
 * Run: node -C source bench/recovery-bulk.ts [--keys N] [--files N]   so many of the files are opened at the end; all unless told
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { publish, row } from './report.ts'

const BIN = fileURLToPath(new URL('../packages/cli/bin/strongroom.js', import.meta.url))
const WAITING = 18
const OFFICERS = ['bo', 'cy', 'di']
const BIGGEST = 2 ** 30
/** Files that are sealed at once. */
const LOT = 1_000
const MOST_ROUNDS = 5
const PASSPHRASE = ['--passphrase-file', 'passphrase']

/** What one step took. */
interface Phase {
  readonly what: string
  readonly seconds: number
}

/** A folder with everybody's homes, gone at the end. */
class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'strongroom-bench-bulk-'))
  readonly phases: Phase[] = []

  path(name: string): string {
    return join(this.folder, name)
  }

  environment(home: string): NodeJS.ProcessEnv {
    const own = { STRONGROOM_HOME: this.path(home), STRONGROOM_AUTHORITY_METRICS_LISTEN_PORT: '0' }
    return { ...process.env, STRONGROOM_PASSPHRASE_FILE: '', ...own }
  }

  /** Runs a command for somebody; what it takes is kept if it is named. */
  run(home: string, words: readonly string[], { status = 0, what = '' } = {}): string {
    const start = performance.now()
    const options = {
      cwd: this.folder,
      env: this.environment(home),
      encoding: 'utf8',
      maxBuffer: BIGGEST,
    } as const
    const found = spawnSync(process.execPath, [BIN, ...words], options)
    const seconds = (performance.now() - start) / 1000
    if (what !== '') {
      this.phases.push({ what, seconds })
      // It takes minutes, and whoever waits wants to see it go on.
      console.error(`${what}: ${seconds.toFixed(1)} s`)
    }
    if (found.status === status) return found.stdout
    throw new Error(
      `strongroom ${words.slice(0, 3).join(' ')}: exit ${found.status}\n${found.stderr.slice(-2000)}`,
    )
  }

  async serve(): Promise<ChildProcess> {
    const child = spawn(process.execPath, [BIN, 'authority', 'serve', '--folder', 'vault'], {
      cwd: this.folder,
      env: this.environment('server'),
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    return child
  }
}

const { values } = parseArgs({
  options: { keys: { type: 'string', default: '500' }, files: { type: 'string' } },
})
const keys = Number(values.keys)
const fileCount = Math.min(keys, Number(values.files ?? keys))
const scene = new Scene()
let service: ChildProcess | undefined
try {
  service = await prepare(scene)
  const sizes = recoverAll(scene)
  report(sizes)
} finally {
  if (service) {
    service.kill('SIGTERM')
    await once(service, 'exit')
  }
  rmSync(scene.folder, { recursive: true, force: true })
}

/** An authority with officers, a custodian, and an owner with as many deposits. */
async function prepare(all: Scene): Promise<ChildProcess> {
  writeFileSync(all.path('passphrase'), 'correct horse battery staple\n', { mode: 0o600 })
  const url = `http://127.0.0.1:${await freePort()}`
  for (const officer of OFFICERS) {
    all.run(officer, ['init', '--unprotected', '--quiet'])
    all.run(officer, ['container', 'export', '--output', `${officer}.card`, '--quiet'])
  }
  writeFileSync(
    all.path('custodian.card'),
    all.run('custodian', ['custodian', 'init', 'custody', ...PASSPHRASE]),
  )
  const officers = OFFICERS.flatMap((officer) => ['--officer', `${officer}=${officer}.card`])
  const init = ['authority', 'init', 'vault', '--name', 'Example archive', '--url', url, ...PASSPHRASE]
  const made = all.run('server', [...init, '--custodian', 'custodian.card', ...officers, '--waiting', '1s'])
  const fingerprint = /SHA256:\S+/.exec(made)?.[0] ?? ''
  const charter = /first charter\s+([0-9a-f]{64})/.exec(made)?.[1] ?? ''
  const trust = ['custodian', 'trust', fingerprint, '--url', url, '--charter', charter]
  all.run('custodian', [...trust, '--folder', 'custody'])
  const serving = await all.serve()
  all.run('owner', ['init', '--unprotected', '--quiet'])
  for (const person of ['owner', ...OFFICERS]) {
    const invitation = all.run('server', ['authority', 'invite', person, '--folder', 'vault', '--quiet'])
    writeFileSync(all.path('invitation'), invitation)
    const codes = person === 'owner' ? ['--codes-file', 'codes.txt'] : ['--no-codes']
    all.run(person, ['enroll', 'invitation', '--quiet', ...codes])
  }
  mkdirSync(all.path('plain'))
  const names = Array.from({ length: keys }, (_, i) => `plain/file-${String(i).padStart(5, '0')}.txt`)
  for (const name of names) writeFileSync(all.path(name), `the content of ${name}\n`)
  for (let from = 0; from < keys; from += LOT) {
    const lot = names.slice(from, from + LOT)
    const sealing = ['seal', ...lot, '--output-folder', 'sealed', '--require-receipt', '--quiet']
    all.run('owner', sealing, { what: `seal and deposit ${lot.length}, with receipts` })
  }
  return serving
}

/** Everything was lost, and comes back. */
function recoverAll(all: Scene): Record<string, number> {
  const asking = ['recover', '--all', '--code-file', 'codes.txt', '--unprotected', '--quiet']
  all.run('new', [...asking.slice(0, -2), '--dry-run', '--json'], { what: 'look what there is' })
  all.run('new', asking, { what: 'ask', status: WAITING })
  const [request = ''] = readdirSync(all.path('new/recoveries'))
  for (const officer of OFFICERS.slice(0, 2)) {
    const words = ['officer', 'approve', request, '--checked', 'called back', '--yes', '--digest', request]
    all.run(officer, [...words, '--quiet'], { what: `approve, ${officer}` })
  }
  const once_ = ['custodian', 'run', '--folder', 'custody', ...PASSPHRASE, '--json', '--once']
  // A connection that ended while it was at work is told to who writes; the next round goes on.
  for (let round = 1; !isHandedOut(all, once_, round); round++)
    if (round === MOST_ROUNDS) throw new Error('no release')
  all.run('new', ['recover', '--quiet'], { what: 'fetch, open and compare all keys' })
  const files = readdirSync(all.path('sealed'))
    .slice(0, fileCount)
    .map((name) => `sealed/${name}`)
  const again = ['recover', ...files, '--resume', request, '--quiet']
  all.run('new', again, { what: `make ${fileCount} files open again` })
  const opening = ['open', ...files, '--output-folder', 'opened', '--quiet']
  all.run('new', opening, { what: `open ${fileCount} files` })
  const opened = readdirSync(all.path('opened')).length
  if (opened !== fileCount) throw new Error(`${opened} of ${fileCount} files opened`)
  const size = (name: string) => statSync(all.path(name)).size
  return {
    releaseBlobs: size(`new/recoveries/${request}/release.keyblobs`),
    record: size(`new/recoveries/${request}/recovery.json`),
  }
}

function isHandedOut(all: Scene, words: readonly string[], round: number): boolean {
  try {
    all.run('custodian', words, { what: `verify what is new, release, hand out: round ${round}` })
    return true
  } catch (error) {
    if (round < MOST_ROUNDS && error instanceof Error && error.message.includes('exit 14')) return false
    throw error
  }
}

function report(sizes: Record<string, number>): void {
  const { phases } = scene
  publish('recovery-bulk', { keys, files: fileCount, phases, sizes }, () => {
    console.log(
      `\n### ${keys} keys in one request\n\n${row(['', 'seconds', 'ms a key'])}\n${row(['---', '---', '---'])}`,
    )
    for (const { what, seconds } of phases) {
      console.log(row([what, seconds.toFixed(1), ((1000 * seconds) / keys).toFixed(1)]))
    }
    for (const [what, bytes] of Object.entries(sizes)) console.log(`* ${what}: ${bytes} bytes`)
  })
}

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
