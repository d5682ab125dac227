import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  DEPOSIT_FORMATS,
  encodeDepositPage,
  encodeStatementPage,
  LIMITS,
  parseDepositPage,
  parseStatementPage,
  ProtocolError,
  type DepositFormat,
  type DepositPage,
  type FoundDeposit,
  type StatementPage,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, START } from './fixtures.ts'
import { refusesAllNear } from './near.ts'

const FOUND: FoundDeposit = {
  id: bytesOf(1),
  index: 9,
  received: START + 1,
  created: START,
  epoch: 1,
  format: 'file',
  serial: bytesOf(2, 16),
  commitment: bytesOf(3),
  sealId: bytesOf(4),
  object: { name: bytesOf(5), size: 25 },
  description: 'year end',
  retention: 'ten-years',
  level: 0,
  wrong: true,
  previous: bytesOf(6),
  superseded: true,
}
const LEAST: FoundDeposit = {
  ...FOUND,
  index: 4,
  format: 'named-key',
  sealId: null,
  object: null,
  description: null,
  level: 2,
  wrong: false,
  previous: null,
  superseded: false,
}
const PAGE: DepositPage = { deposits: [FOUND, LEAST], next: 4 }
const STATEMENTS: StatementPage = {
  statements: [
    { index: 1, kind: 'enrolment', digest: bytesOf(1), received: START, bytes: utf8Encode('{}') },
    { index: 4, kind: 'deposit', digest: bytesOf(2), received: START, bytes: bytesOf(0, 5) },
  ],
  next: null,
}

/** Every bit of a page changed, and every truncation, is refused or is another page in its one encoding. */
function hasOneEncoding<T>(page: T, encode: (page: T) => Uint8Array, parse: (bytes: Uint8Array) => T): void {
  const encoded = encode(page)
  assert.deepEqual(parse(encoded), page)
  refusesAllNear(encoded, (bytes) => {
    const found = parse(bytes)
    assert.deepEqual(encode(found), bytes)
    // Nothing signs a page: a flipped digit of a digest is another digest.
    if (!Buffer.from(bytes).equals(encoded)) throw new ProtocolError('PROTOCOL_FORMAT', 'another page')
  })
  fc.assert(
    fc.property(mutationsOf(encoded), (bytes) => {
      try {
        assert.deepEqual(encode(parse(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    PROPERTY,
  )
}

describe('a page of deposits', () => {
  const encodedText = utf8Decode(encodeDepositPage(PAGE))
  test('has one encoding, both ways', () => {
    hasOneEncoding(PAGE, encodeDepositPage, parseDepositPage)
    assert.equal(utf8Decode(encodeDepositPage({ deposits: [], next: null })), '{"deposits":[],"next":null}')
  })
  test('has the members of the specification in their order', () => {
    const page: { deposits: object[] } = JSON.parse(encodedText)
    assert.deepEqual(Object.keys(page.deposits[0] ?? {}), [
      'id',
      'index',
      'received',
      'created',
      'epoch',
      'format',
      'serial',
      'commitment',
      'sealId',
      'object',
      'description',
      'retention',
      'level',
      'wrong',
      'previous',
      'superseded',
    ])
  })
  test('at its largest is within the limit', () => {
    const description = '\u0001'.repeat(LIMITS.descriptionBytes)
    const deposits = Array.from({ length: LIMITS.depositsPerPage }, (_, i) => ({
      ...FOUND,
      index: Number.MAX_SAFE_INTEGER - i,
      received: 8.64e15,
      created: 8.64e15,
      epoch: 0xffffffff,
      format: 'password-parameters' as const,
      object: { name: bytesOf(1), size: Number.MAX_SAFE_INTEGER },
      description,
      retention: 'r'.repeat(64),
    }))
    const page = { deposits, next: deposits.at(-1)?.index ?? null }
    assert.ok(encodeDepositPage(page).length <= LIMITS.pageBytes)
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      encodeDepositPage({ deposits: [...deposits, { ...FOUND, index: 1 }], next: null }),
    )
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseDepositPage(new Uint8Array(LIMITS.pageBytes + 1)))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      encodeDepositPage({ deposits: [{ ...FOUND, description: 'ä'.repeat(513) }], next: null }),
    )
  })
  const REFUSED: Readonly<Record<string, Partial<DepositPage>>> = {
    'the oldest first': { deposits: [LEAST, FOUND], next: 9 },
    'one leaf twice': { deposits: [FOUND, FOUND], next: null },
    'a next page from before this one': { next: 9 },
    'a next page behind what it shows': { next: 3 },
    'a next page and nothing on it': { deposits: [], next: 3 },
    'level 1': { deposits: [{ ...FOUND, level: 1 as 0 }], next: null },
    'an unknown format': { deposits: [{ ...FOUND, format: 'toString' as DepositFormat }], next: null },
    'epoch 0': { deposits: [{ ...FOUND, epoch: 0 }], next: null },
    'a time before 1970': { deposits: [{ ...FOUND, created: -1 }], next: null },
    'a time after all dates': { deposits: [{ ...FOUND, received: 8.65e15 }], next: null },
    'a description of half a character': { deposits: [{ ...FOUND, description: '\ud800' }], next: null },
  }
  for (const [what, changes] of Object.entries(REFUSED)) {
    test(`with ${what} is refused`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDepositPage({ ...PAGE, ...changes }))
    })
  }
  test('that can be written is read again', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const found: fc.Arbitrary<FoundDeposit> = fc.record(
      {
        id: bytes(32),
        index: fc.maxSafeNat(),
        received: fc.integer({ min: 0, max: 8.64e15 }),
        created: fc.integer({ min: 0, max: 8.64e15 }),
        epoch: fc.integer({ min: 1, max: 0xffffffff }),
        format: fc.constantFrom(...(Object.keys(DEPOSIT_FORMATS) as DepositFormat[])),
        serial: bytes(16),
        commitment: bytes(32),
        sealId: fc.option(bytes(32)),
        object: fc.option(fc.record({ name: bytes(32), size: fc.maxSafeNat() }, { noNullPrototype: true })),
        description: fc.option(
          fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
        ),
        retention: fc.stringMatching(/^[a-z0-9-]{1,64}$/),
        level: fc.constantFrom(0 as const, 2 as const),
        wrong: fc.constant(false),
        previous: fc.option(bytes(32)),
        superseded: fc.boolean(),
      },
      { noNullPrototype: true },
    )
    const rows = fc.uniqueArray(found, { selector: ({ index }) => index, maxLength: 5 })
    fc.assert(
      fc.property(rows, fc.boolean(), (all, more) => {
        const deposits = all.toSorted((one, two) => two.index - one.index)
        const page = { deposits, next: more ? (deposits.at(-1)?.index ?? null) : null }
        assert.deepEqual(parseDepositPage(encodeDepositPage(page)), page)
      }),
      PROPERTY,
    )
  })
})

describe('a page of statements', () => {
  test('has one encoding, both ways', () => {
    hasOneEncoding(STATEMENTS, encodeStatementPage, parseStatementPage)
    assert.ok(utf8Decode(encodeStatementPage(STATEMENTS)).endsWith('"bytes":"AAAAAAA="}],"next":null}'))
  })
  test('of the largest statements is within the limit', () => {
    const statements = Array.from({ length: LIMITS.statementsPerPage }, (_, i) => ({
      index: Number.MAX_SAFE_INTEGER - 100 + i,
      kind: 'enrolment' as const,
      digest: bytesOf(0xff),
      received: 8.64e15,
      bytes: bytesOf(0xff, LIMITS.envelopeBytes),
    }))
    const page = { statements, next: Number.MAX_SAFE_INTEGER - 1 }
    assert.ok(encodeStatementPage(page).length <= LIMITS.pageBytes)
    const [first] = STATEMENTS.statements
    assert.ok(first)
    const tooMany = { statements: [first, ...statements], next: null }
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeStatementPage(tooMany))
  })
  const [one, two] = STATEMENTS.statements
  assert.ok(one && two)
  const REFUSED: Readonly<Record<string, StatementPage>> = {
    'the newest first': { statements: [two, one], next: null },
    'one leaf twice': { statements: [one, one], next: null },
    'a next page from before this one': { ...STATEMENTS, next: 1 },
    'an unknown kind': { statements: [{ ...one, kind: 'valueOf' as 'deposit' }], next: null },
    'a statement of no bytes': { statements: [{ ...one, bytes: new Uint8Array(0) }], next: null },
    'a too long statement': {
      statements: [{ ...one, bytes: bytesOf(1, LIMITS.envelopeBytes + 1) }],
      next: null,
    },
  }
  for (const [what, page] of Object.entries(REFUSED)) {
    test(`with ${what} is refused`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeStatementPage(page))
    })
  }
})
