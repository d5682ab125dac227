/* Files that open again for their owner, and what else comes back. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { toHex } from '../../src/bytes/index.ts'
import {
  DepositChoice,
  depositsNamed,
  findDeposits,
  keyOfFile,
  recoveredKeyBlob,
  recoveredName,
  restoreFile,
  type RecoveredKey,
} from '../../src/client/index.ts'
import { MlKem768X25519Identity } from '../../src/age/index.ts'
import { createContainer } from '../../src/container/index.ts'
import { NamedSessionKey, newSerial, openKeyBlob, parseKeyBlob } from '../../src/keyblob/index.ts'
import { exportKeyBlob, openFile, sealFiles, type SealOptions } from '../../src/seal/index.ts'
import { bytesOf } from '../protocol/fixtures.ts'
import { OWNER_ID, OWNER_KEY, RecoveryAuthority, START } from './recovery-authority.ts'
import { temporaryFolder } from './recovery-scene.ts'

const OLD = MlKem768X25519Identity.fromBytes(bytesOf(0x31))
const OWNER = OWNER_KEY.signer
const OLD_READER = {
  identities: [OLD],
  signers: { find: () => ({ signer: OWNER, name: 'owner' }) },
}
const NEW = createContainer({ name: 'new', now: new Date(START) })

interface Sealed {
  readonly path: string
  readonly key: RecoveredKey
  readonly authority: RecoveryAuthority
}

/** A file that the owner sealed, and its key as it comes back. */
async function sealed(
  t: TestContext,
  name = 'letter.txt',
  options: Partial<SealOptions> = {},
): Promise<Sealed> {
  const folder = temporaryFolder(t)
  const input = join(folder, name)
  const path = `${input}.age`
  writeFileSync(input, `the content of ${name}`)
  const [result] = await sealFiles([{ input: { path: input }, output: { path } }], {
    recipients: [OLD.recipient()],
    signingKey: OWNER_KEY,
    visibility: 'private',
    threads: 1,
    ...options,
  })
  assert.ok(result && 'sealId' in result)
  const { sessionKey, seal } = openKeyBlob(
    parseKeyBlob(await exportKeyBlob(path)),
    OLD_READER.identities,
    OLD_READER.signers,
  )
  const authority = new RecoveryAuthority()
  const { id, context } = authority.keep({
    sessionKey,
    serial: seal.serial,
    sealId: seal.sealId,
    object: { name, size: readFileSync(input).length },
  })
  return { path, authority, key: { id, context, sessionKey, decryptOnly: true } }
}

const options = { ownerSigner: OWNER.toString(), recipients: [NEW.recipient()] }
const reader = { identities: NEW.identities(), signers: OLD_READER.signers }

/** What is in a file, for whoever has the new container. */
async function read(path: string): Promise<string> {
  const output = `${path}.opened`
  await openFile({ input: { path }, output: { path: output, overwrite: true } }, reader)
  return readFileSync(output, 'utf8')
}

suite('a file that is restored', () => {
  test('opens for its new owner, under the seal of the old one', async (t) => {
    const { path, key } = await sealed(t)
    await assert.rejects(read(path), { code: 'NO_KEY' })
    const { seal } = await restoreFile(path, key, options)
    assert.equal(seal.signer.fingerprint, OWNER.fingerprint)
    assert.equal(await read(path), 'the content of letter.txt')
  })

  test('can be restored again', async (t) => {
    const { path, key } = await sealed(t)
    await restoreFile(path, key, options)
    await restoreFile(path, key, options)
    assert.equal(await read(path), 'the content of letter.txt')
  })

  test('is found by its key among others', async (t) => {
    const [one, other] = [await sealed(t), await sealed(t)]
    assert.equal(await keyOfFile(one.path, [other.key, one.key]), one.key)
    assert.equal(await keyOfFile(one.path, [other.key]), undefined)
  })

  test('stays as it is if the deposit commits to another key', async (t) => {
    const { path, key } = await sealed(t)
    const before = toHex(readFileSync(path))
    const wrong = { ...key, context: { ...key.context, commitment: bytesOf(9) } }
    await assert.rejects(restoreFile(path, wrong, options), {
      code: 'CLIENT_ALARM',
      message: /commits to another key/,
    })
    assert.equal(toHex(readFileSync(path)), before)
  })

  test('stays as it is under a key of another file', async (t) => {
    const [one, other] = [await sealed(t), await sealed(t)]
    const before = toHex(readFileSync(one.path))
    await assert.rejects(restoreFile(one.path, other.key, options), { code: 'NOT_AUTHENTIC' })
    assert.equal(toHex(readFileSync(one.path)), before)
  })

  test('stays as it is if somebody else sealed it', async (t) => {
    const { path, key } = await sealed(t)
    const stranger = NEW.signingKey().signer.toString()
    await assert.rejects(restoreFile(path, key, { ...options, ownerSigner: stranger }), {
      code: 'UNKNOWN_SIGNER',
    })
  })
})

const NOTHING = { all: false, ids: [], serials: [], paths: [] }

suite('the deposits of a file', () => {
  test('a choice takes what is named, each once, and says what is not there', async (t) => {
    const { path, key, authority } = await sealed(t)
    const other = authority.keep({ sessionKey: bytesOf(1, 16), serial: newSerial(START) })
    const third = authority.keep({ sessionKey: bytesOf(2, 16), serial: newSerial(START) })
    const absent = bytesOf(9)
    const choice = await DepositChoice.of({
      all: false,
      ids: [key.id, absent, absent],
      serials: [other.context.serial, bytesOf(8, 16)],
      paths: [path, path],
    })
    const found = await findDeposits(authority, OWNER_ID, choice.takes)
    assert.deepEqual(
      found.map(({ id }) => toHex(id)),
      [other.id, key.id].map(toHex),
    )
    assert.deepEqual(choice.missing, { ids: [toHex(absent)], serials: [toHex(bytesOf(8, 16))], paths: [] })
    const everything = await DepositChoice.of({ ...NOTHING, all: true })
    assert.equal((await findDeposits(authority, OWNER_ID, everything.takes)).length, 3)
    const named = await depositsNamed(authority, OWNER_ID, [absent, third.id, key.id])
    assert.deepEqual(
      named.map(({ id }) => toHex(id)),
      [third.id, key.id].map(toHex),
    )
  })

  test('the key of a file is found among keys of its size, of its name and of neither', async (t) => {
    const { path, key } = await sealed(t)
    const object = key.context.object
    assert.ok(object)
    const like = (changes: object): RecoveredKey => ({
      ...key,
      sessionKey: bytesOf(3, 16),
      context: { ...key.context, ...changes },
    })
    const others = [like({}), like({ object: { ...object, size: 1 } }), like({ format: 'named-key' })]
    assert.equal(await keyOfFile(path, [...others, key]), key)
    const moved = { ...key, context: { ...key.context, object: { ...object, size: 9 } } }
    assert.equal(await keyOfFile(path, [...others, moved]), moved)
    assert.equal(await keyOfFile(path, others), undefined)
  })

  test('are found by its public seal', async (t) => {
    const { path, key, authority } = await sealed(t, 'letter.txt', { visibility: 'public' })
    authority.keep({ sessionKey: bytesOf(1, 16), serial: newSerial(START), sealId: bytesOf(2) })
    const choice = await DepositChoice.of({ ...NOTHING, paths: [path] })
    const found = await findDeposits(authority, OWNER_ID, choice.takes)
    assert.deepEqual(
      found.map(({ id }) => toHex(id)),
      [toHex(key.id)],
    )
  })

  test('are found by its name and size', async (t) => {
    const { path, key, authority } = await sealed(t)
    authority.keep({
      sessionKey: bytesOf(1, 16),
      serial: newSerial(START),
      object: { name: 'letter.txt', size: 7 },
    })
    const choice = await DepositChoice.of({ ...NOTHING, paths: [path] })
    const found = await findDeposits(authority, OWNER_ID, choice.takes)
    assert.deepEqual(
      found.map(({ id }) => toHex(id)),
      [toHex(key.id)],
    )
  })
})

test('a named session key comes back as a key blob of the new owner, for decryption', async (t) => {
  const { key } = await sealed(t)
  const named = { ...key, context: { ...key.context, format: 'named-key' as const } }
  const blob = recoveredKeyBlob(named, NEW, START)
  const signers = { find: () => ({ signer: NEW.signingKey().signer, name: 'me' }) }
  const opened = NamedSessionKey.open(recoveredName(named), blob, NEW.identities(), signers)
  assert.deepEqual(opened.serial, key.context.serial)
  assert.match(opened.seal.metadata.description ?? '', /for decryption alone/)
})
