import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { exportKeyBlob, Ledger, resealFile, rewrapFile, verifyFile } from '@strongroom/core/seal'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'

// What an auditor without keys can tell of a file with a public seal.

const PLAINTEXT = noise(1_048_576 + 100)

test('without a key: an old version is noticed, and a new one remembered', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const options = { ...readerOf(owner), ...sealerOf(owner), visibility: 'public' as const }
  const path = await sealBytes(folder, 'file', PLAINTEXT, options)
  const old = put(folder, 'old.age', bytesOf(path))
  await resealFile(path, options)
  const auditor = () => ({
    identities: [],
    signers: directoryOf(owner),
    ledger: new Ledger(join(folder, 'ledger')),
  })
  assert.equal((await verifyFile({ path: old }, auditor())).metadata.version, 1)
  assert.equal((await verifyFile({ path }, auditor())).metadata.version, 2)
  assert.equal((await refusal(verifyFile({ path: old }, auditor()))).code, 'SUPERSEDED')
  await verifyFile({ path: old }, { ...auditor(), allowSuperseded: true })
})

test('without a key: a file that is rewrapped is the same, and so is its key blob kept apart', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'pq'), person('heir', 'pq')]
  const options = { ...sealerOf(owner), visibility: 'public' as const }
  const path = await sealBytes(folder, 'file', PLAINTEXT, options)
  const auditor = { identities: [], signers: directoryOf(owner) }
  const { sealId } = await verifyFile({ path }, auditor)
  const keyBlob = await exportKeyBlob(path)
  await rewrapFile(path, { ...readerOf(owner), recipients: [heir.identity.recipient()] })
  assert.deepEqual((await verifyFile({ path }, auditor)).sealId, sealId)
  assert.deepEqual((await verifyFile({ path }, { ...auditor, keyBlob })).sealId, sealId)
  const other = await sealBytes(folder, 'other', PLAINTEXT, options)
  const wrong = verifyFile({ path: other }, { ...auditor, keyBlob })
  assert.equal((await refusal(wrong)).code, 'NOT_AUTHENTIC')
})

test('without a key: a private seal cannot be read', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner))
  const verifying = verifyFile({ path }, { identities: [], signers: directoryOf(owner) })
  assert.equal((await refusal(verifying)).code, 'SEAL_PRIVATE')
})
