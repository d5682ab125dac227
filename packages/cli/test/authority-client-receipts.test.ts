/* Receipts that prove themselves years later, and a log that must stay what it was. */
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { AuthorityStore, verifyEvidence } from '@strongroom/core/client'
import { Home } from './program.ts'
import { Vault } from './vault.ts'

/** A client with three files that were deposited. */
async function depositor(t: Parameters<typeof Vault.open>[0]): Promise<{ vault: Vault; home: Home }> {
  const vault = await Vault.open(t)
  const home = await vault.client(t)
  for (const name of ['a', 'b', 'c']) home.write(name, name)
  await home.ok(['seal', 'a', 'b', 'c'])
  return { vault, home }
}

async function exported(home: Home, name: string): Promise<string> {
  const [told] = await home.json(['receipts', 'export', name])
  return (told as { output: string }).output
}

suite('strongroom receipts', { concurrency: 2 }, () => {
  test('lists them in the order of the log, and shows one by its file or digits', async (t) => {
    const { home } = await depositor(t)
    const { stdout } = await home.ok(['receipts', 'list'])
    const lines = stdout.trimEnd().split('\n')
    const entries = lines.slice(2).map((line) => Number(line.split(/ +/)[1]))
    assert.deepEqual(entries, [2, 3, 4])
    assert.match(lines[1] ?? '', /^[0-9a-f]{16} +1 +your enrolment$/)
    const records = (await home.json(['receipts', 'list'])) as { kind: string; index: number }[]
    assert.deepEqual(
      records.map(({ kind, index }) => [kind, index]),
      [
        ['enrolment', 1],
        ['deposit', 2],
        ['deposit', 3],
        ['deposit', 4],
      ],
    )
    const names = lines.slice(2).map((line) => line.split(/ +/)[4])
    assert.deepEqual(new Set(names), new Set(['a.age', 'b.age', 'c.age']))
    const byFile = await home.ok(['receipts', 'show', 'b.age'])
    assert.match(byFile.stdout, /made for +\/.*\/b\.age/)
    const digits = lines.find((line) => line.endsWith(' b.age'))?.slice(0, 8) ?? ''
    assert.equal((await home.ok(['receipts', 'show', digits])).stdout, byFile.stdout)
    assert.equal((await home.run(['receipts', 'show', 'missing.age'])).status, 16)
    assert.equal((await home.run(['receipts', 'show', '00000000'])).status, 2)
  })

  test('a receipt is verified without asking anybody, with the fingerprint alone', async (t) => {
    const { vault, home } = await depositor(t)
    const receipt = await exported(home, 'b.age')
    await vault.stop()
    const stranger = new Home(t)
    stranger.write('b.receipt', home.read(receipt))
    const { stdout } = await stranger.ok(['receipts', 'verify', 'b.receipt', '--fingerprint', vault.identity])
    assert.match(
      stdout,
      /^b\.receipt {2}deposit [0-9a-f]{16} is entry \d of the log of Example archive, in a tree of \d\n$/,
    )
    const other = `SHA256:${'A'.repeat(43)}`
    assert.equal((await stranger.run(['receipts', 'verify', 'b.receipt', '--fingerprint', other])).status, 6)
    assert.equal((await stranger.run(['receipts', 'verify', 'b.receipt', '--fingerprint', 'x'])).status, 2)
    assert.equal((await stranger.run(['receipts', 'verify', 'b.receipt'])).status, 2)
    const text = home.text(receipt)
    stranger.write(
      'changed',
      text.replace(/"digest":"(.)/, (_, digit: string) => `"digest":"${digit === '0' ? '1' : '0'}`),
    )
    assert.equal(
      (await stranger.run(['receipts', 'verify', 'changed', '--fingerprint', vault.identity])).status,
      4,
    )
    stranger.write('nonsense', 'hello')
    assert.equal(
      (await stranger.run(['receipts', 'verify', 'nonsense', '--fingerprint', vault.identity])).status,
      13,
    )
  })

  test('all that are kept are verified again', async (t) => {
    const { vault, home } = await depositor(t)
    await vault.stop()
    assert.equal((await home.ok(['receipts', 'verify'])).stdout.trimEnd().split('\n').length, 4)
    const { receipts } = new AuthorityStore(home.path('home/authorities')).open('vault')
    const [first = '', second = ''] = receipts.list()
    cpSync(receipts.pathOf(first), receipts.pathOf(second))
    const run = await home.run(['receipts', 'verify'])
    assert.equal(run.status, 4)
    assert.equal(run.stdout.trimEnd().split('\n').length, 3)
  })

  test('--file says whether it is for that file', async (t) => {
    const { vault, home } = await depositor(t)
    const receipt = await exported(home, 'b.age')
    await vault.stop()
    const { stdout } = await home.ok(['receipts', 'verify', receipt, '--file', 'b.age'])
    assert.match(stdout, /^b\.age {2}is the file that the receipt is for, as this computer remembers$/m)
    const wrong = await home.run(['receipts', 'verify', receipt, '--file', 'a.age'])
    assert.equal(wrong.status, 4)
    assert.match(wrong.stderr, /a\.age is not the file that was deposited/)
    rmSync(home.path('home/authorities/vault/deposits'), { recursive: true })
    assert.equal((await home.run(['receipts', 'verify', receipt, '--file', 'b.age'])).status, 16)
  })

  test('--file takes the deposit itself, which says more than a memory', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    home.write('a', 'a')
    home.write('b', 'b')
    await home.ok(['seal', 'a', 'b'])
    const { outbox } = new AuthorityStore(home.path('home/authorities')).open('vault')
    for (const entry of outbox.entries())
      if ('blob' in entry) home.write(`${entry.label}.deposit`, entry.blob)
    await vault.start()
    await home.ok(['deposit', '--flush'])
    const receipt = await exported(home, 'a.age')
    const files = ['--file', 'a.age.deposit', '--file', 'a.age']
    const { stdout } = await home.ok(['receipts', 'verify', receipt, ...files])
    assert.match(stdout, /^a\.age\.deposit {2}is the deposit that the receipt is about$/m)
    assert.match(stdout, /^a\.age {2}is the file that the receipt is for, as the deposit says$/m)
    assert.equal((await home.run(['receipts', 'verify', receipt, '--file', 'b.age.deposit'])).status, 4)
  })

  test('export writes all of them, and replaces nothing', async (t) => {
    const { home } = await depositor(t)
    await home.ok(['receipts', 'export', '-O', 'out'])
    const names = readdirSync(home.path('out')).toSorted((one, two) => (one < two ? -1 : 1))
    assert.equal(names.length, 4)
    assert.ok(names.some((name) => /^a\.age-[0-9a-f]{8}\.receipt$/.test(name)))
    assert.equal((await home.run(['receipts', 'export', '-O', 'out'])).status, 8)
    await home.ok(['receipts', 'export', '-O', 'out', '--force'])
  })
})

suite('strongroom monitor', { concurrency: 2 }, () => {
  test('says that all is well, and goes on from there', async (t) => {
    const { home } = await depositor(t)
    assert.match(
      (await home.ok(['monitor'])).stdout,
      /^vault {2}all is well: 5 in the log, .* 4 new statements about you\n$/,
    )
    assert.match((await home.ok(['monitor'])).stdout, / 0 new statements about you\n$/)
    assert.match((await home.ok(['status', '--offline'])).stdout, /^ {2}monitor +all was well \d{4}-/m)
    assert.match((await home.ok(['status'])).stdout, /followed up to entry 5/)
    assert.equal((await home.run(['monitor', '--every', 'often'])).status, 2)
  })

  test('asks how far the custodian is, which status shows from then on, with its age', async (t) => {
    const { vault, home } = await depositor(t)
    const level2 = async (...options: string[]) =>
      /^ {2}level 2 +(.*)$/m.exec((await home.ok(['status', ...options])).stdout)?.[1]
    assert.equal(await level2(), 'not known: the authority was never asked; strongroom status --levels does')
    await home.ok(['monitor'])
    await vault.stop()
    const said =
      /^3 deposits not opened by the custodian yet, as the authority said \d{4}-\d\d-\d\d \d\d:\d\d$/
    assert.match((await level2('--offline')) ?? '', said)
    await vault.start()
    home.write('d', 'd')
    await home.ok(['seal', 'd', '--require-receipt'])
    const [record] = (await home.json(['status', '--offline'])) as { level2: object }[]
    assert.partialDeepStrictEqual(record?.level2, { below: 3, newer: 1 })
    assert.match((await level2('--offline')) ?? '', /^3 deposits .*; 1 deposit made since$/)
    assert.match((await level2('--levels')) ?? '', /^4 deposits not opened .*\d$/)
    // Nothing depends on what was said: a file that nobody can read is none.
    writeFileSync(home.path('home/authorities/vault/told-levels.json'), 'spoilt', { mode: 0o600 })
    assert.match((await level2('--offline')) ?? '', /^not known/)
  })

  test('raises an alarm for a deposit in the name of the client that it did not make', async (t) => {
    const { vault, home } = await depositor(t)
    const thief = new Home(t)
    cpSync(home.home, thief.home, { recursive: true })
    thief.write('d', 'd')
    await thief.ok(['seal', 'd', '--require-receipt'])
    const run = await home.run(['monitor'])
    assert.equal(run.status, 17)
    assert.match(run.stderr, /error: vault: unknown: the deposit [0-9a-f]{64} at 5 is not known here/)
    const [, evidence = ''] = /the evidence is in (\S+):/.exec(run.stderr) ?? []
    assert.ok(existsSync(evidence))
    assert.match((await home.ok(['status'])).stdout, /ALARM +1 file of evidence in /)
    assert.equal((await home.run(['monitor'])).status, 17)
    assert.equal((await home.run(['monitor', '-q', '--json'])).status, 17)
    assert.ok(vault.identity)
  })

  test('raises an alarm for a log that forgot what it signed', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    await vault.stop()
    cpSync(join(vault.folder, 'vault'), join(vault.folder, 'before'), { recursive: true })
    await vault.start()
    home.write('a', 'a')
    await home.ok(['seal', 'a'])
    await home.ok(['monitor'])
    await vault.stop()
    // Its operator puts an older copy of everything back.
    rmSync(join(vault.folder, 'vault'), { recursive: true })
    cpSync(join(vault.folder, 'before'), join(vault.folder, 'vault'), { recursive: true })
    await vault.start()
    const run = await home.run(['monitor'])
    assert.equal(run.status, 17, run.stderr)
    assert.match(run.stderr, /error: vault: shrunk: the log has 2 entries, and had 3 before/)
    const folder = home.path('home/authorities/vault/evidence')
    const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('shrunk'))
    assert.equal(
      verifyEvidence(new Uint8Array(home.read(`home/authorities/vault/evidence/${file}`)), vault.identity)
        .kind,
      'shrunk',
    )
  })

  test('without an answer nothing is known', async (t) => {
    const { vault, home } = await depositor(t)
    await vault.stop()
    assert.equal((await home.run(['monitor'])).status, 14)
  })
})

suite('strongroom log verify', { concurrency: 2 }, () => {
  test('derives the log again: that of the authority, and a copy', async (t) => {
    const { vault, home } = await depositor(t)
    const { stdout } = await home.ok(['log', 'verify'])
    assert.match(stdout, /^127\.0\.0\.1.* {2}whole: 5 entries, each derived again\n/)
    assert.match(stdout, /^ {2}deposit +3$/m)
    const stranger = new Home(t)
    await stranger.ok(['log', 'verify', vault.url, '--fingerprint', vault.identity])
    assert.equal((await stranger.run(['log', 'verify', vault.url])).status, 2)
    const card = await mirror(vault.url, stranger.path('log'))
    await vault.stop()
    const copy = ['log', 'verify', 'log', '--fingerprint', vault.identity, '--card', card]
    await stranger.ok(copy)
    await home.ok(['log', 'verify', stranger.path('log')])
    const tile = stranger.read('log/tile/entries/000.p/5')
    tile[5] = (tile[5] ?? 0) ^ 1
    stranger.write('log/tile/entries/000.p/5', tile)
    const spoilt = await stranger.run(copy)
    assert.equal(spoilt.status, 17, spoilt.stderr)
    rmSync(stranger.path('log/tile'), { recursive: true })
    assert.equal((await stranger.run(copy)).status, 13)
  })
})

/** Copies a short log into a folder, and the card beside it. @returns the card */
async function mirror(url: string, folder: string): Promise<string> {
  for (const path of ['checkpoint', 'tile/0/000.p/5', 'tile/entries/000.p/5', 'v1/authority']) {
    const answer = await fetch(`${url}/${path}`)
    assert.equal(answer.status, 200, path)
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), new Uint8Array(await answer.arrayBuffer()))
  }
  return join(folder, 'v1/authority')
}
