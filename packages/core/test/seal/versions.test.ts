import assert from 'node:assert/strict'
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ScryptIdentity, ScryptRecipient } from '@strongroom/core/age'
import { createSessionKey, formatSerial, NamedSessionKey } from '@strongroom/core/keyblob'
import {
  inspectFile,
  Ledger,
  openFile,
  resealFile,
  sealWithPassword,
  verifyFile,
  type Reader,
  type ResealOptions,
  type SealErrorCode,
} from '@strongroom/core/seal'
import {
  encryptPayload,
  encryptTo,
  learnFileKey,
  putTogether,
  putTogetherWith,
  takeApart,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealOne, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused, refusal } from './support/refusal.ts'
import { assertAgeOpens, typageOpens } from './support/stock-age.ts'
import { assertUntouched, traceOf } from './support/trace.ts'

const LEAF = 1_048_576
const PLAINTEXT = noise(LEAF + 70_000)
const SMALL = noise(1_000)

const toItself = (owner: Person): ResealOptions => ({ ...readerOf(owner), ...sealerOf(owner) })

async function opened(path: string, reader: Reader): Promise<Uint8Array> {
  const output = { path: `${path}.out`, overwrite: true }
  await openFile({ input: { path }, output }, { ...reader, threads: 1 })
  return bytesOf(output.path)
}

for (const profile of PROFILES) {
  test(`reseal, ${profile}: the next version, under a new session key`, async (t) => {
    const folder = folderFor(t)
    const [owner, leaver] = [person('owner', profile), person('leaver', profile)]
    const path = await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner, [leaver]))
    const before = await verifyFile({ path }, readerOf(owner))
    const old = bytesOf(path)
    const oldKey = await learnFileKey(old, leaver.identity.toString())
    const ledgerPath = join(folder, 'ledger')
    const sealed = await resealFile(path, { ...toItself(owner), ledger: new Ledger(ledgerPath) })
    const after = await verifyFile({ path }, readerOf(owner))
    const now = bytesOf(path)
    assert.deepEqual(
      [sealed.version, sealed.serial, sealed.sealId, sealed.plaintextBytes, sealed.sealedBytes],
      [2, before.serial, after.sealId, PLAINTEXT.length, now.length],
    )
    assert.deepEqual([after.metadata.version, after.metadata.previous], [2, before.sealId])
    assert.deepEqual(after.serial, before.serial)
    assert.notDeepEqual(after.commitment, before.commitment)
    assert.notDeepEqual(takeApart(now).nonce, takeApart(old).nonce)
    assert.deepEqual(await opened(path, readerOf(owner)), PLAINTEXT)
    await assertAgeOpens(t, owner, now, PLAINTEXT)
    const signer = Buffer.from(owner.signingKey.signer.keyId).toString('hex')
    const line = `${formatSerial(after.serial)} ${signer} 2 ${Buffer.from(after.sealId).toString('hex')}\n`
    assert.equal(readFileSync(ledgerPath, 'utf8'), line)

    // Who had the old key has nothing: neither their own key, nor the old header, nor the session key helps.
    await assertRefused(path, readerOf(leaver, owner), { code: 'NO_KEY' })
    await assert.rejects(typageOpens(leaver.identity, now))
    const underOldHeader = putTogether({ ...takeApart(old), payload: takeApart(now).payload })
    await assert.rejects(typageOpens(leaver.identity, underOldHeader))
    const oldNames = { ...takeApart(now), stanzas: takeApart(old).stanzas }
    await assert.rejects(typageOpens(leaver.identity, putTogetherWith(oldKey, oldNames)))
    const forged = putTogether({
      ...takeApart(now),
      payload: encryptPayload(oldKey, takeApart(now).nonce, noise(PLAINTEXT.length, 'forged')),
    })
    await assertRefused(put(folder, 'forged.age', forged), readerOf(owner), { code: 'NOT_AUTHENTIC' })
  })
}

test('a reseal keeps what was said of the file, and replaces the description if told', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const input = put(folder, 'notes', SMALL)
  chmodSync(input, 0o640)
  const output = { path: join(folder, 'notes.age') }
  await sealOne(
    { input: { path: input }, output, name: 'papers/notes', description: 'first' },
    sealerOf(owner),
  )
  const { metadata: first } = await verifyFile(output, readerOf(owner))
  await resealFile(output.path, toItself(owner))
  const { metadata: second } = await verifyFile(output, readerOf(owner))
  await resealFile(output.path, { ...toItself(owner), description: 'third' })
  const { metadata: third } = await verifyFile(output, readerOf(owner))
  const { name, mode, mtimeNs } = first
  assert.deepEqual([name, mode, first.description, first.version], ['papers/notes', 0o640, 'first', 1])
  for (const [metadata, description, version] of [
    [second, 'first', 2],
    [third, 'third', 3],
  ] as const) {
    assert.deepEqual(
      [metadata.name, metadata.mode, metadata.mtimeNs, metadata.description, metadata.version],
      [name, mode, mtimeNs, description, version],
    )
    assert.ok(metadata.createdMs >= first.createdMs)
  }
})

test('a reseal is for those who are named, public or not, and under a named key if one is given', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  const { signingKey, identity } = owner
  const recipients = [identity.recipient()]
  const blob = createSessionKey({ name: 'archive', recipients, signingKey, nowMs: 1 })
  const namedKey = NamedSessionKey.open('archive', blob, [identity], directoryOf(owner))
  const path = await sealBytes(folder, 'file', SMALL, sealerOf(owner))
  await resealFile(path, {
    ...toItself(owner),
    recipients: [heir.identity.recipient()],
    namedKey,
    visibility: 'public',
  })
  const { stanzas } = await inspectFile({ path })
  assert.deepEqual(
    stanzas.map(({ type }) => type),
    ['X25519', 'strongroom/session-key', 'strongroom/seal', 'strongroom/pad'],
  )
  assert.deepEqual(await opened(path, readerOf(heir, owner)), SMALL)
  assert.deepEqual(await opened(path, { identities: [namedKey], signers: directoryOf(owner) }), SMALL)
  const { visibility } = await verifyFile({ path }, { identities: [], signers: directoryOf(owner) })
  assert.equal(visibility, 'public')
})

test('a file of somebody else’s becomes one’s own: signed anew, with the serial number it had', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'pq'), person('heir', 'classic')]
  const path = await sealBytes(folder, 'file', SMALL, sealerOf(owner))
  const before = await verifyFile({ path }, readerOf(owner))
  await resealFile(path, { ...readerOf(owner), ...sealerOf(heir) })
  const after = await verifyFile({ path }, readerOf(heir))
  assert.deepEqual([after.signerName, after.serial], ['heir', before.serial])
  assert.deepEqual(after.metadata.previous, before.sealId)
})

test('a plain age file and one under a passphrase become sealed ones, version 1', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const { file } = await encryptTo([owner.identity.recipient().toString()], SMALL)
  const plain = put(folder, 'plain.age', file)
  assert.equal((await refusal(resealFile(plain, toItself(owner)))).code, 'NOT_SIGNED')
  assert.deepEqual(bytesOf(plain), file)
  await resealFile(plain, { ...toItself(owner), allowUnsigned: true })
  const output = { path: join(folder, 'secret.age') }
  await sealWithPassword(
    { input: { path: put(folder, 'secret', SMALL) }, output },
    { passphrase: 'p', logN: 4 },
  )
  await resealFile(output.path, { ...toItself(owner), identities: [new ScryptIdentity('p')] })
  for (const path of [plain, output.path]) {
    const { metadata } = await verifyFile({ path }, readerOf(owner))
    assert.deepEqual([metadata.version, metadata.previous, metadata.name], [1, undefined, undefined])
    assert.deepEqual(await opened(path, readerOf(owner)), SMALL)
  }
})

interface Refused {
  readonly code: SealErrorCode
  readonly options: (owner: Person, stranger: Person) => Partial<ResealOptions>
}

const REFUSED: Readonly<Record<string, Refused>> = {
  'a key that does not open it': {
    code: 'NO_KEY',
    options: (_owner, stranger) => ({ identities: [stranger.identity] }),
  },
  'a signer that is not known': {
    code: 'UNKNOWN_SIGNER',
    options: (_owner, stranger) => ({ signers: directoryOf(stranger) }),
  },
  'nobody to seal for': { code: 'RECIPIENTS', options: () => ({ recipients: [] }) },
  'two generations of keys': {
    code: 'RECIPIENTS',
    options: (owner) => ({
      recipients: [owner.identity.recipient(), person('other', 'pq').identity.recipient()],
    }),
  },
  'a passphrase, which would have to stand alone': {
    code: 'RECIPIENTS',
    options: () => ({ recipients: [new ScryptRecipient('passphrase', 4)] }),
  },
  'a description that is too long': { code: 'LIMIT', options: () => ({ description: 'x'.repeat(1025) }) },
  'a stop': { code: 'CANCELLED', options: () => ({ signal: AbortSignal.abort() }) },
}

for (const [name, { code, options }] of Object.entries(REFUSED)) {
  test(`a file is not touched when a reseal is refused: ${name}`, async (t) => {
    const [owner, stranger] = [person('owner', 'classic'), person('stranger', 'classic')]
    const path = await sealBytes(folderFor(t), 'file', SMALL, sealerOf(owner))
    const before = traceOf(path)
    const error = await refusal(resealFile(path, { ...toItself(owner), ...options(owner, stranger) }))
    assert.deepEqual([error.code, error.path], [code, path])
    assertUntouched(path, before)
  })
}

test('a damaged file is not resealed: nobody’s content gets the owner’s new signature', async (t) => {
  const folder = folderFor(t)
  const [owner, authority] = [person('owner', 'classic'), person('authority', 'classic')]
  const file = bytesOf(await sealBytes(folder, 'file', PLAINTEXT, sealerOf(owner, [authority])))
  const fileKey = await learnFileKey(file, authority.identity.toString())
  const parts = takeApart(file)
  const forged = encryptPayload(fileKey, parts.nonce, noise(PLAINTEXT.length, 'forged'))
  for (const bytes of [
    putTogether({ ...parts, payload: forged }),
    file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1),
    file.slice(0, -1),
  ]) {
    const path = put(folderFor(t), 'file.age', bytes)
    const before = traceOf(path)
    assert.equal((await refusal(resealFile(path, toItself(owner)))).code, 'NOT_AUTHENTIC')
    assertUntouched(path, before)
  }
})

test('through a symbolic link, the file that it names is resealed; the sealed file is its owner’s alone', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'file', SMALL, sealerOf(owner))
  chmodSync(path, 0o644)
  const link = join(folderFor(t), 'link')
  symlinkSync(path, link)
  await resealFile(link, toItself(owner))
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal((await verifyFile({ path }, readerOf(owner))).metadata.version, 2)
  assert.deepEqual(readdirSync(folder).sort(), ['file', 'file.age'])
})
