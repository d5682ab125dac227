/*
 * I13 below the real commands: somebody loses everything, asks and is answered; an operator runs every command that says anything. The session
 * key, the recovery code and the passphrases are found nowhere.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AuthorityStore, findRecoveryCodes, makeDeposit } from '@strongroom/core/client'
import { ContainerStore } from '@strongroom/core/container'
import { Hunt } from '../../authority/test/invariants/hunt.ts'
import { AUTHORITY_COMMANDS } from '../src/commands/authority/table.ts'
import { isGroup, type CommandGroup, type CommandRow } from '../src/commands/table.ts'
import { Home } from './program.ts'
import { approve, ask, Custodian } from './recovery-custodian.ts'
import { Organisation } from './recovery-organisation.ts'
import { VAULT_PASSPHRASE } from './vault.ts'

/** Every command of an operator that shows or writes what the authority has, by its name. */
const SAYING: Readonly<Record<string, (request: string, identity: string) => readonly string[]>> = {
  status: () => [],
  fsck: () => [],
  backup: () => ['backup-file'],
  invite: () => ['somebody'],
  'audit search': () => [],
  'audit export': () => ['audit.json'],
  'audit verify': (_, identity) => ['audit.json', '--fingerprint', identity],
  requests: () => [],
  'charter show': () => [],
  'roster list': () => [],
  'policy show': () => [],
  'contact list': () => [],
  'tenant list': () => [],
  'client list': () => [],
  'epoch list': () => [],
  'courier bundle': (request) => [request, '--output', 'bundle'],
}
/** Those that take something in, and say no more than that they did. */
const TAKING: ReadonlySet<string> = new Set([
  'init',
  'serve',
  'restore',
  'tenant add',
  'client suspend',
  'client resume',
  'epoch new',
  'charter new',
  'charter propose',
  'roster add',
  'roster remove',
  'roster roles',
  'roster key add',
  'roster key remove',
  'policy set',
  'contact add',
  'contact remove',
  'courier release',
  'courier keys',
])

function namesIn(rows: readonly (CommandRow | CommandGroup)[], before = ''): string[] {
  return rows.flatMap((row) => {
    const name = `${before}${row.name}`
    return isGroup(row) ? namesIn(row.commands, `${name} `) : [name]
  })
}

/** A deposit of the owner whose session key is known here. */
async function depositCanary({ owner, vault }: Organisation, sessionKey: Uint8Array): Promise<void> {
  const { clientId, tenant, epochs } = new AuthorityStore(owner.path('home/authorities')).open('vault').load()
  const container = new ContainerStore(owner.path('home/containers')).load('default').unlock()
  const { blob } = makeDeposit({
    epoch: epochs.latest,
    tenant,
    clientId,
    signingKey: container.signingKey(),
    retention: 'standard',
    createdMs: Date.now(),
    sessionKey,
    format: 'file',
    serial: crypto.getRandomValues(new Uint8Array(16)),
  })
  const headers = { 'Content-Type': 'application/vnd.strongroom.deposit' }
  const answer = await fetch(`${vault.url}/v1/deposits`, {
    method: 'POST',
    headers,
    body: new Uint8Array(blob),
  })
  assert.equal(answer.status, 200, await answer.text())
}

test('I13: no command, file or backup of an authority or a custodian has a key, a code or a passphrase', async (t) => {
  assert.deepEqual(
    namesIn(AUTHORITY_COMMANDS).filter((name) => !(name in SAYING) && !TAKING.has(name)),
    [],
    'a command that nobody looks at',
  )
  const all = await Organisation.open(t)
  const custodian = new Custodian(t, all)
  await custodian.trust()
  const sessionKey = crypto.getRandomValues(new Uint8Array(16))
  await depositCanary(all, sessionKey)
  const { request } = await ask(t, all)
  const [code] = findRecoveryCodes(all.owner.text('sheet.txt'))
  assert.ok(code)
  const hunt = new Hunt({
    'the session key': sessionKey,
    'the recovery code': code.key.secretBytes(),
    'a passphrase': Buffer.from(VAULT_PASSPHRASE),
  })
  for (const officer of [all.officers.bo, all.officers.cy]) await approve(officer, request)
  const round = await custodian.round()
  hunt.look('a round of the custodian', round.stdout + round.stderr)
  assert.match(round.stderr, /handed-out/)

  const operator = new Home(t)
  for (const [name, more] of Object.entries(SAYING)) {
    const words = ['authority', ...name.split(' '), ...more(request, all.vault.identity)]
    const folder = name === 'audit verify' ? [] : ['--folder', all.vault.configuration.folder]
    const { stdout, stderr, status } = await operator.run([...words, ...folder])
    hunt.look(words.join(' '), stdout + stderr)
    assert.equal(status, 0, `${words.join(' ')}: ${stderr}`)
  }
  const files = [all.vault.folder, operator.folder, custodian.home.path('custody')].flatMap((folder) =>
    hunt.lookBelow(folder),
  )
  assert.ok(files.length > 15)
  // The scan looks at the right place.
  assert.ok(
    files.some((content) => content.includes(Buffer.from(request, 'hex'))),
    'the request itself is there',
  )
  assert.ok(readFileSync(operator.path('backup-file')).length > 1_000)
})
