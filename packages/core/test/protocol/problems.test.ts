import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeProblem,
  LIMITS,
  parseProblem,
  problemOf,
  PROBLEMS,
  ProtocolError,
  type ProblemCode,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

/** The cells of the table rows of docs/errors.md whose first is a problem code. */
const ROWS = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^\| `[a-z]/.test(line))
  .map((line) => line.slice(2, -2).split(' | '))

describe('docs/errors.md', () => {
  test('has every problem as the program knows it, in order', () => {
    assert.deepEqual(
      ROWS,
      CODES.map((code) => {
        const { status, title, hint } = PROBLEMS[code]
        return [`\`${code}\``, String(status), title, hint]
      }),
    )
  })
})

describe('a problem', () => {
  for (const code of CODES) {
    test(`${code} is read as it was written`, () => {
      const { status, title } = PROBLEMS[code]
      assert.ok(status >= 400 && status < 600)
      for (const detail of [undefined, 'deposit 3 of 7']) {
        const bytes = encodeProblem(problemOf(code, detail))
        assert.deepEqual(parseProblem(bytes, status), problemOf(code, detail))
        assert.equal(JSON.parse(utf8Decode(bytes)).type, `urn:strongroom:problem:${code}`)
        assert.equal(JSON.parse(utf8Decode(bytes)).title, title)
      }
    })
  }
  test('is a document of RFC 9457', () => {
    assert.equal(
      utf8Decode(encodeProblem(problemOf('not-found', 'x'))),
      '{"type":"urn:strongroom:problem:not-found","title":"there is nothing of that name for you","status":404,"detail":"x"}',
    )
  })
})

describe('a problem of somebody else', () => {
  const read = (value: unknown, status = 503) => parseProblem(utf8Encode(JSON.stringify(value)), status)
  test('keeps what can be shown', () => {
    // RFC 9457 §3, its example.
    const value = {
      type: 'https://example.com/probs/out-of-credit',
      title: 'You do not have enough credit.',
      detail: 'Your current balance is 30, but that costs 50.',
      instance: '/account/12345/msgs/abc',
      balance: 30,
    }
    assert.deepEqual(read(value, 403), {
      code: undefined,
      status: 403,
      title: value.title,
      detail: value.detail,
    })
    assert.deepEqual(read({}), { code: undefined, status: 503, title: 'no problem of this protocol' })
  })
  test('has the status of the answer and the title of its code, whatever it says', () => {
    const lie = { type: 'urn:strongroom:problem:quota', title: 'all is well', status: 200 }
    assert.deepEqual(read(lie), { ...problemOf('quota'), status: 503 })
  })
  test('has no code that the table only inherits', () => {
    for (const name of ['toString', '__proto__', 'constructor', '', 'Quota', 'quota/x']) {
      assert.equal(read({ type: `urn:strongroom:problem:${name}` }).code, undefined)
    }
    assert.equal(read({ type: ['urn:strongroom:problem:quota'] }).code, undefined)
  })
  test('cannot write to the terminal what it likes', () => {
    const { title, detail } = read({ title: 'a\u001b[2Jb\u202ec\ud800', detail: `\r\n${'x'.repeat(900)}` })
    assert.equal(title, 'a\ufffd[2Jb\ufffdc\ufffd')
    assert.ok(detail?.startsWith('\ufffd\ufffdx') && detail.length === 500)
  })
  test('that is none is refused', () => {
    for (const text of ['', 'null', '[]', '"x"', '7', '<html>', '{"type":']) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseProblem(utf8Encode(text), 500))
    }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseProblem(Uint8Array.of(0xff), 500))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      parseProblem(new Uint8Array(LIMITS.problemBytes + 1), 500),
    )
  })
  test('whatever comes is a problem that can be shown, or an error of this layer', () => {
    const original = encodeProblem(problemOf('clock', 'by 90 seconds'))
    fc.assert(
      fc.property(mutationsOf(original), (bytes) => {
        try {
          const { title, detail = '' } = parseProblem(bytes, 401)
          assert.doesNotMatch(`${title}${detail}`, /\p{Cc}/u)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
        }
      }),
      PROPERTY,
    )
  })
})
