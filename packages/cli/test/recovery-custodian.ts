import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CustodianFolder } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { BIN, Home } from './program.ts'
import type { Organisation } from './recovery-organisation.ts'
import { VAULT_PASSPHRASE } from './vault.ts'

/** The custodian of an organisation: its folder, and the command line with which its people use it. */
export class Custodian {
  readonly home: Home
  readonly all: Organisation

  constructor(t: TestContext, all: Organisation) {
    this.home = new Home(t)
    this.all = all
    const container = readFileSync(join(all.vault.folder, 'custodian.container'))
    const settings = { identity: null, freshness: 86_400, url: null }
    CustodianFolder.create({ folder: this.home.path('custody'), settings, container, now: Date.now() })
    this.home.write('passphrase', VAULT_PASSPHRASE)
  }

  /** Its people compare fingerprint and charter. */
  async trust(): Promise<void> {
    const { vault, charter } = this.all
    const trust = ['custodian', 'trust', '--folder', 'custody']
    await this.home.ok([...trust, vault.identity, '--url', vault.url])
    await this.home.ok([...trust, '--charter', toHex(charter)])
  }

  get words(): readonly string[] {
    return ['custodian', 'run', '--folder', 'custody', '--passphrase-file', 'passphrase', '--json']
  }

  round(): ReturnType<Home['run']> {
    return this.home.run([...this.words, '--once'])
  }

  start(): ChildProcess {
    return spawn(process.execPath, [BIN, ...this.words, '--every', '1s'], {
      cwd: this.home.folder,
      env: this.home.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  get releases(): string[] {
    return readdirSync(this.home.path('custody/releases'))
  }
}

/** What a process logged. */
export const eventsIn = (stderr: string): Record<string, unknown>[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))

/** Somebody who has a sheet of paper and sealed files, and asks for their keys. @returns the digest of the request */
export async function ask(
  t: TestContext,
  { owner }: Pick<Organisation, 'owner'>,
): Promise<{ home: Home; request: string }> {
  owner.write('letter.txt', 'dear Bob')
  await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
  await owner.ok(['seal', 'letter.txt', '--require-receipt'])
  const home = new Home(t)
  home.write('letter.txt.age', owner.read('letter.txt.age'))
  home.write('sheet.txt', owner.read('sheet.txt'))
  const files = ['letter.txt.age', '--code-file', 'sheet.txt', '--unprotected', '--reason', 'fire']
  const asked = await home.run(['recover', ...files])
  assert.equal(asked.status, 18, asked.stdout + asked.stderr)
  return { home, request: readdirSync(home.path('home/recoveries'))[0] ?? '' }
}

export async function approve(officer: Home, request: string): Promise<void> {
  const words = ['--checked', 'called back', '--yes', '--digest', request]
  await officer.ok(['officer', 'approve', request, ...words])
}
