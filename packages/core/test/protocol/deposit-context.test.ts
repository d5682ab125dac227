import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import {
  DEPOSIT_FORMATS,
  encodeDepositContext,
  LIMITS,
  parseDepositContext,
  ProtocolError,
  type DepositContext,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { CONTEXT, fieldsOf, joined } from './deposit-fixtures.ts'
import { bytesOf } from './fixtures.ts'

describe('a deposit context', () => {
  const encoded = encodeDepositContext(CONTEXT)

  test('has one encoding, both ways', () => {
    assert.deepEqual(parseDepositContext(encoded), CONTEXT)
    const { sealId, object, description, previous, ...least } = CONTEXT
    assert.ok(sealId && object && description && previous)
    assert.deepEqual(parseDepositContext(encodeDepositContext(least)), least)
    assert.deepEqual(joined(fieldsOf(encoded)), encoded)
  })
  test('carries what is sealed', () => {
    for (const format of ['simple-blob', 'password-parameters'] as const) {
      const context: DepositContext = {
        ...CONTEXT,
        format,
        description: { kind: 'sealed', bytes: bytesOf(5, 32) },
        enclosed: bytesOf(6, 32),
      }
      assert.deepEqual(parseDepositContext(encodeDepositContext(context)), context)
    }
  })
  test('at its largest is within the limits of a context and a deposit', () => {
    const largest: DepositContext = {
      ...CONTEXT,
      tenant: 'a'.repeat(64),
      clientId: 'b'.repeat(64),
      retention: 'c'.repeat(64),
      format: 'simple-blob',
      description: { kind: 'sealed', bytes: bytesOf(5, LIMITS.descriptionBytes + 32) },
      enclosed: bytesOf(6, LIMITS.enclosedBytes + 32),
    }
    const length = encodeDepositContext(largest).length
    assert.ok(length <= LIMITS.contextBytes)
    // The stanza of mlkem768x25519 has 1,120 bytes of encapsulation and 32 of body; all in base64, in lines of 64.
    const stanzas = ((2 + length + 3373 + 1120 + 32) * 4) / 3
    assert.ok(stanzas + stanzas / 64 + 300 <= LIMITS.depositBytes)
  })

  const fields = fieldsOf(encoded)
  const OPTIONAL = new Set([9, 10, 11, 15])
  for (const tag of fields.keys()) {
    if (OPTIONAL.has(tag)) continue
    test(`without field ${tag} is refused`, () => {
      const others = [...fields].filter(([other]) => other !== tag)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositContext(joined(others)))
    })
  }
  test('with a field twice, out of order, or unknown is refused', () => {
    const all = [...fields]
    const [one, two, ...rest] = all
    assert.ok(one && two)
    for (const others of [
      [one, one, two, ...rest],
      [two, one, ...rest],
      [...all, [18, bytesOf(1)] as const],
      [[0, bytesOf(1)] as const, ...all],
      [...all, [255, bytesOf(1)] as const],
    ]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositContext(joined(others)))
    }
  })

  const change = (tag: number, value: Uint8Array) => joined(new Map(fields).set(tag, value))
  const BAD_FIELDS: readonly [string, number, Uint8Array][] = [
    ['a tenant in upper case', 1, utf8Encode('ACME')],
    ['no tenant', 1, new Uint8Array(0)],
    ['a tenant that is not UTF-8', 1, Uint8Array.of(0xff)],
    ['a client of 65 characters', 2, utf8Encode('c'.repeat(65))],
    ['an unknown suite', 3, concat(Uint8Array.of(3), bytesOf(1))],
    ['suite 0', 3, concat(Uint8Array.of(0), bytesOf(1))],
    ['a signer of 31 bytes', 3, bytesOf(1)],
    ['epoch 0', 4, new Uint8Array(4)],
    ['an epoch of three bytes', 4, bytesOf(1, 3)],
    ['an epoch of five bytes', 4, bytesOf(1, 5)],
    ['format 0', 6, Uint8Array.of(0)],
    ['format 5', 6, Uint8Array.of(5)],
    ['a serial of 17 bytes', 7, bytesOf(1, 17)],
    ['a commitment of 31 bytes', 8, bytesOf(1, 31)],
    ['a size beyond 2^53', 10, concat(bytesOf(1), Uint8Array.of(0, 0x20, 0, 0, 0, 0, 0, 0))],
    ['a description of unknown kind', 11, Uint8Array.of(2, 65)],
    ['a description of no kind', 11, new Uint8Array(0)],
    ['a description that is not UTF-8', 11, Uint8Array.of(0, 0xc0, 0x80)],
    ['a sealed description without room for a tag', 11, concat(Uint8Array.of(1), bytesOf(1, 31))],
    ['no retention class', 12, new Uint8Array(0)],
    ['a time after all dates', 16, Uint8Array.of(0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['something enclosed in a format without', 17, bytesOf(1, 32)],
    ['a format without the enclosed thing it needs', 6, Uint8Array.of(3)],
  ]
  for (const [what, tag, value] of BAD_FIELDS) {
    test(`with ${what} is refused`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositContext(change(tag, value)))
    })
  }
  const TOO_LONG: readonly [string, Partial<DepositContext>][] = [
    ['description', { description: { kind: 'plain', text: 'ä'.repeat(513) } }],
    ['sealed description', { description: { kind: 'sealed', bytes: bytesOf(1, 1057) } }],
    ['enclosed', { format: 'simple-blob', enclosed: bytesOf(1, LIMITS.enclosedBytes + 33) }],
  ]
  for (const [what, changes] of TOO_LONG) {
    test(`with too long a ${what} is not written`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeDepositContext({ ...CONTEXT, ...changes }))
    })
  }
  test('with anything impossible is not written', () => {
    const impossible: readonly Partial<DepositContext>[] = [
      { tenant: 'a b' },
      { epochNumber: 0 },
      { epochNumber: 2 ** 32 },
      { epochNumber: 1.5 },
      { signer: { suiteId: 9, id: bytesOf(1) } },
      { serial: bytesOf(1, 15) },
      { policy: bytesOf(1, 33) },
      { createdMs: -1 },
      { createdMs: Number.NaN },
      { object: { nameDigest: bytesOf(1), size: -1 } },
      { object: { nameDigest: bytesOf(1, 31), size: 1 } },
      { description: { kind: 'plain', text: '\ud800' } },
      { enclosed: bytesOf(1, 40) },
    ]
    for (const changes of impossible) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDepositContext({ ...CONTEXT, ...changes }))
    }
  })
  test('longer than any can be is not looked at', () => {
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      parseDepositContext(new Uint8Array(LIMITS.contextBytes + 1)),
    )
  })
  test('whatever is accepted is written again exactly', () => {
    fc.assert(
      fc.property(mutationsOf(encoded), (bytes) => {
        let context: DepositContext
        try {
          context = parseDepositContext(bytes)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
          return
        }
        assert.deepEqual(encodeDepositContext(context), bytes)
      }),
      PROPERTY,
    )
  })
  test('every context that can be written is read again', () => {
    fc.assert(
      fc.property(contexts(), (context) => {
        assert.deepEqual(parseDepositContext(encodeDepositContext(context)), context)
      }),
      PROPERTY,
    )
  })
})

function contexts(): fc.Arbitrary<DepositContext> {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const name = fc.stringMatching(/^[a-z0-9-]{1,64}$/)
  const description: fc.Arbitrary<DepositContext['description']> = fc.oneof(
    fc.constant(undefined),
    fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .filter((text) => text.isWellFormed())
      .map((text) => ({ kind: 'plain', text }) as const),
    fc
      .uint8Array({ minLength: 32, maxLength: 1056 })
      .map((sealed) => ({ kind: 'sealed', bytes: sealed }) as const),
  )
  const optional = fc.record(
    {
      sealId: bytes(32),
      previous: bytes(32),
      object: fc.record({ nameDigest: bytes(32), size: fc.maxSafeNat() }, { noNullPrototype: true }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  const required = fc.record(
    {
      tenant: name,
      clientId: name,
      signer: fc.record({ suiteId: fc.constantFrom(1, 2), id: bytes(32) }, { noNullPrototype: true }),
      epochNumber: fc.integer({ min: 1, max: 0xffffffff }),
      epochDigest: bytes(32),
      format: fc.constantFrom(...(Object.keys(DEPOSIT_FORMATS) as (keyof typeof DEPOSIT_FORMATS)[])),
      serial: bytes(16),
      commitment: bytes(32),
      retention: name,
      policy: bytes(32),
      recipientDigest: bytes(32),
      createdMs: fc.integer({ min: 0, max: 8.64e15 }),
    },
    { noNullPrototype: true },
  )
  return fc
    .tuple(required, optional, description, fc.uint8Array({ minLength: 32, maxLength: 200 }))
    .map(([must, may, text, enclosed]) => ({
      ...must,
      ...may,
      ...(text && { description: text }),
      ...((must.format === 'simple-blob' || must.format === 'password-parameters') && { enclosed }),
    }))
}
