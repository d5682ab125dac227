import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  encodedHeaderLength,
  MlKem768X25519Identity,
  newFileKey,
  parseHeader,
  X25519Identity,
  type Stanza,
} from '@strongroom/core/age'
import { isPad, MIN_PAD_BYTES } from '@strongroom/core/keyblob'
import { fitHeader, reserveHeaderFor } from '../../src/seal/header-plan.ts'
import { PROPERTY } from '../support/property-runs.ts'

// Room in headers, so that they can be rewritten in place: docs/spec/sealed-file.md.

const BLOCK = 4_096
const LARGE = 1_048_576
const FILE_KEY = newFileKey()
const RECIPIENTS = [X25519Identity.generate(), MlKem768X25519Identity.generate()].map((identity) =>
  identity.recipient().wrap(FILE_KEY),
)
const seals = fc
  .integer({ min: 0, max: 13_000 })
  .map(
    (length): Stanza => ({ type: 'strongroom/seal', args: ['1', 'private'], body: new Uint8Array(length) }),
  )
const headers = fc
  .tuple(fc.constantFrom(...RECIPIENTS), fc.integer({ min: 1, max: 4 }), seals)
  .map(([recipient, count, seal]) => ({
    recipient,
    stanzas: [...Array<Stanza>(count).fill(recipient), seal],
  }))

test('before a large payload, a header fills whole blocks and has room for one more recipient, and little else', () => {
  fc.assert(
    fc.property(headers, fc.integer({ min: LARGE, max: 2 ** 50 }), ({ recipient, stanzas }, payload) => {
      const length = reserveHeaderFor(stanzas, payload)
      assert.equal((length + 16) % BLOCK, 0)
      for (const wanted of [stanzas, [recipient, ...stanzas]]) {
        const header = fitHeader(wanted, length, FILE_KEY)
        assert.equal(header?.length, length)
        assert.deepEqual(
          parseHeader(header).stanzas.filter((stanza) => !isPad(stanza)),
          wanted,
        )
      }
      const least = encodedHeaderLength([recipient, ...stanzas]) + MIN_PAD_BYTES
      assert.ok(length - least < BLOCK, 'a block too many')
    }),
    PROPERTY,
  )
})

test('before a small payload, a header is no longer than it must be', () => {
  fc.assert(
    fc.property(headers, fc.integer({ min: 16, max: LARGE - 1 }), ({ stanzas }, payload) => {
      const length = reserveHeaderFor(stanzas, payload)
      assert.equal(length, encodedHeaderLength(stanzas) + MIN_PAD_BYTES)
      assert.equal(fitHeader(stanzas, length, FILE_KEY)?.length, length)
    }),
    PROPERTY,
  )
})

test('a header takes exactly the room that there is, or does not fit', () => {
  const [stanza] = RECIPIENTS
  assert.ok(stanza)
  const least = encodedHeaderLength([stanza])
  for (let room = least - 2; room < least + MIN_PAD_BYTES + 200; room++) {
    const fits = room === least || room >= least + MIN_PAD_BYTES
    assert.equal(fitHeader([stanza], room, FILE_KEY)?.length, fits ? room : undefined)
  }
})
