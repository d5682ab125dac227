/* What becomes of the keys of files that are sealed, with an authority that answers, one that does not, and none. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { listClients } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { ContainerStore } from '@strongroom/core/container'
import { AuthorityStore, parseDepositBlob, type AuthorityFolder } from '@strongroom/core/client'
import { parseDepositBody, type DepositContext } from '@strongroom/core/protocol'
import { inspectFile } from '@strongroom/core/seal'
import { initialised } from './fixtures.ts'
import { SOURCE_BIN, type Home } from './program.ts'
import { Vault } from './vault.ts'

/** What a client keeps about the authority that it calls `vault`. */
function kept(home: Home): AuthorityFolder {
  return new AuthorityStore(home.path('home/authorities')).open('vault')
}

async function depositsAt(vault: Vault): Promise<number> {
  const [client] = await listClients(vault.configuration)
  return client?.deposits ?? 0
}

function contextsIn(home: Home): DepositContext[] {
  return [...kept(home).outbox.entries()].map((entry) => {
    assert.ok('blob' in entry)
    return parseDepositBody(parseDepositBlob(entry.blob).body).context
  })
}

suite('strongroom seal, with an authority', { concurrency: 2 }, () => {
  test('deposits each key, and keeps receipts', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    for (const name of ['a', 'b', 'c']) home.write(name, name)
    const { stdout, stderr } = await home.ok(['seal', 'a', 'b', 'c'])
    assert.match(stdout, /^a\.age {2}sealed/m)
    assert.match(stderr, /deposited 3 session keys at vault and verified their receipts/)
    assert.equal(await depositsAt(vault), 3)
    const { outbox, receipts, deposits } = kept(home)
    assert.deepEqual([outbox.list().length, receipts.list().length, deposits.list().length], [0, 4, 3])
    assert.deepEqual(
      new Set(deposits.list().map((id) => deposits.load(id)?.path)),
      new Set(['a', 'b', 'c'].map((name) => home.path(`${name}.age`))),
    )
  })

  test('tells programs which deposit is whose', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    const [sealed, all] = await home.json(['seal', 'a'])
    const [id] = kept(home).deposits.list()
    assert.deepEqual((sealed as { deposit: unknown }).deposit, { authority: 'vault', id })
    assert.deepEqual(all, { authority: 'vault', deposits: 1, withReceipt: 1, reason: null })
  })

  test('--no-deposit deposits nothing', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    const [sealed, ...more] = await home.json(['seal', 'a', '--no-deposit'])
    assert.equal('deposit' in (sealed as object), false)
    assert.deepEqual(more, [])
    assert.equal(await depositsAt(vault), 0)
    assert.equal((await home.run(['seal', 'a', '-f', '--no-deposit', '--require-receipt'])).status, 2)
  })

  test('what is said of a file is sealed for whoever opens the deposit, unless told', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    home.write('a', 'abc')
    await home.ok(['seal', 'a'])
    await home.ok(['seal', 'a', '-f', '-d', 'my will', '--plain-description', '--retention', 'ten-years'])
    const [first, second] = contextsIn(home).toSorted((one, two) => one.createdMs - two.createdMs)
    assert.equal(first?.description?.kind, 'sealed')
    assert.deepEqual(second?.description, { kind: 'plain', text: 'my will' })
    assert.equal(first.object?.size, 3)
    assert.deepEqual(second.serial, first.serial)
    assert.deepEqual([first.retention, second.retention], ['standard', 'ten-years'])
    // The second version names the deposit of the first.
    const ids = kept(home).outbox.list()
    assert.ok(second.previous && ids.includes(Buffer.from(second.previous).toString('hex')))
  })

  test('a session key is deposited once, for all files under it', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await home.ok(['key', 'new', 'backups'])
    for (const name of ['a', 'b']) home.write(name, name)
    await home.ok(['seal', 'a', '-k', 'backups'])
    await home.ok(['seal', 'b', '-k', 'backups', '--require-receipt'])
    assert.equal(await depositsAt(vault), 1)
    const { deposits } = kept(home)
    assert.equal(deposits.load(deposits.list()[0] ?? '')?.format, 'named-key')
  })

  test('strongroom reseal deposits the new key', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a'])
    const { stderr } = await home.ok(['reseal', 'a.age', '--require-receipt'])
    assert.match(stderr, /deposited 1 session key at vault and verified its receipt/)
    assert.equal(await depositsAt(vault), 2)
    await home.ok(['rewrap', 'a.age', '--only-me'])
    assert.equal(await depositsAt(vault), 2)
  })

  test('another container than the enrolled one is told about, and not stopped', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await home.ok(['container', 'create', 'other', '--unprotected'])
    home.write('a', 'a')
    const { stderr } = await home.ok(['seal', 'a', '-c', 'other'])
    assert.match(stderr, /warning: no backup authority knows the container other: nothing is deposited/)
    const named = await home.run(['seal', 'a', '-f', '-c', 'other', '--authority', 'vault'])
    assert.equal(named.status, 2)
    assert.equal((await home.run(['seal', 'a', '-f', '-c', 'other', '--require-receipt'])).status, 2)
  })
})

suite('strongroom seal, with an authority that does not answer', { concurrency: 2 }, () => {
  test('seals, and says that keys wait; the next one that answers gets them all', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    home.write('a', 'a')
    const { stderr, stdout } = await home.ok(['seal', 'a'])
    assert.match(stdout, /^a\.age {2}sealed/)
    assert.match(
      stderr,
      /^strongroom: 1 session key waiting in the outbox for vault: nobody answered \(ECONNREFUSED\)\n$/,
    )
    assert.equal(kept(home).outbox.list().length, 1)
    await vault.start()
    home.write('b', 'b')
    await home.ok(['seal', 'b'])
    assert.deepEqual(kept(home).outbox.list(), [])
    assert.equal(await depositsAt(vault), 2)
  })

  test('--require-receipt fails, leaves the sealed file, and keeps the input', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    home.write('a', 'a')
    const run = await home.run(['seal', 'a', '--require-receipt', '--remove-input'])
    assert.equal(run.status, 16)
    assert.match(run.stderr, /error: a\.age is sealed and stays, without a receipt: nobody answered/)
    assert.deepEqual([existsSync(home.path('a')), existsSync(home.path('a.age'))], [true, true])
    await vault.start()
    await home.ok(['seal', 'a', '-f', '--require-receipt', '--remove-input'])
    assert.equal(existsSync(home.path('a')), false)
  })

  test('without an authority a receipt cannot be asked for', async (t) => {
    const home = initialised(t)
    home.write('a', 'a')
    const { status, stderr } = await home.run(['seal', 'a', '--require-receipt'])
    assert.equal(status, 2)
    assert.match(stderr, /hint: strongroom enroll/)
    assert.equal((await home.run(['seal', 'a', '--password', '--require-receipt'])).status, 2)
    assert.equal(existsSync(home.path('a.age')), false)
  })

  test('killed at any moment, no file is there without its key in the outbox', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    const names = Array.from({ length: 300 }, (_, i) => `file-${i}`)
    for (const name of names) home.write(name, name)
    const identities = new ContainerStore(home.path('home/containers')).load('default').unlock().identities()
    let killed = 0
    for (const ms of [300, 500, 700, 900, 1200, 1600]) {
      const run = await home.run(['seal', ...names, '-f', '--new-serial'], {
        onStart: (child) => void setTimeout(ms).then(() => child.kill('SIGKILL')),
      })
      if (run.signal === 'SIGKILL') killed++
      const waiting = new Set(contextsIn(home).map(({ sealId = new Uint8Array() }) => toHex(sealId)))
      const sealed = readdirSync(home.folder).filter((name) => name.endsWith('.age') && !name.startsWith('.'))
      for (const name of sealed) {
        const { claims } = await inspectFile({ path: home.path(name) }, { identities })
        assert.ok(claims && waiting.has(toHex(claims.sealId)), `${name} has no deposit`)
      }
    }
    assert.ok(killed > 0, 'none was killed')
  })
})

suite('strongroom seal, with an epoch that ended', { concurrency: 2 }, () => {
  const DAY_MS = 86_400_000

  test('deposits and warns for a month, and finds the next epoch by itself', async (t) => {
    const vault = await Vault.open(t, { now: Date.now() - 10 * DAY_MS, days: 5 })
    const home = await vault.client(t)
    home.write('a', 'a')
    const { stderr } = await home.ok(['seal', 'a', '--require-receipt'])
    assert.match(stderr, /warning: epoch 1 of vault ended at 20/)
    await vault.nextEpoch()
    const next = await home.ok(['seal', 'a', '-f', '--require-receipt'])
    assert.doesNotMatch(next.stderr, /warning/)
    const { deposits } = kept(home)
    assert.deepEqual(new Set(deposits.list().map((id) => deposits.load(id)?.epoch)), new Set([1, 2]))
    assert.match((await home.ok(['status'])).stdout, /^ {2}epoch +2, until .*: in use$/m)
  })

  test('then seals nothing that it cannot deposit, unless told', async (t) => {
    const vault = await Vault.open(t, { now: Date.now() - 50 * DAY_MS, days: 5 })
    const home = await vault.client(t)
    home.write('a', 'a')
    const { status, stderr } = await home.run(['seal', 'a'])
    assert.equal(status, 10, stderr)
    assert.equal(existsSync(home.path('a.age')), false)
    await vault.stop()
    assert.equal((await home.run(['seal', 'a'])).status, 14)
    await home.ok(['seal', 'a', '--no-deposit'])
  })
})

suite('strongroom seal, without an authority', () => {
  test('loads nothing of a client', async (t) => {
    const home = initialised(t)
    home.write('a', 'a')
    // Node writes down which scripts it ran: of the built command, one.
    await home.ok(['seal', 'a'], { bin: SOURCE_BIN, env: { NODE_V8_COVERAGE: home.path('coverage') } })
    const files = readdirSync(home.path('coverage'))
    const scripts = files.flatMap((name) => scriptsIn(readFileSync(home.path(`coverage/${name}`), 'utf8')))
    assert.ok(
      scripts.some((url) => url.endsWith('/cli/src/commands/seal.ts')),
      'nothing was written down',
    )
    const client = scripts.filter((url) => /\/core\/src\/(?:client|protocol|tlog|cryptoapi)\//.test(url))
    assert.deepEqual(client, [])
  })
})

function scriptsIn(coverage: string): string[] {
  const { result } = JSON.parse(coverage) as { result: readonly { readonly url: string }[] }
  return result.map(({ url }) => url)
}
