import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  base64Bytes,
  checkedText,
  encodeJson,
  exactly,
  hexBytes,
  lineText,
  listOf,
  objectOf,
  orNull,
  paddedBase64Bytes,
  parseJson,
  ProtocolError,
  timeText,
  wholeNumber,
  type JsonField,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { refusesAllNear } from './near.ts'

interface Sample {
  readonly name: string
  readonly size: number
  readonly digest: Uint8Array
  readonly parent: Uint8Array | null
  readonly when: number
  readonly tags: readonly string[]
}

const SAMPLE: JsonField<Sample> = objectOf({
  name: lineText(20),
  size: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  digest: hexBytes(4),
  parent: orNull(base64Bytes(8)),
  when: timeText,
  tags: listOf(lineText(8), 0, 3),
})
const VALUE: Sample = {
  name: 'ä "quoted" \\ name',
  size: 7,
  digest: Uint8Array.of(0, 1, 0xfe, 0xff),
  parent: null,
  when: Date.UTC(2026, 0, 31, 12),
  tags: ['a', 'b'],
}
const TEXT =
  '{"name":"ä \\"quoted\\" \\\\ name","size":7,"digest":"0001feff","parent":null,' +
  '"when":"2026-01-31T12:00:00Z","tags":["a","b"]}'

const parse = (text: string | Uint8Array) =>
  parseJson(SAMPLE, typeof text === 'string' ? utf8Encode(text) : text, 1024)

test('a value has one encoding, both ways', () => {
  assert.equal(utf8Decode(encodeJson(SAMPLE, VALUE, 1024)), TEXT)
  assert.deepEqual(parse(TEXT), VALUE)
})

test('every truncation and bit flip is refused, or says something else in its one encoding', () => {
  const original = utf8Encode(TEXT)
  for (let length = 0; length < original.length; length++) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parse(original.subarray(0, length)))
  }
  refusesAllNear(original, (bytes) => {
    const found = parse(bytes)
    // A flipped letter of the name is another name: nothing signs this text.
    assert.deepEqual(encodeJson(SAMPLE, found, 1024), bytes)
    if (!Buffer.from(bytes).equals(original)) throw new ProtocolError('PROTOCOL_FORMAT', 'another value')
  })
})

const HOSTILE: Readonly<Record<string, [string, RegExp]>> = {
  'a duplicate member': [TEXT.replace('"size":7', '"size":8,"size":7'), /canonical/],
  'a duplicate member spelled with an escape': [
    TEXT.replace('"size":7', '"siz\\u0065":8,"size":7'),
    /canonical/,
  ],
  'a member called __proto__': [TEXT.replace('{', '{"__proto__":{"size":1},'), /unknown member "__proto__"/],
  'a member called constructor': [TEXT.replace('{', '{"constructor":1,'), /unknown member "constructor"/],
  'an unknown member': [TEXT.replace('"size":7', '"size":7,"more":1'), /unknown member "more"/],
  'a missing member': [TEXT.replace('"size":7,', ''), /missing member "size"/],
  'members in another order': [
    TEXT.replace('"size":7,"digest":"0001feff"', '"digest":"0001feff","size":7'),
    /canonical/,
  ],
  'white space': [TEXT.replace('"size":7', '"size": 7'), /canonical/],
  'a line feed at the end': [`${TEXT}\n`, /canonical/],
  'a byte-order mark': [`\ufeff${TEXT}`, /not JSON/],
  'an escape that is not needed': [TEXT.replace('"a"', '"\\u0061"'), /canonical/],
  'an escaped slash': [TEXT.replace('"a"', '"\\/"'), /canonical/],
  'a number with a fraction': [TEXT.replace(':7', ':7.0'), /canonical/],
  'a number with an exponent': [TEXT.replace(':7', ':7e0'), /canonical/],
  'a negative zero': [TEXT.replace(':7', ':-0'), /canonical/],
  'a leading zero': [TEXT.replace(':7', ':07'), /not JSON/],
  'a negative number': [TEXT.replace(':7', ':-7'), /size: expected a whole number/],
  'a number that is no integer': [TEXT.replace(':7', ':7.5'), /size: expected a whole number/],
  'a number beyond 2^53': [TEXT.replace(':7', ':9007199254740993'), /size: expected a whole number/],
  'a number beyond doubles': [TEXT.replace(':7', ':1e999'), /size: expected a whole number.*"Infinity"/],
  'a thousand digits': [TEXT.replace(':7', `:${'9'.repeat(800)}`), /size: expected a whole number/],
  'a number as text': [TEXT.replace(':7', ':"7"'), /size: expected a whole number.*a string/],
  'true for a number': [TEXT.replace(':7', ':true'), /size: expected a whole number.*a boolean/],
  NaN: [TEXT.replace(':7', ':NaN'), /not JSON/],
  'a lone surrogate, escaped': [
    TEXT.replace('"a"', '"\\ud800"'),
    /tags\[0\]: a character that is not printed/,
  ],
  'an empty text': [TEXT.replace('"a"', '""'), /tags\[0\]: expected a text/],
  'a control character': [TEXT.replace('"a"', '"\\u0007"'), /tags\[0\]: a character that is not printed/],
  'a line feed in a text': [TEXT.replace('"a"', '"\\n"'), /tags\[0\]: a character that is not printed/],
  'a C1 control': [TEXT.replace('"a"', '"\u009b"'), /tags\[0\]: a character that is not printed/],
  'a right-to-left override': [TEXT.replace('"a"', '"\u202e"'), /tags\[0\]: a character that is not printed/],
  'an isolate': [TEXT.replace('"a"', '"\u2066"'), /tags\[0\]: a character that is not printed/],
  'a zero-width space': [TEXT.replace('"a"', '"\u200b"'), /tags\[0\]: a character that is not printed/],
  'upper-case hexadecimal': [TEXT.replace('0001feff', '0001FEFF'), /digest: .*lower-case hexadecimal/],
  'a digest that is too short': [TEXT.replace('0001feff', '0001fe'), /digest: expected 4 bytes.*got 3/],
  'base64 with padding': [TEXT.replace('null', '"AA=="'), /parent: .*unpadded base64/],
  'base64 with trailing bits': [TEXT.replace('null', '"AB"'), /parent: .*canonical base64/],
  'base64 of nothing': [TEXT.replace('null', '""'), /parent: expected 1 to 8 bytes/],
  'base64 that is too long': [TEXT.replace('null', `"${'AAAA'.repeat(3)}"`), /parent: expected 1 to 8/],
  'a time in another zone': [TEXT.replace('00Z', '00+00:00'), /when: expected a time/],
  'a time with milliseconds': [TEXT.replace('00Z', '00.000Z'), /when: expected a time/],
  'the 30th of February': [TEXT.replace('2026-01-31', '2026-02-30'), /when: expected a time/],
  'a leap second': [TEXT.replace('12:00:00', '23:59:60'), /when: expected a time/],
  'a time before 1970': [TEXT.replace('2026', '1969'), /when: expected a time/],
  '24 o’clock': [TEXT.replace('12:00:00', '24:00:00'), /when: expected a time/],
  'an array for an object': ['[]', /expected an object, got an array/],
  null: ['null', /expected an object, got null/],
  nothing: ['', /not JSON/],
  'an object for an array': [TEXT.replace('["a","b"]', '{}'), /tags: expected an array, got an object/],
  'two values': [`${TEXT}${TEXT}`, /not JSON/],
  'a deep array': ['['.repeat(500) + ']'.repeat(500), /expected an object, got an array/],
}

describe('refused, with the place', () => {
  for (const [what, [text, message]] of Object.entries(HOSTILE)) {
    test(what, () => {
      assert.notEqual(text, TEXT)
      const error = throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parse(text))
      assert.match(error.message, message)
      assert.match(error.message, /^[\x20-\x7e…]*$/, 'the message is ASCII')
      assert.ok(error.message.length < 200)
    })
  }
  test('bytes that are not UTF-8', () => {
    const bytes = utf8Encode(TEXT)
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parse(bytes.with(12, 0xff)))
  })
  test('one member too many in a list', () => {
    const text = TEXT.replace('["a","b"]', '["a","b","c","d"]')
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parse(text))
  })
  test('a text that is too long, counted in bytes', () => {
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parse(TEXT.replace('"a"', '"ääääa"')))
  })
})

test('more bytes than allowed are not even looked at', () => {
  const deep = utf8Encode('['.repeat(100_000))
  throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parse(deep))
  // And where they are allowed, depth costs nothing but an error.
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseJson(SAMPLE, deep, deep.length))
})

test('a hundred thousand nested objects end in an error, not in a full stack', () => {
  const nested = `${'{"name":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const bytes = utf8Encode(nested)
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseJson(SAMPLE, bytes, bytes.length))
})

test('what could not be read back is not written', () => {
  const impossible: readonly Partial<Sample>[] = [
    { name: '' },
    { name: '\ud800' },
    { size: -1 },
    { size: Number.NaN },
    { size: 2 ** 53 },
    { digest: new Uint8Array(3) },
    { parent: new Uint8Array(0) },
    { when: 1.5 },
    { when: -1000 },
    { when: Date.UTC(10_000, 0) },
    { when: 1 },
  ]
  for (const change of impossible) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeJson(SAMPLE, { ...VALUE, ...change }, 1024))
  }
  throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeJson(SAMPLE, VALUE, 50))
})

test('a constant is this very value', () => {
  const field: JsonField<'receipt'> = exactly('receipt')
  assert.equal(parseJson(field, utf8Encode('"receipt"'), 20), 'receipt')
  for (const text of ['"Receipt"', '"receipt "', '1', 'null', '["receipt"]']) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseJson(field, utf8Encode(text), 20))
  }
})

test('padded base64 needs its padding', () => {
  const field = paddedBase64Bytes(3)
  assert.deepEqual(parseJson(field, utf8Encode('"AA=="'), 20), Uint8Array.of(0))
  for (const text of ['"AA"', '"AA="', '"AB=="', '""', '"AAAAAA=="']) {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseJson(field, utf8Encode(text), 20))
  }
})

test('a checked text is read by whoever knows it, and never as half a character', () => {
  const field = checkedText(4, () => undefined)
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseJson(field, utf8Encode('"\\udc00"'), 20))
  throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseJson(field, utf8Encode('"abcde"'), 20))
})

test('whatever is accepted is written again exactly', () => {
  fc.assert(
    fc.property(mutationsOf(utf8Encode(TEXT)), (bytes) => {
      let value: Sample
      try {
        value = parse(bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
        return
      }
      assert.deepEqual(encodeJson(SAMPLE, value, 1024), bytes)
    }),
    PROPERTY,
  )
})

test('every value that can be written is read again', () => {
  const printable = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 4 })
    .filter((text) => Buffer.byteLength(text) <= 8 && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text))
  const sample: fc.Arbitrary<Sample> = fc.record(
    {
      name: printable,
      size: fc.maxSafeNat(),
      digest: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      parent: fc.option(fc.uint8Array({ minLength: 1, maxLength: 8 })),
      when: fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => seconds * 1000),
      tags: fc.array(printable, { maxLength: 3 }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(sample, (value) => assert.deepEqual(parse(encodeJson(SAMPLE, value, 1024)), value)),
    PROPERTY,
  )
})
