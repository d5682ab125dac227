import assert from 'node:assert/strict'
import { chmodSync, lstatSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { armor, ScryptIdentity, ScryptRecipient } from '@strongroom/core/age'
import { createSessionKey, NamedSessionKey } from '@strongroom/core/keyblob'
import {
  exportKeyBlob,
  inspectFile,
  Ledger,
  openFile,
  resealFile,
  rewrapFile,
  sealWithPassword,
  verifyFile,
  type Reader,
  type RewrapOptions,
  type SealErrorCode,
} from '@strongroom/core/seal'
import { encryptTo, headerLengthOf, takeApart } from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused, refusal } from './support/refusal.ts'
import { assertAgeOpens, typageOpens } from './support/stock-age.ts'
import { assertUntouched, traceOf } from './support/trace.ts'

const LEAF = 1_048_576
const LARGE = noise(LEAF + 10_000)
const SMALL = noise(1_000)

const recipientsOf = (...people: readonly Person[]) => people.map(({ identity }) => identity.recipient())

/** What comes out of a file for a reader. */
async function opened(path: string, reader: Reader): Promise<Uint8Array> {
  const output = { path: `${path}.out`, overwrite: true }
  await openFile({ input: { path }, output }, { ...reader, threads: 1 })
  return bytesOf(output.path)
}

for (const profile of PROFILES) {
  for (const [place, plaintext] of [
    ['in place', LARGE],
    ['anew', SMALL],
  ] as const) {
    test(`rewrap ${place}, ${profile}: the new recipient opens, the old one does not, the seal is the same`, async (t) => {
      const folder = folderFor(t)
      const [owner, heir] = [person('owner', profile), person('heir', profile)]
      const path = await sealBytes(folder, 'file', plaintext, sealerOf(owner))
      chmodSync(path, 0o644)
      const before = traceOf(path)
      const { sealId } = await verifyFile({ path }, readerOf(owner))
      const rewrapped = await rewrapFile(path, { ...readerOf(owner), recipients: recipientsOf(heir) })
      assert.deepEqual([rewrapped.inPlace, rewrapped.seal?.sealId], [place === 'in place', sealId])
      const after = traceOf(path)
      assert.equal(after.inode === before.inode, rewrapped.inPlace)
      assert.deepEqual([after.mode, after.neighbours], [0o644, before.neighbours])
      const [old, now] = [takeApart(before.bytes), takeApart(after.bytes)]
      assert.equal(Buffer.compare(now.payload, old.payload), 0)
      assert.deepEqual(now.nonce, old.nonce)
      if (rewrapped.inPlace) assert.equal(after.bytes.length, before.bytes.length)
      assert.deepEqual((await verifyFile({ path }, readerOf(heir, owner))).sealId, sealId)
      assert.deepEqual(await opened(path, readerOf(heir, owner)), plaintext)
      await assertRefused(path, readerOf(owner), { code: 'NO_KEY' })
      await assertAgeOpens(t, heir, after.bytes, plaintext)
      await assert.rejects(typageOpens(owner.identity, after.bytes))
    })
  }
}

test('a recipient without the owner’s signature key can rewrap, and the signature stays the owner’s', async (t) => {
  const folder = folderFor(t)
  const [owner, authority, heir] = [person('owner', 'pq'), person('authority', 'pq'), person('heir', 'pq')]
  const path = await sealBytes(folder, 'file', LARGE, sealerOf(owner, [authority]))
  const options = { ...readerOf(authority, owner), recipients: recipientsOf(authority, heir) }
  await rewrapFile(path, options)
  const seal = await verifyFile({ path }, readerOf(heir, owner))
  assert.equal(seal.signerName, 'owner')
  await assertRefused(path, readerOf(owner), { code: 'NO_KEY' })
})

test('a header has room for one more recipient; for many the file is written anew, with room again', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const others = Array.from({ length: 40 }, (_, i) => person(`reader ${i}`, 'classic'))
  const path = await sealBytes(folder, 'file', LARGE, sealerOf(owner))
  const rewrap = async (count: number) => {
    const recipients = recipientsOf(owner, ...others.slice(0, count))
    const { inPlace } = await rewrapFile(path, { ...readerOf(owner), recipients })
    assert.equal((headerLengthOf(bytesOf(path)) + 16) % 4096, 0)
    for (const reader of [owner, ...others.slice(0, count)].slice(-2)) {
      assert.equal((await verifyFile({ path }, readerOf(reader, owner))).signerName, 'owner')
    }
    return inPlace
  }
  assert.equal(await rewrap(1), true)
  assert.equal(await rewrap(40), false)
  assert.equal(await rewrap(39), true)
  assert.equal(await rewrap(0), true)
})

test('the stanza of a named session key is kept', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  const { signingKey } = owner
  const recipients = recipientsOf(owner)
  const blob = createSessionKey({ name: 'archive', recipients, signingKey, nowMs: 1 })
  const namedKey = NamedSessionKey.open('archive', blob, [owner.identity], directoryOf(owner))
  for (const [name, plaintext] of [
    ['large', LARGE],
    ['small', SMALL],
  ] as const) {
    const path = await sealBytes(folder, name, plaintext, { ...sealerOf(owner), namedKey })
    await rewrapFile(path, { ...readerOf(owner), recipients: recipientsOf(heir) })
    const byKey = { identities: [namedKey], signers: directoryOf(owner) }
    assert.deepEqual(await opened(path, byKey), plaintext)
    const { stanzas } = await inspectFile({ path })
    const types = stanzas.map(({ type }) => type)
    assert.deepEqual(types, ['X25519', 'strongroom/session-key', 'strongroom/seal', 'strongroom/pad'])
    // Who has the named key alone can rewrap, too.
    await rewrapFile(path, { ...byKey, recipients: recipientsOf(owner) })
    assert.deepEqual(await opened(path, readerOf(owner)), plaintext)
  }
})

for (const [place, plaintext] of [
  ['in place', LARGE],
  ['anew', SMALL],
] as const) {
  test(`a key blob kept apart opens the file after it was rewrapped ${place} to somebody else`, async (t) => {
    const folder = folderFor(t)
    const [owner, thief] = [person('owner', 'pq'), person('thief', 'pq')]
    const path = await sealBytes(folder, 'file', plaintext, sealerOf(owner))
    const keyBlob = await exportKeyBlob(path)
    assert.deepEqual(keyBlob, bytesOf(path).slice(0, headerLengthOf(bytesOf(path))))
    await rewrapFile(path, { ...readerOf(owner), recipients: recipientsOf(thief) })
    await assertRefused(path, readerOf(owner), { code: 'NO_KEY' })
    assert.deepEqual(await opened(path, { ...readerOf(owner), keyBlob }), plaintext)
    const seal = await verifyFile({ path }, { ...readerOf(owner), keyBlob })
    assert.equal(seal.signerName, 'owner')
    await assertRefused(path, { ...readerOf(thief), keyBlob }, { code: 'NO_KEY' })
  })
}

interface Refused {
  readonly code: SealErrorCode
  readonly options: (people: { owner: Person; stranger: Person; folder: string }) => RewrapOptions
}

const REFUSED: Readonly<Record<string, Refused>> = {
  'nobody to wrap for': {
    code: 'RECIPIENTS',
    options: ({ owner }) => ({ ...readerOf(owner), recipients: [] }),
  },
  'two generations of keys': {
    code: 'RECIPIENTS',
    options: ({ owner }) => ({ ...readerOf(owner), recipients: recipientsOf(owner, person('other', 'pq')) }),
  },
  'a passphrase, which would have to stand alone': {
    code: 'RECIPIENTS',
    options: ({ owner }) => ({ ...readerOf(owner), recipients: [new ScryptRecipient('passphrase', 4)] }),
  },
  'a passphrase beside a key': {
    code: 'RECIPIENTS',
    options: ({ owner }) => ({
      ...readerOf(owner),
      recipients: [...recipientsOf(owner), new ScryptRecipient('passphrase', 4)],
    }),
  },
  'a key that does not open it': {
    code: 'NO_KEY',
    options: ({ owner, stranger }) => ({ ...readerOf(stranger, owner), recipients: recipientsOf(stranger) }),
  },
  'a signer that is not known': {
    code: 'UNKNOWN_SIGNER',
    options: ({ owner, stranger }) => ({
      identities: [owner.identity],
      signers: directoryOf(stranger),
      recipients: recipientsOf(owner),
    }),
  },
  'a stop': {
    code: 'CANCELLED',
    options: ({ owner }) => ({
      ...readerOf(owner),
      recipients: recipientsOf(owner),
      signal: AbortSignal.abort(),
    }),
  },
}

for (const [name, { code, options }] of Object.entries(REFUSED)) {
  for (const [size, plaintext] of [
    ['large', LARGE],
    ['small', SMALL],
  ] as const) {
    test(`a ${size} file is not touched when a rewrap is refused: ${name}`, async (t) => {
      const folder = folderFor(t)
      const [owner, stranger] = [person('owner', 'classic'), person('stranger', 'classic')]
      const path = await sealBytes(folder, 'file', plaintext, sealerOf(owner))
      const before = traceOf(path)
      const error = await refusal(rewrapFile(path, options({ owner, stranger, folder })))
      assert.deepEqual([error.code, error.path], [code, path])
      assertUntouched(path, before)
    })
  }
}

async function rewrapRefused(t: TestContext, bytes: Uint8Array, owner: Person, code: SealErrorCode) {
  const path = put(folderFor(t), 'file.age', bytes)
  const before = traceOf(path)
  const options = { ...readerOf(owner), recipients: recipientsOf(owner) }
  assert.equal((await refusal(rewrapFile(path, options))).code, code)
  assertUntouched(path, before)
}

test('a file with a changed header is not rewrapped, nor one that nobody signed, nor armor', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const file = bytesOf(await sealBytes(folder, 'file', LARGE, sealerOf(owner)))
  const pad = Buffer.from(file).indexOf('strongroom/pad') + 20
  await rewrapRefused(t, file.with(pad, file[pad] === 65 ? 66 : 65), owner, 'NOT_AUTHENTIC')
  const plain = await encryptTo(recipientsOf(owner).map(String), SMALL)
  await rewrapRefused(t, plain.file, owner, 'NOT_SIGNED')
  const small = bytesOf(await sealBytes(folder, 'small', SMALL, sealerOf(owner)))
  await rewrapRefused(t, new TextEncoder().encode(armor(small)), owner, 'UNSUPPORTED')
  await rewrapRefused(t, new Uint8Array(0), owner, 'NOT_AGE')
})

test('an old version is not rewrapped unless asked', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'file', SMALL, sealerOf(owner))
  const old = put(folder, 'old.age', bytesOf(path))
  const ledger = new Ledger(join(folder, 'ledger'))
  await resealFile(path, { ...readerOf(owner), ...sealerOf(owner), ledger })
  const options = { ...readerOf(owner), ledger, recipients: recipientsOf(owner) }
  assert.equal((await refusal(rewrapFile(old, options))).code, 'SUPERSEDED')
  await rewrapFile(old, { ...options, allowSuperseded: true })
})

test('a plain age file is rewrapped on request, and is as unsigned as before', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  for (const plaintext of [SMALL, LARGE]) {
    const { file } = await encryptTo(recipientsOf(owner).map(String), plaintext)
    const path = put(folder, 'plain.age', file)
    const options = { ...readerOf(owner), allowUnsigned: true, recipients: recipientsOf(heir) }
    assert.equal((await rewrapFile(path, options)).seal, undefined)
    await assertAgeOpens(t, heir, bytesOf(path), plaintext)
    await assertRefused(path, readerOf(heir), { code: 'NOT_SIGNED' })
  }
})

test('a file under a passphrase keeps it: a header with room in it would open to nobody', async (t) => {
  const folder = folderFor(t)
  const output = { path: join(folder, 'secret.age') }
  const input = { path: put(folder, 'secret', SMALL) }
  await sealWithPassword({ input, output }, { passphrase: 'old', logN: 4 })
  const before = traceOf(output.path)
  const reader = { identities: [new ScryptIdentity('old')], signers: directoryOf() }
  const recipients = [new ScryptRecipient('new', 4)]
  assert.equal((await refusal(rewrapFile(output.path, { ...reader, recipients }))).code, 'RECIPIENTS')
  assertUntouched(output.path, before)
})

test('through a symbolic link, the file that it names is rewrapped, and the link stays one', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  for (const [name, plaintext] of [
    ['large', LARGE],
    ['small', SMALL],
  ] as const) {
    const path = await sealBytes(folder, name, plaintext, sealerOf(owner))
    const link = join(folderFor(t), 'link')
    symlinkSync(path, link)
    await rewrapFile(link, { ...readerOf(owner), recipients: recipientsOf(heir) })
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.deepEqual(await opened(path, readerOf(heir, owner)), plaintext)
  }
})

test('a damaged payload stays as it is: damaged', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  for (const plaintext of [LARGE, SMALL]) {
    const path = await sealBytes(folder, `file of ${plaintext.length}`, plaintext, sealerOf(owner))
    const file = bytesOf(path)
    put(folder, `file of ${plaintext.length}.age`, file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1))
    await rewrapFile(path, { ...readerOf(owner), recipients: recipientsOf(owner) })
    assert.equal((await refusal(opened(path, readerOf(owner)))).code, 'NOT_AUTHENTIC')
  }
})
