import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { SignerKey, SIGNATURE_SUITES } from '@strongroom/core/container'
import { openFile, verifyFile } from '@strongroom/core/seal'
import { Encrypter, Stanza } from 'age-encryption'
import {
  batchMessage,
  encryptPayload,
  learnFileKey,
  patched,
  putTogether,
  putTogetherWith,
  readSeal,
  sealOf,
  signWith,
  STATEMENT,
  takeApart,
  withSeal,
  writeSeal,
  type Parts,
  type SealParts,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { directoryOf, person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertExpected, assertRefused, refusal, type Expected } from './support/refusal.ts'
import { leafHash, sha256 } from './support/rfc6962.ts'
import { ageOpens, assertAgeOpens, typageOpens } from './support/stock-age.ts'

// T4 and its relatives: a co-recipient, who knows the session key and so can make the header's MAC, strips, exchanges
// or edits the seal. Stock age ignores the seal and opens every one of these.

const ORIGINAL = noise(100_000, 'original')
const OTHER = noise(100_000, 'other')

interface Scene {
  readonly folder: string
  readonly owner: Person
  /** The co-recipient. */
  readonly authority: Person
  /** Two files of the owner: the one under attack, and another. */
  readonly parts: Parts
  readonly other: Parts
  readonly fileKey: Uint8Array
  readonly otherKey: Uint8Array
}

async function setScene(t: TestContext, profile: Person['profile']): Promise<Scene> {
  const folder = folderFor(t)
  const [owner, authority] = [person('owner', profile), person('authority', profile)]
  const sealed = async (name: string, plaintext: Uint8Array) =>
    bytesOf(await sealBytes(folder, name, plaintext, sealerOf(owner, [authority])))
  const file = await sealed('original', ORIGINAL)
  const other = await sealed('other', OTHER)
  const secret = authority.identity.toString()
  return {
    folder,
    owner,
    authority,
    parts: takeApart(file),
    other: takeApart(other),
    fileKey: await learnFileKey(file, secret),
    otherKey: await learnFileKey(other, secret),
  }
}

/** The seal of the file under attack with some of its parts replaced. */
function editedSeal({ parts, fileKey }: Scene, edit: (seal: SealParts) => Partial<SealParts>): Parts {
  const seal = readSeal(sealOf(parts), fileKey)
  return withSeal(parts, writeSeal({ ...seal, ...edit(seal) }, parts.nonce, fileKey))
}

/** A statement with some of its bytes replaced. */
function restated(scene: Scene, at: number, by: (seal: SealParts) => Uint8Array): Parts {
  return editedSeal(scene, (seal) => ({ statement: patched(seal.statement, at, by(seal)) }))
}

/** Another record of metadata, with a digest that fits it. */
function renamed(scene: Scene): Parts {
  return editedSeal(scene, ({ statement, metadata }) => {
    const edited = Buffer.from(
      Buffer.from(metadata).toString('latin1').replace('original', 'tampered'),
      'latin1',
    )
    assert.notDeepEqual(new Uint8Array(edited), metadata)
    return { metadata: edited, statement: patched(statement, STATEMENT.metadata, sha256(edited)) }
  })
}

const readOther = ({ other, otherKey }: Scene) => readSeal(sealOf(other), otherKey)
const SIGNATURE: Expected = { code: 'NOT_AUTHENTIC', message: /signature/ }
const MALFORMED: Expected = {
  code: 'NOT_AUTHENTIC',
  message: /^(seal|statement|segment table|metadata|signature): /,
}

interface Edit {
  readonly edit: (scene: Scene) => Parts
  readonly expected: Expected
}

const EDITS: Readonly<Record<string, Edit>> = {
  'T4, the seal is stripped': {
    edit: ({ parts }) => withSeal(parts),
    expected: { code: 'NOT_SIGNED' },
  },
  'the seal of another of the owner’s files': {
    edit: ({ parts, other }) => withSeal(parts, sealOf(other)),
    expected: { code: 'NOT_AUTHENTIC', message: /not the one made/ },
  },
  'the seal of another file, encrypted anew': {
    edit: (scene) => withSeal(scene.parts, writeSeal(readOther(scene), scene.parts.nonce, scene.fileKey)),
    expected: { code: 'NOT_AUTHENTIC', message: /substituted/ },
  },
  'the metadata of another file': {
    edit: (scene) => editedSeal(scene, () => ({ metadata: readOther(scene).metadata })),
    expected: { code: 'NOT_AUTHENTIC', message: /metadata/ },
  },
  'the segment table of another file': {
    edit: (scene) => editedSeal(scene, () => ({ table: readOther(scene).table })),
    expected: { code: 'NOT_AUTHENTIC', message: /segment table/ },
  },
  'the signature over another file': {
    edit: (scene) => editedSeal(scene, () => ({ batch: readOther(scene).batch })),
    expected: SIGNATURE,
  },
  'another name': { edit: renamed, expected: SIGNATURE },
  'another serial number': {
    edit: (scene) => restated(scene, STATEMENT.serial, () => noise(16, 'serial')),
    expected: { code: 'NOT_AUTHENTIC', message: /substituted/ },
  },
  'another nonce': {
    edit: (scene) => restated(scene, STATEMENT.nonce, () => noise(16, 'nonce')),
    expected: { code: 'NOT_AUTHENTIC', message: /another payload/ },
  },
  'another nonce in the stanza': {
    edit: ({ parts, fileKey }) =>
      withSeal(parts, writeSeal(readSeal(sealOf(parts), fileKey), noise(16, 'nonce'), fileKey)),
    expected: { code: 'NOT_AUTHENTIC', message: /another payload/ },
  },
  'the kind of a session key': {
    edit: (scene) => restated(scene, STATEMENT.kind, () => Uint8Array.of(2)),
    expected: MALFORMED,
  },
  'an unknown kind': {
    edit: (scene) => restated(scene, STATEMENT.kind, () => Uint8Array.of(0)),
    expected: MALFORMED,
  },
  'an unknown suite': {
    edit: (scene) => restated(scene, STATEMENT.suite, () => Uint8Array.of(3)),
    expected: MALFORMED,
  },
  'a longer batch': {
    edit: (scene) => editedSeal(scene, ({ batch }) => ({ batch: { ...batch, size: 2, proof: [noise(32)] } })),
    expected: SIGNATURE,
  },
  'no signature': {
    edit: (scene) =>
      editedSeal(scene, ({ batch }) => ({ batch: { ...batch, signature: new Uint8Array(0) } })),
    expected: MALFORMED,
  },
  'a byte after the signature': {
    edit: (scene) =>
      editedSeal(scene, ({ batch }) => ({
        batch: {
          ...batch,
          signature: patched(new Uint8Array(batch.signature.length + 1), 0, batch.signature),
        },
      })),
    expected: MALFORMED,
  },
  'two seals, the same twice': {
    edit: ({ parts }) => withSeal(parts, sealOf(parts), sealOf(parts)),
    expected: { code: 'NOT_AUTHENTIC', message: /several/ },
  },
  'two seals, the owner’s and another': {
    edit: ({ parts, other }) => withSeal(parts, sealOf(parts), sealOf(other)),
    expected: { code: 'NOT_AUTHENTIC', message: /several/ },
  },
  'a seal of version 2': {
    edit: ({ parts }) => {
      const [type = '', , ...args] = sealOf(parts).args
      return withSeal(parts, new Stanza([type, '2', ...args], sealOf(parts).body))
    },
    expected: MALFORMED,
  },
  'an argument more': {
    edit: ({ parts }) => withSeal(parts, new Stanza([...sealOf(parts).args, 'x'], sealOf(parts).body)),
    expected: MALFORMED,
  },
  'an empty seal': {
    edit: ({ parts }) => withSeal(parts, new Stanza(sealOf(parts).args, new Uint8Array(0))),
    expected: { code: 'NOT_AUTHENTIC', message: /not the one made/ },
  },
  'a seal of a megabyte of text': {
    edit: ({ parts }) => withSeal(parts, new Stanza(sealOf(parts).args, new Uint8Array(600_000))),
    expected: { code: 'NOT_AUTHENTIC', message: /too long/ },
  },
}

for (const profile of PROFILES) {
  test(`the seal is exchanged by a co-recipient: ${profile}`, async (t) => {
    const scene = await setScene(t, profile)
    for (const [name, { edit, expected }] of Object.entries(EDITS)) {
      await t.test(`${name}: ${profile}`, async (inner) => {
        const forged = putTogetherWith(scene.fileKey, edit(scene))
        // What age does with a stanza that it does not know does not depend on what is in it.
        if (name.startsWith('T4')) await assertAgeOpens(inner, scene.owner, forged, ORIGINAL)
        else assert.deepEqual(await typageOpens(scene.owner.identity, forged), ORIGINAL)
        await assertRefused(put(scene.folder, 'forged.age', forged), readerOf(scene.owner), expected)
      })
    }
  })

  test(`T4, the seal is stripped and the content exchanged: ${profile}`, async (t) => {
    const { folder, owner, parts, fileKey } = await setScene(t, profile)
    const payload = encryptPayload(fileKey, parts.nonce, OTHER)
    const forged = putTogetherWith(fileKey, { ...withSeal(parts), payload })
    await assertAgeOpens(t, owner, forged, OTHER)
    await assertRefused(put(folder, 'forged.age', forged), readerOf(owner), { code: 'NOT_SIGNED' })
  })

  test(`the co-recipient signs the content itself: ${profile}`, async (t) => {
    const { folder, owner, authority } = await setScene(t, profile)
    const path = await sealBytes(folder, 'forged', OTHER, sealerOf(authority, [owner]))
    await assertAgeOpens(t, owner, bytesOf(path), OTHER)
    await assertRefused(path, readerOf(owner), { code: 'UNKNOWN_SIGNER' })
    const opened = await openFile(
      { input: { path }, output: { path: `${path}.out` } },
      readerOf(owner, authority),
    )
    assert.equal(opened.seal?.signerName, 'authority', 'a known signer is accepted, by name')
  })

  test(`accepting unsigned files does not accept a seal that is wrong: ${profile}`, async (t) => {
    const scene = await setScene(t, profile)
    const forged = putTogetherWith(scene.fileKey, renamed(scene))
    const job = {
      input: { path: put(scene.folder, 'forged.age', forged) },
      output: { path: `${scene.folder}/forged` },
    }
    const error = await refusal(openFile(job, { ...readerOf(scene.owner), allowUnsigned: true }))
    assert.equal(error.code, 'NOT_AUTHENTIC')
  })

  test(`recipients’ stanzas in another order are no attack: ${profile}`, async (t) => {
    const { folder, owner, authority, parts, fileKey } = await setScene(t, profile)
    const [one, two, ...rest] = parts.stanzas
    assert.ok(one && two)
    const path = put(
      folder,
      'turned.age',
      putTogetherWith(fileKey, { ...parts, stanzas: [two, one, ...rest] }),
    )
    for (const reader of [owner, authority]) {
      const seal = await verifyFile({ path }, { ...readerOf(reader, owner), threads: 1 })
      assert.equal(seal.signerName, 'owner')
    }
  })

  test(`who has no key cannot touch a header: ${profile}`, async (t) => {
    const { folder, owner, parts, other } = await setScene(t, profile)
    const [one, two, ...rest] = parts.stanzas
    const [stranger] = other.stanzas
    assert.ok(one && two && stranger)
    const headers = {
      'two recipients exchanged': { stanzas: [two, one, ...rest] },
      'the owner’s stanza of another file': { stanzas: [stranger, two, ...rest] },
      'the seal stripped': { stanzas: [one, two] },
      'the MAC of another file': { mac: other.mac },
      'the header of another file': { stanzas: other.stanzas, mac: other.mac },
      'the header and nonce of another file': { ...other, payload: parts.payload },
    }
    for (const [name, edit] of Object.entries(headers)) {
      await t.test(`${name}: ${profile}`, async () => {
        const forged = putTogether({ ...parts, ...edit })
        await assert.rejects(typageOpens(owner.identity, forged))
        const path = put(folder, 'forged.age', forged)
        const code = name === 'the seal stripped' ? 'NOT_SIGNED' : 'NOT_AUTHENTIC'
        await assertRefused(path, readerOf(owner), { code })
      })
    }
  })
}

test('half of the suite is not enough: each half of a hybrid signature, alone or wrong', async (t) => {
  const scene = await setScene(t, 'pq')
  const { signer } = scene.owner.signingKey
  const classicHalf = SignerKey.fromBytes('ed25519', signer.publicBytes.slice(0, 32))
  const withSuite = (id: number, edit: (signature: Uint8Array) => Uint8Array, signerId = signer.keyId) =>
    editedSeal(scene, ({ statement, batch }) => ({
      statement: patched(patched(statement, STATEMENT.suite, Uint8Array.of(id)), STATEMENT.signer, signerId),
      batch: { ...batch, signature: edit(batch.signature) },
    }))
  const flip = (at: number) => (signature: Uint8Array) => signature.with(at, (signature[at] ?? 0) ^ 1)
  const { id } = SIGNATURE_SUITES.ed25519
  const edits: Readonly<Record<string, readonly [Parts, Expected]>> = {
    'only Ed25519, the signer’s id': [
      withSuite(id, (signature) => signature.slice(0, 64)),
      { code: 'NOT_AUTHENTIC', message: /another key/ },
    ],
    'only Ed25519, the id of that half': [
      withSuite(id, (signature) => signature.slice(0, 64), classicHalf.keyId),
      { code: 'UNKNOWN_SIGNER' },
    ],
    'Ed25519 wrong, ML-DSA right': [withSuite(2, flip(0)), SIGNATURE],
    'Ed25519 right, ML-DSA wrong': [withSuite(2, flip(64)), SIGNATURE],
    'the last byte of ML-DSA wrong': [withSuite(2, flip(3372)), SIGNATURE],
    'another statement, Ed25519 broken': [withBroken(scene, 'ed25519'), SIGNATURE],
    'another statement, ML-DSA broken': [withBroken(scene, 'ml-dsa-65'), SIGNATURE],
  }
  for (const [name, [parts, expected]] of Object.entries(edits)) {
    await t.test(name, async () => {
      const path = put(scene.folder, 'forged.age', putTogetherWith(scene.fileKey, parts))
      await assertRefused(path, readerOf(scene.owner), expected)
    })
  }
})

/** The day one algorithm falls: its half is signed anew over an edited statement, the other half is the old one. */
function withBroken(scene: Scene, algorithm: 'ed25519' | 'ml-dsa-65'): Parts {
  const secret = scene.owner.signingKey.secretBytes()
  const broken =
    algorithm === 'ed25519'
      ? createPrivateKey({ key: secret.slice(0, 32), format: 'raw-private', asymmetricKeyType: algorithm })
      : createPrivateKey({ key: secret.slice(32), format: 'raw-seed', asymmetricKeyType: algorithm })
  const renamedSeal = readSeal(sealOf(renamed(scene)), scene.fileKey)
  const half = signWith([broken], batchMessage(1, leafHash(renamedSeal.statement)))
  const signature = patched(renamedSeal.batch.signature, algorithm === 'ed25519' ? 0 : 64, half)
  const batch = { ...renamedSeal.batch, signature }
  return withSeal(scene.parts, writeSeal({ ...renamedSeal, batch }, scene.parts.nonce, scene.fileKey))
}

test('a public seal is edited by whoever can write to the disk', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'pq')
  const options = { ...sealerOf(owner), visibility: 'public' as const, description: 'the true one' }
  const parts = takeApart(bytesOf(await sealBytes(folder, 'original', ORIGINAL, options)))
  const seal = readSeal(sealOf(parts))
  const edits = {
    'the name': {
      metadata: Buffer.from(
        Buffer.from(seal.metadata).toString('latin1').replace('original', 'tampered'),
        'latin1',
      ),
    },
    'the statement': { statement: patched(seal.statement, STATEMENT.serial, noise(16)) },
    'the root of the segment': { table: patched(seal.table, 3, noise(32)) },
    'the signature': { batch: { ...seal.batch, signature: noise(3373) } },
  }
  for (const [name, edit] of Object.entries(edits)) {
    await t.test(name, async () => {
      const stanza = writeSeal({ ...seal, ...edit }, parts.nonce)
      const path = put(folder, 'forged.age', putTogether(withSeal(parts, stanza)))
      await assertRefused(path, readerOf(owner), { code: 'NOT_AUTHENTIC' })
      const without = { identities: [], signers: directoryOf(owner) }
      assertExpected(await refusal(verifyFile({ path }, without)), path, { code: 'NOT_AUTHENTIC' })
    })
  }
})

test('a file under a passphrase is put in place of a sealed one', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const encrypter = new Encrypter()
  encrypter.setPassphrase('mallory knows it')
  encrypter.setScryptWorkFactor(10)
  const forged = new Uint8Array(await encrypter.encrypt(OTHER))
  assert.equal(ageOpens(owner.identity, forged), undefined)
  const path = put(folder, 'original.age', forged)
  for (const allowUnsigned of [false, true]) {
    const reader = { ...readerOf(owner), allowUnsigned }
    await assertRefused(path, reader, { code: 'NO_KEY', message: /passphrase/ })
  }
})
