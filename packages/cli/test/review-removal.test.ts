/* --remove-input deletes what was sealed. What somebody saved meanwhile under its name is nobody's to delete. */
import assert from 'node:assert/strict'
import { existsSync, linkSync, readdirSync, renameSync, symlinkSync, watch } from 'node:fs'
import { suite, test } from 'node:test'
import { exitRow } from '../src/exit-codes.ts'
import { removeSealedInput, stateOf } from '../src/input-files.ts'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'

/** Removes a file as it was before `change`; returns what is reported. */
function removeAfter(home: Home, change: () => void): unknown[] {
  const path = home.write('a', 'one')
  const output = { path: home.path('a.age') }
  const task = { input: { path }, inputName: path, output, outputName: output.path }
  const sealed = stateOf(task)
  change()
  const reported: unknown[] = []
  removeSealedInput({ report: (error) => void reported.push(error) }, task, sealed)
  return reported.map((error) => exitRow(error).code)
}

suite('--remove-input', { concurrency: 2 }, () => {
  const CHANGES: readonly (readonly [what: string, change: (home: Home) => void])[] = [
    ['replaced', (home) => renameSync(home.write('new', 'two'), home.path('a'))],
    ['written to', (home) => void home.write('a', 'two')],
    [
      'made a link',
      (home) => {
        renameSync(home.path('a'), home.path('b'))
        symlinkSync('b', home.path('a'))
      },
    ],
    ['given a second name', (home) => linkSync(home.path('a'), home.path('b'))],
  ]
  for (const [what, change] of CHANGES) {
    test(`keeps a file that was ${what} after it was sealed`, (t) => {
      const home = new Home(t)
      assert.deepEqual(
        removeAfter(home, () => change(home)),
        ['INPUT_CHANGED'],
      )
      assert.ok(existsSync(home.path('a')))
    })
  }

  test('removes the very file that was sealed', (t) => {
    const home = new Home(t)
    assert.deepEqual(
      removeAfter(home, () => undefined),
      [],
    )
    assert.equal(existsSync(home.path('a')), false)
  })

  test('keeps what was saved while the other files of the call were sealed', async (t) => {
    const home = initialised(t)
    home.write('a', 'old')
    home.write('b', Buffer.alloc(100_000_000))
    const begun = new Set<string>()
    const watcher = watch(home.folder)
    t.after(() => watcher.close())
    const run = await home.run(['seal', 'a', 'b', '--remove-input'], {
      onStart: (child) =>
        watcher.on('change', (_, name) => {
          const file = String(name)
          if (!file.startsWith('.strongroom-') || begun.size === 2) return
          if (begun.add(file).size < 2) return
          // The first file is sealed now and waits for the second.
          child.kill('SIGSTOP')
          home.write('a', 'new')
          child.kill('SIGCONT')
        }),
    })
    assert.equal(run.status, 11, run.stderr)
    assert.match(run.stderr, /error: a: it was changed after it was sealed, and is kept$/m)
    assert.equal(home.text('a'), 'new')
    assert.deepEqual(
      readdirSync(home.folder).filter((name) => !name.startsWith('home')),
      ['a', 'a.age', 'b.age'],
    )
  })

  const REFUSED: readonly (readonly [what: string, words: readonly string[]])[] = [
    ['a link', ['link']],
    ['a stream', ['-', '-o', 'x.age']],
    ['a file whose output is a stream', ['a', '-o', '-']],
  ]
  for (const [what, words] of REFUSED) {
    test(`is refused for ${what}`, async (t) => {
      const home = initialised(t)
      home.write('a', 'one')
      symlinkSync('a', home.path('link'))
      const run = await home.run(['seal', ...words, '--remove-input'])
      assert.equal(run.status, 2, run.stdout)
      assert.match(run.stderr, /--remove-input/)
      assert.ok(existsSync(home.path('link')))
      assert.equal(existsSync(home.path('link.age')), false)
    })
  }

  test('removes what was encrypted under a password', async (t) => {
    const home = initialised(t)
    home.write('secret', 'four random words here\n')
    home.write('a', 'one')
    await home.ok(['seal', 'a', '--remove-input', '--password', '--passphrase-file', 'secret', '-q'])
    assert.equal(existsSync(home.path('a')), false)
    assert.ok(existsSync(home.path('a.age')))
  })
})
