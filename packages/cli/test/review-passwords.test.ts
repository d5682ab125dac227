/* A file's passphrase and the container's are two things, wherever they come from. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised, PASSPHRASE, passphraseFile } from './fixtures.ts'

suite('a passphrase of a file', { concurrency: 3 }, () => {
  test('is never the one that the variable names for the container', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    const env = { STRONGROOM_PASSPHRASE_FILE: passphraseFile(home) }
    home.write('note', 'x')
    const run = await home.run(['seal', 'note', '--password'], { env })
    assert.equal(run.status, 9, run.stdout)
    assert.match(run.stderr, /no terminal to ask for the new passphrase for this file/)
    assert.doesNotMatch(run.stderr, /STRONGROOM_PASSPHRASE_FILE/)
    assert.equal(existsSync(home.path('note.age')), false)
  })

  test('comes from where the command line says, and opens only from there', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    const env = { STRONGROOM_PASSPHRASE_FILE: passphraseFile(home) }
    home.write('secret', 'four random words here\n')
    home.write('note', 'content\n')
    const words = ['--password', '--passphrase-file', 'secret']
    await home.ok(['seal', 'note', ...words, '-q'], { env })
    assert.equal((await home.run(['open', 'note.age', '-o', 'x', '--password'], { env })).status, 9)
    await home.ok(['open', 'note.age', '-o', 'x', ...words], { env })
    assert.equal(home.text('x'), 'content\n')
  })
})
