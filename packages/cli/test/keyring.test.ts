/* With a real Secret Service: gnome-keyring on a session bus of its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { suite, test } from 'node:test'
import { BIN, Home } from './program.ts'

const NEEDED = ['gnome-keyring-daemon', 'dbus-run-session']
const MISSING = NEEDED.filter((program) => spawnSync(program, ['--version']).error !== undefined)
const NEEDS = MISSING.length > 0 ? { skip: `needs ${MISSING.join(', ')}` } : {}

/** Runs shell lines in a session with a keyring; `strongroom` stands for the command. */
function inSession(home: Home, lines: readonly string[]) {
  const script = [
    'set -e',
    // The password of the session, which unlocks its keyring, and makes it at first.
    'eval "$(echo secret | gnome-keyring-daemon --unlock --components=secrets)"',
    `strongroom() { ${process.execPath} ${BIN} "$@"; }`,
    ...lines,
  ].join('\n')
  mkdirSync(home.path('run'), { recursive: true, mode: 0o700 })
  mkdirSync(home.path('share/keyrings'), { recursive: true })
  const env = {
    ...home.environment,
    HOME: home.folder,
    XDG_DATA_HOME: home.path('share'),
    XDG_RUNTIME_DIR: home.path('run'),
  }
  return spawnSync('dbus-run-session', ['--', 'bash', '-c', script], {
    cwd: home.folder,
    env,
    encoding: 'utf8',
  })
}

suite('the keyring of the system', () => {
  test('protects a container, and lets go of it', NEEDS, (t) => {
    const home = new Home(t)
    home.write('report', 'content\n')
    const run = inSession(home, [
      'strongroom init --keyring',
      'strongroom seal report',
      'strongroom open report.age -o again',
      'strongroom container list',
      'strongroom container protect --unprotected',
      'strongroom open report.age -o without',
    ])
    assert.equal(run.status, 0, run.stdout + run.stderr)
    assert.match(run.stdout, /protected by +the keyring of this system/)
    assert.match(run.stdout, /^\* +pq +keyring /m)
    assert.equal(home.text('again') + home.text('without'), 'content\ncontent\n')
  })

  test('a container whose secret the keyring does not have stays closed', NEEDS, (t) => {
    const home = new Home(t)
    const made = inSession(home, ['strongroom init --keyring -q'])
    assert.equal(made.status, 0, made.stderr)
    rmSync(home.path('share'), { recursive: true })
    const run = inSession(home, ['strongroom container export'])
    assert.equal(run.status, 9, run.stderr)
  })

  test('where there is none, that is said, and no container is made', async (t) => {
    const home = new Home(t)
    const run = await home.run(['init', '--keyring'], {
      env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    })
    assert.equal(run.status, 9)
    assert.match(run.stderr, /^strongroom: error: the keyring refused: /)
    assert.match(run.stderr, /hint: .*passphrase/)
    assert.equal((await home.ok(['container', 'list'])).stdout, '')
  })
})
