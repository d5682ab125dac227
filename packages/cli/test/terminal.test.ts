/* What needs a terminal: questions, and what is said differently to people than to pipes. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { initialised, PASSPHRASE } from './fixtures.ts'
import { BIN, Home } from './program.ts'

const HAS_EXPECT = spawnSync('expect', ['-v']).error === undefined
const NEEDS = HAS_EXPECT ? {} : { skip: 'needs expect' }
const SECONDS = 20

interface Session {
  /** All that appeared. */
  readonly screen: string
  readonly status: number | null
}

/** Types into a terminal of its own what the script of expect says. */
function onTerminal(home: Home, words: readonly string[], script: string): Session {
  return onShell(home, [process.execPath, BIN, ...words].join(' '), script)
}

function onShell(home: Home, line: string, script: string): Session {
  // In one line, expect would take what stands in braces for a pattern.
  const whole = `
    set timeout ${SECONDS}
    proc see {text} {
      expect {
        -ex $text {}
        timeout { exit 97 }
        eof { exit 98 }
      }
    }
    spawn -noecho bash -c {stty rows 40 columns 100; ${line}}
    ${script}
    expect {
      eof {}
      timeout { exit 97 }
    }
    exit [lindex [wait] 3]`
  const env = { ...home.environment, TERM: 'xterm', NO_COLOR: '1' }
  const run = spawnSync('expect', ['-c', whole], { cwd: home.folder, env, encoding: 'utf8' })
  return { screen: run.stdout, status: run.status }
}

suite('questions', { concurrency: 3 }, () => {
  test('init asks for a passphrase twice and shows nothing of it', NEEDS, async (t) => {
    const home = new Home(t)
    const { screen, status } = onTerminal(
      home,
      ['init'],
      `see {◆}; send "${PASSPHRASE}\\r"; see {◆  Same}; send "${PASSPHRASE}\\r"; see {next}`,
    )
    assert.equal(status, 0, screen)
    assert.doesNotMatch(screen, /correct|horse|▪/)
    home.write('secret', `${PASSPHRASE}\n`)
    home.write('report', 'x')
    await home.ok(['seal', 'report', '--passphrase-file', 'secret'])
  })

  test('two passphrases that differ make no container', NEEDS, (t) => {
    const home = new Home(t)
    const { screen, status } = onTerminal(
      home,
      ['init'],
      'see {New passphrase}; send "long enough\\r"; see {◆  Same}; send "long enoug\\r"; see {differ}',
    )
    assert.equal(status, 2, screen)
  })

  test('one that is too short is refused', NEEDS, (t) => {
    const home = new Home(t)
    const { status } = onTerminal(home, ['init'], 'see {New passphrase}; send "short\\r"; see {at least 8}')
    assert.equal(status, 2)
  })

  test('a mistyped passphrase may be typed again', NEEDS, (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const { screen, status } = onTerminal(
      home,
      ['seal', 'report'],
      `see {◆}; send "mistyped\\r"; see {try again}; see {◆}; send "${PASSPHRASE}\\r"; see {sealed}`,
    )
    assert.equal(status, 0, screen)
  })

  test('three times wrong is wrong', NEEDS, (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const wrong = 'see {◆}; send "wrong one\\r";'
    const { status } = onTerminal(home, ['seal', 'report'], `${wrong} ${wrong} ${wrong} see {error: }`)
    assert.equal(status, 9)
  })

  test('Ctrl-C at a question is exit 130', NEEDS, (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const { screen, status } = onTerminal(home, ['seal', 'report'], 'see {(not shown)}; send "\\003"')
    assert.equal(status, 130, screen)
  })

  test('a question is asked on the terminal although standard input is a pipe', NEEDS, (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    const shell = `printf piped | ${process.execPath} ${BIN} seal - -o out.age`
    const { screen, status } = onShell(home, shell, `see {(not shown)}; send "${PASSPHRASE}\\r"`)
    assert.equal(status, 0, screen)
    assert.match(home.text('out.age'), /^age-encryption/)
  })

  test('destroying a container is asked about, and no is the default', NEEDS, async (t) => {
    const home = initialised(t)
    const no = onTerminal(
      home,
      ['container', 'remove', 'default'],
      'see {Destroy}; send "\\r"; see {nothing was}',
    )
    assert.equal(no.status, 130, no.screen)
    await home.ok(['container', 'show'])
    const yes = onTerminal(home, ['container', 'remove', 'default'], 'see {Destroy}; send "y"; see {removed}')
    assert.equal(yes.status, 0, yes.screen)
  })
})

suite('a terminal is no pipe', { concurrency: 3 }, () => {
  test('ciphertext is not poured onto it', NEEDS, (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    const { screen, status } = onTerminal(home, ['seal', 'report', '-o', '-'], '')
    assert.equal(status, 2)
    assert.match(screen, /standard output is a terminal/)
  })

  test('long work shows how far it is, and takes that away again', NEEDS, (t) => {
    const home = initialised(t)
    home.write('big', Buffer.alloc(500_000_000))
    const { screen, status } = onTerminal(
      home,
      ['seal', 'big'],
      'see { % }; see {MB/s}; see {left}; see {sealed}',
    )
    assert.equal(status, 0, screen)
  })
})
