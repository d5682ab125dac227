import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScryptIdentity } from '@strongroom/core/age'
import { createSessionKey } from '@strongroom/core/keyblob'
import {
  exportKeyBlob,
  inspectFile,
  sealFiles,
  sealWithPassword,
  verifyFile,
  type Inspection,
  type InspectOptions,
} from '@strongroom/core/seal'
import {
  encryptTo,
  headerLengthOf,
  learnFileKey,
  putTogetherWith,
  sealOf,
  takeApart,
  withSeal,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { refusal } from './support/refusal.ts'

const PLAINTEXT = noise(100_000)

/** What a person can know of a file: how it is protected, what it says, and how much of that is proved. */
function summary({ protection, opened, claims, verified, problem }: Inspection) {
  return {
    protection,
    opened,
    says: claims?.metadata.name,
    verified: verified?.signerName,
    problem: problem?.code,
  }
}

const keysOnly = ({ identity }: Person): InspectOptions => ({ identities: [identity] })
const signersOnly = (owner: Person): InspectOptions => ({ signers: directoryOf(owner) })

for (const profile of PROFILES) {
  test(`a ${profile} file with a private seal: only who opens it learns what it says`, async (t) => {
    const folder = folderFor(t)
    const [owner, stranger] = [person('owner', profile), person('stranger', profile)]
    const path = await sealBytes(folder, 'letter', PLAINTEXT, sealerOf(owner))
    const sealed = { protection: 'private seal', opened: true, says: 'letter' } as const
    const closed = { ...sealed, opened: false, says: undefined, verified: undefined, problem: 'NO_KEY' }
    const expected = [
      [{}, closed],
      [signersOnly(owner), closed],
      [keysOnly(stranger), closed],
      [keysOnly(owner), { ...sealed, verified: undefined, problem: 'UNKNOWN_SIGNER' }],
      [{ ...readerOf(owner) }, { ...sealed, verified: 'owner', problem: undefined }],
    ] as const
    for (const [options, answer] of expected) {
      assert.deepEqual(summary(await inspectFile({ path }, options)), answer)
    }
  })

  test(`a ${profile} file with a public seal: everybody learns what it says, who knows the signer also by whom`, async (t) => {
    const folder = folderFor(t)
    const [owner, stranger] = [person('owner', profile), person('stranger', profile)]
    const options = { ...sealerOf(owner), visibility: 'public' as const }
    const path = await sealBytes(folder, 'letter', PLAINTEXT, options)
    const sealed = { protection: 'public seal', says: 'letter' } as const
    const unknown = { verified: undefined, problem: 'UNKNOWN_SIGNER' }
    const known = { verified: 'owner', problem: undefined }
    const expected = [
      [{}, { ...sealed, opened: false, ...unknown }],
      [keysOnly(owner), { ...sealed, opened: true, ...unknown }],
      [signersOnly(owner), { ...sealed, opened: false, ...known }],
      [readerOf(stranger, owner), { ...sealed, opened: false, ...known }],
      [readerOf(owner), { ...sealed, opened: true, ...known }],
    ] as const
    for (const [reader, answer] of expected) {
      const found = await inspectFile({ path }, reader)
      assert.deepEqual(summary(found), answer)
      assert.equal(found.verified?.keyChecked ?? found.opened, found.opened)
    }
  })
}

test('all that is said about a sealed file', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const jobs = ['one', 'two', 'three'].map((name) => ({
    input: { path: put(folder, name, noise(2_097_153)) },
    output: { path: join(folder, `${name}.age`) },
    description: `the file called ${name}`,
  }))
  await sealFiles(jobs, { ...sealerOf(owner), visibility: 'public' })
  const path = join(folder, 'two.age')
  const file = bytesOf(path)
  const found = await inspectFile({ path }, readerOf(owner))
  const seal = await verifyFile({ path }, readerOf(owner))
  assert.deepEqual(found.verified, seal)
  assert.deepEqual(
    { ...found, verified: undefined, claims: undefined, stanzas: found.stanzas.map(({ type }) => type) },
    {
      form: 'file',
      stanzas: ['X25519', 'strongroom/seal', 'strongroom/pad'],
      headerBytes: headerLengthOf(file),
      padStanzas: 1,
      plaintextBytes: 2_097_153,
      payloadBytes: takeApart(file).payload.length,
      protection: 'public seal',
      opened: true,
      claims: undefined,
      verified: undefined,
      problem: undefined,
    },
  )
  const { serial, sealId, metadata, commitment, signer } = seal
  assert.deepEqual(found.claims, {
    kind: 'file',
    serial,
    sealId,
    metadata,
    commitment,
    signerId: signer.keyId,
    segments: 3,
    leavesPerSegment: 1,
    batchSize: 3,
  })
  assert.equal(metadata.description, 'the file called two')
})

test('a key blob, of a file and of a named session key', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'letter', PLAINTEXT, sealerOf(owner))
  const recipients = [owner.identity.recipient()]
  const { signingKey } = owner
  const blobs = {
    file: await exportKeyBlob(path),
    'session-key': createSessionKey({ name: 'archive', recipients, signingKey, nowMs: 1 }),
  }
  for (const [kind, blob] of Object.entries(blobs)) {
    const input = { path: put(folder, 'detached.keyblob', blob) }
    const found = await inspectFile(input, readerOf(owner))
    assert.deepEqual(
      [found.form, found.claims?.kind, found.verified?.kind, found.headerBytes],
      ['key blob', kind, kind, blob.length],
    )
    assert.deepEqual([found.plaintextBytes, found.payloadBytes], [undefined, undefined])
  }
})

test('a file that nobody signed, and one under a passphrase', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const { file } = await encryptTo([owner.identity.recipient().toString()], PLAINTEXT)
  const plain = put(folder, 'plain.age', file)
  const none = { protection: 'none', says: undefined, verified: undefined } as const
  assert.deepEqual(summary(await inspectFile({ path: plain }, readerOf(owner))), {
    ...none,
    opened: true,
    problem: undefined,
  })
  assert.deepEqual(summary(await inspectFile({ path: plain })), { ...none, opened: false, problem: 'NO_KEY' })
  const input = { path: put(folder, 'secret', PLAINTEXT) }
  const output = { path: join(folder, 'secret.age') }
  await sealWithPassword({ input, output }, { passphrase: 'open sesame', logN: 4 })
  const password = { ...none, protection: 'password' } as const
  const identities = [new ScryptIdentity('open sesame')]
  assert.deepEqual(summary(await inspectFile(output, { identities })), {
    ...password,
    opened: true,
    problem: undefined,
  })
  assert.deepEqual(summary(await inspectFile(output, readerOf(owner))), {
    ...password,
    opened: false,
    problem: 'NO_KEY',
  })
})

test('what is wrong with a seal is part of the answer', async (t) => {
  const folder = folderFor(t)
  const [owner, authority] = [person('owner', 'classic'), person('authority', 'classic')]
  const options = { ...sealerOf(owner, [authority]), visibility: 'public' as const }
  const file = bytesOf(await sealBytes(folder, 'letter', PLAINTEXT, options))
  const parts = takeApart(file)
  const fileKey = await learnFileKey(file, authority.identity.toString())
  const recipient = owner.identity.recipient().toString()
  const mac = Buffer.from(file).indexOf('\n--- ') + 10
  const wrong: Readonly<Record<string, Uint8Array>> = {
    'the MAC is not right': file.with(mac, file[mac] === 65 ? 66 : 65),
    'the session key was substituted': (await encryptTo([recipient], PLAINTEXT, [sealOf(parts)])).file,
    'the payload was cut': file.slice(0, -1),
    'no payload can be so long': file.slice(0, headerLengthOf(file) + 16 + 65_552 + 3),
    'two seals': putTogetherWith(fileKey, withSeal(parts, sealOf(parts), sealOf(parts))),
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    await t.test(name, async () => {
      const path = put(folder, 'wrong.age', bytes)
      const { verified, problem } = await inspectFile({ path }, readerOf(owner))
      assert.deepEqual([verified?.signerName, problem?.code], [undefined, 'NOT_AUTHENTIC'])
    })
  }
})

test('a plain age file whose payload was cut', async (t) => {
  const owner = person('owner', 'classic')
  const { file } = await encryptTo([owner.identity.recipient().toString()], new Uint8Array(0))
  const path = put(folderFor(t), 'plain.age', file.slice(0, -1))
  const { plaintextBytes, payloadBytes, problem } = await inspectFile({ path }, readerOf(owner))
  assert.deepEqual([plaintextBytes, payloadBytes, problem?.code], [undefined, 15, 'NOT_AUTHENTIC'])
})

test('the payload is not looked at', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'letter', PLAINTEXT, sealerOf(owner))
  const file = bytesOf(path)
  put(folder, 'letter.age', file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1))
  assert.equal((await inspectFile({ path }, readerOf(owner))).verified?.signerName, 'owner')
  assert.equal((await refusal(verifyFile({ path }, readerOf(owner)))).code, 'NOT_AUTHENTIC')
})

test('what is no age file is refused, and named', async (t) => {
  const folder = folderFor(t)
  const wrong = [
    [put(folder, 'empty', ''), 'NOT_AGE'],
    [put(folder, 'text', 'a plain text\n'), 'NOT_AGE'],
    [put(folder, 'future', 'age-encryption.org/v2\n-> X\n\n--- x\n'), 'NOT_AGE'],
    [put(folder, 'garbled', 'age-encryption.org/v1\n-> \n'), 'HEADER'],
    [put(folder, 'cut', 'age-encryption.org/v1\n-> X25519 abc\n'), 'HEADER'],
    [folder, 'UNSUPPORTED'],
    ['/dev/null', 'UNSUPPORTED'],
    [join(folder, 'missing'), 'IO'],
  ] as const
  for (const [path, code] of wrong) {
    const error = await refusal(inspectFile({ path }))
    assert.deepEqual([error.code, error.path], [code, path])
  }
})
