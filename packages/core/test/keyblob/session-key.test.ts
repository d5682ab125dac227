import assert from 'node:assert/strict'
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { AgeError, newFileKey, parseHeader, ScryptRecipient, type Stanza } from '@strongroom/core/age'
import { toBase64 } from '@strongroom/core/bytes'
import {
  createSessionKey,
  formatSerial,
  KeyBlobError,
  keyCommitment,
  NamedSessionKey,
  SESSION_KEY_TYPE,
  SessionKeyStore,
  type NewSessionKey,
} from '@strongroom/core/keyblob'
import { learnFileKey } from '../seal/support/attacker.ts'
import { folderFor, noise } from '../seal/support/files.ts'
import { directoryOf, person, PROFILES, type Person } from '../seal/support/people.ts'
import { throwsCode } from '../support/throws-code.ts'

const NOW = 1_700_000_000_000

function wanted(owner: Person, name = 'archive'): NewSessionKey {
  return { name, recipients: [owner.identity.recipient()], signingKey: owner.signingKey, nowMs: NOW }
}

function openKey(owner: Person, blob: Uint8Array, name = 'archive'): NamedSessionKey {
  return NamedSessionKey.open(name, blob, [owner.identity], directoryOf(owner))
}

for (const profile of PROFILES) {
  test(`a ${profile} session key says what was signed with it`, async () => {
    const owner = person('owner', profile)
    const blob = createSessionKey({ ...wanted(owner), description: 'for the archive' })
    const { seal, serial, name, kind } = openKey(owner, blob)
    const { metadata, payloadLength, table } = seal
    assert.deepEqual(metadata, {
      name: 'archive',
      description: 'for the archive',
      createdMs: NOW,
      version: 1,
    })
    assert.deepEqual([name, kind, seal.kind], ['archive', SESSION_KEY_TYPE, 'session-key'])
    assert.deepEqual([payloadLength, table], [0, { level: 0, roots: [] }])
    const sessionKey = await learnFileKey(blob, owner.identity.toString())
    assert.deepEqual(seal.commitment, keyCommitment(sessionKey, serial))
    assert.notDeepEqual(createSessionKey(wanted(owner)), createSessionKey(wanted(owner)))
  })
}

test('a file key is wrapped as the specification says, anew each time', async () => {
  const owner = person('owner', 'classic')
  const blob = createSessionKey(wanted(owner))
  const key = openKey(owner, blob)
  const fileKey = newFileKey()
  const stanza = key.wrap(fileKey)
  const [serial = '', salt = ''] = stanza.args
  assert.equal(stanza.type, 'strongroom/session-key')
  assert.equal(Buffer.from(serial, 'base64').toString('hex'), formatSerial(key.serial).replaceAll('-', ''))
  const sessionKey = await learnFileKey(blob, owner.identity.toString())
  const info = 'strongroom session-key v1'
  const wrapKey = new Uint8Array(hkdfSync('sha256', sessionKey, Buffer.from(salt, 'base64'), info, 32))
  const options = { authTagLength: 16 }
  const decipher = createDecipheriv('chacha20-poly1305', wrapKey, new Uint8Array(12), options)
  decipher.setAuthTag(stanza.body.slice(16))
  const opened = Buffer.concat([decipher.update(stanza.body.slice(0, 16)), decipher.final()])
  assert.deepEqual(new Uint8Array(opened), fileKey)
  assert.deepEqual(key.unwrap([stanza]), fileKey)
  assert.notDeepEqual(key.wrap(fileKey).args[1], salt)
})

test('a session key opens its own stanza among others, and passes over every other', () => {
  const owner = person('owner', 'classic')
  const [key, other] = [
    openKey(owner, createSessionKey(wanted(owner))),
    openKey(owner, createSessionKey(wanted(owner))),
  ]
  const fileKey = newFileKey()
  const own = key.wrap(fileKey)
  const [serial = '', salt = ''] = own.args
  const strangers: readonly Stanza[] = [
    other.wrap(fileKey),
    owner.identity.recipient().wrap(fileKey),
    { ...own, type: 'strongroom/session-key2' },
    { ...own, args: [] },
    { ...own, args: [serial] },
    { ...own, args: [serial, salt, salt] },
    { ...own, args: [serial, `${salt.slice(0, 21)}_`] },
    { ...own, args: [serial, `${salt.slice(0, 21)}B`] },
    { ...own, args: [serial, salt.slice(1)] },
    { ...own, args: [serial, `${salt}A`] },
    { ...own, args: [salt, serial] },
    { ...own, args: [toBase64(other.serial), salt] },
    { ...own, body: own.body.slice(1) },
    { ...own, body: Uint8Array.from([...own.body, 0]) },
    { ...own, body: new Uint8Array(0) },
    { ...own, body: own.body.with(0, (own.body[0] ?? 0) ^ 1) },
    { ...own, body: own.body.with(31, (own.body[31] ?? 0) ^ 1) },
  ]
  for (const stranger of strangers) assert.equal(key.unwrap([stranger]), undefined)
  assert.deepEqual(key.unwrap([...strangers, own]), fileKey)
})

test('a wiped session key opens nothing and wraps nothing', () => {
  const owner = person('owner', 'classic')
  const key = openKey(owner, createSessionKey(wanted(owner)))
  const stanza = key.wrap(newFileKey())
  key.wipe()
  assert.equal(key.unwrap([stanza]), undefined)
  throwsCode(KeyBlobError, 'NO_KEY', () => key.wrap(newFileKey()))
})

const NAMES = {
  good: ['a', '0', 'a.b-c_d', 'A'.repeat(64)],
  bad: ['', '.', '..', '.a', '-a', '_a', 'a/b', 'a b', 'ä', 'a\n', 'a\0', 'A'.repeat(65)],
}

test('a name is 1 to 64 letters, digits, dots, dashes and underscores, and no hidden file', (t) => {
  const owner = person('owner', 'classic')
  const store = storeIn(t)
  for (const name of NAMES.good)
    assert.equal(openKey(owner, createSessionKey(wanted(owner, name)), name).name, name)
  for (const name of NAMES.bad) {
    throwsCode(KeyBlobError, 'KEY_NAME', () => createSessionKey(wanted(owner, name)))
    throwsCode(KeyBlobError, 'KEY_NAME', () => store.create(wanted(owner, name)))
    throwsCode(KeyBlobError, 'KEY_NAME', () => store.exportBlob(name))
    throwsCode(KeyBlobError, 'KEY_NAME', () => store.remove(name))
    throwsCode(KeyBlobError, 'KEY_NAME', () => store.load(name, [owner.identity], directoryOf(owner)))
  }
})

test('a session key is not made for nobody, for a passphrase, or for two generations of keys', () => {
  const owner = person('owner', 'classic')
  const make = (recipients: NewSessionKey['recipients']) => () =>
    createSessionKey({ ...wanted(owner), recipients })
  throwsCode(AgeError, 'NO_RECIPIENTS', make([]))
  // age refuses a passphrase beside anything else, and a seal is something else: nobody could open it again.
  throwsCode(AgeError, 'SCRYPT_NOT_ALONE', make([new ScryptRecipient('passphrase', 4)]))
  const both = [owner, person('other', 'pq')].map(({ identity }) => identity.recipient())
  throwsCode(AgeError, 'MIXED_RECIPIENTS', make(both))
})

test('a session key is refused by whoever does not know its signer, or has no key', () => {
  const owner = person('owner', 'classic')
  const blob = createSessionKey(wanted(owner))
  const stranger = person('stranger', 'classic')
  const open = (by: Person, known: Person) => () =>
    NamedSessionKey.open('archive', blob, [by.identity], directoryOf(known))
  throwsCode(KeyBlobError, 'UNKNOWN_SIGNER', open(owner, stranger))
  throwsCode(KeyBlobError, 'NO_KEY', open(stranger, owner))
  throwsCode(KeyBlobError, 'NOT_AUTHENTIC', () => openKey(owner, blob, 'Archive'))
})

function storeIn(t: TestContext): SessionKeyStore {
  return new SessionKeyStore(join(folderFor(t), 'deep', 'keys'))
}

test('the store keeps one blob a file, for its owner alone', (t) => {
  const owner = person('owner', 'pq')
  const folder = join(folderFor(t), 'deep', 'keys')
  const store = new SessionKeyStore(folder)
  assert.deepEqual(store.list(), [])
  store.create(wanted(owner, 'b'))
  store.create(wanted(owner, 'a'))
  assert.deepEqual(readdirSync(folder).sort(), ['a.keyblob', 'b.keyblob'])
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.equal(statSync(join(folder, 'a.keyblob')).mode & 0o777, 0o600)
  assert.deepEqual(
    store.list().map(({ name, stanzas }) => ({ name, stanzas })),
    ['a', 'b'].map((name) => ({ name, stanzas: ['mlkem768x25519', 'strongroom/seal'] })),
  )
  const key = store.load('a', [owner.identity], directoryOf(owner))
  assert.equal(key.name, 'a')
  assert.deepEqual(store.exportBlob('a'), new Uint8Array(readFileSync(join(folder, 'a.keyblob'))))
})

test('the store does not replace a key unless told, and says what is missing', (t) => {
  const owner = person('owner', 'classic')
  const store = storeIn(t)
  store.create(wanted(owner))
  const before = store.exportBlob('archive')
  throwsCode(KeyBlobError, 'KEY_EXISTS', () => store.create(wanted(owner)))
  const by = { identities: [owner.identity], signers: directoryOf(owner) }
  const next = createSessionKey(wanted(owner))
  throwsCode(KeyBlobError, 'KEY_EXISTS', () => store.importBlob('archive', next, by))
  assert.deepEqual(store.exportBlob('archive'), before)
  store.importBlob('archive', next, { ...by, overwrite: true })
  assert.deepEqual(store.exportBlob('archive'), next)
  store.remove('archive')
  assert.deepEqual(store.list(), [])
  throwsCode(KeyBlobError, 'KEY_MISSING', () => store.exportBlob('archive'))
  throwsCode(KeyBlobError, 'KEY_MISSING', () => store.remove('archive'))
  throwsCode(KeyBlobError, 'KEY_MISSING', () => store.load('archive', [owner.identity], directoryOf(owner)))
})

test('what somebody else puts into the folder does not keep the rest from being listed', (t) => {
  const owner = person('owner', 'classic')
  const folder = join(folderFor(t), 'keys')
  const store = new SessionKeyStore(folder)
  store.create(wanted(owner))
  writeFileSync(join(folder, 'garbage.keyblob'), noise(100))
  writeFileSync(join(folder, 'not a name.keyblob'), store.exportBlob('archive'))
  writeFileSync(join(folder, 'notes.txt'), 'of no interest')
  mkdirSync(join(folder, 'folder.keyblob'))
  assert.deepEqual(
    store.list().map(({ name, stanzas }) => [name, stanzas]),
    [
      ['archive', ['X25519', 'strongroom/seal']],
      ['folder', undefined],
      ['garbage', undefined],
    ],
  )
})

test('a blob is a header that typage reads, with the recipients in front and the seal behind', () => {
  const [owner, other] = [person('owner', 'classic'), person('other', 'classic')]
  const recipients = [owner, other].map(({ identity }) => identity.recipient())
  const { stanzas } = parseHeader(createSessionKey({ ...wanted(owner), recipients }))
  assert.deepEqual(
    stanzas.map(({ type }) => type),
    ['X25519', 'X25519', 'strongroom/seal'],
  )
})
