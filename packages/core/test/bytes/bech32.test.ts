import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bech32Decode, bech32Encode, BytesError, fromHex, toHex, utf8Encode } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

// BIP 173, "Test vectors": valid Bech32 strings.
const VALID = [
  'A12UEL5L',
  'a12uel5l',
  'an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs',
  'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
  '11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j',
  'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
  '?1ezyfcl',
  // Too long for BIP 173, and for nothing else: age keys have no limit.
  'an84characterslonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1569pvx',
]

// BIP 173, "Test vectors": strings that are not valid Bech32, with the reason given there.
const INVALID = {
  'a space in the human-readable part': '\u00201nwldj5',
  'a DEL in the human-readable part': '\u007f1axkwrx',
  'a character beyond ASCII in the human-readable part': '\u00801eym55h',
  'no separator': 'pzry9x0s0muk',
  'an empty human-readable part': '1pzry9x0s0muk',
  'an invalid data character': 'x1b4n0q5v',
  'too short a checksum': 'li1dgmt3',
  'an invalid character in the checksum': 'de1lg7wt\u00ff',
  'a checksum of the upper-case form': 'A1G7SGD8',
  'an empty human-readable part before data': '10a06t8',
  'an empty human-readable part before more data': '1qzzfhee',
}

for (const text of VALID) {
  test(`accepts ${text.slice(0, 40)}`, () => {
    const { hrp, bytes } = bech32Decode(text)
    assert.equal(bech32Encode(hrp, bytes), text)
  })
}

for (const [what, text] of Object.entries(INVALID)) {
  test(`refuses ${what}`, () => void throwsCode(BytesError, 'BYTES_ENCODING', () => bech32Decode(text)))
}

test('the data of a known string', () => {
  const { hrp, bytes } = bech32Decode('abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw')
  assert.equal(hrp, 'abcdef')
  assert.equal(toHex(bytes), '00443214c74254b635cf84653a56d7c675be77df')
})

test('mixed case is refused, also when a Unicode capital hides it', () => {
  const upper = bech32Encode('T', new Uint8Array(32).fill(0xb5))
  assert.match(upper, /^T1.*K/)
  // The Kelvin sign is a capital, and its lower case is the ASCII k.
  for (const text of [`${upper.slice(0, -1)}q`, `t${upper.slice(1)}`, upper.replace('K', '\u212a')]) {
    throwsCode(BytesError, 'BYTES_ENCODING', () => bech32Decode(text))
  }
})

test('leftover bits must be zero and fewer than five', () => {
  // One byte takes two characters, of which the last two bits are left over; checksums are of these texts.
  const words = (data: string) => {
    const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
    const tails = alphabet.split('').map((last) => data + last)
    return tails.map((tail) => withChecksum('t', tail))
  }
  const accepted = words('q').filter((text) => accepts(text))
  assert.equal(accepted.length, 8, 'two of five bits are left over: 32 / 4 are canonical')
  assert.ok(!accepts(withChecksum('t', 'q')), 'five leftover bits')
  assert.ok(!accepts(withChecksum('t', 'qqq')), 'seven leftover bits')
})

test('any bytes and human-readable parts survive', () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_?/'.split('')
  const hrp = fc
    .string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 20 })
    .map((text) => `a${text}`)
  const survives = fc.property(hrp, fc.uint8Array({ maxLength: 100 }), (part, bytes) => {
    for (const either of [part, part.toUpperCase()]) {
      assert.deepEqual(bech32Decode(bech32Encode(either, bytes)), { hrp: either, bytes })
    }
  })
  fc.assert(survives, PROPERTY)
})

test('every single-bit flip of a key is noticed', () => {
  const text = bech32Encode('age', fromHex('00'.repeat(31).concat('ff')))
  for (const flipped of singleBitFlips(utf8Encode(text))) {
    assert.ok(!accepts(Buffer.from(flipped).toString('latin1')))
  }
})

test('whatever is accepted is written again exactly', () => {
  const original = utf8Encode(bech32Encode('age', new Uint8Array(32).fill(7)))
  fc.assert(
    fc.property(mutationsOf(original), (bytes) => void accepts(Buffer.from(bytes).toString('latin1'))),
    PROPERTY,
  )
})

test('a human-readable part that cannot be read is not written', () => {
  for (const hrp of ['', 'a b', 'aB', 'é', 'a\n']) {
    throwsCode(BytesError, 'BYTES_ENCODING', () => bech32Encode(hrp, new Uint8Array(1)))
  }
})

function accepts(text: string): boolean {
  try {
    const { hrp, bytes } = bech32Decode(text)
    assert.equal(bech32Encode(hrp, bytes), text)
    return true
  } catch (error) {
    assert.ok(error instanceof BytesError && error.code === 'BYTES_ENCODING')
    return false
  }
}

/** A second, slow way to a checksum: of all texts with these data characters, the one with remainder 1. */
function withChecksum(hrp: string, data: string): string {
  const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
  const values = [
    hrp.charCodeAt(0) >> 5,
    0,
    hrp.charCodeAt(0) & 31,
    ...data.split('').map((c) => alphabet.indexOf(c)),
  ]
  // Division of the polynomial over GF(32) by the generator of BIP 173, coefficient by coefficient.
  const generator = [29, 22, 20, 21, 29, 18]
  const dividend = [1, ...values, 0, 0, 0, 0, 0, 0]
  for (let i = 0; i + 6 < dividend.length; i++) {
    const factor = dividend[i] ?? 0
    generator.forEach((g, j) => (dividend[i + 1 + j] = (dividend[i + 1 + j] ?? 0) ^ multiply(factor, g)))
  }
  const remainder = dividend.slice(-6)
  remainder[5] = (remainder[5] ?? 0) ^ 1
  return `${hrp}1${data}${remainder.map((value) => alphabet[value]).join('')}`
}

/** Multiplication in GF(32) with the polynomial x^5 + x^3 + 1 of BIP 173. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 4; bit >= 0; bit--) {
    product <<= 1
    if (product & 32) product ^= 41
    if ((a >> bit) & 1) product ^= b
  }
  return product
}
