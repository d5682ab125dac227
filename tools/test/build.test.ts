/* What is published, as it lies on somebody's disk: no sources, no packages beside it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
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
      ['cryptoapi', 'export', '--help'],
      ['cryptoapi', 'export', '--to', 'hex'],
      ['cryptoapi', 'inspect', 'nothing'],
      ['authority', '--help'],
      ['authority', 'serve', '--help'],
      ['authority', 'tenant', 'ad'],
      ['authority', 'status', '--folder', 'nothing'],
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

  test('loads what is about CryptoAPI only for its commands', () => {
    for (const name of ['strongroom.js', 'command-line.js', 'payload-worker.js']) {
      assert.doesNotMatch(place.text(`package/dist/${name}`), /PLAINTEXTKEYBLOB/, name)
    }
    assert.match(place.text('package/dist/cryptoapi.js'), /PLAINTEXTKEYBLOB/)
  })

  test('knows its own errors in the file for CryptoAPI too, and containers there', (t) => {
    const home = initialised(t)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    home.write('pair.pem', privateKey.export({ format: 'pem', type: 'pkcs1' }))
    const unsaid = published(home, ['cryptoapi', 'import', 'pair.pem'])
    assert.equal(unsaid.status, 2, unsaid.stderr)
    assert.match(unsaid.stderr, /hint: add --use exchange/)
    const imported = published(home, ['cryptoapi', 'import', 'pair.pem', '--use', 'exchange'])
    assert.equal(imported.status, 0, imported.stderr)
    const again = published(home, ['container', 'export', '--backup', '-o', 'copy'])
    assert.equal(again.status, 0, again.stderr)
    assert.match(home.text('copy'), /"algorithm": "rsa"/)
  })

  test('takes RSA keys into a container, which asks CryptoAPI what they are', (t) => {
    const home = initialised(t)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    home.write('pair.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }))
    const run = published(home, ['container', 'import', 'pair.pem', '--use', 'signature'])
    assert.equal(run.status, 0, run.stderr)
  })

  test('loads what is for clients of an authority only where there is one', (t) => {
    for (const name of ['strongroom.js', 'command-line.js', 'payload-worker.js']) {
      assert.doesNotMatch(place.text(`package/dist/${name}`), /urn:strongroom:problem/, name)
    }
    const home = initialised(t)
    home.write('home/config.json', '{ "defaultAuthority": "vault" }')
    home.write('a', 'a')
    const { status, stderr } = published(home, ['seal', 'a'])
    assert.equal(status, 0, stderr)
    assert.match(stderr, /warning: no backup authority knows the container default: nothing is deposited/)
    assert.equal(published(home, ['deposit', '--flush']).status, 2)
  })

  test('loads what runs an authority only for its commands', () => {
    for (const name of ['strongroom.js', 'command-line.js', 'cryptoapi.js', 'payload-worker.js']) {
      assert.doesNotMatch(place.text(`package/dist/${name}`), /pg_database_size/, name)
    }
    // What it shares with the custodian's commands lies in a file of both, and nobody else loads that.
    const holders = (name: string) =>
      [...new Set(place.text(`package/dist/${name}`).match(/\bchunk-\w+\.js\b/g))].filter((shared) =>
        place.text(`package/dist/${shared}`).includes('pg_database_size'),
      )
    const [holder, ...more] = holders('authority.js')
    assert.ok(holder && more.length === 0)
    assert.deepEqual(holders('custodian.js'), [holder])
    for (const name of ['client.js', 'cryptoapi.js', 'command-line.js']) assert.deepEqual(holders(name), [])
  })

  test('makes an authority, serves it and checks it', async (t) => {
    const home = new Home(t)
    home.write('pass', 'correct horse battery staple\n')
    const words = ['authority', 'init', 'vault', '--name', 'x', '--url', 'http://localhost:8080']
    const made = published(home, [...words, '--passphrase-file', 'pass', '--quiet'])
    assert.equal(made.status, 0, made.stderr)
    const bin = place.path('package/bin/strongroom.js')
    const child = spawn(process.execPath, [bin, 'authority', 'serve', '--folder', 'vault', '--json'], {
      cwd: home.folder,
      env: {
        ...home.environment,
        STRONGROOM_AUTHORITY_LISTEN_PORT: '0',
        STRONGROOM_AUTHORITY_METRICS_LISTEN: 'null',
      },
    })
    const [line] = (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])) as [unknown]
    const { listening } = JSON.parse(String(line)) as { listening: string }
    assert.equal((await fetch(`${listening}/readyz`)).status, 200)
    child.kill('SIGTERM')
    const [status] = (await once(child, 'exit')) as [number | null]
    assert.equal(status, 0)
    const checked = published(home, ['authority', 'fsck', '--folder', 'vault'])
    assert.equal(checked.status, 0, checked.stderr)
    const none = published(home, ['authority', 'status', '--folder', 'nowhere'])
    assert.equal(none.status, 12, none.stderr)
  })

  test('imports no module of Node by the slow way', () => {
    for (const name of [
      'strongroom.js',
      'command-line.js',
      'authority.js',
      'cryptoapi.js',
      'database-thread.js',
      'prompts.js',
      'payload-worker.js',
    ]) {
      assert.doesNotMatch(place.text(`package/dist/${name}`), /from ?"node:/)
    }
  })
})
