import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assert as check, property, string } from 'fast-check'
import { displayName, escapedJson, escapeText } from '../src/escape-text.ts'

const RUNS = { numRuns: process.env['SLOW'] ? 5000 : 200 }
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** What was put into file names to deceive people, and what of it may be seen. */
const NAMES: readonly (readonly [name: string, shown: string, why: string])[] = [
  ['report.pdf', 'report.pdf', 'an ordinary name stays'],
  ['über bericht.pdf', 'über bericht.pdf', 'letters of any language and spaces stay'],
  ['a\nerror: forged', '"a\\nerror: forged"', 'a line feed begins no line'],
  ['\u001b[2Jgone', '"\\u{1b}[2Jgone"', 'an escape sequence moves no cursor'],
  ['\u009b31mred', '"\\u{9b}31mred"', 'nor does its eight-bit form'],
  ['invoice\u202efdp.exe', '"invoice\\u{202e}fdp.exe"', 'an override turns no text round'],
  ['a\u2028b', '"a\\u{2028}b"', 'a line separator separates no lines'],
  ['a\u200bb', '"a\\u{200b}b"', 'an invisible space is seen'],
  ['a\u3164b', '"a\\u{3164}b"', 'a letter that is drawn as nothing is seen'],
  ['a\ufe00b', '"a\\u{fe00}b"', 'a variation selector is seen'],
  ['a\u034fb', '"a\\u{34f}b"', 'a joiner of graphemes is seen'],
  ['', '""', 'an empty name is seen'],
  [' a', '" a"', 'a space at the edge is seen'],
  ['"a"', '"\\"a\\""', 'quotes of its own are told from ours'],
  ['a\\nb', '"a\\\\nb"', 'a backslash of its own is told from ours'],
]

suite('names on a terminal', () => {
  for (const [name, shown, why] of NAMES) test(why, () => assert.equal(displayName(name), shown))

  test('no two names look alike, and none has anything unprintable', () => {
    check(
      property(string({ unit: 'binary' }), string({ unit: 'binary' }), (a, b) => {
        assert.equal(displayName(a) === displayName(b), a === b)
        assert.doesNotMatch(displayName(a), UNPRINTABLE)
      }),
      RUNS,
    )
  })

  test('a lone surrogate is written out', () => assert.equal(escapeText('\ud800'), '\\u{d800}'))
})

suite('JSON on a terminal', () => {
  test('reads back as what it was, with nothing unprintable in it', () => {
    check(
      property(string({ unit: 'binary' }), (text) => {
        const json = escapedJson({ name: text })
        assert.doesNotMatch(json, UNPRINTABLE)
        assert.deepEqual(JSON.parse(json), { name: text })
      }),
      RUNS,
    )
  })

  test('a character outside the basic plane keeps both its halves', () => {
    assert.deepEqual(JSON.parse(escapedJson('\u{e0001}')), '\u{e0001}')
  })
})
