import assert from 'node:assert/strict'
import { appendFileSync, copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { formatSerial } from '@strongroom/core/keyblob'
import { Ledger, openFile, resealFile, verifyFile, type SealedFile } from '@strongroom/core/seal'
import { bytesOf, folderFor, noise, put, sealBytes, sealOne, sealerOf } from './support/files.ts'
import { person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused } from './support/refusal.ts'
import { assertAgeOpens } from './support/stock-age.ts'

// T5: an older version of a file is put back. It was truly sealed by the owner, so only memory tells.

const FIRST = noise(3_000, 'first')
const SUPERSEDED = { code: 'SUPERSEDED' } as const

interface Scene {
  readonly owner: Person
  readonly folder: string
  /** The sealed file, at version 1. */
  readonly path: string
  readonly ledgerPath: string
}

async function setScene(t: TestContext, profile: Person['profile'] = 'classic'): Promise<Scene> {
  const folder = folderFor(t)
  const owner = person('owner', profile)
  const path = await sealBytes(folder, 'plan', FIRST, sealerOf(owner))
  return { owner, folder, path, ledgerPath: join(folder, 'state', 'ledger') }
}

/** The owner's next version, remembered in the ledger. */
function reseal({ owner, path, ledgerPath }: Scene, at = path): Promise<SealedFile> {
  const ledger = new Ledger(ledgerPath)
  return resealFile(at, { ...readerOf(owner), ...sealerOf(owner), ledger, allowSuperseded: true })
}

/** A reader that starts now, with what the ledger says on the disk. */
const remembering = ({ owner, ledgerPath }: Scene) => ({ ...readerOf(owner), ledger: new Ledger(ledgerPath) })

for (const profile of PROFILES) {
  test(`T5, an old version is put back: ${profile}`, async (t) => {
    const scene = await setScene(t, profile)
    const old = bytesOf(scene.path)
    const { version } = await reseal(scene)
    assert.equal(version, 2)
    await verifyFile({ path: scene.path }, remembering(scene))
    put(scene.folder, 'plan.age', old)
    await assertAgeOpens(t, scene.owner, old, FIRST)
    await assertRefused(scene.path, remembering(scene), SUPERSEDED)
  })
}

test('T5, another file with the number of the newest version', async (t) => {
  const scene = await setScene(t)
  const twin = join(scene.folder, 'twin.age')
  copyFileSync(scene.path, twin)
  assert.equal((await reseal(scene)).version, 2)
  assert.equal((await resealFile(twin, { ...readerOf(scene.owner), ...sealerOf(scene.owner) })).version, 2)
  await assertRefused(twin, remembering(scene), { ...SUPERSEDED, message: /another version 2/ })
  await verifyFile({ path: scene.path }, remembering(scene))
})

test('T5, who has seen a version notices an older one, and who opens a newer one remembers it', async (t) => {
  const scene = await setScene(t)
  const options = { ...readerOf(scene.owner), ...sealerOf(scene.owner) }
  const second = await resealFile(scene.path, options).then(() => bytesOf(scene.path))
  const third = await resealFile(scene.path, options).then(() => bytesOf(scene.path))
  const older = put(scene.folder, 'second.age', second)
  const newer = put(scene.folder, 'third.age', third)
  await verifyFile({ path: older }, remembering(scene))
  await verifyFile({ path: newer }, remembering(scene))
  await assertRefused(older, remembering(scene), { ...SUPERSEDED, message: /version 2 of it, version 3/ })
  await verifyFile({ path: newer }, remembering(scene))
})

test('T5, an old version is opened by whoever asks for it, and is not remembered', async (t) => {
  const scene = await setScene(t)
  const old = put(scene.folder, 'old.age', bytesOf(scene.path))
  await reseal(scene)
  const ledger = readFileSync(scene.ledgerPath, 'utf8')
  const output = { path: join(scene.folder, 'old') }
  await openFile({ input: { path: old }, output }, { ...remembering(scene), allowSuperseded: true })
  assert.deepEqual(bytesOf(output.path), FIRST)
  assert.equal(readFileSync(scene.ledgerPath, 'utf8'), ledger)
})

test('T5, an old version under a new seal is the next version, not the old one again', async (t) => {
  const scene = await setScene(t)
  const seal = await verifyFile({ path: scene.path }, remembering(scene))
  const input = { path: put(scene.folder, 'plan', noise(4_000, 'second')) }
  const ledger = new Ledger(scene.ledgerPath)
  const sealed = await sealOne(
    { input, output: { path: scene.path, overwrite: true }, previous: seal },
    { ...sealerOf(scene.owner), ledger },
  )
  assert.equal(sealed.version, 2)
  assert.deepEqual(sealed.serial, seal.serial)
  const { metadata } = await verifyFile({ path: scene.path }, remembering(scene))
  assert.deepEqual(metadata.previous, seal.sealId)
})

test('the ledger: versions of other files do not matter, first versions are not written down', async (t) => {
  const scene = await setScene(t)
  const other = await sealBytes(scene.folder, 'other', FIRST, sealerOf(scene.owner))
  await reseal(scene)
  await verifyFile({ path: other }, remembering(scene))
  const [line = '', ...rest] = readFileSync(scene.ledgerPath, 'utf8').trim().split('\n')
  const { serial, sealId } = await verifyFile({ path: scene.path }, remembering(scene))
  const signer = Buffer.from(scene.owner.signingKey.signer.keyId).toString('hex')
  assert.equal(line, `${formatSerial(serial)} ${signer} 2 ${Buffer.from(sealId).toString('hex')}`)
  assert.deepEqual(rest, [])
})

test('the ledger: a line cut by a crash is passed over, and the next stands on a line of its own', async (t) => {
  const scene = await setScene(t)
  await reseal(scene)
  const second = put(scene.folder, 'second.age', bytesOf(scene.path))
  appendFileSync(scene.ledgerPath, '01234567-89ab-7cde-8f01-23456789abcd 9 0123')
  await reseal(scene)
  await assertRefused(second, remembering(scene), { ...SUPERSEDED, message: /version 3 was seen/ })
  assert.match(readFileSync(scene.ledgerPath, 'utf8'), /^\S+ \S+ 2 \S+\n\S+ 9 0123\n\S+ \S+ 3 \S+\n$/)
})

test('the ledger: a damaged file says nothing of its version', async (t) => {
  const scene = await setScene(t)
  const first = put(scene.folder, 'first.age', bytesOf(scene.path))
  await resealFile(scene.path, { ...readerOf(scene.owner), ...sealerOf(scene.owner) })
  const bytes = bytesOf(scene.path)
  const header = Buffer.from(bytes).indexOf('\n--- ')
  put(scene.folder, 'plan.age', bytes.with(header + 10, bytes[header + 10] === 65 ? 66 : 65))
  await assertRefused(scene.path, remembering(scene), { code: 'NOT_AUTHENTIC' })
  await verifyFile({ path: first }, remembering(scene))
})
