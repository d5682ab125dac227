import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Encode } from '../../src/bytes/index.ts'
import { nodeMeans, verifyRaw } from '../../src/client/index.ts'
import { ContainerError } from '../../src/container/index.ts'
import { noteVerifier, openNote, signNote } from '../../src/tlog/index.ts'
import { pairOf } from '../protocol/fixtures.ts'
import { throwsCode } from '../support/throws-code.ts'
import { testKey } from '../tlog/node-keys.ts'

const MESSAGE = utf8Encode('a message')

for (const suite of ['ed25519', 'ed25519+mldsa65'] as const) {
  test(`statements are verified again and again with kept keys: ${suite}`, () => {
    // More signers than are kept: what was forgotten is made again.
    const pairs = Array.from({ length: suite === 'ed25519' ? 70 : 2 }, (_, i) => pairOf(i + 1, suite))
    for (const { signer, sign } of [...pairs, ...pairs]) {
      const signature = sign(MESSAGE)
      assert.ok(nodeMeans.verify(signer, MESSAGE, signature))
      assert.ok(!nodeMeans.verify(signer, utf8Encode('another'), signature))
      assert.ok(!nodeMeans.verify(signer, MESSAGE, signature.subarray(1)))
    }
  })
}

test('what is no signer is an error, not a signature that is not valid', () => {
  throwsCode(ContainerError, 'CONTAINER_KEY', () => nodeMeans.verify('rsa AAAA', MESSAGE, MESSAGE))
})

test('notes of logs are verified with both algorithms', () => {
  const keys = [
    testKey('log.example/strongroom/0011223344556677', 'note', 1),
    testKey('log.example', 'note', 2),
  ]
  const note = signNote(
    'some text\n',
    keys.map(({ signer }) => signer),
  )
  const verifiers = keys.map(({ key }) => noteVerifier(key, verifyRaw))
  assert.equal(openNote(note, verifiers).verified.length, 2)
  assert.equal(openNote(note, verifiers).verified.length, 2)
})

test('a public key that is none makes every signature invalid', () => {
  for (let round = 0; round < 2; round++) {
    assert.ok(!verifyRaw('ed25519', new Uint8Array(31), MESSAGE, new Uint8Array(64)))
    assert.ok(!verifyRaw('ed25519', new Uint8Array(32).fill(0xff), MESSAGE, new Uint8Array(64)))
    assert.ok(!verifyRaw('ml-dsa-44', new Uint8Array(5), MESSAGE, new Uint8Array(2420)))
  }
})
