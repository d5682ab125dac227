/* No command line may cost somebody the only copy of a file. */
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, openSync, readdirSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised } from './fixtures.ts'
import type { Home, Run } from './program.ts'

const CONTENT = 'the only copy\n'

/** All files that the working folder has, with their content. */
function filesOf(home: Home): Record<string, string> {
  const entries = readdirSync(home.folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.startsWith(home.home))
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      `${parentPath}/${name}`,
      home.text(`${parentPath}/${name}`.slice(home.folder.length + 1)),
    ]),
  )
}

function refused(run: Run): void {
  assert.equal(run.status, 13, run.stdout + run.stderr)
  assert.match(run.stderr, /^strongroom: error: .* is an input, and an output would replace it$/m)
  assert.match(run.stderr, /hint: choose another output/)
}

/** What is there, and a command line that would put an output in the place of an input. */
const CASES: readonly (readonly [what: string, prepare: (home: Home) => void, words: readonly string[]])[] = [
  ['its own output', () => undefined, ['seal', 'a', '-o', 'a', '-f', '--remove-input']],
  ['its own output by another name', () => undefined, ['seal', 'a', '-o', './sub/../a', '-f']],
  ['another input of the same call', () => undefined, ['seal', 'a', 'a.age', '-f', '--remove-input']],
  ['another input, the other way round', () => undefined, ['seal', 'a.age', 'a', '-f', '--remove-input']],
  [
    'an input that a link in the folder leads to',
    (home) => symlinkSync('sub', home.path('link')),
    ['seal', 'a', 'sub/b', '-f', '--remove-input', '-O', 'link'],
  ],
  [
    'a second name of an input',
    (home) => linkSync(home.path('a'), home.path('x.age')),
    ['seal', 'a', '-o', 'x.age', '-f', '--remove-input'],
  ],
  [
    'what an input leads to',
    (home) => symlinkSync('a', home.path('link')),
    ['seal', 'link', '-o', 'a', '-f', '--remove-input'],
  ],
  ['an input under a password', () => undefined, ['seal', 'a', 'a.age', '-f', '--password']],
  ['its own output when it is opened', () => undefined, ['open', 'a.age', '-o', 'a.age', '-f']],
  ['another input when it is opened', () => undefined, ['open', 'a.age', 'a', '-f']],
]

suite('an output that would replace an input', { concurrency: 3 }, () => {
  for (const [what, prepare, words] of CASES) {
    test(`is refused before anything is written: ${what}`, async (t) => {
      const home = initialised(t)
      mkdirSync(home.path('sub'))
      for (const name of ['a', 'a.age', 'sub/b', 'sub/a.age']) home.write(name, CONTENT)
      prepare(home)
      const before = filesOf(home)
      const more = words.includes('-O') ? ['sub/a.age'] : []
      refused(await home.run([...words, ...more]))
      assert.deepEqual(filesOf(home), before)
    })
  }

  test('is refused for a descriptor of an input too', async (t) => {
    const home = initialised(t)
    home.write('a', CONTENT)
    const fd3 = openSync(home.path('a'), 'r')
    refused(await home.run(['seal', '/dev/fd/3', '-o', 'a', '-f'], { fd3 }))
    assert.equal(home.text('a'), CONTENT)
  })

  test('and two outputs of one name, however it is spelled', async (t) => {
    const home = initialised(t)
    mkdirSync(home.path('sub'))
    symlinkSync('sub', home.path('link'))
    home.write('sub/a', CONTENT)
    const run = await home.run(['seal', 'sub/a', 'link/a', '-f', '--remove-input'])
    assert.equal(run.status, 2)
    assert.match(run.stderr, /two files would become link\/a\.age/)
    assert.equal(home.text('sub/a'), CONTENT)
  })
})
