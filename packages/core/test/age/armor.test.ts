import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgeError, armor, dearmor, isArmored } from '@strongroom/core/age'
import { utf8Encode } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'
const END = '-----END AGE ENCRYPTED FILE-----'
const LINE = 'QUJD'.repeat(16)

test('the form of armor', () => {
  assert.equal(armor(new Uint8Array(0)), `${BEGIN}\n${END}\n`)
  assert.equal(armor(utf8Encode('A')), `${BEGIN}\nQQ==\n${END}\n`)
  assert.equal(armor(utf8Encode('ABC'.repeat(16))), `${BEGIN}\n${LINE}\n${END}\n`)
  assert.equal(armor(utf8Encode('ABC'.repeat(17))), `${BEGIN}\n${LINE}\nQUJD\n${END}\n`)
})

test('any bytes survive, as text and as bytes, with white space around and with CRLF', () => {
  const survive = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const text = armor(bytes)
    const crlf = text.replaceAll('\n', '\r\n')
    for (const form of [text, crlf, ` \t\r\n${text}\n\n`, text.trim(), crlf.trim()]) {
      assert.deepEqual(dearmor(form), bytes)
      assert.deepEqual(dearmor(utf8Encode(form)), bytes)
      assert.ok(isArmored(form) && isArmored(utf8Encode(form).subarray(0, 50)))
    }
  })
  fc.assert(survive, PROPERTY)
})

test('whatever is accepted is written again exactly, but for the liberties', () => {
  const original = utf8Encode(armor(Uint8Array.from({ length: 100 }, (_, i) => i)))
  const exactly = fc.property(mutationsOf(original), (bytes) => {
    const text = Buffer.from(bytes).toString('latin1')
    const decoded = dearmoredOrUndefined(text)
    if (decoded === undefined) return
    const plain = text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
    const oneLineEnd = plain.startsWith(`${BEGIN}\r\n`) ? plain.replaceAll('\r\n', '\n') : plain
    assert.equal(armor(decoded), `${oneLineEnd}\n`)
  })
  fc.assert(exactly, { numRuns: PROPERTY.numRuns * 10 })
})

const REFUSED = {
  nothing: '',
  'only the first line': BEGIN,
  'the first line twice': `${BEGIN}\n${BEGIN}`,
  'another label': `${BEGIN.replace('AGE', 'PGP')}\nQQ==\n${END}`,
  'a lower-case label': `${BEGIN.toLowerCase()}\nQQ==\n${END.toLowerCase()}`,
  'text before': `x\n${BEGIN}\nQQ==\n${END}`,
  'text after': `${BEGIN}\nQQ==\n${END}\nx`,
  'no-break space before': `\u00a0${BEGIN}\nQQ==\n${END}`,
  'a form feed after': `${BEGIN}\nQQ==\n${END}\f`,
  'no padding': `${BEGIN}\nQQ\n${END}`,
  'too much padding': `${BEGIN}\nQUI==\n${END}`,
  'trailing bits': `${BEGIN}\nQR==\n${END}`,
  'padding inside': `${BEGIN}\nQQ==QUJD\n${END}`,
  'a space in a line': `${BEGIN}\nQU JD\n${END}`,
  'the URL alphabet': `${BEGIN}\nQU_-\n${END}`,
  'an empty line': `${BEGIN}\n\n${END}`,
  'an empty last line': `${BEGIN}\n${LINE}\n\n${END}`,
  'a short line before another': `${BEGIN}\nQUJD\nQUJD\n${END}`,
  'a line of 68 columns': `${BEGIN}\n${LINE}QUJD\n${END}`,
  'mixed line ends, LF first': `${BEGIN}\n${LINE}\r\nQUJD\n${END}`,
  'mixed line ends, CRLF first': `${BEGIN}\r\n${LINE}\nQUJD\r\n${END}`,
  'lone CRs': `${BEGIN}\rQQ==\r${END}`,
  'a character beyond ASCII': `${BEGIN}\nQÜJD\n${END}`,
  'two blocks': `${BEGIN}\nQQ==\n${END}\n${BEGIN}\nQQ==\n${END}`,
}

for (const [what, text] of Object.entries(REFUSED)) {
  test(`refuses ${what}`, () => {
    throwsCode(AgeError, 'ARMOR', () => dearmor(text))
    throwsCode(AgeError, 'ARMOR', () => dearmor(utf8Encode(text)))
  })
}

test('what is not armor is not taken for it', () => {
  for (const text of ['', 'age-encryption.org/v1\n', BEGIN.slice(0, -1), `x${BEGIN}`, BEGIN.toLowerCase()]) {
    assert.ok(!isArmored(text))
    assert.ok(!isArmored(utf8Encode(text)))
  }
})

function dearmoredOrUndefined(text: string): Uint8Array | undefined {
  try {
    return dearmor(text)
  } catch (error) {
    assert.ok(error instanceof AgeError && error.code === 'ARMOR', String(error))
    return undefined
  }
}

test('a long run of white space is read in a time that grows with its length', () => {
  // 4 MiB took a regular expression hours; the runner's own time limit is the bound here.
  const spaces = ' '.repeat(4 * 1_048_576)
  assert.throws(() => dearmor(`${BEGIN}\n${spaces}x`), { code: 'ARMOR' })
  assert.equal(isArmored(`${spaces}x`), false)
})
