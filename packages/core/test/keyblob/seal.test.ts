import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodedStanzaLength, type Stanza } from '@strongroom/core/age'
import { SIGNATURE_SUITES, SigningKey } from '@strongroom/core/container'
import {
  draftSeal,
  finishSeal,
  findSeal,
  KeyBlobError,
  largestSealStanza,
  LEAF_BYTES,
  LONGEST_TABLE_BYTES,
  openSealBody,
  parseMetadata,
  parseSealBody,
  parseStatement,
  SEAL_TYPE,
  signDrafts,
  VerifiedSeal,
  verifySeal,
  type Metadata,
  type SealContents,
  type Visibility,
} from '@strongroom/core/keyblob'
import { encodeSealBody, maxSealBodyBytes } from '../../src/keyblob/seal-body.ts'
import * as spec from '../seal/support/attacker.ts'
import { noise } from '../seal/support/files.ts'
import { directoryOf, person, PROFILES, type Person } from '../seal/support/people.ts'
import { leafHash, rootOf, sha256 } from '../seal/support/rfc6962.ts'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { assertExact } from './exact.ts'

const SESSION_KEY = noise(16, 'session key')
const NONCE = noise(16, 'nonce')
const SERIAL = noise(16, 'serial')
const METADATA: Metadata = { name: 'a', description: 'b', createdMs: 1_700_000_000_000, version: 1 }
const VISIBILITIES: readonly Visibility[] = ['private', 'public']

function contentsFor({ signingKey }: Person, leaves = 3, metadata = METADATA): SealContents {
  return {
    kind: 'file',
    serial: SERIAL,
    sessionKey: SESSION_KEY,
    nonce: NONCE,
    payloadLength: leaves * LEAF_BYTES,
    leafHashes: Array.from({ length: leaves }, (_, i) => noise(32, `leaf ${i}`)),
    metadata,
    signer: signingKey.signer,
  }
}

function sealFor(owner: Person, visibility: Visibility, contents = contentsFor(owner)): Stanza {
  const draft = draftSeal(contents)
  const [batch] = signDrafts([draft], owner.signingKey)
  assert.ok(batch)
  return finishSeal(draft, batch, SESSION_KEY, visibility)
}

/** Our stanza as one of typage's, for the tools that share nothing with the sources. */
const foreign = ({ type, args, body }: Stanza) => ({ args: [type, ...args], body })

for (const profile of PROFILES) {
  for (const visibility of VISIBILITIES) {
    test(`a ${visibility} ${profile} seal holds what the specification says, signed as it says`, () => {
      const owner = person('owner', profile)
      const contents = contentsFor(owner)
      const stanza = foreign(sealFor(owner, visibility))
      assert.deepEqual(stanza.args.slice(0, 3), ['strongroom/seal', '1', visibility])
      assert.equal(stanza.args[3], Buffer.from(NONCE).toString('base64').replace(/=+$/, ''))
      const seal = spec.readSeal(stanza, visibility === 'private' ? SESSION_KEY : undefined)
      const field = (start: number, length: number) => seal.statement.slice(start, start + length)
      assert.deepEqual(field(spec.STATEMENT.commitment, 32), spec.commitmentTo(SESSION_KEY, SERIAL))
      assert.deepEqual(field(spec.STATEMENT.nonce, 16), NONCE)
      assert.equal(
        Buffer.from(field(spec.STATEMENT.length, 8)).readBigUInt64BE(),
        BigInt(contents.payloadLength),
      )
      assert.deepEqual(field(spec.STATEMENT.root, 32), rootOf(contents.leafHashes))
      assert.deepEqual(field(spec.STATEMENT.metadata, 32), sha256(seal.metadata))
      assert.deepEqual(field(spec.STATEMENT.signer, 32), owner.signingKey.signer.keyId)
      assert.deepEqual(parseMetadata(seal.metadata), METADATA)
      assert.deepEqual(seal.table, spec.join(Uint8Array.of(0, 0, 3), ...contents.leafHashes))
      assertSignedByEach(owner, spec.batchMessage(1, leafHash(seal.statement)), seal.batch.signature)
    })
  }
}

/** Each algorithm's half verifies alone, by the platform. */
function assertSignedByEach({ suite, signingKey }: Person, message: Uint8Array, signature: Uint8Array): void {
  let [publicAt, signatureAt] = [0, 0]
  for (const { algorithm, publicLength, signatureLength } of suite.halves) {
    const bytes = signingKey.signer.publicBytes.slice(publicAt, publicAt + publicLength)
    const key = createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType: algorithm })
    const half = signature.slice(signatureAt, signatureAt + signatureLength)
    assert.ok(verify(null, message, key, half), algorithm)
    publicAt += publicLength
    signatureAt += signatureLength
  }
  assert.equal(signatureAt, signature.length)
}

test('a seal body has one encoding', () => {
  const owner = person('owner', 'classic')
  const codec = {
    parse: parseSealBody,
    encode: ({ statementBytes, metadata, ...rest }: ReturnType<typeof parseSealBody>) =>
      encodeSealBody({ statementBytes, metadataBytes: metadataBytesOf(metadata), ...rest }),
  }
  for (const leaves of [1, 3, 257]) {
    const { body } = sealFor(owner, 'public', contentsFor(owner, leaves))
    assertExact(codec, body)
    fc.assert(
      fc.property(mutationsOf(body), (bytes) => assertExact(codec, bytes)),
      PROPERTY,
    )
    for (let length = 0; length < Math.min(body.length, 600); length++) {
      throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseSealBody(body.slice(0, length)))
    }
    throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseSealBody(Uint8Array.from([...body, 0])))
  }
})

function metadataBytesOf(metadata: Metadata): Uint8Array {
  const owner = person('any', 'classic')
  return draftSeal(contentsFor(owner, 1, metadata)).metadataBytes
}

test('the room kept for a seal is exactly what the longest of its size takes', () => {
  const owner = person('owner', 'classic')
  for (const visibility of VISIBILITIES) {
    for (const leaves of [1, 2, 255, 256, 257, 512, 513]) {
      const contents = contentsFor(owner, leaves)
      const { payloadLength, signer, metadata } = contents
      const largest = largestSealStanza({ metadata, payloadLength, batchSize: 1, signer, visibility })
      const length = encodedStanzaLength(sealFor(owner, visibility, contents))
      assert.equal(length, encodedStanzaLength(largest), `${leaves} leaves`)
    }
  }
})

test('the room kept for a payload of unknown length is enough for any', () => {
  const owner = person('owner', 'classic')
  const size = {
    metadata: METADATA,
    batchSize: 1,
    signer: owner.signingKey.signer,
    visibility: 'private',
  } as const
  const room = encodedStanzaLength(largestSealStanza({ ...size, payloadLength: LONGEST_TABLE_BYTES }))
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 33 }), (leaves) => {
      const payloadLength = leaves * LEAF_BYTES
      assert.ok(encodedStanzaLength(largestSealStanza({ ...size, payloadLength })) <= room)
    }),
    PROPERTY,
  )
})

test('in a batch, no seal is longer than the room kept for it', () => {
  const owner = person('owner', 'classic')
  for (const batchSize of [2, 3, 5, 8, 9]) {
    const drafts = Array.from({ length: batchSize }, (_, i) =>
      draftSeal({ ...contentsFor(owner), serial: noise(16, `${i}`) }),
    )
    const batches = signDrafts(drafts, owner.signingKey)
    const { signer, payloadLength } = contentsFor(owner)
    const size = { metadata: METADATA, payloadLength, batchSize, signer, visibility: 'private' } as const
    const room = encodedStanzaLength(largestSealStanza(size))
    for (const [i, draft] of drafts.entries()) {
      const batch = batches[i]
      assert.ok(batch)
      assert.ok(encodedStanzaLength(finishSeal(draft, batch, SESSION_KEY, 'private')) <= room)
    }
  }
})

test('a seal is at most 8 KiB of segments, metadata and signature; what is longer is not read', () => {
  const longest = maxSealBodyBytes(SIGNATURE_SUITES['ed25519+mldsa65'])
  assert.ok(longest < 8_192 + 2_048 + 4_096 + 512, `${longest} bytes`)
  const seal = { type: SEAL_TYPE, args: ['1', 'public', 'A'.repeat(22)], body: new Uint8Array(longest + 17) }
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => findSeal([seal]))
  findSeal([{ ...seal, body: new Uint8Array(longest + 16) }])
})

test('a header has exactly one seal, of version 1, private or public, with a nonce of 16 bytes', () => {
  const seal = { type: SEAL_TYPE, args: ['1', 'public', 'A'.repeat(22)], body: new Uint8Array(1) }
  assert.deepEqual(findSeal([seal]), { visibility: 'public', nonce: new Uint8Array(16), body: seal.body })
  throwsCode(KeyBlobError, 'NOT_SIGNED', () => findSeal([]))
  throwsCode(KeyBlobError, 'NOT_SIGNED', () => findSeal([{ ...seal, type: 'strongroom/Seal' }]))
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => findSeal([seal, seal]))
  for (const args of [
    [],
    ['1'],
    ['1', 'public'],
    ['2', 'public', 'A'.repeat(22)],
    ['01', 'public', 'A'.repeat(22)],
    ['1', 'Public', 'A'.repeat(22)],
    ['1', 'secret', 'A'.repeat(22)],
    ['1', 'public', 'A'.repeat(22), 'A'],
    ['1', 'public', 'A'.repeat(21)],
    ['1', 'public', 'A'.repeat(23)],
    ['1', 'public', `${'A'.repeat(21)}B`],
    ['1', 'public', `${'A'.repeat(21)}=`],
    ['1', 'public', `${'A'.repeat(21)}_`],
  ]) {
    throwsCode(KeyBlobError, 'SEAL_FORMAT', () => findSeal([{ ...seal, args }]))
  }
})

test('a private seal opens with its session key and nonce alone', () => {
  const owner = person('owner', 'classic')
  const envelope = findSeal([sealFor(owner, 'private')])
  assert.equal(openSealBody(envelope, SESSION_KEY).length, envelope.body.length - 16)
  throwsCode(KeyBlobError, 'SEAL_PRIVATE', () => openSealBody(envelope, undefined))
  throwsCode(KeyBlobError, 'NOT_AUTHENTIC', () => openSealBody(envelope, noise(16)))
  throwsCode(KeyBlobError, 'NOT_AUTHENTIC', () =>
    openSealBody({ ...envelope, nonce: noise(16) }, SESSION_KEY),
  )
  for (let length = 0; length < envelope.body.length; length++) {
    const cut = { ...envelope, body: envelope.body.slice(0, length) }
    throwsCode(KeyBlobError, 'NOT_AUTHENTIC', () => openSealBody(cut, SESSION_KEY))
  }
})

test('a verified seal says what was sealed, and whether the session key was at hand', () => {
  const owner = person('owner', 'pq')
  const contents = contentsFor(owner)
  const header = { stanzas: [sealFor(owner, 'public')] }
  const payload = { nonce: NONCE, length: contents.payloadLength }
  const signers = directoryOf(owner)
  const seal = verifySeal({ header, sessionKey: SESSION_KEY, payload, signers })
  assert.ok(seal instanceof VerifiedSeal)
  const { serial, metadata, payloadLength, nonce, signerName, keyChecked, visibility, batchSize } = seal
  assert.deepEqual(
    { serial, metadata, payloadLength, nonce, signerName, keyChecked, visibility, batchSize },
    {
      serial: SERIAL,
      metadata: METADATA,
      payloadLength: contents.payloadLength,
      nonce: NONCE,
      signerName: 'owner',
      keyChecked: true,
      visibility: 'public',
      batchSize: 1,
    },
  )
  assert.deepEqual(seal.sealId, draftSeal(contents).sealId)
  assert.equal(verifySeal({ header, payload, signers }).keyChecked, false)
  assert.equal(verifySeal({ header, signers }).keyChecked, false)
})

test('nobody but the verification makes a verified seal', () => {
  const owner = person('owner', 'classic')
  const body = parseSealBody(sealFor(owner, 'public').body)
  const by = { signer: owner.signingKey.signer, name: 'owner' }
  const how = { visibility: 'public', keyChecked: true } as const
  for (const token of [Symbol('verified'), undefined, 'verified']) {
    assert.throws(() => Reflect.construct(VerifiedSeal, [token, body, by, how]), TypeError)
  }
})

test('a seal is refused with another key, nonce, length, signer or directory', () => {
  const owner = person('owner', 'classic')
  const stranger = person('stranger', 'classic')
  const contents = contentsFor(owner)
  const sound = {
    header: { stanzas: [sealFor(owner, 'public')] },
    sessionKey: SESSION_KEY,
    payload: { nonce: NONCE, length: contents.payloadLength },
    signers: directoryOf(owner),
  }
  verifySeal(sound)
  const { payload } = sound
  const otherSigner = SigningKey.generate('ed25519').signer
  const refusals = [
    [{ sessionKey: noise(16) }, 'NOT_AUTHENTIC'],
    [{ payload: { ...payload, nonce: noise(16) } }, 'NOT_AUTHENTIC'],
    [{ payload: { ...payload, length: payload.length + 1 } }, 'NOT_AUTHENTIC'],
    [{ signers: directoryOf(stranger) }, 'UNKNOWN_SIGNER'],
    [{ signers: { find: () => undefined } }, 'UNKNOWN_SIGNER'],
    [{ signers: { find: () => ({ signer: otherSigner, name: 'owner' }) } }, 'NOT_AUTHENTIC'],
    [{ header: { stanzas: [] } }, 'NOT_SIGNED'],
  ] as const
  for (const [change, code] of refusals) {
    throwsCode(KeyBlobError, code, () => verifySeal({ ...sound, ...change }))
  }
  const unknown = throwsCode(KeyBlobError, 'UNKNOWN_SIGNER', () =>
    verifySeal({ ...sound, signers: directoryOf() }),
  )
  assert.equal(unknown.fingerprint, owner.signingKey.signer.fingerprint)
})

test('a draft fixes every byte that is signed', () => {
  const owner = person('owner', 'classic')
  const draft = draftSeal(contentsFor(owner))
  assert.deepEqual(draft, draftSeal(contentsFor(owner)))
  assert.deepEqual(draft.sealId, leafHash(draft.statementBytes))
  assert.equal(parseStatement(draft.statementBytes).kind, 'file')
  throwsCode(KeyBlobError, 'LIMIT', () =>
    draftSeal(contentsFor(owner, 1, { ...METADATA, description: 'x'.repeat(1025) })),
  )
})
