/* A SIMPLEBLOB of a CryptoAPI program, deposited at an authority whose custodian has an RSA key. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { addRsaKey, custodianCard, newEpoch, readCustodianCard, validFor } from '@strongroom/authority'
import { AuthorityStore } from '@strongroom/core/client'
import { ContainerStore, createContainer } from '@strongroom/core/container'
import {
  exportKeyBlob,
  PROVIDERS,
  RsaKey,
  RsaPublicKey,
  SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { Vault } from './vault.ts'

/** The next epoch of an authority, with a custodian that has an RSA key. @returns its public key, DER */
async function withRsa(vault: Vault): Promise<Uint8Array> {
  const now = Date.now()
  const container = createContainer({ name: 'custodian', now: new Date(now) })
  addRsaKey(container, now)
  const custodian = readCustodianCard(custodianCard(container))
  container.wipe()
  await vault.stop()
  const identity = new ContainerStore(vault.folder).load('identity').unlock('the keys of a test')
  await newEpoch(vault.configuration, { identity, custodian, validity: validFor(800, now - 1000), now })
  identity.wipe()
  await vault.start()
  assert.ok(custodian.rsa)
  return custodian.rsa
}

/** What a program exports for the custodian. */
function simpleBlobFor(spki: Uint8Array): Uint8Array {
  const provider = PROVIDERS.find(({ id }) => id === 'enhanced-aes')
  assert.ok(provider)
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  const publicKey = RsaPublicKey.fromKeyObject(key)
  const session = new SessionKey({
    provider,
    algorithm: wincrypt.CALG_AES_256,
    key: new Uint8Array(32).fill(7),
    salt: new Uint8Array(0),
    exportable: true,
  })
  const wrapWith = new RsaKey({ algorithm: wincrypt.CALG_RSA_KEYX, publicKey, exportable: false })
  return exportKeyBlob(session, wincrypt.SIMPLEBLOB, { wrapWith })
}

suite('strongroom deposit --simple-blob', () => {
  test('is deposited with a receipt where the epoch has an RSA key', async (t) => {
    const vault = await Vault.open(t, { days: 700, now: Date.now() - 86_400_000 })
    const rsa = await withRsa(vault)
    const home = await vault.client(t)
    home.write('key.blob', simpleBlobFor(rsa))
    const { stdout } = await home.ok(['deposit', '--simple-blob', 'key.blob', '--require-receipt'])
    assert.match(stdout, /^key\.blob {2}deposited at vault, receipt verified/m)
    const { deposits, receipts } = new AuthorityStore(home.path('home/authorities')).open('vault')
    const [id = ''] = deposits.list()
    assert.equal(deposits.load(id)?.format, 'simple-blob')
    assert.ok(receipts.has(id))
  })

  test('is refused where it has none', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('key.blob', Buffer.alloc(300, 1))
    const { status, stderr } = await home.run(['deposit', '--simple-blob', 'key.blob'])
    assert.notEqual(status, 0)
    assert.match(stderr, /epoch 1 has no RSA key/)
  })
})
