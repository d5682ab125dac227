import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KeyBlobError, SessionKeyStore, type KeyBlobErrorCode } from '@strongroom/core/keyblob'
import { exportKeyBlob, openFile, resealFile } from '@strongroom/core/seal'
import {
  encryptTo,
  headerLengthOf,
  join as concat,
  learnFileKey,
  putTogetherWith,
  readSeal,
  sealOf,
  STATEMENT,
  takeApart,
  withSeal,
  writeSeal,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused, type Expected } from './support/refusal.ts'

// T6: a key blob is exchanged: the one that a file is opened with, or that of a named session key, which is to be used
// again for encryption. The second is the attack that a signature on session keys is there for.

const PLAINTEXT = noise(5_000)

/** The header of a file: its key blob. */
const headerOf = (file: Uint8Array) => file.slice(0, headerLengthOf(file))

for (const profile of PROFILES) {
  test(`T6, a file is opened with a key blob that is not its own: ${profile}`, async (t) => {
    const folder = folderFor(t)
    const [owner, authority] = [person('owner', profile), person('authority', profile)]
    const recipient = owner.identity.recipient().toString()
    const options = { ...sealerOf(owner, [authority]), visibility: 'public' as const }
    const path = await sealBytes(folder, 'file', PLAINTEXT, options)
    const file = bytesOf(path)
    const blob = await exportKeyBlob(path)
    const seal = sealOf(takeApart(file))
    const attacker = await encryptTo([recipient], PLAINTEXT, [seal])
    const fileKey = await learnFileKey(file, authority.identity.toString())
    await resealFile(path, { ...readerOf(owner), ...options })
    const store = storeWithKey(folder, owner)
    const blobs: Readonly<Record<string, readonly [Uint8Array, Expected]>> = {
      'that of the version before': [blob, { code: 'NOT_AUTHENTIC', message: /another payload/ }],
      'that of another of the owner’s files': [
        headerOf(bytesOf(await sealBytes(folder, 'other', PLAINTEXT, options))),
        { code: 'NOT_AUTHENTIC', message: /another payload/ },
      ],
      'that of a named session key': [store.exportBlob('archive'), { code: 'NOT_AUTHENTIC' }],
      'one made by the attacker around the owner’s seal': [
        headerOf(attacker.file),
        { code: 'NOT_AUTHENTIC', message: /substituted/ },
      ],
      'one without a seal': [
        headerOf((await encryptTo([recipient], PLAINTEXT)).file),
        { code: 'NOT_SIGNED' },
      ],
      'the owner’s, stripped of its seal by a co-recipient': [
        headerOf(putTogetherWith(fileKey, withSeal(takeApart(file)))),
        { code: 'NOT_SIGNED' },
      ],
      'with a byte behind it': [
        concat(blob, Uint8Array.of(10)),
        { code: 'NOT_AUTHENTIC', message: /the end/ },
      ],
      'cut short': [blob.slice(0, -1), { code: 'NOT_AUTHENTIC', message: /not an age header/ }],
      'nothing at all': [new Uint8Array(0), { code: 'NOT_AUTHENTIC', message: /not an age header/ }],
    }
    for (const [name, [keyBlob, expected]] of Object.entries(blobs)) {
      await t.test(`${name}: ${profile}`, () =>
        assertRefused(path, { ...readerOf(owner), keyBlob }, expected),
      )
    }
    await t.test(`its own, kept apart, opens it: ${profile}`, async () => {
      const keyBlob = await exportKeyBlob(path)
      const output = { path: join(folder, 'opened') }
      await openFile({ input: { path }, output }, { ...readerOf(owner), keyBlob })
      assert.deepEqual(bytesOf(output.path), PLAINTEXT)
    })
  })

  test(`T6, the blob of a named session key is exchanged: ${profile}`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const store = storeWithKey(folder, owner)
    for (const [name, [blob, code]] of Object.entries(await exchangedBlobs(t, store, owner))) {
      await t.test(`${name}: ${profile}`, () => {
        writeFileSync(join(folder, 'keys', 'archive.keyblob'), blob)
        const load = () => store.load('archive', [owner.identity], directoryOf(owner))
        assert.throws(load, isKeyBlobError(code))
        const by = { identities: [owner.identity], signers: directoryOf(owner) }
        assert.throws(() => store.importBlob('taken-in', blob, by), isKeyBlobError(code))
        assert.throws(
          () => store.importBlob('archive', blob, { ...by, overwrite: true }),
          isKeyBlobError(code),
        )
        assert.equal(existsSync(join(folder, 'keys', 'taken-in.keyblob')), false)
        assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'keys', 'archive.keyblob'))), blob)
      })
    }
    const names = readdirSync(join(folder, 'keys')).filter((name) => !name.endsWith('.keyblob'))
    assert.deepEqual(names, [], 'something was left behind')
  })
}

/** What whoever can write to the folder puts in the place of `archive.keyblob`. */
async function exchangedBlobs(
  t: TestContext,
  store: SessionKeyStore,
  owner: Person,
): Promise<Record<string, readonly [blob: Uint8Array, code: KeyBlobErrorCode]>> {
  const folder = folderFor(t)
  const recipient = owner.identity.recipient().toString()
  const genuine = store.exportBlob('archive')
  const seal = sealOf(takeApart(genuine))
  const naked = await encryptTo([recipient], new Uint8Array(0))
  const borrowed = await encryptTo([recipient], new Uint8Array(0), [seal])
  for (const [file, key] of [
    [naked.file, naked.fileKey],
    [borrowed.file, borrowed.fileKey],
  ] as const) {
    const found = await learnFileKey(file, owner.identity.toString())
    assert.deepEqual(found, key, 'age takes the key that the attacker knows for the owner’s')
  }
  const mallory = person('mallory', owner.profile)
  const theirs = new SessionKeyStore(join(folder, 'theirs'))
  const recipients = [owner.identity.recipient()]
  theirs.create({ name: 'archive', recipients, signingKey: mallory.signingKey, nowMs: 0 })
  store.create({ name: 'other', recipients, signingKey: owner.signingKey, nowMs: 0 })
  const file = await sealBytes(folder, 'archive', PLAINTEXT, sealerOf(owner))
  return {
    'for one made by the attacker, encrypted to the owner’s public key': [headerOf(naked.file), 'NOT_SIGNED'],
    'for one made by the attacker around the owner’s seal': [headerOf(borrowed.file), 'NOT_AUTHENTIC'],
    'for one made by the attacker around the owner’s statement, encrypted anew': [
      await sealedAnew(genuine, owner),
      'NOT_AUTHENTIC',
    ],
    'for one sealed by the attacker': [theirs.exportBlob('archive'), 'UNKNOWN_SIGNER'],
    'for that of another of the owner’s session keys': [store.exportBlob('other'), 'NOT_AUTHENTIC'],
    'for the header of a file of the owner’s of the same name': [headerOf(bytesOf(file)), 'NOT_AUTHENTIC'],
    'for one that somebody else can open': [
      headerOf((await encryptTo([mallory.identity.recipient().toString()], PLAINTEXT, [seal])).file),
      'NO_KEY',
    ],
    'for nothing': [new Uint8Array(0), 'SEAL_FORMAT'],
    'for a file': [bytesOf(file), 'SEAL_FORMAT'],
  }
}

/** Whoever once could open the blob knows the owner's statement and signature, and puts them around a new key. */
async function sealedAnew(genuine: Uint8Array, owner: Person): Promise<Uint8Array> {
  const oldKey = await learnFileKey(genuine, owner.identity.toString())
  const old = readSeal(sealOf(takeApart(genuine)), oldKey)
  const nonce = old.statement.slice(STATEMENT.nonce, STATEMENT.length)
  const { file, fileKey } = await encryptTo([owner.identity.recipient().toString()], new Uint8Array(0))
  const parts = takeApart(file)
  const stanzas = [...parts.stanzas, writeSeal(old, nonce, fileKey)]
  return headerOf(putTogetherWith(fileKey, { ...parts, stanzas }))
}

/** A folder of session keys with one that is the owner's, `archive`. */
function storeWithKey(folder: string, owner: Person): SessionKeyStore {
  const store = new SessionKeyStore(join(folder, 'keys'))
  const recipients = [owner.identity.recipient()]
  store.create({ name: 'archive', recipients, signingKey: owner.signingKey, nowMs: 1_700_000_000_000 })
  return store
}

function isKeyBlobError(code: KeyBlobErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof KeyBlobError && error.code === code
}
