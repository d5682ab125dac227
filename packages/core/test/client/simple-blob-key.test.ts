/** What a custodian finds in a SIMPLEBLOB that a real provider made, and that nobody learns more from one that was changed. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, fromHex, toHex } from '@strongroom/core/bytes'
import { openSimpleBlob } from '@strongroom/core/client'
import { answerOf, recorded, testKeyNamed } from './deposit-vectors.ts'

const KEY = testKeyNamed('kx1024')
const CASES = recorded('blobs').filter(
  ({ name }) => /^simple\/(import|captured)\/.*kx1024\//.test(name) && !name.endsWith('/oaep'),
)
const blobIn = ({ steps }: (typeof CASES)[number]): Uint8Array =>
  fromHex(steps.find(({ blob }) => blob?.startsWith('01'))?.blob ?? '')

describe('the key in a SIMPLEBLOB', () => {
  assert.ok(CASES.length >= 8, `${CASES.length} recorded cases`)
  for (const recordedCase of CASES) {
    test(`is the one that the provider exported: ${recordedCase.name}`, () => {
      assert.deepEqual(
        openSimpleBlob(blobIn(recordedCase), KEY.pkcs8),
        answerOf(recordedCase, 'CryptExportKey'),
      )
    })
  }
})

// M1: Bleichenbacher asks a million times whether a padding was right. Here no answer says so.
test('a SIMPLEBLOB that was changed anywhere gives a key all the same, the same each time', () => {
  const fixed = CASES.find(({ name }) => /3des|aes/i.test(name)) ?? CASES[0]
  assert.ok(fixed)
  const simpleBlob = blobIn(fixed)
  const right = openSimpleBlob(simpleBlob, KEY.pkcs8)
  assert.ok(right)
  const changed = [12, 13, 60, 100, simpleBlob.length - 1].map((at) =>
    simpleBlob.with(at, (simpleBlob[at] ?? 0) ^ 1),
  )
  // Above the modulus, nothing at all, and a true one for somebody else's key.
  changed.push(simpleBlob.map((byte, i) => (i < 12 ? byte : 0xff)))
  changed.push(simpleBlob.map((byte, i) => (i < 12 ? byte : 0)))
  const found = changed.map((blob) => openSimpleBlob(blob, KEY.pkcs8))
  for (const [i, key] of found.entries()) {
    assert.ok(key)
    assert.equal(key.length, right.length)
    assert.deepEqual(key.subarray(0, 12), right.subarray(0, 12))
    assert.notDeepEqual(key, right)
    assert.deepEqual(openSimpleBlob(changed[i] ?? key, KEY.pkcs8), key)
  }
  assert.equal(new Set(found.map((key) => toHex(key ?? new Uint8Array(0)))).size, found.length)
})

test('what is none for everybody to see gives nothing', () => {
  const [first] = CASES
  assert.ok(first)
  const simpleBlob = blobIn(first)
  const pubKeyBlob = simpleBlob.with(0, 6)
  const unknownCipher = concat(simpleBlob.subarray(0, 4), Uint8Array.of(1, 2, 3, 4), simpleBlob.subarray(8))
  for (const blob of [new Uint8Array(0), simpleBlob.subarray(0, 60), pubKeyBlob, unknownCipher]) {
    assert.equal(openSimpleBlob(blob, KEY.pkcs8), undefined)
  }
})
