import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  AgeError,
  ScryptIdentity,
  ScryptRecipient,
  wrapFileKey,
  type KeyIdentity,
  type Recipient,
} from '@strongroom/core/age'
import {
  draftSeal,
  encodeKeyBlob,
  finishSeal,
  KeyBlobError,
  openKeyBlob,
  parseKeyBlob,
  signDrafts,
  unwrapSessionKey,
} from '@strongroom/core/keyblob'
import { Decrypter } from 'age-encryption'
import { noise } from '../seal/support/files.ts'
import { directoryOf, person, PROFILES, type Person } from '../seal/support/people.ts'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const SESSION_KEY = noise(16, 'session key')

/** The detached blob of a session key, for these recipients. */
function blobOf(owner: Person, recipients: readonly Recipient[] = [owner.identity.recipient()]): Uint8Array {
  const draft = draftSeal({
    kind: 'session-key',
    serial: noise(16, 'serial'),
    sessionKey: SESSION_KEY,
    nonce: noise(16, 'nonce'),
    payloadLength: 0,
    leafHashes: [],
    metadata: { name: 'archive', createdMs: 1, version: 1 },
    signer: owner.signingKey.signer,
  })
  const [batch] = signDrafts([draft], owner.signingKey)
  assert.ok(batch)
  const seal = finishSeal(draft, batch, SESSION_KEY, 'private')
  return encodeKeyBlob(wrapFileKey(SESSION_KEY, recipients), seal, SESSION_KEY)
}

function open(blob: Uint8Array, owner: Person, identity: KeyIdentity = owner.identity) {
  return openKeyBlob(parseKeyBlob(blob), [identity], directoryOf(owner))
}

for (const profile of PROFILES) {
  test(`a ${profile} key blob opens for each of its recipients, and to typage as a detached header`, async () => {
    const [owner, authority] = [person('owner', profile), person('authority', profile)]
    const blob = blobOf(owner, [owner.identity.recipient(), authority.identity.recipient()])
    for (const { identity } of [owner, authority]) {
      const { sessionKey, seal } = open(blob, owner, identity)
      assert.deepEqual(sessionKey, SESSION_KEY)
      assert.deepEqual([seal.signerName, seal.metadata.name, seal.keyChecked], ['owner', 'archive', true])
      const decrypter = new Decrypter()
      decrypter.addIdentity(identity.toString())
      assert.deepEqual(new Uint8Array(await decrypter.decryptHeader(blob)), SESSION_KEY)
    }
    throwsCode(KeyBlobError, 'NO_KEY', () => open(blob, owner, person('stranger', profile).identity))
    throwsCode(KeyBlobError, 'NO_KEY', () => openKeyBlob(parseKeyBlob(blob), [], directoryOf(owner)))
  })
}

test('a key blob is a header and nothing else', () => {
  const owner = person('owner', 'classic')
  const blob = blobOf(owner)
  parseKeyBlob(blob)
  for (let length = 0; length < blob.length; length++) {
    throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseKeyBlob(blob.slice(0, length)))
  }
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseKeyBlob(Uint8Array.from([...blob, 0x0a])))
})

test('no single bit of a key blob can be changed', () => {
  const owner = person('owner', 'classic')
  const blob = blobOf(owner)
  const codes = new Set(['SEAL_FORMAT', 'NOT_AUTHENTIC', 'NO_KEY', 'STANZA'])
  for (const flipped of singleBitFlips(blob)) assertRefused(() => open(flipped, owner), codes)
})

test('a changed key blob is refused, or is the same', () => {
  const owner = person('owner', 'classic')
  const blob = blobOf(owner)
  const codes = new Set(['SEAL_FORMAT', 'NOT_AUTHENTIC', 'NOT_SIGNED', 'NO_KEY', 'STANZA'])
  fc.assert(
    fc.property(mutationsOf(blob), (bytes) => {
      if (Buffer.compare(bytes, blob) === 0) open(bytes, owner)
      else assertRefused(() => open(bytes, owner), codes)
    }),
    PROPERTY,
  )
})

test('a passphrase beside a seal is refused, as age refuses it', () => {
  const owner = person('owner', 'classic')
  const blob = blobOf(owner, [new ScryptRecipient('passphrase', 4)])
  const header = parseKeyBlob(blob)
  throwsCode(AgeError, 'SCRYPT_NOT_ALONE', () => unwrapSessionKey(header, [new ScryptIdentity('passphrase')]))
})

function assertRefused(run: () => unknown, codes: ReadonlySet<string>): void {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof KeyBlobError || error instanceof AgeError, String(error))
    assert.ok(codes.has(error.code), `${error.code}: ${error.message}`)
    return
  }
  assert.fail('expected a refusal')
}
