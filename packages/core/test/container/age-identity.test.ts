import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Decrypter, Encrypter, armor, identityToRecipient } from 'age-encryption'
import { encryptFile, parseIdentityFile } from '../../src/age/index.ts'
import { utf8Decode, utf8Encode } from '../../src/bytes/index.ts'
import {
  createContainer,
  encodeContainer,
  exportAgeIdentity,
  generateKeyPair,
  publicCard,
} from '../../src/container/index.ts'
import { NOW, inFolder } from './fixtures.ts'

const PLAINTEXT = utf8Encode('sealed to the container')

test('the exported file holds the secret of every exchange key, retired ones too', () => {
  const container = createContainer({ name: 'default', withClassic: true, now: NOW })
  container.addKey(generateKeyPair('mlkem768x25519'), { state: 'active', now: NOW })
  const all = parseIdentityFile(exportAgeIdentity(container))
  assert.deepEqual(all.map(String).sort(), container.identities().map(String).sort())
  const classic = parseIdentityFile(exportAgeIdentity(container, 'classic'))
  assert.deepEqual(
    classic.map(({ kind }) => kind),
    ['X25519'],
  )
})

test('age opens with the exported classic identity, and encrypts to the card', (t) =>
  inFolder((folder) => {
    const container = createContainer({ name: 'default', withClassic: true, now: NOW })
    const identity = join(folder, 'identity')
    writeFileSync(identity, exportAgeIdentity(container, 'classic'), { mode: 0o600 })
    const sealed = encryptFile(PLAINTEXT, [container.recipient('classic')])
    const run = spawnSync('age', ['-d', '-i', identity], { input: sealed })
    if (run.error) return t.skip('needs age')
    assert.equal(run.status, 0, run.stderr.toString())
    assert.deepEqual(Uint8Array.from(run.stdout), PLAINTEXT)
  }))

test('npm age-encryption opens with the exported hybrid identity', async () => {
  const container = createContainer({ name: 'default', now: NOW })
  const lines = exportAgeIdentity(container).split('\n')
  const secret = lines.find((line) => line.startsWith('AGE-SECRET-KEY-PQ-1'))
  assert.ok(secret)
  assert.equal(await identityToRecipient(secret), container.recipient().toString())
  const decrypter = new Decrypter()
  decrypter.addIdentity(secret)
  const sealed = encryptFile(PLAINTEXT, [container.recipient()])
  assert.deepEqual(await decrypter.decrypt(sealed), PLAINTEXT)
  const encrypter = new Encrypter()
  encrypter.addRecipient(
    publicCard(container)
      .split('\n')
      .find((line) => line.startsWith('age1pq1')) ?? '',
  )
  assert.ok(await encrypter.encrypt(PLAINTEXT))
})

test('a private part is an age file: who has lost this program still gets at the secrets', async () => {
  const container = createContainer({ name: 'default', now: NOW })
  const bytes = encodeContainer(container, { kind: 'passphrase', passphrase: 'p', logN: 4 })
  const decrypter = new Decrypter()
  decrypter.addPassphrase('p')
  const { private: locked } = JSON.parse(utf8Decode(bytes))
  const plain = JSON.parse(await decrypter.decrypt(armor.decode(String(locked)), 'text'))
  const expected = container.pairs().map(({ pair }) => pair.secretText())
  assert.deepEqual(plain.secrets, expected)
})
