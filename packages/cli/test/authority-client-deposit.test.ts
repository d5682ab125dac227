/* Deposits of what was sealed before, and of keys from elsewhere; what waits, and what is refused. */
import assert from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { suite, test } from 'node:test'
import { listClients, setClientState } from '@strongroom/authority'
import { AuthorityStore, type AuthorityFolder } from '@strongroom/core/client'
import type { DepositFormat } from '@strongroom/core/protocol'
import { sealWithPassword } from '@strongroom/core/seal'
import { twoPeople } from './fixtures.ts'
import type { Home } from './program.ts'
import { Vault } from './vault.ts'

function kept(home: Home): AuthorityFolder {
  return new AuthorityStore(home.path('home/authorities')).open('vault')
}

function formatsOf(home: Home): (DepositFormat | undefined)[] {
  const { deposits } = kept(home)
  return deposits.list().map((id) => deposits.load(id)?.format)
}

suite('strongroom deposit', { concurrency: 2 }, () => {
  test('deposits files that were sealed before, once', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    for (const name of ['a', 'b']) home.write(name, name)
    await home.ok(['seal', 'a', 'b', '--no-deposit'])
    const { stdout } = await home.ok(['deposit', '.'])
    assert.match(stdout, /^\.\/a\.age|^a\.age/m)
    assert.equal(stdout.match(/deposited at vault, receipt verified$/gm)?.length, 2)
    const again = await home.ok(['deposit', 'a.age', 'b.age', '--require-receipt'])
    assert.equal(again.stdout.match(/was deposited before at vault, receipt verified$/gm)?.length, 2)
    assert.deepEqual(formatsOf(home), ['file', 'file'])
  })

  test('a seal that does not hold is not deposited, and stops no other', async (t) => {
    const vault = await Vault.open(t)
    const { alice, bob } = await twoPeople(t)
    await alice.ok(['enroll', '-', '--as', 'vault'], { stdin: await vault.invitation() })
    for (const name of ['good', 'cut', 'foreign']) alice.write(name, name)
    await alice.ok(['seal', 'good', 'cut', 'foreign', '--no-deposit'])
    alice.write('cut.age', alice.read('cut.age').subarray(0, -1))
    await bob.ok(['container', 'export', '-o', bob.path('card')])
    await alice.ok(['signer', 'remove', 'bob'])
    bob.write('foreign', 'x')
    await bob.ok(['seal', 'foreign', '-r', 'alice'])
    alice.write('foreign.age', bob.read('foreign.age'))
    const run = await alice.run(['deposit', 'cut.age', 'foreign.age', 'missing.age', 'good.age'])
    assert.equal(run.status, 7, run.stderr)
    assert.match(run.stderr, /error: cut\.age: the payload was cut or extended/)
    assert.match(run.stderr, /error: foreign\.age: signed by an unknown key/)
    assert.match(run.stderr, /missing\.age/)
    assert.match(run.stdout, /^good\.age {2}deposited at vault, receipt verified\n$/)
    assert.equal(formatsOf(alice).length, 1)
  })

  test('deposits a named session key, and how keys come from passwords', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await home.ok(['key', 'new', 'k'])
    const password = home.write('password', 'old secret\n')
    const derivation = ['--algorithm', '3des', '--hash', 'sha1', '--password-file', password]
    assert.match((await home.ok(['deposit', '--key', 'k'])).stdout, /^session key k {2}deposited at vault/)
    assert.match(
      (await home.ok(['deposit', '--derived', ...derivation])).stdout,
      /^3des key from a password {2}deposited/,
    )
    home.write('a', 'a')
    const quick = { passphrase: 'old secret', logN: 2 }
    await sealWithPassword({ input: { path: home.path('a') }, output: { path: home.path('a.age') } }, quick)
    assert.match(
      (await home.ok(['deposit', '--derived', 'a.age', '--password-file', password])).stdout,
      /^a\.age {2}dep/,
    )
    const formats: DepositFormat[] = ['named-key', 'password-parameters', 'password-parameters']
    assert.deepEqual(
      formatsOf(home).toSorted((one = 'file', two = 'file') => (one < two ? -1 : 1)),
      formats,
    )
    const wrong = home.write('wrong', 'another one\n')
    const run = await home.run(['deposit', '--derived', 'a.age', '--password-file', wrong])
    assert.equal(run.status, 9)
    assert.match(run.stderr, /this passphrase does not open the file/)
  })

  test('a SIMPLEBLOB needs an epoch with an RSA key', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    const blob = home.write('blob', Uint8Array.of(1, 2, 0, 0))
    const { status, stderr } = await home.run(['deposit', '--simple-blob', blob])
    assert.equal(status, 10, stderr)
    assert.match(stderr, /epoch 1 has no RSA key/)
    assert.deepEqual(kept(home).outbox.list(), [])
  })

  const NONSENSE: readonly (readonly [what: string, words: readonly string[]])[] = [
    ['nothing', []],
    ['standard input', ['-']],
    ['a flush and a file', ['--flush', 'a.age']],
    ['an algorithm without --derived', ['a.age', '--algorithm', '3des']],
    ['two forms of one password', ['--derived', '--utf-16', '--unicode-build']],
    ['an authority that is not there', ['a.age', '--authority', 'nobody']],
  ]
  test('combinations that make no sense are refused', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    for (const [what, words] of NONSENSE) {
      const { status, stderr } = await home.run(['deposit', ...words])
      assert.equal(status, 2, `${what}: ${stderr}`)
      assert.match(stderr, /hint: /, what)
    }
  })
})

suite('what an authority does not take', { concurrency: 2 }, () => {
  test('waits while it is not reached, and says why', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    home.write('a', 'a')
    await home.ok(['seal', 'a'])
    const { stdout } = await home.ok(['status'])
    assert.match(stdout, /^ {2}waiting +1 deposit$/m)
    assert.match(stdout, /^ {2}last try +20.*: nobody answered$/m)
    assert.match(stdout, /^ {2}a\.age {2}waiting since 20/m)
    const checked = await home.run(['status', '--check', '-q'])
    assert.deepEqual([checked.status, checked.stdout], [16, ''])
    assert.equal((await home.run(['deposit', '--flush'])).status, 14)
    await vault.start()
    assert.match((await home.ok(['deposit', '--flush'])).stderr, /deposited 1 session key at vault/)
    const good = await home.ok(['status', '--check', '-q'])
    assert.deepEqual([good.stdout, good.stderr], ['', ''])
    assert.match((await home.ok(['deposit', '--flush'])).stderr, /nothing waits for vault/)
  })

  test('is kept and told when it is refused for good, and sent again when somebody asks', async (t) => {
    const vault = await Vault.open(t, {
      settings: { quotas: { client: { deposits: 1, bytes: 1_000_000 } } },
    })
    const home = await vault.client(t)
    for (const name of ['a', 'b']) home.write(name, name)
    await home.ok(['seal', 'a'])
    const refused = await home.run(['seal', 'b'])
    assert.equal(refused.status, 15, refused.stderr)
    assert.match(refused.stderr, /1 session key not deposited: vault refuses: the quota/)
    assert.ok(readdirSync(home.folder).includes('b.age'))
    const shown = await home.run(['status', '--check'])
    assert.equal(shown.status, 15)
    assert.match(shown.stdout, /^ {2}b\.age {2}refused since .*tried once: the quota/m)
    assert.equal((await home.run(['deposit', '--flush'])).status, 15)
  })

  test('a client that was suspended waits', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    const [client] = await listClients(vault.configuration)
    await setClientState(vault.configuration, client?.client ?? '', 'suspended')
    await vault.stop()
    await vault.start()
    home.write('a', 'a')
    const run = await home.run(['seal', 'a'])
    assert.ok([0, 15].includes(run.status ?? 1), run.stderr)
    assert.equal(kept(home).outbox.list().length, 1)
  })
})

suite('strongroom status', { concurrency: 2 }, () => {
  test('notices a receipt that is gone or spoilt, and what needs nobody works without', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    for (const name of ['a', 'b']) home.write(name, name)
    await home.ok(['seal', 'a', 'b'])
    await vault.stop()
    const { receipts, deposits } = kept(home)
    const [one = '', two = ''] = deposits.list()
    rmSync(receipts.pathOf(one))
    home.write(receipts.pathOf(two).slice(home.folder.length + 1), 'spoilt')
    const { stdout } = await home.ok(['status', '--offline', '--verify'])
    assert.match(stdout, /^ {2}unproved +1 deposit$/m)
    assert.match(stdout, /^ {2}damaged +1 deposit$/m)
    assert.equal((await home.run(['status', '--offline', '--verify', '--check'])).status, 16)
    // Made again, it has one.
    await vault.start()
    await home.ok(['deposit', 'a.age', 'b.age'])
  })

  test('asks for levels with the keys of the client', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a'])
    assert.match(
      (await home.ok(['status', '--levels'])).stdout,
      /level 2 +1 deposit not opened by the custodian yet/,
    )
    const [record] = await home.json(['status', '--all'])
    const { counts, deposits } = record as {
      counts: { safe: number }
      deposits: readonly { state: string }[]
    }
    assert.deepEqual([counts.safe, deposits.map(({ state }) => state)], [1, ['safe']])
  })
})
