import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BytesError,
  fromBase64,
  fromHex,
  fromPaddedBase64,
  toBase64,
  toHex,
  toPaddedBase64,
  utf8Decode,
  utf8Encode,
} from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

// RFC 4648 §10, without the padding.
const BASE64_VECTORS = [
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
] as const

for (const [plain, text] of BASE64_VECTORS) {
  test(`base64 of "${plain}" is "${text}"`, () => {
    assert.equal(toBase64(utf8Encode(plain)), text)
    assert.equal(utf8Decode(fromBase64(text)), plain)
    const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=')
    assert.equal(toPaddedBase64(utf8Encode(plain)), padded)
    assert.equal(utf8Decode(fromPaddedBase64(padded)), plain)
  })
}

const NOT_BASE64 = {
  padding: 'Zg==',
  'half the padding': 'Zg=',
  'padding alone': '=',
  'a space inside': 'Zm 9v',
  'a line feed at the end': 'Zm9v\n',
  'a tab at the start': '\tZm9v',
  'the URL alphabet': 'Zm-_',
  'a character beyond ASCII': 'Zm9ṽ',
  'a full-width letter': 'Zm９v',
  'a length of 1': 'Z',
  'a length of 5': 'Zm9vY',
  'trailing bits in two characters': 'Zh',
  'trailing bits in three characters': 'Zm9',
  'all trailing bits set': 'Z/',
  'a NUL': 'Zm9v\0',
}

for (const [what, text] of Object.entries(NOT_BASE64)) {
  test(`base64 refuses ${what}`, () => void throwsCode(BytesError, 'BYTES_ENCODING', () => fromBase64(text)))
}

const NOT_PADDED_BASE64 = {
  'no padding': 'Zg',
  'half the padding': 'Zg=',
  'padding alone': '==',
  'padding that is not needed': 'Zm9v==',
  'a whole group of padding': 'Zm9v====',
  'padding inside': 'Zg==Zg==',
  'a space inside': 'Zm 9v',
  'a line feed at the end': 'Zm9v\n',
  'the URL alphabet': 'Zm-_',
  'a length of 1': 'Z===',
  'trailing bits in two characters': 'Zh==',
  'trailing bits in three characters': 'Zm9=',
}

for (const [what, text] of Object.entries(NOT_PADDED_BASE64)) {
  test(`padded base64 refuses ${what}`, () =>
    void throwsCode(BytesError, 'BYTES_ENCODING', () => fromPaddedBase64(text)))
}

test('base64: the whole alphabet, both ways', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  assert.equal(toBase64(fromBase64(alphabet)), alphabet)
})

test('base64 of two characters: 256 of the 4,096 texts are canonical', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.split('')
  const accepted = alphabet
    .flatMap((first) => alphabet.map((second) => first + second))
    .filter((text) => reencodes(fromBase64, toBase64, text))
  assert.equal(accepted.length, 256)
})

test('base64: of all short texts, those are accepted that are written', () => {
  for (const text of textsOf(['A', 'Q', '9', '=', ' ', '-'], 5)) {
    const wellFormed = text.length % 4 !== 1 && /^[AQ9]*$/.test(text)
    const padded = text.length % 4 === 0 && /^[AQ9]*={0,2}$/.test(text)
    assert.equal(reencodes(fromBase64, toBase64, text), wellFormed && isCanonical(text), text)
    assert.equal(reencodes(fromPaddedBase64, toPaddedBase64, text), padded && isCanonical(text), text)
  }
})

function textsOf(alphabet: readonly string[], most: number): string[] {
  if (most === 0) return ['']
  return ['', ...textsOf(alphabet, most - 1).flatMap((text) => alphabet.map((first) => first + text))]
}

/** By Node's older decoder, which forgives everything. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64').replaceAll('=', '') === text.replaceAll('=', '')
}

test('whatever is accepted is written again exactly', () => {
  const base64 = mutationsOf(utf8Encode(toBase64(Uint8Array.from({ length: 50 }, (_, i) => i * 5))))
  const hex = mutationsOf(utf8Encode('00ff10abcdef0123456789'))
  fc.assert(
    fc.property(base64, (bytes) => void reencodes(fromBase64, toBase64, latin1(bytes))),
    PROPERTY,
  )
  fc.assert(
    fc.property(base64, (bytes) => void reencodes(fromPaddedBase64, toPaddedBase64, latin1(bytes))),
    PROPERTY,
  )
  fc.assert(
    fc.property(hex, (bytes) => void reencodes(fromHex, toHex, latin1(bytes))),
    PROPERTY,
  )
  fc.assert(
    fc.property(fc.string(), (text) => void reencodes(fromBase64, toBase64, text)),
    PROPERTY,
  )
})

test('any bytes survive base64, hex and back', () => {
  const bothWays = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes)
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64').replaceAll('=', ''))
    assert.deepEqual(fromHex(toHex(bytes)), bytes)
    assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'))
  })
  fc.assert(bothWays, PROPERTY)
})

for (const text of ['0', 'AB', 'aB', '0x12', ' 12', '12 ', '1g', '12\n', '１２']) {
  test(`hex refuses ${JSON.stringify(text)}`, () =>
    void throwsCode(BytesError, 'BYTES_ENCODING', () => fromHex(text)))
}

test('UTF-8: a byte-order mark is part of the text', () => {
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)
  assert.equal(utf8Decode(bytes), '\uFEFFA')
  assert.deepEqual(utf8Encode(utf8Decode(bytes)), bytes)
})

const NOT_UTF8 = {
  'a lone continuation byte': [0x80],
  'a cut sequence': [0xe2, 0x82],
  'an overlong slash': [0xc0, 0xaf],
  'a surrogate': [0xed, 0xa0, 0x80],
  'a code point above U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
}

for (const [what, bytes] of Object.entries(NOT_UTF8)) {
  test(`UTF-8 refuses ${what}`, () =>
    void throwsCode(BytesError, 'BYTES_ENCODING', () => utf8Decode(Uint8Array.from(bytes))))
}

test('errors do not quote what they refuse', () => {
  for (const decode of [fromBase64, fromHex]) {
    const error = throwsCode(BytesError, 'BYTES_ENCODING', () => decode('SECRETSECRET=!'))
    assert.doesNotMatch(`${error.message}${String(error.cause)}`, /SECRET/)
  }
})

/** Whether the text is accepted; if it is, it must be the one text that stands for its bytes. */
function reencodes(
  decode: (t: string) => Uint8Array,
  encode: (b: Uint8Array) => string,
  text: string,
): boolean {
  let bytes: Uint8Array
  try {
    bytes = decode(text)
  } catch (error) {
    assert.ok(error instanceof BytesError && error.code === 'BYTES_ENCODING')
    return false
  }
  assert.equal(encode(bytes), text)
  return true
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
