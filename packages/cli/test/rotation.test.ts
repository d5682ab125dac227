/* The exchange key of an authority is changed while files depend on the old one: by the commands that its people type, killed on the way. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { CustodianFolder } from '@strongroom/authority'
import { fromHex, toHex } from '@strongroom/core/bytes'
import { parsePublicCard } from '@strongroom/core/container'
import { passphraseFile } from './fixtures.ts'
import { Home } from './program.ts'
import { Organisation } from './recovery-organisation.ts'
import { VAULT_PASSPHRASE } from './vault.ts'

const OWN = ['--folder', 'custody', '--passphrase-file', 'passphrase']

/** An organisation with a custodian who trusts it. */
async function custodianOf(t: TestContext, all: Organisation): Promise<Home> {
  const home = new Home(t)
  const container = readFileSync(join(all.vault.folder, 'custodian.container'))
  const settings = { identity: all.vault.identity, freshness: 86_400, url: all.vault.url }
  const now = Date.now() - 86_400_000
  CustodianFolder.create({ folder: home.path('custody'), settings, container, now })
  home.write('passphrase', VAULT_PASSPHRASE)
  await home.ok(['custodian', 'trust', '--folder', 'custody', '--charter', toHex(all.charter)])
  return home
}

/** The next epoch, by its command, while the service runs. */
async function nextEpoch({ vault }: Organisation, home: Home, ...more: string[]): Promise<void> {
  const identity = join(vault.folder, 'identity.container')
  const folder = join(vault.folder, 'vault')
  const words = ['authority', 'epoch', 'new', '--folder', folder, '--identity', identity, '--json']
  const { stdout } = await home.ok([...words, '--passphrase-file', 'passphrase', ...more])
  // A service reads epochs again for whoever knows of one that it does not have.
  const { number } = (await vault.service.authority.epochs(fromHex(JSON.parse(stdout).digest))).latest.payload
  assert.equal(number, 2)
}

async function seal(owner: Home, ...names: string[]): Promise<void> {
  for (const name of names) owner.write(name, `the content of ${name}`)
  await owner.ok(['seal', ...names, '--require-receipt'])
}

/** Somebody who lost everything but a sheet of paper gets these files back. */
async function recovers(t: TestContext, all: Organisation, custodian: Home, names: string[]): Promise<void> {
  const { owner, officers } = all
  const home = new Home(t)
  for (const name of names) home.write(`${name}.age`, owner.read(`${name}.age`))
  home.write('sheet.txt', owner.read('sheet.txt'))
  const files = names.map((name) => `${name}.age`)
  const asked = await home.run(['recover', ...files, '--code-file', 'sheet.txt', '--unprotected'])
  assert.equal(asked.status, 18, asked.stderr)
  const request = readdirSync(home.path('home/recoveries'))[0] ?? ''
  for (const officer of [officers.bo, officers.cy]) {
    await officer.ok(['officer', 'approve', request, '--checked', 'x', '--yes', '--digest', request])
  }
  await custodian.ok(['custodian', 'run', '--once', ...OWN])
  await home.ok(['recover'])
  for (const name of names) {
    await home.ok(['open', `${name}.age`])
    assert.equal(home.text(name), `the content of ${name}`)
  }
}

suite('a rotation', { concurrency: 2 }, () => {
  test('M20: old files come back when the old key is destroyed, and it is not destroyed before', async (t) => {
    const all = await Organisation.open(t)
    const custodian = await custodianOf(t, all)
    await all.owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
    await seal(all.owner, 'a', 'b')
    const before = (await custodian.ok(['custodian', 'card', ...OWN])).stdout
    const { stdout: card } = await custodian.ok(['custodian', 'rotate', ...OWN])
    assert.notEqual(card, before)
    assert.equal((await custodian.ok(['custodian', 'card', ...OWN])).stdout, card)
    custodian.write('custodian.card', card)
    const early = await custodian.run(['custodian', 'retire', '--epoch', '1', '--force', ...OWN])
    assert.equal(early.status, 15, early.stderr)
    assert.match(early.stderr, /deposits are made for the key of epoch 1 now/)
    await nextEpoch(all, custodian, '--custodian', custodian.path('custodian.card'))
    const soon = await custodian.run(['custodian', 'retire', '--epoch', '1', '--force', ...OWN, '--json'])
    assert.equal(soon.status, 15)
    assert.equal(JSON.parse(soon.stdout).error.code, 'CUSTODIAN_NEEDED')

    await killedAtEveryFile(custodian)
    const done = await custodian.ok(['custodian', 'rewrap', ...OWN, '--json'])
    assert.deepEqual(JSON.parse(done.stdout).epochs, [
      { from: 1, to: 2, wrapped: 2, failed: [], unopened: [], completed: true },
    ])
    const shown = await custodian.ok(['custodian', 'rewrap', ...OWN])
    assert.match(shown.stdout, /epoch 1.*2 deposits wrapped for epoch 2, complete/)
    const retired = await custodian.ok(['custodian', 'retire', '--epoch', '1', '--force', ...OWN])
    assert.match(retired.stdout, /exchange key is destroyed/)
    const again = await custodian.run(['custodian', 'retire', '--epoch', '1', '--force', ...OWN])
    assert.equal(again.status, 3, again.stderr)

    // A client that has not heard of the epoch is refused, and makes the deposit again.
    all.owner.write('c', 'the content of c')
    assert.equal((await all.owner.run(['seal', 'c', '--require-receipt'])).status, 16)
    await all.owner.ok(['deposit', '--flush', '--require-receipt'])
    await recovers(t, all, custodian, ['a', 'b', 'c'])
  })

  test('another custodian takes over: what the one before opened, and nothing of its name', async (t) => {
    const all = await Organisation.open(t)
    const old = await custodianOf(t, all)
    await all.owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])
    await seal(all.owner, 'a')
    const home = new Home(t)
    writeFileSync(home.path('passphrase'), 'another passphrase', { mode: 0o600 })
    home.write('old', VAULT_PASSPHRASE)
    const init = ['custodian', 'init', 'custody', '--identity', all.vault.identity, '--url', all.vault.url]
    home.write('new.card', (await home.ok([...init, '--passphrase-file', 'passphrase'])).stdout)
    await home.ok(['custodian', 'trust', '--folder', 'custody', '--charter', toHex(all.charter)])
    const takeOver = ['custodian', 'take-over', old.path('custody'), '--from-passphrase-file', 'old', ...OWN]
    assert.match((await home.ok(takeOver)).stdout, /took over 1 key/)
    assert.match((await home.ok(takeOver)).stdout, /took over 0 keys/)
    await nextEpoch(all, old, '--custodian', home.path('new.card'))
    await home.ok(['custodian', 'rewrap', ...OWN])
    await home.ok(['custodian', 'retire', '--epoch', '1', '--force', ...OWN])
    await recovers(t, all, home, ['a'])
  })

  test('shares stay what they are when a key is added', async (t) => {
    const home = new Home(t)
    const passphrase = passphraseFile(home)
    const init = await home.ok(['custodian', 'init', 'custody', '--passphrase-file', passphrase])
    const custody = ['--folder', 'custody']
    const shares = ['shares/share-1.txt', 'shares/share-3.txt'].flatMap((file) => ['--share-file', file])
    const make = ['-k', '2', '-n', '3', '-O', 'shares', '--passphrase-file', passphrase]
    await home.ok(['custodian', 'shares', ...custody, ...make])
    const { stdout: card } = await home.ok(['custodian', 'rotate', '--rsa', ...custody, ...shares])
    const [one, two] = [init.stdout, card.replace(/^.*rsa.*$/gm, '')].map(parsePublicCard)
    assert.deepEqual(one?.signers.map(String), two?.signers.map(String))
    assert.notEqual(one?.recipients[0]?.toString(), two?.recipients[0]?.toString())
    assert.match(card, /^rsa /m)
    assert.equal((await home.ok(['custodian', 'card', ...custody, ...shares])).stdout, card)
    assert.match((await home.ok(['custodian', 'status', ...custody])).stdout, /2 of 3 shares/)
    const few = await home.run(['custodian', 'rotate', ...custody, ...shares.slice(0, 2)])
    assert.notEqual(few.status, 0)
    assert.equal((await home.ok(['custodian', 'card', ...custody, ...shares])).stdout, card)
  })
})

/** Kills the command as soon as one file more than the last time is there. */
async function killedAtEveryFile(custodian: Home): Promise<void> {
  const folder = custodian.path('custody/rewrap-1-2')
  mkdirSync(folder)
  const files = () => readdirSync(folder).filter((name) => !name.endsWith('.tmp')).length
  let kills = 0
  for (;;) {
    const before = files()
    const { signal } = await custodian.run(['custodian', 'rewrap', ...OWN], {
      onStart: (child) => {
        const watcher = watch(folder, () => {
          if (files() > before && !child.killed) child.kill('SIGKILL')
        })
        child.once('exit', () => watcher.close())
      },
    })
    if (signal === 'SIGKILL') kills++
    if (files() === before) break
  }
  assert.ok(kills >= 2, `killed ${kills} times`)
}
