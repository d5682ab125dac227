import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteReader, ByteWriter } from '@strongroom/core/bytes'
import { SIGNATURE_SUITES, SigningKey } from '@strongroom/core/container'
import { KeyBlobError, type BatchSignature } from '@strongroom/core/keyblob'
import {
  batchMessage,
  batchSignatureBytes,
  MAX_BATCH,
  readBatchSignature,
  signBatch,
  verifyBatch,
  writeBatchSignature,
} from '../../src/keyblob/batch.ts'
import { batchMessage as messageBySpecification } from '../seal/support/attacker.ts'
import { noise } from '../seal/support/files.ts'
import { pathOf, rootOf } from '../seal/support/rfc6962.ts'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { assertExact } from './exact.ts'

const SEALS = Array.from({ length: 300 }, (_, i) => noise(32, `seal ${i}`))
const SUITE = SIGNATURE_SUITES.ed25519
const key = SigningKey.generate(SUITE.name)

/** The signatures of a batch, and how often and over what the key signed. */
function signed(size: number): { batches: BatchSignature[]; messages: Uint8Array[] } {
  const messages: Uint8Array[] = []
  const batches = signBatch(SEALS.slice(0, size), (message) => {
    messages.push(message)
    return key.sign(message)
  })
  return { batches, messages }
}

for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 255, 256, 257, 300]) {
  test(`a batch of ${size} is signed once, and each seal proves its place`, () => {
    const seals = SEALS.slice(0, size)
    const { batches, messages } = signed(size)
    assert.deepEqual(messages, [messageBySpecification(size, rootOf(seals))])
    assert.equal(batches.length, size)
    for (const [index, batch] of batches.entries()) {
      // The oracle is slow: of a large batch, some places.
      if (size > 40 && index % 37 > 1 && index < size - 2) continue
      assert.deepEqual({ ...batch, signature: 0 }, { size, index, proof: pathOf(seals, index), signature: 0 })
    }
    const longest = Math.max(...batches.map((batch) => encode(batch).length))
    assert.equal(longest, batchSignatureBytes(size, SUITE), 'no room is kept for nothing')
    for (const index of new Set([0, 1, size - 2, size - 1])) {
      const [batch, seal] = [batches[index], seals[index]]
      if (batch && seal) assert.ok(verifyBatch(seal, batch, key.signer))
    }
  })
}

test('a seal does not verify anywhere but at its place in its batch', () => {
  const { batches } = signed(5)
  const [batch, next] = batches
  const [seal, other] = SEALS
  assert.ok(batch && next && seal && other)
  assert.ok(verifyBatch(seal, batch, key.signer))
  const wrong: readonly BatchSignature[] = [
    next,
    { ...batch, index: 1 },
    { ...batch, index: 5 },
    { ...batch, size: 4 },
    { ...batch, size: 6 },
    { ...batch, proof: batch.proof.slice(1) },
    { ...batch, proof: [...batch.proof, noise(32)] },
    { ...batch, proof: batch.proof.toReversed() },
    { ...batch, signature: noise(64) },
    { ...batch, signature: batch.signature.slice(1) },
    { ...batch, signature: new Uint8Array(0) },
  ]
  for (const changed of wrong) assert.equal(verifyBatch(seal, changed, key.signer), false)
  assert.equal(verifyBatch(other, batch, key.signer), false)
  assert.equal(verifyBatch(seal, batch, SigningKey.generate(SUITE.name).signer), false)
})

test('a signature over a root does not pass for one over a single seal, nor a node for a seal', () => {
  const { batches } = signed(2)
  const [batch] = batches
  assert.ok(batch)
  const root = rootOf(SEALS.slice(0, 2))
  assert.equal(verifyBatch(root, { ...batch, size: 1, index: 0, proof: [] }, key.signer), false)
})

test('a batch has 1 to 65,536 seals', () => {
  assert.equal(MAX_BATCH, 65_536)
  const sign = () => assert.fail('nothing may be signed')
  throwsCode(KeyBlobError, 'LIMIT', () => signBatch([], sign))
  throwsCode(KeyBlobError, 'LIMIT', () => signBatch(Array<Uint8Array>(65_537).fill(noise(32)), sign))
})

test('what is signed stands as the specification lays it out', () => {
  assert.deepEqual(batchMessage(300, noise(32)), messageBySpecification(300, noise(32)))
})

test('a batch signature has one encoding', () => {
  const codec = {
    parse: (bytes: Uint8Array) => {
      const reader = new ByteReader(bytes)
      const batch = readBatchSignature(reader, SUITE)
      reader.end()
      return batch
    },
    encode,
  }
  for (const size of [1, 2, 257]) {
    const { batches } = signed(size)
    for (const batch of batches.slice(-2)) assert.deepEqual(codec.parse(encode(batch)), batch)
    const sound = encode(batches[size - 1] ?? assert.fail())
    fc.assert(
      fc.property(mutationsOf(sound), (bytes) => assertExact(codec, bytes)),
      PROPERTY,
    )
    for (let length = 0; length < sound.length; length++) assertExact(codec, sound.slice(0, length))
  }
})

test('an impossible place in a batch is refused', () => {
  const [batch] = signed(1).batches
  assert.ok(batch)
  const refuse = (changed: BatchSignature) =>
    throwsCode(KeyBlobError, 'SEAL_FORMAT', () => readBatchSignature(new ByteReader(encode(changed)), SUITE))
  refuse({ ...batch, size: 0 })
  refuse({ ...batch, index: 1 })
  refuse({ ...batch, size: 65_537 })
  refuse({ ...batch, size: 0xffffffff, index: 0xfffffffe })
  refuse({ ...batch, size: 65_536, proof: SEALS.slice(0, 17) })
})

function encode(batch: BatchSignature): Uint8Array {
  const writer = new ByteWriter()
  writeBatchSignature(writer, batch)
  return writer.toBytes()
}
