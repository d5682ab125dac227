import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { openAead } from '@strongroom/core/age'
import { utf8Encode } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { openText, sealText } from '../../src/client/sealed-text.ts'
import { singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { bytesOf } from './deposit-fixtures.ts'

const KEY = bytesOf(1, 16)
const TEXT = utf8Encode('a text')

test('a sealed text is what the specification says', () => {
  for (const purpose of ['description', 'enclosed'] as const) {
    const sealed = sealText(KEY, purpose, TEXT)
    const info = `strongroom deposit ${purpose} v1`
    const key = new Uint8Array(hkdfSync('sha256', KEY, sealed.subarray(0, 16), info, 32))
    assert.deepEqual(openAead(key, new Uint8Array(12), new Uint8Array(0), sealed.subarray(16)), TEXT)
    assert.equal(sealed.length, TEXT.length + 32)
  }
})

test('any text opens with the key, for the purpose, and differs each time', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom('description', 'enclosed'),
      (text, purpose) => {
        const sealed = sealText(KEY, purpose, text)
        assert.deepEqual(openText(KEY, purpose, sealed), text)
        assert.notDeepEqual(sealText(KEY, purpose, text), sealed)
      },
    ),
    PROPERTY,
  )
})

test('another key, another purpose, a changed bit or a missing byte opens nothing', () => {
  const sealed = sealText(KEY, 'description', TEXT)
  assert.equal(openText(bytesOf(2, 16), 'description', sealed), undefined)
  assert.equal(openText(KEY, 'enclosed', sealed), undefined)
  for (const flipped of singleBitFlips(sealed)) assert.equal(openText(KEY, 'description', flipped), undefined)
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(openText(KEY, 'description', sealed.subarray(0, length)), undefined)
  }
})
