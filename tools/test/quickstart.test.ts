import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { suite, test } from 'node:test'
import { Home } from '../../packages/cli/test/program.ts'

const QUICKSTART = fileURLToPath(new URL('../quickstart.ts', import.meta.url))

suite('the quickstart', () => {
  test('takes a file of one’s own, proves that it comes back, and leaves it alone', (t) => {
    const home = new Home(t)
    const content = Buffer.alloc(2_500_000, 'some content of my own ')
    const path = home.write("it's mine.bin", content)
    const before = statSync(path)
    const run = spawnSync(process.execPath, [QUICKSTART, path], { env: home.environment, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stdout + run.stderr)
    const digest = createHash('sha256').update(content).digest('hex')
    assert.match(run.stdout, new RegExp(`^Proved: SHA-256 ${digest}$`, 'm'))
    assert.match(run.stdout, /went in and came back t/)
    const after = statSync(path)
    assert.deepEqual([after.mtimeMs, after.size], [before.mtimeMs, before.size])
  })

  test('tells and proves the procedure of CryptoAPI', (t) => {
    const home = new Home(t)
    const path = home.write('notes.txt', 'some content of my own')
    const words = ['-C', 'source', QUICKSTART, '--cryptoapi', path]
    const run = spawnSync(process.execPath, words, { env: home.environment, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stdout + run.stderr)
    const digest = createHash('sha256').update('some content of my own').digest('hex')
    assert.match(run.stdout, new RegExp(`^Proved: SHA-256 ${digest}$`, 'm'))
    assert.match(run.stdout, /^7\. {2}Somebody writes a session key of their own/m)
  })

  test('fails for a file that is not there', (t) => {
    const home = new Home(t)
    const run = spawnSync(process.execPath, [QUICKSTART, home.path('nothing')], {
      env: home.environment,
      encoding: 'utf8',
    })
    assert.equal(run.status, 1)
    assert.match(run.stderr, /^\nquickstart: .*nothing/)
    assert.doesNotMatch(run.stdout, /Proved/)
  })
})
