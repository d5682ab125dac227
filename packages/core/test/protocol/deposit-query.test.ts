import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  encodeDepositQuery,
  encodeStatementQuery,
  LIMITS,
  parseDepositQuery,
  parseStatementQuery,
  ProtocolError,
  signatureBase,
  type DepositQuery,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, sha256, START } from './fixtures.ts'

const QUERY: DepositQuery = {
  serial: bytesOf(0xab, 16),
  description: "year's end & more + ä",
  object: bytesOf(0xcd),
  from: START,
  to: START + 1000,
  level: 2,
  superseded: false,
  before: 7,
  limit: 10,
}
const ENCODED =
  `serial=${'ab'.repeat(16)}&description=year%27s%20end%20%26%20more%20%2B%20%C3%A4&object=${'cd'.repeat(32)}` +
  '&from=2026-11-21T10%3A00%3A00Z&to=2026-11-21T10%3A00%3A01Z&level=2&superseded=false&before=7&limit=10'

describe('a query for deposits', () => {
  test('is written in one way and read in any order', () => {
    assert.equal(encodeDepositQuery(QUERY), ENCODED)
    assert.deepEqual(parseDepositQuery(ENCODED), QUERY)
    assert.deepEqual(parseDepositQuery(ENCODED.split('&').toReversed().join('&')), QUERY)
    // As it is typed.
    assert.deepEqual(parseDepositQuery('from=2026-11-21T10:00:00Z'), { limit: 100, from: START })
  })
  test('of nothing asks for all, to the usual page', () => {
    assert.equal(encodeDepositQuery({}), '')
    assert.deepEqual(parseDepositQuery(''), { limit: LIMITS.depositsPerUsualPage })
  })
  test('stands in a signed request', () => {
    const params = { created: 1, expires: 2, nonce: 'AAECAwQFBgcICQoLDA0ODw', clientId: 'c-1' }
    const request = {
      method: 'GET',
      authority: 'vault.example.org',
      target: `/v1/deposits?${ENCODED}`,
    }
    assert.doesNotThrow(() => signatureBase(sha256, request, params))
    // What makes an address of it does not change a character.
    assert.equal(new URL(request.target, 'https://vault.example.org').search, `?${ENCODED}`)
  })
  const REFUSED: Readonly<Record<string, string>> = {
    'an unknown parameter': 'colour=red',
    'a parameter that every object has': 'constructor=1',
    'a parameter called __proto__': '__proto__=1',
    'a parameter twice': 'level=0&level=0',
    'a parameter without a value': 'level',
    'a parameter with an empty value': 'level=',
    'an empty serial': 'serial=',
    'an empty description': 'description=',
    'nothing between two ands': 'level=0&&limit=1',
    'an and at the end': 'level=0&',
    'a question mark in front': '?level=0',
    'a serial of 15 bytes': `serial=${'00'.repeat(15)}`,
    'a serial in upper case': `serial=${'AB'.repeat(16)}`,
    'a digest of 33 bytes': `object=${'00'.repeat(33)}`,
    'a time with fractions': 'from=2026-11-21T10:00:00.000Z',
    'a time that is none': 'to=2026-02-30T10:00:00Z',
    'level 1': 'level=1',
    'level 00': 'level=00',
    'superseded perhaps': 'superseded=1',
    'an index with a sign': 'before=-1',
    'an index with a plus': 'before=%2B1',
    'an index in hexadecimal': 'before=0x10',
    'an index with a leading zero': 'before=01',
    'an index beyond 2^53': 'before=9007199254740992',
    'an index of spaces': 'before=%20',
    'limit 0': 'limit=0',
    'limit 1001': 'limit=1001',
    'a limit with an exponent': 'limit=1e2',
    'a plus that may be a space': 'description=a+b',
    'a space': 'description=a b',
    'what is not percent-encoded': 'description=ä',
    'half a percent-encoding': 'description=%2',
    'a percent-encoding of no UTF-8': 'description=%FF',
    'an overlong percent-encoding': 'description=%C0%80',
    'a line feed': 'description=a%0Ab',
    'a bidirectional mark': 'description=a%E2%80%AEb',
  }
  for (const [what, query] of Object.entries(REFUSED)) {
    test(`with ${what} is refused`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositQuery(query))
    })
  }
  test('longer than any is not looked at, and the longest description is no longer', () => {
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      parseDepositQuery('&'.repeat(LIMITS.queryCharacters + 1)),
    )
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeDepositQuery({ description: 'a'.repeat(1025) }))
    const longest = { ...QUERY, description: 'ä'.repeat(512) }
    assert.deepEqual(parseDepositQuery(encodeDepositQuery(longest)), longest)
  })
  test('of what cannot be asked is not written', () => {
    const impossible: readonly DepositQuery[] = [
      { serial: bytesOf(1, 15) },
      { description: '\ud800' },
      { description: '' },
      { from: 1 },
      { from: Number.NaN },
      { before: -1 },
      { before: 0.5 },
      { limit: 0 },
      { limit: 1001 },
    ]
    for (const query of impossible) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDepositQuery(query))
    }
  })
  test('that can be written is read again', () => {
    const seconds = fc.nat({ max: 253_402_300_799 }).map((second) => second * 1000)
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const queries: fc.Arbitrary<DepositQuery> = fc.record(
      {
        serial: bytes(16),
        description: fc
          .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
          .filter((text) => !/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u.test(text))
          .filter((text) => text.isWellFormed()),
        object: bytes(32),
        from: seconds,
        to: seconds,
        level: fc.constantFrom(0, 2),
        superseded: fc.boolean(),
        before: fc.maxSafeNat(),
        limit: fc.integer({ min: 1, max: 1000 }),
      },
      { requiredKeys: ['limit'], noNullPrototype: true },
    )
    fc.assert(
      fc.property(queries, (query) => {
        const encoded = encodeDepositQuery(query)
        assert.match(encoded, /^[A-Za-z0-9._~!()*=&%-]*$/)
        assert.deepEqual(parseDepositQuery(encoded), query)
      }),
      PROPERTY,
    )
  })
})

test('a query for statements', () => {
  assert.equal(encodeStatementQuery({}), '')
  assert.deepEqual(parseStatementQuery(''), { limit: LIMITS.statementsPerPage })
  assert.equal(encodeStatementQuery({ after: 0, limit: 5 }), 'after=0&limit=5')
  assert.deepEqual(parseStatementQuery('limit=5&after=0'), { after: 0, limit: 5 })
  for (const query of ['after=-1', 'before=1', 'limit=101', 'after=1&after=1', 'after']) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseStatementQuery(query))
  }
})
