import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CANCEL_ROUTES } from '../../src/http/cancel-routes.ts'
import { escaped, htmlPage } from '../../src/http/html-page.ts'
import { ProblemError } from '../../src/http/problem-error.ts'
import { assertPage } from './pages.ts'

/** As a client reads it. */
function read({ body, type, fields }: ReturnType<typeof htmlPage>) {
  const all = new Map([
    ...Object.entries(fields ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const),
    ['content-type', type],
    ['x-content-type-options', 'nosniff'],
    ['cache-control', 'no-store'],
    ['referrer-policy', 'no-referrer'],
  ])
  return { text: String(body), field: (name: string) => all.get(name) }
}

test('M30: a hostile name is text on a page, and nothing else', () => {
  const name = `</title></style><script>alert(1)</script>" onx='1' &lt; \u001b[31m\u202egnp\u200b\u{e0041} line\nnext`
  const page = read(htmlPage({ title: name, content: `<main><h1>${escaped(name)}</h1></main>` }))
  assertPage(page)
  assert.doesNotMatch(escaped(name), /[<>"']|[\p{Cc}\p{Cf}]/u)
  assert.equal(escaped('&lt;'), '&#38;lt;')
})

test('whoever presses the button of a cancel page reads a page, whatever happens', () => {
  for (const { refused } of CANCEL_ROUTES) {
    for (const [code, status, said] of [
      ['read-only', 503, /not cancelled yet/],
      ['too-many', 429, /not cancelled yet/],
      ['malformed', 400, /not complete/],
    ] as const) {
      const answer = refused?.(new ProblemError(code, { detail: '<b>', fields: { 'Retry-After': '5' } }))
      assert.ok(answer)
      assert.equal(answer.status, status)
      assert.equal(answer.fields?.['Retry-After'], '5')
      assertPage(read(answer))
      assert.match(String(answer.body), said)
    }
  }
})
