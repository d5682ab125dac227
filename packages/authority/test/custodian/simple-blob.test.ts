/** The key of a CryptoAPI program comes back: the custodian alone can open the SIMPLEBLOB, and whoever recovers gets what is in it. */
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { parseHeader } from '@strongroom/core/age'
import { equalBytes } from '@strongroom/core/bytes'
import { ClientError, openRelease, type ReleasedBlobs } from '@strongroom/core/client'
import { createContainer, encodeContainer, rsaPair } from '@strongroom/core/container'
import {
  exportKeyBlob,
  PROVIDERS,
  RsaKey,
  RsaPrivateKey,
  SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { parseKeyBlobs, releaseListDigest } from '@strongroom/core/protocol'
import {
  CustodianError,
  CustodianFolder,
  handOut,
  keysOfContainer,
  releaseBundle,
  type CustodianKeys,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { chainOf, SESSION_KEYS, story, withRelease, type StoryChanges } from './story.ts'
import { DAY, IDENTITY_PRINT, KEYS, OWNER, OWNER_ID, RECIPIENT, START } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'simple-blob-'))
after(() => rm(root, { recursive: true }))

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
const withoutRsa = encodeContainer(own, { kind: 'passphrase', passphrase: 'a passphrase', logN: 1 })
const keysWithout: CustodianKeys = {
  ...keysOfContainer(own),
  identities: KEYS.identities,
  rsaKey: () => undefined,
}
own.addKey(rsaPair(pkcs8), { use: 'exchange', state: 'active', now: new Date(START) })
const keys: CustodianKeys = { ...keysOfContainer(own), identities: KEYS.identities }

const provider = PROVIDERS.find(({ id }) => id === 'enhanced-aes')
assert.ok(provider)
const session = new SessionKey({
  provider,
  algorithm: wincrypt.CALG_AES_256,
  key: new Uint8Array(32).fill(7),
  salt: new Uint8Array(0),
  exportable: true,
})
const rsa = RsaPrivateKey.fromKeyObject(
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }),
)
const wrapWith = new RsaKey({
  algorithm: wincrypt.CALG_RSA_KEYX,
  publicKey: rsa.publicKey,
  exportable: false,
})
const SIMPLE_BLOB = exportKeyBlob(session, wincrypt.SIMPLEBLOB, { wrapWith })
const PLAIN = exportKeyBlob(session, wincrypt.PLAINTEXTKEYBLOB, {})

let made = 0
/** What whoever recovers finds. */
function recovered(
  enclosed: Uint8Array,
  changes: StoryChanges = {},
  by = keys,
  mangle = (all: Uint8Array[]) => all,
) {
  const told = story({
    sessionKeys: [SESSION_KEYS[0]],
    deposit: { format: 'simple-blob', enclosed },
    rsa: spki,
    custodian: by.signer,
    ...changes,
  })
  const path = join(root, `folder-${made++}`)
  const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
  CustodianFolder.create({ folder: path, settings, container: withoutRsa, now: START - DAY })
  const folder = CustodianFolder.open(path)
  try {
    folder.introduce('acme', told.charter)
    const { envelope } = releaseBundle(told.bundle, folder, by, told.now)
    const next = withRelease(told, envelope)
    const blobs = mangle([...parseKeyBlobs(handOut(next.bundle, folder, next.now).blobs)])
    const deposits = told.bundle.deposits.map((blob) => ({ id: sha256(blob), blob }))
    const rows = deposits.map(({ id }, i) => ({ id, blob: blobs[i] ?? new Uint8Array(0) }))
    const released: ReleasedBlobs = {
      request: told.subject,
      results: releaseListDigest(sha256, rows),
      deposits,
      blobs,
      tenant: 'acme',
      client: OWNER_ID,
      ownerSigner: OWNER.signer,
      epochs: chainOf(told.world),
      identities: [RECIPIENT],
    }
    return { blobs, keys: openRelease(released) }
  } finally {
    folder.close()
  }
}

describe('a SIMPLEBLOB that was deposited', () => {
  test('comes back with the session key that is in it', () => {
    const [key] = recovered(SIMPLE_BLOB).keys
    assert.deepEqual(key?.cryptoApiKey, PLAIN)
    assert.deepEqual(key?.enclosed, SIMPLE_BLOB)
  })

  test('gives the same answer in form if its padding is wrong: nobody learns that it is (M1)', () => {
    const [right, wrong] = [SIMPLE_BLOB, SIMPLE_BLOB.with(20, (SIMPLE_BLOB[20] ?? 0) ^ 1)].map((blob) =>
      recovered(blob),
    )
    assert.ok(right && wrong)
    assert.deepEqual(
      wrong.blobs.map(({ length }) => length),
      right.blobs.map(({ length }) => length),
    )
    const [key] = wrong.keys
    assert.equal(key?.cryptoApiKey?.length, PLAIN.length)
    assert.equal(equalBytes(key.cryptoApiKey, PLAIN), false)
  })

  test('that is none comes back as it was deposited', () => {
    const [key] = recovered(SIMPLE_BLOB.with(0, 6)).keys
    assert.equal(key?.cryptoApiKey, undefined)
    assert.deepEqual(key?.enclosed, SIMPLE_BLOB.with(0, 6))
  })

  test('is released by nobody who lacks the RSA key of its epoch', () => {
    assert.throws(
      () => recovered(SIMPLE_BLOB, {}, keysWithout),
      (error) => error instanceof CustodianError && error.code === 'CUSTODIAN_KEY',
    )
  })

  test('the stanza of its key is no part of other releases', () => {
    const { blobs } = recovered(SIMPLE_BLOB)
    assert.equal(parseHeader(blobs[0] ?? new Uint8Array(0)).stanzas.length, 3)
    assert.throws(
      () => recovered(SIMPLE_BLOB, { deposit: { format: 'file' } }, keys, () => blobs),
      (error) => error instanceof ClientError && error.code === 'CLIENT_ALARM',
    )
  })
})
