/* What `strongroom deposit --flush` mends: receipts that were lost, and deposits that waited for too long. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { suite, test } from 'node:test'
import { AuthorityStore, makeDeposit, type AuthorityFolder } from '@strongroom/core/client'
import { ContainerStore } from '@strongroom/core/container'
import { inspectFile } from '@strongroom/core/seal'
import type { Home } from './program.ts'
import { Vault } from './vault.ts'

const DAY_MS = 86_400_000
const kept = (home: Home): AuthorityFolder => new AuthorityStore(home.path('home/authorities')).open('vault')

/** Puts a deposit of a sealed file into the outbox as it was made when the first epoch was in use. */
async function waitingSince(home: Home, path: string, then: number): Promise<string> {
  const folder = kept(home)
  const state = folder.load()
  const epoch = state.epochs.find(1)
  const container = new ContainerStore(home.path('home/containers')).load('default').unlock(undefined)
  const reader = { identities: container.identities(), signers: { find: () => undefined } }
  const { claims } = await inspectFile({ path }, reader)
  assert.ok(epoch && claims)
  const { tenant, clientId } = state
  const { blob } = makeDeposit({
    epoch,
    tenant,
    clientId,
    signingKey: container.signingKey(),
    retention: 'standard',
    createdMs: then,
    sessionKey: new Uint8Array(16).fill(9),
    format: 'file',
    serial: claims.serial,
    sealId: claims.sealId,
  })
  return folder.outbox.add({ blob, path, label: 'a.age' }, state, then).id
}

suite('strongroom deposit --flush', { concurrency: 2 }, () => {
  test('fetches receipts again that were lost, and verifies them', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    for (const name of ['a', 'b']) home.write(name, name)
    await home.ok(['seal', 'a', 'b'])
    const { receipts, deposits } = kept(home)
    const [id = ''] = deposits.list()
    const before = receipts.read(id)
    rmSync(receipts.pathOf(id))
    const { stdout } = await home.ok(['deposit', '--flush'])
    assert.match(stdout, /receipt fetched again, and verified/)
    assert.ok(before && receipts.verify(id, kept(home).load()))
    await home.ok(['status', '--check', '--verify', '--offline'])
    await home.ok(['monitor'])
  })

  test('makes a deposit again from its file if its epoch is over', async (t) => {
    const start = Date.now() - 50 * DAY_MS
    const vault = await Vault.open(t, { now: start, days: 5 })
    await vault.nextEpoch()
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a', '--no-deposit', '--public-seal'])
    const old = await waitingSince(home, home.path('a.age'), start + DAY_MS)
    const { outbox, deposits } = kept(home)
    assert.deepEqual(outbox.list(), [old])
    await home.ok(['deposit', '--flush', '--require-receipt'])
    assert.deepEqual(outbox.list(), [])
    const [id = '', ...others] = deposits.list()
    assert.deepEqual([others.length, deposits.load(id)?.epoch], [0, 2])
    assert.notEqual(id, old)
  })

  test('leaves it where the file is gone', async (t) => {
    const start = Date.now() - 50 * DAY_MS
    const vault = await Vault.open(t, { now: start, days: 5 })
    await vault.nextEpoch()
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a', '--no-deposit', '--public-seal'])
    const old = await waitingSince(home, home.path('a.age'), start + DAY_MS)
    rmSync(home.path('a.age'))
    assert.equal((await home.run(['deposit', '--flush', '--require-receipt'])).status, 16)
    assert.deepEqual(kept(home).outbox.list(), [old])
  })
})
