/* Whether deposits open today: from the file to the custodian's process and back, and what a lying authority comes to. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test, type TestContext } from 'node:test'
import { CustodianFolder } from '@strongroom/authority'
import { fromHex, toHex } from '@strongroom/core/bytes'
import { AuthorityStore, ProbeStore, sha256, verifyEvidence } from '@strongroom/core/client'
import { parseContainer } from '@strongroom/core/container'
import {
  ACTS,
  encodeProbeAnswerSubmission,
  MEDIA_TYPES,
  probeListDigest,
  signStatement,
  type ProbeResult,
} from '@strongroom/core/protocol'
import { passphraseFile } from './fixtures.ts'
import { Home, type Run } from './program.ts'
import { Vault, VAULT_PASSPHRASE } from './vault.ts'

const kept = (home: Home) => new AuthorityStore(home.path('home/authorities')).open('vault')

/** A custodian of an authority, on a computer of its own. */
function custodianOf(t: TestContext, vault: Vault): { once: () => Promise<Run> } {
  const home = new Home(t)
  const container = readFileSync(join(vault.folder, 'custodian.container'))
  const settings = { identity: vault.identity, freshness: 86_400, url: vault.url }
  CustodianFolder.create({ folder: home.path('custody'), settings, container, now: Date.now() })
  const passphrase = passphraseFile(home, VAULT_PASSPHRASE)
  const words = ['custodian', 'run', '--folder', 'custody', '--once', '--passphrase-file', passphrase]
  return { once: () => home.ok(words) }
}

/** A client with sealed files whose keys are deposited. */
async function sealed(t: TestContext, vault: Vault, ...names: string[]): Promise<Home> {
  const home = await vault.client(t)
  for (const name of names) home.write(name, name)
  await home.ok(['seal', ...names, '--require-receipt'])
  return home
}

/** What the command says of each deposit, in the order of their names. */
async function verdicts(home: Home, ...words: string[]): Promise<string[]> {
  const rows = await home.json(['probe', ...words])
  const told = rows.flatMap((row) => {
    const { input, verdict } = row as { input?: string; verdict?: string }
    return verdict === undefined ? [] : [`${input} ${verdict}`]
  })
  return told.toSorted((one, other) => one.localeCompare(other))
}

/** Answers the one probe of a client as its custodian signs it, with these results. */
async function answer(
  vault: Vault,
  home: Home,
  results: (ids: readonly Uint8Array[]) => readonly ProbeResult[],
) {
  const [probe] = new ProbeStore(kept(home)).list()
  assert.ok(probe)
  const container = parseContainer(readFileSync(join(vault.folder, 'custodian.container')))
  const key = container.unlock(VAULT_PASSPHRASE).signingKey('pq')
  const answers = results(probe.ids)
  const { identity, tenant } = probe.payload
  const payload = {
    identity,
    tenant,
    custodian: key.signer.toString(),
    subject: probe.digest,
    count: answers.length,
    results: probeListDigest(sha256, answers),
    checkpoint: { size: 1_000, root: probe.digest },
    created: Math.floor(Date.now() / 1000) * 1000,
  }
  const pair = { signer: payload.custodian, sign: (message: Uint8Array) => key.sign(message) }
  const statement = signStatement(sha256, ACTS['probe-answer'], payload, [pair])
  const sent = await fetch(`${vault.url}/v1/probes/answers`, {
    method: 'POST',
    headers: { 'content-type': MEDIA_TYPES.json },
    body: Buffer.from(encodeProbeAnswerSubmission({ statement, answers })),
  })
  assert.equal(sent.status, 200, await sent.text())
}

suite('strongroom probe', { concurrency: 2 }, () => {
  test('a deposit opens today, as its custodian proves', async (t) => {
    const vault = await Vault.open(t)
    const custodian = custodianOf(t, vault)
    const home = await sealed(t, vault, 'a', 'b')
    const asked = await home.run(['probe', 'a.age'])
    assert.equal(asked.status, 18, asked.stderr)
    assert.match(asked.stderr, /a\.age: asked \d{4}/)
    const ran = await custodian.once()
    assert.match(ran.stderr, /"event":"answered"/)
    const told = await home.ok(['probe', 'a.age'])
    assert.match(told.stdout, /a\.age.*opens, \d{4}/)
    assert.match((await home.ok(['status'])).stdout, /probed +1 deposit opened, the last \d{4}/)
    assert.equal(new ProbeStore(kept(home)).opened().length, 1)
    assert.deepEqual(new ProbeStore(kept(home)).list(), [])

    // Asked again it is another probe, and all of them are asked about in one.
    assert.deepEqual(await verdicts(home, '--all'), ['a.age waiting', 'b.age waiting'])
    await custodian.once()
    assert.deepEqual(await verdicts(home, 'a.age', 'b.age', '--all'), ['a.age opens', 'b.age opens'])
    await home.ok(['monitor'])
  })

  test('without its file a deposit has the word of the custodian alone', async (t) => {
    const vault = await Vault.open(t)
    const custodian = custodianOf(t, vault)
    const home = await sealed(t, vault, 'a')
    await home.ok(['key', 'new', 'own'])
    await home.ok(['deposit', '--key', 'own', '--require-receipt'])
    rmSync(home.path('a.age'))
    await home.run(['probe', '--all'])
    await custodian.once()
    assert.deepEqual(await verdicts(home, '--all'), ['a.age said', 'session key own opens'])
  })

  test('a deposit that was swapped in the database does not open, and the alarm leaves evidence', async (t) => {
    const vault = await Vault.open(t)
    const custodian = custodianOf(t, vault)
    const home = await sealed(t, vault, 'a', 'b')
    const ids = kept(home).deposits.list()
    const idOf = (name: string) =>
      ids.find((id) => kept(home).deposits.load(id)?.label === name) ?? assert.fail()
    const [a, b] = [fromHex(idOf('a.age')), fromHex(idOf('b.age'))]
    await vault.stop()
    const database = new DatabaseSync(join(vault.folder, 'vault', 'authority.sqlite'))
    database
      .prepare('update statement set bytes = (select bytes from statement where digest = ?) where digest = ?')
      .run(b, a)
    database.close()
    await vault.start()
    await home.run(['probe', 'a.age', 'b.age'])
    await custodian.once()
    const told = await home.run(['probe', 'a.age', 'b.age'])
    assert.equal(told.status, 17, told.stderr)
    assert.match(told.stderr, /a\.age: does NOT open, /)
    assert.match(told.stdout, /b\.age.*opens, /)
    const folder = kept(home).evidence
    const [file = ''] = readdirSync(folder)
    assert.match(file, /^unopened-/)
    const found = verifyEvidence(new Uint8Array(readFileSync(join(folder, file))), vault.identity)
    assert.deepEqual([found.kind, found.proven], ['unopened', true])
    assert.match((await home.ok(['status'])).stdout, /ALARM/)
  })

  test('another MAC, one of another deposit, and another answer are alarms', async (t) => {
    const vault = await Vault.open(t)
    const home = await sealed(t, vault, 'a')
    await home.run(['probe', 'a.age'])
    await answer(vault, home, (ids) => ids.map((id) => ({ id, mac: new Uint8Array(32).fill(7) })))
    const told = await home.run(['probe', 'a.age'])
    assert.equal(told.status, 17, told.stderr)
    assert.match(told.stderr, /a\.age: does NOT open: the answer was made without its key, /)
    const [file = ''] = readdirSync(kept(home).evidence)
    const found = verifyEvidence(
      new Uint8Array(readFileSync(join(kept(home).evidence, file))),
      vault.identity,
    )
    assert.deepEqual([found.kind, found.proven], ['unopened', false])
    assert.deepEqual(new ProbeStore(kept(home)).opened(), [])
  })

  test('what was not deposited, or holds no key, is not asked about', async (t) => {
    const vault = await Vault.open(t)
    const home = await sealed(t, vault, 'a')
    home.write('c', 'c')
    await home.ok(['seal', 'c', '--no-deposit'])
    const none = await home.run(['probe', 'c.age'])
    assert.equal(none.status, 16, none.stderr)
    assert.match(none.stderr, /its key was not deposited by itself at vault/)
    await home.ok([
      'deposit',
      '--derived',
      '--algorithm',
      '3des',
      '--hash',
      'sha1',
      '--password-file',
      passphraseFile(home),
    ])
    const { deposits } = kept(home)
    const derived = deposits.list().find((id) => deposits.load(id)?.format === 'password-parameters') ?? ''
    const serial = toHex(deposits.load(derived)?.serial ?? new Uint8Array(0))
    const refused = await home.run(['probe', '--serial', serial])
    assert.match(refused.stderr, /there is no key in it to open/)
    assert.equal((await home.run(['probe'])).status, 2)
    assert.equal((await home.run(['probe', '--serial', 'x'])).status, 2)
  })
})
