import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScryptIdentity } from '@strongroom/core/age'
import { createSessionKey, NamedSessionKey } from '@strongroom/core/keyblob'
import { exportKeyBlob, openFile, sealWithPassword, verifyFile, type Reader } from '@strongroom/core/seal'
import { armor as typageArmor, Decrypter, Encrypter, Stanza } from 'age-encryption'
import { encryptTo, headerLengthOf, learnFileKey, takeApart } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused, refusal } from './support/refusal.ts'
import { assertAgeOpens, hasAge, typageOpens } from './support/stock-age.ts'

// Sealed files are age files. Sizes are in sizes.test.ts; here are the other forms that age knows.

const PLAINTEXT = noise(150_000)
const PASSPHRASE = 'pässphräse with spaces'

async function opened(path: string, reader: Reader): Promise<Uint8Array> {
  const output = { path: `${path}.out`, overwrite: true }
  await openFile({ input: { path }, output }, { ...reader, threads: 1 })
  return bytesOf(output.path)
}

for (const profile of PROFILES) {
  for (const visibility of ['private', 'public'] as const) {
    test(`age opens a ${profile} file with a ${visibility} seal for each recipient`, async (t) => {
      const folder = folderFor(t)
      const people = ['owner', 'second', 'third'].map((name) => person(name, profile))
      const [owner, ...others] = people
      assert.ok(owner)
      const options = { ...sealerOf(owner, others), visibility }
      const path = await sealBytes(folder, 'file', PLAINTEXT, options)
      for (const reader of people) {
        await assertAgeOpens(t, reader, bytesOf(path), PLAINTEXT)
        assert.deepEqual(await opened(path, readerOf(reader, owner)), PLAINTEXT)
      }
      const stranger = person('stranger', profile)
      await assert.rejects(typageOpens(stranger.identity, bytesOf(path)))
      await assertRefused(path, readerOf(stranger, owner), { code: 'NO_KEY' })
    })
  }

  test(`age opens a ${profile} file of a named session key for its recipients, and we also by that key`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const recipients = [owner.identity.recipient()]
    const blob = createSessionKey({ name: 'archive', recipients, signingKey: owner.signingKey, nowMs: 1 })
    const namedKey = NamedSessionKey.open('archive', blob, [owner.identity], directoryOf(owner))
    const path = await sealBytes(folder, 'file', PLAINTEXT, { ...sealerOf(owner), namedKey })
    await assertAgeOpens(t, owner, bytesOf(path), PLAINTEXT)
    assert.deepEqual(await opened(path, { identities: [namedKey], signers: directoryOf(owner) }), PLAINTEXT)
    const other = createSessionKey({ name: 'other', recipients, signingKey: owner.signingKey, nowMs: 1 })
    const otherKey = NamedSessionKey.open('other', other, [owner.identity], directoryOf(owner))
    await assertRefused(path, { identities: [otherKey], signers: directoryOf(owner) }, { code: 'NO_KEY' })
  })

  test(`the key blob of a ${profile} file is a detached header to typage`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const path = await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner))
    const blob = await exportKeyBlob(path)
    assert.deepEqual(blob, bytesOf(path).slice(0, headerLengthOf(bytesOf(path))))
    const decrypter = new Decrypter()
    decrypter.addIdentity(owner.identity.toString())
    const fileKey = new Uint8Array(await decrypter.decryptHeader(blob))
    assert.deepEqual(fileKey, await learnFileKey(bytesOf(path), owner.identity.toString()))
  })

  test(`a sealed ${profile} file in armor opens, seal and all`, async (t) => {
    const folder = folderFor(t)
    const owner = person('owner', profile)
    const file = bytesOf(await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner)))
    const path = put(folder, 'armored.age', typageArmor.encode(file))
    assert.deepEqual(await opened(path, readerOf(owner)), PLAINTEXT)
    assert.equal((await verifyFile({ path }, readerOf(owner))).signerName, 'owner')
    const damaged = file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1)
    const wrong = put(folder, 'wrong.age', typageArmor.encode(damaged))
    await assertRefused(wrong, readerOf(owner), { code: 'NOT_AUTHENTIC' })
    put(folder, 'wrong.age', typageArmor.encode(file).replace(/\n([A-Za-z])/, '\n!'))
    await assertRefused(wrong, readerOf(owner), { code: 'HEADER', message: /armor/ })
  })
}

test('stanzas of types that nobody knows are passed over', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const grease = [
    new Stanza(['x-grease', 'with', 'arguments'], noise(100)),
    new Stanza(['y'], new Uint8Array(0)),
  ]
  const { file } = await encryptTo([owner.identity.recipient().toString()], PLAINTEXT, grease)
  assert.equal(takeApart(file).stanzas.length, 3)
  const path = put(folder, 'grease.age', file)
  assert.deepEqual(await opened(path, { ...readerOf(owner), allowUnsigned: true }), PLAINTEXT)
})

test('a file under a passphrase, both ways with typage', async (t) => {
  const folder = folderFor(t)
  const input = { path: put(folder, 'secret', PLAINTEXT) }
  const output = { path: join(folder, 'secret.age') }
  const made = await sealWithPassword({ input, output }, { passphrase: PASSPHRASE, logN: 10 })
  assert.deepEqual(made, { plaintextBytes: PLAINTEXT.length, sealedBytes: bytesOf(output.path).length })
  const decrypter = new Decrypter()
  decrypter.addPassphrase(PASSPHRASE)
  assert.deepEqual(new Uint8Array(await decrypter.decrypt(bytesOf(output.path))), PLAINTEXT)
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(10)
  const theirs = put(folder, 'theirs.age', await encrypter.encrypt(PLAINTEXT))
  const withPassphrase = (text: string) => ({
    identities: [new ScryptIdentity(text)],
    signers: directoryOf(),
  })
  for (const path of [output.path, theirs]) {
    const job = { input: { path }, output: { path: `${path}.out` } }
    const { proof, seal } = await openFile(job, withPassphrase(PASSPHRASE))
    assert.deepEqual([proof, seal], ['password', undefined])
    assert.deepEqual(bytesOf(`${path}.out`), PLAINTEXT)
    await assertRefusedToOpen(path, withPassphrase('another'), 'NO_KEY')
    const verifying = verifyFile({ path }, withPassphrase(PASSPHRASE))
    assert.equal((await refusal(verifying)).code, 'NOT_SIGNED')
  }
})

async function assertRefusedToOpen(path: string, reader: Reader, code: string): Promise<void> {
  const job = { input: { path }, output: { path: `${path}.never` } }
  assert.equal((await refusal(openFile(job, reader))).code, code)
  assert.throws(() => bytesOf(job.output.path), { code: 'ENOENT' })
}

test('a passphrase beside another recipient is refused, as age refuses it', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const encrypter = new Encrypter()
  encrypter.setPassphrase(PASSPHRASE)
  encrypter.setScryptWorkFactor(10)
  const [scrypt] = takeApart(new Uint8Array(await encrypter.encrypt(PLAINTEXT))).stanzas
  assert.ok(scrypt)
  const { file } = await encryptTo([owner.identity.recipient().toString()], PLAINTEXT, [scrypt])
  const path = put(folder, 'mixed.age', file)
  const reader = { identities: [new ScryptIdentity(PASSPHRASE), owner.identity], signers: directoryOf(owner) }
  await assertRefusedToOpen(path, { ...reader, allowUnsigned: true }, 'HEADER')
})

function age(owner: Person, options: readonly string[], input: Uint8Array): Uint8Array {
  const recipient = owner.identity.recipient().toString()
  const { status, stdout, stderr } = spawnSync('age', [...options, '-r', recipient], {
    input,
    maxBuffer: 1 << 24,
  })
  assert.equal(status, 0, stderr.toString())
  return new Uint8Array(stdout)
}

test('what age makes opens, binary and armored, with an allowance alone', async (t) => {
  if (!hasAge(t)) return
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  for (const [name, options] of [
    ['binary', []],
    ['armored', ['-a']],
  ] as const) {
    const path = put(folder, `${name}.age`, age(owner, options, PLAINTEXT))
    await assertRefused(path, readerOf(owner), { code: 'NOT_SIGNED' })
    assert.deepEqual(await opened(path, { ...readerOf(owner), allowUnsigned: true }), PLAINTEXT)
  }
})
