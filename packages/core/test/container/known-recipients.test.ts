import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { MlKem768X25519Identity, X25519Identity } from '../../src/age/index.ts'
import { KnownRecipients, SigningKey } from '../../src/container/index.ts'
import { inFolder, isError } from './fixtures.ts'

const alice = MlKem768X25519Identity.generate().recipient()
const bob = X25519Identity.generate().recipient()
const FILE = `# to whom we seal\nalice ${alice.toString()}\nBob ${bob.toString()} old laptop\n`

test('gives names to recipients, and writes again exactly', () =>
  inFolder((folder) => {
    const path = join(folder, 'known_recipients')
    KnownRecipients.parse(FILE).save(path)
    const known = KnownRecipients.load(path)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(known.encode(), FILE)
    assert.equal(known.named('ALICE')?.recipient.toString(), alice.toString())
    assert.equal(known.named('bob')?.comment, 'old laptop')
    assert.equal(known.named('carol'), undefined)
    known.remove('bob')
    known.add('carol', bob)
    const names = known.entries.map(({ alias }) => alias)
    assert.deepEqual(names, ['alice', 'carol'])
  }))

test('an alias stands for one recipient, and a recipient has one alias', () => {
  const known = KnownRecipients.parse(FILE)
  assert.throws(() => known.add('Alice', bob), isError('CONTAINER_EXISTS'))
  assert.throws(() => known.add('carol', bob), isError('CONTAINER_EXISTS', /called Bob/))
  assert.equal(known.encode(), FILE)
})

test('signers, identities and second spellings are refused', () => {
  const { signer } = SigningKey.generate('ed25519')
  const identity = X25519Identity.generate()
  const cases: readonly [string, RegExp][] = [
    [signer.toString(), /^line 1: expected a recipient/],
    [identity.toString(), /^line 1: expected a recipient.*secret/],
    [bob.toString().toUpperCase(), /^line 1: expected a recipient/],
    [`${bob.toString()} `, /^line 1: expected single spaces/],
  ]
  for (const [text, message] of cases) {
    assert.throws(() => KnownRecipients.parse(`alice ${text}\n`), isError('CONTAINER_FORMAT', message))
    assert.throws(
      () => KnownRecipients.parse(`alice ${text}\n`),
      (error) => error instanceof Error && !error.message.includes(identity.toString()),
    )
  }
  assert.equal(KnownRecipients.empty().encode(), '')
})
