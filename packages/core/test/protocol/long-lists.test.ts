import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { utf8Encode } from '@strongroom/core/bytes'
import { completionHashesDigest } from '@strongroom/core/protocol'
import { sha256 } from './fixtures.ts'

test('the list of a completion has as many rows as an epoch has deposits', () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => {
    const id = new Uint8Array(32)
    new DataView(id.buffer).setUint32(0, i)
    return { id, hash: i % 3 === 0 ? undefined : id }
  })
  const expected = createHash('sha256').update(utf8Encode('strongroom completion list v1\n'))
  for (const { id, hash } of rows) expected.update(id).update(hash ?? new Uint8Array(32))
  const digest = completionHashesDigest(sha256, rows.toReversed())
  assert.deepEqual(digest, new Uint8Array(expected.digest()))
})
