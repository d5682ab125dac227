import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const ROOT = new URL('../../../../', import.meta.url)
const CATALOGUE = readFileSync(new URL('docs/design/attacks.md', ROOT), 'utf8')

/** The tests of each row, by its name. */
const ROWS = new Map(
  CATALOGUE.split(/^### /m)
    .slice(1)
    .map((section) => {
      const name = /^[IM]\d+/.exec(section)?.[0] ?? section.slice(0, 20)
      const tests = [...section.matchAll(/^\* `([^`]+)`: (.+)$/gm)].map(
        ([, file = '', title = '']) => [file, title] as const,
      )
      return [name, tests] as const
    }),
)

const numbered = (letter: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)

test('every invariant and every known mistake has a test, and it is there', () => {
  assert.deepEqual([...ROWS.keys()], [...numbered('I', 13), ...numbered('M', 30)])
  for (const [name, tests] of ROWS) {
    assert.ok(tests.length > 0, `${name} has no test`)
    for (const [file, title] of tests) {
      const source = readFileSync(new URL(file, ROOT), 'utf8')
      // As the title of a test or a group, or a part of one that is made of several.
      assert.ok(source.includes(title), `${name}: ${file} has no “${title}”`)
    }
  }
})
