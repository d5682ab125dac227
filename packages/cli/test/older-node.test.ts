/* The command typed directly, where the machine's own Node is older than the one that came with it. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised, PASSPHRASE, passphraseFile } from './fixtures.ts'
import { BIN, Home } from './program.ts'

const CANDIDATES = ['/usr/bin/node', '/usr/local/bin/node']
const OLD = CANDIDATES.find((path) =>
  /^v(1[89]|2[0-5])\./.test(spawnSync(path, ['-v']).stdout?.toString() ?? ''),
)
const NEEDS = OLD === undefined ? { skip: 'needs a Node from 18 to 25 in /usr/bin' } : {}
const node = OLD ?? ''

suite('started by an older Node', { concurrency: 3 }, () => {
  test('it finds the one that came with it, also through a link', NEEDS, (t) => {
    const home = new Home(t)
    symlinkSync(BIN, home.path('strongroom'))
    const run = spawnSync(node, [home.path('strongroom'), '--version'], { encoding: 'utf8' })
    assert.equal(run.stderr, '')
    assert.match(run.stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('pipes, the exit status and --passphrase-fd are passed on', NEEDS, async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    const fd3 = () => openSync(passphraseFile(home), 'r')
    const sealed = await home.run(['seal', '-', '--passphrase-fd', '3'], { node, stdin: 'piped', fd3: fd3() })
    assert.equal(sealed.status, 0, sealed.stderr)
    const opened = await home.run(['open', '-', '--passphrase-fd=3'], {
      node,
      stdin: sealed.bytes,
      fd3: fd3(),
    })
    assert.equal(opened.stdout, 'piped')
    assert.equal((await home.run(['open', 'nothing'], { node })).status, 7)
  })

  test('so is a file that the shell opened: <(…)', NEEDS, (t) => {
    const home = initialised(t)
    const line = `${node} ${BIN} seal <(printf piped) -o out.age`
    const run = spawnSync('bash', ['-c', line], { cwd: home.folder, env: home.environment, encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
  })

  test('so is a signal', NEEDS, async (t) => {
    const home = initialised(t)
    const child = spawn(node, [BIN, 'seal', '-', '-o', 'out.age'], {
      cwd: home.folder,
      env: home.environment,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    // Enough to be asked for more: it is at work then.
    await new Promise((resolve) => child.stdin?.write(Buffer.alloc(3_000_000), resolve))
    child.kill('SIGTERM')
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    assert.ok(status === 130 || signal === 'SIGINT', `${status} ${signal}`)
  })
})
