import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AgeError,
  encodedHeaderLength,
  encodedStanzaLength,
  encodeHeader,
  MAX_HEADER_BYTES,
  parseHeader,
  readHeader,
  verifyHeaderMac,
  type Header,
  type Stanza,
} from '@strongroom/core/age'
import { concat, fromBase64, toBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const FILE_KEY = Uint8Array.from({ length: 16 }, (_, i) => i)
const STANZAS: Stanza[] = [
  { type: 'X25519', args: ['XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE'], body: new Uint8Array(32).fill(7) },
  { type: 'example.com/two-lines', args: ['a', 'b'], body: new Uint8Array(60).fill(1) },
  { type: 'full-line', args: [], body: new Uint8Array(48).fill(2) },
  { type: 'empty', args: ['!', '~'], body: new Uint8Array(0) },
]
const HEADER = encodeHeader(STANZAS, FILE_KEY)

test('the example of C2SP age.md', () => {
  const text = [
    'age-encryption.org/v1',
    '-> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE',
    'qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E',
    '--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s',
    '',
  ].join('\n')
  const header = parseHeader(concat(utf8Encode(text), Uint8Array.of(0, 1, 2)))
  assert.deepEqual(header.stanzas, [
    {
      type: 'X25519',
      args: ['XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE'],
      body: fromBase64('qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E'),
    },
  ])
  assert.equal(header.length, text.length)
  assert.equal(utf8Decode(header.macInput), text.slice(0, text.indexOf('---') + 3))
  assert.equal(toBase64(header.mac), 'HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s')
})

test('bodies are wrapped at 64 columns and end with a shorter line', () => {
  const lines = utf8Decode(HEADER).split('\n')
  const bodyOf = (type: string) => {
    const start = lines.findIndex((line) => line.startsWith(`-> ${type}`)) + 1
    return lines.slice(
      start,
      lines.findIndex((line, i) => i >= start && line.startsWith('-')),
    )
  }
  assert.deepEqual(
    bodyOf('X25519').map((line) => line.length),
    [43],
  )
  assert.deepEqual(
    bodyOf('example.com').map((line) => line.length),
    [64, 16],
  )
  assert.deepEqual(
    bodyOf('full-line').map((line) => line.length),
    [64, 0],
  )
  assert.deepEqual(
    bodyOf('empty').map((line) => line.length),
    [0],
  )
})

test('every truncation is incomplete, and only that', () => {
  for (let length = 0; length < HEADER.length; length++) {
    throwsCode(AgeError, 'HEADER_INCOMPLETE', () => parseHeader(HEADER.subarray(0, length)))
  }
  assert.deepEqual(parseHeader(HEADER).stanzas, STANZAS)
})

test('every single-bit flip is refused, or parses to exactly what it is and fails its MAC', () => {
  let parsed = 0
  for (const flipped of singleBitFlips(HEADER)) {
    const header = rejectOrReencode(flipped)
    if (header === undefined) continue
    parsed++
    throwsCode(AgeError, 'HEADER_MAC', () => verifyHeaderMac(header, FILE_KEY))
  }
  assert.ok(parsed > 100, 'flips in arguments and bodies are not syntax errors')
})

test('whatever parses is written again exactly', () => {
  const near = fc.property(mutationsOf(HEADER), (bytes) => void rejectOrReencode(bytes))
  fc.assert(near, { numRuns: PROPERTY.numRuns * 10 })
})

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)),
  minLength: 1,
  maxLength: 80,
})
const stanza = fc.record(
  { type: visible, args: fc.array(visible, { maxLength: 4 }), body: fc.uint8Array({ maxLength: 200 }) },
  { noNullPrototype: true },
)
const stanzas = fc.array(stanza, { minLength: 1, maxLength: 6 })

test('any stanzas survive, with the length known before', () => {
  const survive = fc.property(stanzas, fc.uint8Array({ maxLength: 40 }), (list, payload) => {
    const bytes = encodeHeader(list, FILE_KEY)
    assert.equal(bytes.length, encodedHeaderLength(list))
    const header = parseHeader(concat(bytes, payload))
    assert.deepEqual(header.stanzas, list)
    assert.equal(header.length, bytes.length)
    verifyHeaderMac(header, FILE_KEY)
  })
  fc.assert(survive, PROPERTY)
})

test('the length of a stanza, for every body length around the line ends', () => {
  for (let length = 0; length < 200; length++) {
    const one = { type: 'test', args: ['x'], body: new Uint8Array(length) }
    const alone = encodeHeader([one], FILE_KEY).length
    assert.equal(encodeHeader([one, one], FILE_KEY).length - alone, encodedStanzaLength(one))
  }
})

test('the MAC belongs to one file key', () => {
  const header = parseHeader(HEADER)
  verifyHeaderMac(header, FILE_KEY)
  for (const other of singleBitFlips(FILE_KEY)) {
    throwsCode(AgeError, 'HEADER_MAC', () => verifyHeaderMac(header, other))
  }
  throwsCode(AgeError, 'KEY', () => verifyHeaderMac(header, new Uint8Array(15)))
  throwsCode(AgeError, 'KEY', () => encodeHeader(STANZAS, new Uint8Array(32)))
})

test('what is no age file is refused as soon as its bytes show it', () => {
  throwsCode(AgeError, 'HEADER_INCOMPLETE', () => parseHeader(new Uint8Array(0)))
  for (const text of [
    'b',
    'age-encryption.orG',
    'age-encryption.org/v1\r\n',
    'age-encryption.org/\n',
    'PK\u0003\u0004',
  ]) {
    throwsCode(AgeError, 'HEADER_SYNTAX', () => parseHeader(utf8Encode(text)))
  }
  for (const version of ['v2', 'v1234', 'v', 'V1', '!']) {
    throwsCode(AgeError, 'HEADER_VERSION', () => parseHeader(utf8Encode(`age-encryption.org/${version}\n`)))
  }
})

const MALFORMED = {
  'no stanza': '--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n',
  'an empty line': '\n',
  'a stanza without a type': '-> \n\n',
  'two spaces': '-> a  b\n\n',
  'a trailing space': '-> a \n\n',
  'no space': '->a\n\n',
  'a tab': '-> a\tb\n\n',
  'a character beyond ASCII': '-> ä\n\n',
  'a DEL': '-> a\u007f\n\n',
  'a padded body': '-> a\nAA==\n',
  'trailing bits in a body': '-> a\nAB\n',
  'a body with a space': '-> a\nAAAA AAA\n',
  'a body with a CR': '-> a\nAAAA\r\n',
  'a body line of 65 columns': `-> a\n${'A'.repeat(65)}\n`,
}

for (const [what, text] of Object.entries(MALFORMED)) {
  test(`refuses ${what}`, () => {
    throwsCode(AgeError, 'HEADER_SYNTAX', () => parseHeader(utf8Encode(`age-encryption.org/v1\n${text}`)))
  })
}

test('arguments that could not be read are not written', () => {
  for (const argument of ['', ' ', 'a b', 'a\n', 'ä', '\u007f', '\0']) {
    const body = new Uint8Array(0)
    throwsCode(AgeError, 'STANZA', () => encodeHeader([{ type: argument, args: [], body }], FILE_KEY))
    throwsCode(AgeError, 'STANZA', () => encodeHeader([{ type: 'a', args: [argument], body }], FILE_KEY))
    throwsCode(AgeError, 'STANZA', () => encodedStanzaLength({ type: 'a', args: [argument], body }))
  }
  throwsCode(AgeError, 'NO_RECIPIENTS', () => encodeHeader([], FILE_KEY))
})

test('the longest header is 1 MiB', () => {
  const longest = stanzaFilling(MAX_HEADER_BYTES)
  const bytes = encodeHeader([longest], FILE_KEY)
  assert.equal(bytes.length, MAX_HEADER_BYTES)
  assert.deepEqual(parseHeader(bytes).stanzas, [longest])
  const longer = { ...longest, type: `${longest.type}x` }
  throwsCode(AgeError, 'HEADER_TOO_LARGE', () => encodeHeader([longer], FILE_KEY))
  throwsCode(AgeError, 'HEADER_TOO_LARGE', () => encodedHeaderLength([longer]))
  const endless = concat(utf8Encode('age-encryption.org/v1\n-> '), utf8Encode('a'.repeat(MAX_HEADER_BYTES)))
  throwsCode(AgeError, 'HEADER_TOO_LARGE', () => parseHeader(endless))
  throwsCode(AgeError, 'HEADER_TOO_LARGE', () => parseHeader(endless.subarray(0, MAX_HEADER_BYTES)))
  throwsCode(AgeError, 'HEADER_INCOMPLETE', () => parseHeader(endless.subarray(0, MAX_HEADER_BYTES - 1)))
})

test('a header is read in as many steps as its length asks for', () => {
  const bytes = encodeHeader([{ type: 'large', args: [], body: new Uint8Array(30_000) }], FILE_KEY)
  const file = concat(bytes, new Uint8Array(100_000))
  const asked: number[] = []
  const read = (offset: number, length: number) => {
    asked.push(length)
    return file.subarray(offset, offset + length)
  }
  assert.equal(readHeader(read).length, bytes.length)
  assert.deepEqual(asked, [16_384, 32_768, 65_536])
})

test('reading stops where the file does, and at the limit', () => {
  throwsCode(AgeError, 'HEADER_INCOMPLETE', () => readHeader(() => HEADER.subarray(0, 50)))
  throwsCode(AgeError, 'HEADER_SYNTAX', () => readHeader(() => utf8Encode('something else')))
  const endless = concat(
    utf8Encode('age-encryption.org/v1\n-> '),
    utf8Encode('a'.repeat(2 * MAX_HEADER_BYTES)),
  )
  const read = (offset: number, length: number) => endless.subarray(offset, offset + length)
  throwsCode(AgeError, 'HEADER_TOO_LARGE', () => readHeader(read))
})

test('a parsed header keeps nothing of the bytes it was parsed from', () => {
  const bytes = HEADER.slice()
  const header = parseHeader(bytes)
  bytes.fill(0)
  verifyHeaderMac(header, FILE_KEY)
  assert.deepEqual(header.stanzas, STANZAS)
})

/** Parses; if that succeeds, encoding must give the same bytes, but for the MAC, which is taken over. */
function rejectOrReencode(bytes: Uint8Array): Header | undefined {
  const header = parsedOrUndefined(bytes)
  if (header === undefined) return undefined
  const again = encodeHeader(header.stanzas, FILE_KEY)
  const mac = utf8Encode(` ${toBase64(header.mac)}\n`)
  const expected = concat(again.subarray(0, again.length - mac.length), mac)
  assert.deepEqual(bytes.slice(0, header.length), expected)
  assert.deepEqual(header.macInput, expected.slice(0, expected.length - mac.length))
  return header
}

function parsedOrUndefined(bytes: Uint8Array): Header | undefined {
  try {
    return parseHeader(bytes)
  } catch (error) {
    assert.ok(error instanceof AgeError && error.code.startsWith('HEADER_'), String(error))
    return undefined
  }
}

/** A stanza that makes a header of exactly so many bytes. */
function stanzaFilling(length: number): Stanza {
  const body = new Uint8Array(Math.floor(((length - 1000) / 65) * 48))
  const missing = length - encodedHeaderLength([{ type: 't', args: [], body }])
  return { type: 't'.repeat(1 + missing), args: [], body }
}
