import assert from 'node:assert/strict'
import { test } from 'node:test'
import { concat, equalBytes, wipe } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'

test('concat is what Buffer.concat is', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), (parts) => {
      assert.deepEqual(concat(...parts), new Uint8Array(Buffer.concat(parts)))
    }),
    PROPERTY,
  )
})

test('concat returns an array of its own, even for a single part', () => {
  const part = Uint8Array.of(1, 2)
  const whole = concat(part)
  part[0] = 9
  assert.deepEqual(whole, Uint8Array.of(1, 2))
})

test('equalBytes sees every difference', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i)
  assert.ok(equalBytes(bytes, bytes.slice()))
  assert.ok(equalBytes(new Uint8Array(0), new Uint8Array(0)))
  assert.ok(!equalBytes(bytes, bytes.subarray(1)))
  assert.ok(!equalBytes(bytes, bytes.subarray(0, 39)))
  for (let i = 0; i < bytes.length; i++)
    assert.ok(!equalBytes(bytes, bytes.with(i, bytes.length)), `byte ${i}`)
})

test('wipe leaves zeros, in views only what they cover', () => {
  const whole = Uint8Array.of(1, 2, 3, 4)
  const other = Uint8Array.of(5)
  wipe(whole.subarray(1, 3), other)
  assert.deepEqual([...whole, ...other], [1, 0, 0, 4, 0])
})
