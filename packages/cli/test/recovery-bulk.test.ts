/* Hundreds of keys in one request, through the custodian as a process; and what a program of CryptoAPI deposited. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { addRsaKey, custodianCard, newEpoch, readCustodianCard, validFor } from '@strongroom/authority'
import { ContainerStore, encodeContainer } from '@strongroom/core/container'
import {
  exportKeyBlob,
  importKeyBlob,
  PROVIDERS,
  RsaKey,
  RsaPublicKey,
  SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import type { FoundDeposit } from '@strongroom/core/protocol'
import { checkCount } from '../src/recovery/wanted.ts'
import { Custodian, eventsIn } from './recovery-custodian.ts'
import { approve, clientOf, Organisation, requestsOf } from './recovery-organisation.ts'
import { VAULT_PASSPHRASE, type Vault } from './vault.ts'

const MANY = 300

/** The next epoch, of the same custodian with an RSA key besides. @returns its public key, DER */
async function withRsa(vault: Vault): Promise<Uint8Array> {
  const now = Date.now()
  const store = new ContainerStore(vault.folder)
  const container = store.load('custodian').unlock(VAULT_PASSPHRASE)
  addRsaKey(container, now)
  const custodian = readCustodianCard(custodianCard(container))
  const protection = { kind: 'passphrase', passphrase: VAULT_PASSPHRASE, logN: 2 } as const
  writeFileSync(join(vault.folder, 'custodian.container'), encodeContainer(container, protection))
  container.wipe()
  await vault.stop()
  const identity = store.load('identity').unlock(VAULT_PASSPHRASE)
  await newEpoch(vault.configuration, { identity, custodian, validity: validFor(800, now - 1000), now })
  identity.wipe()
  await vault.start()
  assert.ok(custodian.rsa)
  return custodian.rsa
}

suite('one request', { concurrency: 1 }, () => {
  test('for hundreds of keys of somebody who is gone', async (t) => {
    const all = await Organisation.open(t)
    const custodian = new Custodian(t, all)
    await custodian.trust()
    const { owner } = all
    const { bo, cy, di } = all.officers
    mkdirSync(owner.path('plain'))
    const names = Array.from({ length: MANY }, (_, i) => `plain/${i}.txt`)
    for (const name of names) owner.write(name, `the content of ${name}`)
    await owner.ok(['seal', ...names, '-O', 'sealed', '--require-receipt', '--quiet'])
    mkdirSync(bo.path('sealed'))
    for (const name of readdirSync(owner.path('sealed'))) {
      bo.write(`sealed/${name}`, owner.read(`sealed/${name}`))
    }
    // One that was never deposited, and one that is none: the others are not held up by them.
    await owner.ok(['seal', 'plain/0.txt', '-o', 'stray.age', '--no-deposit', '--quiet'])
    bo.write('sealed/stray.age', owner.read('stray.age'))
    bo.write('sealed/empty.age', '')

    const asking = ['officer', 'request', clientOf(owner), 'sealed', '--reason', 'gone']
    const planned = await bo.ok([...asking, '--dry-run', '--json'])
    bo.write('list.json', planned.stdout.split('\n').slice(1).join('\n'))
    assert.match(planned.stderr, /no deposit is known to be that of sealed\/stray\.age/)
    assert.match(planned.stderr, /sealed\/empty\.age is passed over/)
    const [, ...listed] = planned.stdout.trim().split('\n')
    assert.equal(listed.length, MANY + 1)
    const asked = await bo.run([...asking, '--unprotected', '--yes', '--quiet'])
    assert.equal(asked.status, 18, asked.stderr)
    const [request = ''] = requestsOf(bo)
    // What the plan printed names the same.
    const again = ['officer', 'request', clientOf(owner), '--list', 'list.json', '--reason', 'gone', '--yes']
    const same = await bo.run(again)
    assert.equal(same.status, 18, same.stderr)
    assert.match(same.stderr, /that was asked for already/)

    const short = await cy.ok(['officer', 'show', request])
    assert.match(short.stdout, /and 200 deposits more: --deposits lists all/)
    assert.match(short.stdout, /it asks for 300 keys at once/)
    const long = await cy.ok(['officer', 'show', request, '--deposits'])
    assert.equal([...long.stdout.matchAll(/^[0-9a-f]{16} {2}file /gm)].length, MANY)
    await approve(cy, request)
    await approve(di, request)
    const round = await custodian.round()
    assert.equal(round.status, 0, round.stderr)
    assert.ok(
      eventsIn(round.stderr).some(({ event }) => event === 'handed-out'),
      round.stderr,
    )

    const back = await bo.run(['recover', '--quiet'])
    assert.equal(back.status, 0, back.stderr)
    const container = `recovered-${clientOf(owner).slice(2, 10)}`
    const sealed = names.map((name) => `sealed/${name.slice('plain/'.length)}.age`)
    await bo.ok(['open', ...sealed, '-O', 'opened', '--container', container, '--quiet'])
    for (const name of names) {
      assert.equal(bo.text(name.replace('plain', 'opened')), `the content of ${name}`)
    }
  })

  test('for more than one may ask for is refused, with the way to split it', () => {
    const deposits = Array.from({ length: 25_001 }, () => ({}) as FoundDeposit)
    checkCount(deposits.slice(0, 10_000))
    assert.throws(() => checkCount(deposits), {
      code: 'USAGE',
      message: '25,001 deposits, and one request asks for at most 10,000',
      hint: /make 3 requests: .*--dry-run --json.*split -l 10000.*--list/,
    })
  })

  test('for the session key of a program of CryptoAPI: it opens what that wrote', async (t) => {
    const all = await Organisation.open(t)
    const spki = await withRsa(all.vault)
    const { owner } = all
    const { bo, cy } = all.officers
    const provider = PROVIDERS.find(({ id }) => id === 'enhanced-aes')
    assert.ok(provider)
    const parts = { provider, algorithm: wincrypt.CALG_AES_256, salt: new Uint8Array(0), exportable: true }
    const session = new SessionKey({ ...parts, key: new Uint8Array(32).fill(7) })
    const publicKey = RsaPublicKey.fromKeyObject(
      createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }),
    )
    const wrapWith = new RsaKey({ algorithm: wincrypt.CALG_RSA_KEYX, publicKey, exportable: false })
    const written = session.duplicate().encrypt(Buffer.from('what the program wrote'))
    owner.write('key.blob', exportKeyBlob(session, wincrypt.SIMPLEBLOB, { wrapWith }))
    // The epoch is news to it.
    await owner.ok(['monitor'])
    await owner.ok(['deposit', '--simple-blob', 'key.blob', '--require-receipt'])
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '1'])

    const words = ['recover', '--all', '--code-file', 'sheet.txt', '--container', 'new', '--unprotected']
    const asked = await owner.run(words)
    assert.equal(asked.status, 18, asked.stderr)
    const [request = ''] = requestsOf(owner)
    await approve(bo, request)
    await approve(cy, request)
    await all.release(request)
    await owner.ok(['recover', '-O', '.'])
    const name = readdirSync(owner.folder).find((one) => one.endsWith('.plaintextkeyblob')) ?? ''
    const back = importKeyBlob(provider, owner.read(name))
    assert.ok(back instanceof SessionKey)
    assert.equal(Buffer.from(back.decrypt(written)).toString(), 'what the program wrote')
  })
})
