import { chmodSync, cpSync } from 'node:fs'
import { after, type TestContext } from 'node:test'
import { createContainer, publicCard } from '@strongroom/core/container'
import { Home, type RunOptions } from './program.ts'

/** Of the containers of these authorities. */
export const PASSPHRASE = 'correct horse battery staple'
/** Ports are whatever is free, so that tests can run at the same time. */
export const FREE = { STRONGROOM_AUTHORITY_LISTEN_PORT: '0', STRONGROOM_AUTHORITY_METRICS_LISTEN: 'null' }

/** A machine with passphrases and the card of a custodian, whose keys are elsewhere. */
export function machine(t: TestContext): Home {
  const home = new Home(t)
  prepare(home)
  return home
}

function prepare(home: Home): void {
  home.write('pass', `${PASSPHRASE}\n`)
  home.write('wrong', 'another passphrase\n')
  for (const name of ['pass', 'wrong']) chmodSync(home.path(name), 0o600)
  home.write('custodian.card', publicCard(createContainer({ name: 'custodian', now: new Date() })))
}

/** The words that make an authority. */
export const INIT = [
  'authority',
  'init',
  'vault',
  '--name',
  'Example archive',
  '--url',
  'http://localhost:8080',
  '--passphrase-file',
  'pass',
]

let template: Promise<Home> | undefined
after(async () => (await template)?.remove())

/** An authority that was made once, by the command: its passphrase takes a second. */
function madeOnce(): Promise<Home> {
  const make = async () => {
    const home = new Home()
    prepare(home)
    await home.ok([...INIT, '--custodian', 'custodian.card', '--quiet'])
    return home
  }
  template ??= make()
  return template
}

/** The same with an authority in `vault`, whose first tenant is `default`. */
export async function withAuthority(t: TestContext): Promise<Home> {
  const home = machine(t)
  const from = await madeOnce()
  for (const name of ['vault', 'identity-key']) cpSync(from.path(name), home.path(name), { recursive: true })
  return home
}

/** Runs a command of the authority in `vault`. */
export const run = (home: Home, words: readonly string[], options: RunOptions = {}) =>
  home.run(['authority', ...words, '--folder', 'vault'], options)
