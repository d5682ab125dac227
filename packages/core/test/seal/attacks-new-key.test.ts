import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import type { Visibility } from '@strongroom/core/keyblob'
import { openFile, type SealErrorCode } from '@strongroom/core/seal'
import {
  batchMessage,
  commitmentTo,
  encryptPayload,
  encryptTo,
  join,
  putTogether,
  putTogetherWith,
  readSeal,
  sealOf,
  signWith,
  takeApart,
  writeSeal,
  type Parts,
  type SealParts,
} from './support/attacker.ts'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf } from './support/files.ts'
import { person, PROFILES, readerOf, type Person } from './support/people.ts'
import { assertRefused, refusal } from './support/refusal.ts'
import { leafHash, sha256 } from './support/rfc6962.ts'
import { assertAgeOpens, typageOpens } from './support/stock-age.ts'

// T1: whoever can write to the disk and knows public keys makes a new session key, wraps it for the owner, and replaces
// the file. Stock age opens every one of these to the attacker's content.

const ORIGINAL = noise(70_000, 'original')
const FORGED = noise(70_000, 'forged')

const PRIVATE: readonly Visibility[] = ['private']
const PUBLIC: readonly Visibility[] = ['public']
const BOTH = [...PRIVATE, ...PUBLIC]

/** What lies on the disk, and who opens it. */
interface Scene {
  readonly t: TestContext
  readonly folder: string
  readonly owner: Person
  readonly recipient: string
  /** The owner's sealed file. */
  readonly file: Uint8Array
}

/** The attacker's file: age opens it, we refuse it. */
async function assertOnlyAgeIsDeceived(
  { t, folder, owner }: Scene,
  forged: Uint8Array,
  code: SealErrorCode,
  message = /./,
): Promise<void> {
  await assertAgeOpens(t, owner, forged, FORGED)
  await assertRefused(put(folder, 'forged.age', forged), readerOf(owner), { code, message })
}

/** Runs an attack on a file of each profile, sealed so that others can read the seal or not. */
function attack(
  name: string,
  visibilities: readonly Visibility[],
  run: (scene: Scene) => Promise<void>,
): void {
  for (const profile of PROFILES) {
    for (const visibility of visibilities) {
      test(`T1, ${name}: ${profile}, ${visibility} seal`, async (t) => {
        const folder = folderFor(t)
        const owner = person('owner', profile)
        const path = await sealBytes(folder, 'letter', ORIGINAL, { ...sealerOf(owner), visibility })
        const recipient = owner.identity.recipient().toString()
        await run({ t, folder, owner, recipient, file: bytesOf(path) })
      })
    }
  }
}

attack('without a seal', PRIVATE, async (scene) => {
  const { file } = await encryptTo([scene.recipient], FORGED)
  await assertOnlyAgeIsDeceived(scene, file, 'NOT_SIGNED')
})

attack("with the owner's seal copied in", BOTH, async (scene) => {
  const { file } = await encryptTo([scene.recipient], FORGED, [sealOf(takeApart(scene.file))])
  await assertOnlyAgeIsDeceived(scene, file, 'NOT_AUTHENTIC')
})

attack("with the owner's seal, nonce and length", BOTH, async (scene) => {
  const { nonce, stanzas } = takeApart(scene.file)
  const { file, fileKey } = await encryptTo([scene.recipient], FORGED, [sealOf(takeApart(scene.file))])
  const payload = encryptPayload(fileKey, nonce, FORGED)
  const forged = putTogether({ ...takeApart(file), nonce, payload })
  assert.equal(takeApart(forged).payload.length, takeApart(scene.file).payload.length)
  const reason = stanzas.some((stanza) => stanza.args.includes('public')) ? /substituted/ : /not the one made/
  await assertOnlyAgeIsDeceived(scene, forged, 'NOT_AUTHENTIC', reason)
})

attack('sealed by the attacker', PRIVATE, async (scene) => {
  const mallory = { ...person('mallory', scene.owner.profile), identity: scene.owner.identity }
  const path = await sealBytes(scene.folder, 'forged', FORGED, sealerOf(mallory))
  await assertOnlyAgeIsDeceived(scene, bytesOf(path), 'UNKNOWN_SIGNER')
  const opening = openFile({ input: { path }, output: { path: `${path}.out` } }, readerOf(scene.owner))
  assert.equal((await refusal(opening)).fingerprint, mallory.signingKey.signer.fingerprint)
})

/** A file of the attacker's with a seal that fits it; `build` changes the seal before it is put in. */
async function fileWithSeal(
  { recipient, owner }: Scene,
  build: (seal: SealParts) => Partial<SealParts>,
): Promise<Uint8Array> {
  const { file, fileKey } = await encryptTo([recipient], FORGED)
  const parts = takeApart(file)
  const model = wellFormedSeal(owner, fileKey, parts)
  const seal = writeSeal({ ...model, ...build(model) }, parts.nonce, fileKey)
  return putTogetherWith(fileKey, { ...parts, stanzas: [...parts.stanzas, seal] })
}

/** A seal that is right in everything but its signature: what can be computed without the owner. */
function wellFormedSeal(owner: Person, fileKey: Uint8Array, { nonce, payload }: Parts): SealParts {
  const serial = noise(16, 'serial')
  // Tag 5, created; tag 6, version 1.
  const metadata = Uint8Array.of(5, 0, 8, 0, 0, 1, 0x90, 0, 0, 0, 0, 6, 0, 4, 0, 0, 0, 1)
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(payload.length))
  const root = leafHash(payload)
  const statement = join(
    'strongroom seal v1\n',
    Uint8Array.of(1, owner.suite.id),
    serial,
    commitmentTo(fileKey, serial),
    nonce,
    length,
    root,
    sha256(metadata),
    owner.signingKey.signer.keyId,
  )
  const batch = { size: 1, index: 0, proof: [], signature: new Uint8Array(owner.suite.signatureLength) }
  return { statement, metadata, table: join(Uint8Array.of(0, 0, 1), root), batch }
}

/** A batch of one, signed by whoever `sign` is. */
function alone(statement: Uint8Array, sign: (message: Uint8Array) => Uint8Array): SealParts['batch'] {
  return { size: 1, index: 0, proof: [], signature: sign(batchMessage(1, leafHash(statement))) }
}

attack(
  'the same with the right key is accepted, so the forgeries are well-formed',
  PRIVATE,
  async (scene) => {
    const { signingKey } = scene.owner
    const genuine = await fileWithSeal(scene, ({ statement }) => ({
      batch: alone(statement, (message) => signingKey.sign(message)),
    }))
    const path = put(scene.folder, 'genuine.age', genuine)
    const output = { path: `${path}.out` }
    const { seal } = await openFile({ input: { path }, output }, readerOf(scene.owner))
    assert.equal(seal?.signerName, 'owner')
    assert.deepEqual(bytesOf(output.path), FORGED)
  },
)

attack("sealed by the attacker in the owner's name", PRIVATE, async (scene) => {
  const ed25519 = generateKeyPairSync('ed25519').privateKey
  const mlDsa = generateKeyPairSync('ml-dsa-65').privateKey
  const keys = scene.owner.profile === 'pq' ? [ed25519, mlDsa] : [ed25519]
  const forged = await fileWithSeal(scene, ({ statement }) => ({
    batch: alone(statement, (message) => signWith(keys, message)),
  }))
  await assertOnlyAgeIsDeceived(scene, forged, 'NOT_AUTHENTIC', /signature/)
})

attack('sealed by the attacker, with a directory that hands out the wrong key', PRIVATE, async (scene) => {
  const mallory = person('mallory', scene.owner.profile)
  const forged = await fileWithSeal(scene, ({ statement }) => ({
    batch: alone(statement, (message) => mallory.signingKey.sign(message)),
  }))
  await assertAgeOpens(scene.t, scene.owner, forged, FORGED)
  const signers = { find: () => ({ name: 'owner', signer: mallory.signingKey.signer }) }
  const reader = { identities: [scene.owner.identity], signers }
  await assertRefused(put(scene.folder, 'forged.age', forged), reader, {
    code: 'NOT_AUTHENTIC',
    message: /another key/,
  })
})

const PLACES: Readonly<Record<string, Partial<SealParts['batch']>>> = {
  'as it is': {},
  'in a larger batch': { size: 2, index: 0, proof: [noise(32)] },
  'in the middle of a batch': { size: 3, index: 1, proof: [noise(32), noise(32)] },
  'with a proof too long': { size: 1, index: 0, proof: [noise(32)] },
  'with a proof too short': { size: 2, index: 1, proof: [] },
  'at a place outside': { size: 2, index: 2, proof: [noise(32)] },
  'over no statements': { size: 0, index: 0, proof: [] },
  'over more than a batch holds': { size: 65_537, index: 65_536, proof: [noise(32)] },
}

for (const [place, edit] of Object.entries(PLACES)) {
  // The signature in a private seal is out of reach.
  attack(`with the owner's signature over another file, ${place}`, PUBLIC, async (scene) => {
    const { batch } = readSeal(sealOf(takeApart(scene.file)))
    const forged = await fileWithSeal(scene, () => ({ batch: { ...batch, ...edit } }))
    assert.deepEqual(await typageOpens(scene.owner.identity, forged), FORGED)
    const expected = { code: 'NOT_AUTHENTIC', message: /signature/ } as const
    await assertRefused(put(scene.folder, 'forged.age', forged), readerOf(scene.owner), expected)
  })
}
