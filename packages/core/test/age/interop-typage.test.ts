import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  armor,
  dearmor,
  decryptFile,
  decryptHeader,
  encodeDetachedHeader,
  encryptFile,
  MlKem768X25519Identity,
  newFileKey,
  parseHeader,
  ScryptIdentity,
  ScryptRecipient,
  X25519Identity,
  type KeyIdentity,
} from '@strongroom/core/age'
import { concat } from '@strongroom/core/bytes'
import {
  Decrypter,
  Encrypter,
  armor as typageArmor,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption'
import { parseIdentity, parseRecipient } from '@strongroom/core/age'

// Both ways with typage, the TypeScript implementation of age by its author, which shares no code with ours.

const PLAINTEXTS = [0, 1, 65_535, 65_536, 65_537, 200_000].map((length) =>
  Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff),
)

const IDENTITIES: KeyIdentity[] = [MlKem768X25519Identity.generate(), X25519Identity.generate()]

for (const identity of IDENTITIES) {
  test(`${identity.kind}: typage opens what we encrypt`, async () => {
    for (const plaintext of PLAINTEXTS) {
      const file = encryptFile(plaintext, [identity.recipient()])
      assert.deepEqual(await decrypterFor(identity).decrypt(file), plaintext)
    }
  })

  test(`${identity.kind}: we open what typage encrypts`, async () => {
    for (const plaintext of PLAINTEXTS) {
      const encrypter = new Encrypter()
      encrypter.addRecipient(identity.recipient().toString())
      assert.deepEqual(decryptFile(await encrypter.encrypt(plaintext), [identity]), plaintext)
    }
  })

  test(`${identity.kind}: detached headers both ways`, async () => {
    const fileKey = newFileKey()
    const header = encodeDetachedHeader(fileKey, [identity.recipient()])
    assert.deepEqual(new Uint8Array(await decrypterFor(identity).decryptHeader(header)), fileKey)
    const encrypter = new Encrypter()
    encrypter.addRecipient(identity.recipient().toString())
    const file = await encrypter.encrypt('text')
    const theirs = file.subarray(0, parseHeader(file).length)
    const theirKey = await decrypterFor(identity).decryptHeader(theirs)
    assert.deepEqual(decryptHeader(theirs, [identity]), new Uint8Array(theirKey))
  })

  test(`${identity.kind}: armor both ways`, async () => {
    const file = encryptFile(concat(...PLAINTEXTS), [identity.recipient()])
    assert.deepEqual(new Uint8Array(typageArmor.decode(armor(file))), file)
    assert.deepEqual(dearmor(typageArmor.encode(file)), file)
    assert.equal(armor(file).trim(), typageArmor.encode(file).trim())
  })
}

for (const [kind, generate] of Object.entries({
  mlkem768x25519: generateHybridIdentity,
  X25519: generateX25519Identity,
})) {
  test(`${kind}: keys made by typage are read, with the same public half`, async () => {
    const secret = await generate()
    const identity = parseIdentity(secret)
    assert.equal(identity.kind, kind)
    assert.equal(identity.toString(), secret)
    assert.equal(identity.recipient().toString(), await identityToRecipient(secret))
    assert.equal(parseRecipient(await identityToRecipient(secret)).kind, kind)
  })
}

test('several recipients: each opens, in both implementations', async () => {
  const many = [X25519Identity.generate(), X25519Identity.generate(), X25519Identity.generate()]
  const [plaintext = new Uint8Array(0)] = PLAINTEXTS.slice(-1)
  const ours = encryptFile(
    plaintext,
    many.map((identity) => identity.recipient()),
  )
  const encrypter = new Encrypter()
  for (const identity of many) encrypter.addRecipient(identity.recipient().toString())
  const theirs = await encrypter.encrypt(plaintext)
  for (const identity of many) {
    assert.deepEqual(await decrypterFor(identity).decrypt(ours), plaintext)
    assert.deepEqual(decryptFile(theirs, [identity]), plaintext)
  }
})

test('scrypt: passphrases both ways', async () => {
  const [plaintext = new Uint8Array(0)] = PLAINTEXTS.slice(-1)
  const passphrase = 'pässphräse with spaces'
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  assert.deepEqual(
    await decrypter.decrypt(encryptFile(plaintext, [new ScryptRecipient(passphrase, 10)])),
    plaintext,
  )
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(10)
  const file = await encrypter.encrypt(plaintext)
  assert.deepEqual(decryptFile(file, [new ScryptIdentity(passphrase)]), plaintext)
  assert.throws(() => decryptFile(file, [new ScryptIdentity('another')]), { code: 'NO_MATCH' })
})

function decrypterFor(identity: KeyIdentity): Decrypter {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity.toString())
  return decrypter
}
