/* What is published, as it lies on somebody's disk: no sources, no packages beside it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { before, suite, test } from 'node:test'
import { initialised, PASSPHRASE } from '../../packages/cli/test/fixtures.ts'
import { Home } from '../../packages/cli/test/program.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const place = new Home()
const DIST = place.path('package/dist')
process.once('exit', () => place.remove())

/** Runs the published command. */
function published(home: Home, words: readonly string[], node = process.execPath) {
  const bin = place.path('package/bin/strongroom.js')
  return spawnSync(node, [bin, ...words], { cwd: home.folder, env: home.environment, encoding: 'utf8' })
}

suite('the published command', () => {
  before(() => {
    mkdirSync(place.path('package'))
    const run = spawnSync(process.execPath, ['-C', 'source', `${ROOT}tools/build.ts`, DIST], {
      encoding: 'utf8',
    })
    assert.equal(run.status, 0, run.stderr)
    cpSync(`${ROOT}packages/cli/bin`, place.path('package/bin'), { recursive: true })
    copyFileSync(`${ROOT}packages/cli/package.json`, place.path('package/package.json'))
  })

  test('seals and opens, with all threads', (t) => {
    const home = initialised(t)
    const content = Buffer.alloc(30_000_000, 'some content of my own ')
    home.write('big', content)
    const sealed = published(home, ['seal', 'big'])
    assert.equal(sealed.status, 0, sealed.stderr)
    const opened = published(home, ['open', 'big.age', '-o', 'again'])
    assert.equal(opened.status, 0, opened.stderr)
    assert.ok(home.read('again').equals(content))
  })

  test('says the same as the sources', async (t) => {
    const home = new Home(t)
    for (const words of [
      ['--version'],
      ['--help'],
      ['seal', '--help'],
      ['key', 'nwe'],
      ['complete', '--', 'se'],
    ]) {
      const [ours, theirs] = [await home.run(words), published(home, words)]
      assert.deepEqual([theirs.status, theirs.stdout, theirs.stderr], [ours.status, ours.stdout, ours.stderr])
    }
  })

  test('asks for a passphrase', (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const script = `
      spawn -noecho bash -c {stty rows 40 columns 100; ${process.execPath} ${place.path('package/bin/strongroom.js')} seal report}
      expect -ex {(not shown)}
      send "${PASSPHRASE}\\r"
      expect eof
      exit [lindex [wait] 3]`
    const env = { ...home.environment, TERM: 'xterm' }
    const run = spawnSync('expect', ['-c', script], { cwd: home.folder, env, encoding: 'utf8' })
    if (run.error) return t.skip('needs expect')
    assert.equal(run.status, 0, run.stdout)
    assert.ok(existsSync(home.path('report.age')))
  })

  test('imports no module of Node by the slow way', () => {
    for (const name of ['strongroom.js', 'command-line.js', 'prompts.js', 'payload-worker.js']) {
      assert.doesNotMatch(place.text(`package/dist/${name}`), /from ?"node:/)
    }
  })
})
