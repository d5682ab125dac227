import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  watch,
} from 'node:fs'
import { suite, test } from 'node:test'
import { encryptFile, parseRecipient } from '@strongroom/core/age'
import { initialised, PASSPHRASE, passphraseFile, twoPeople } from './fixtures.ts'
import { Home, type Run } from './program.ts'

/** One failure: its exit status, what is said, and the hint that follows. */
function failed(run: Run, status: number, message: RegExp, hint: RegExp = /./): void {
  assert.equal(run.status, status, run.stderr)
  const [first = '', second = ''] = run.stderr.split('\n')
  assert.match(first, message)
  assert.match(first, /^strongroom: error: [^A-Z].*[^.]$/, 'lower case, no full stop')
  assert.match(second, /^strongroom: hint: /)
  assert.match(second, hint)
}

/** A person with a sealed file. */
async function withSealed(t: Parameters<typeof initialised>[0]): Promise<Home> {
  const home = initialised(t)
  home.write('report', 'content\n')
  await home.ok(['seal', 'report', '-q'])
  return home
}

suite('exit 2: the command line', { concurrency: 3 }, () => {
  const CASES: readonly (readonly [words: readonly string[], message: RegExp, hint: RegExp])[] = [
    [['sael', 'x'], /unknown command 'sael'/, /did you mean seal\?/],
    [['key', 'nwe'], /unknown command 'nwe'/, /did you mean new\?/],
    [['seal', 'x', '--frce'], /unknown option '--frce'/, /did you mean --force\?/],
    [['seal'], /missing required argument 'path'/, /strongroom seal --help/],
    [['open', '-o'], /argument missing/, /strongroom open --help/],
    [['seal', 'report', '-o', 'a', '-O', 'b'], /exclude each other/, /one of them/],
    [['seal', 'report', '-'], /standard input cannot be mixed with files/, /- alone/],
    [['seal', 'report', 'other', '-o', 'x'], /--output names one file/, /--output-folder/],
    [['seal', 'report', '--password', '-r', 'bob'], /has no recipients and no seal/, /--password/],
    [['seal', '-', '--remove-input'], /--remove-input needs an output/, /pipe/],
    [['open', 'report.age', '--range', '5'], /expected OFFSET:LENGTH/, /4096:512/],
    [['open', 'report.age', '--signer', 'nobody'], /nobody is called nobody/, /known are me/],
    [['seal', 'report', '-r', 'nobody'], /is no recipient, no alias and no file/, /age1/],
    [['seal', 'report', '--no-self'], /nobody would be able to open it/, /--recipient/],
    [['key', 'new', '../x'], /expected a name/, /letters/],
    [['container', 'create', '.x', '--unprotected'], /not the name of a container/, /letters/],
    [['container', 'remove', 'default'], /cannot be undone/, /--force/],
    [['seal', 'report', '-d', 'x'.repeat(2000)], /at most 1024 bytes/, /1,024/],
  ]
  for (const [words, message, hint] of CASES) {
    test(`strongroom ${words.join(' ').slice(0, 60)}`, async (t) => {
      const home = initialised(t)
      home.write('report', 'x')
      home.write('other', 'y')
      home.write('report.age', 'z')
      failed(await home.run(words), 2, message, hint)
    })
  }

  test('without a command: help on standard error', async (t) => {
    const home = new Home(t)
    for (const words of [[], ['key']]) {
      const run = await home.run(words)
      assert.equal(run.status, 2)
      assert.match(run.stderr, /^Usage: strongroom/)
      assert.equal(run.stdout, '')
    }
  })

  test('post-quantum and classic recipients together', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    const classic = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
    failed(
      await home.run(['seal', 'report', '-r', classic]),
      2,
      /post-quantum .* and classic/,
      /seal it twice/,
    )
  })
})

suite('exit 3 to 6: whose it is', { concurrency: 3 }, () => {
  test('3: sealed for somebody else', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('report', 'x')
    await alice.ok(['seal', 'report', '-q'])
    bob.write('report.age', alice.read('report.age'))
    failed(await bob.run(['open', 'report.age']), 3, /report\.age: none of your keys opens it/, /--container/)
  })

  test('4: one byte changed, and nothing is written', async (t) => {
    const home = await withSealed(t)
    const bytes = home.read('report.age')
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
    home.write('report.age', bytes)
    for (const words of [
      ['open', 'report.age', '-o', 'out'],
      ['verify', 'report.age'],
    ]) {
      failed(await home.run(words), 4, /report\.age: /, /do not trust this copy/)
    }
    assert.equal(existsSync(home.path('out')), false)
  })

  test('5: a plain age file, which opens when that is asked for', async (t) => {
    const home = initialised(t)
    const { stdout } = await home.ok(['container', 'export'])
    const recipient = stdout.split('\n').find((line) => line.startsWith('age1')) ?? ''
    home.write('plain.age', encryptFile(Buffer.from('plain'), [parseRecipient(recipient)]))
    failed(await home.run(['open', 'plain.age']), 5, /plain\.age: nobody signed it/, /--allow-unsigned/)
    const opened = await home.ok(['open', 'plain.age', '--allow-unsigned'])
    assert.match(opened.stdout, /NOBODY SIGNED IT/)
    assert.equal(home.text('plain'), 'plain')
  })

  test('6: sealed by a stranger, or by somebody other than expected', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('report', 'x')
    await alice.ok(['seal', 'report', '-q', '-r', 'bob'])
    bob.write('report.age', alice.read('report.age'))
    failed(
      await bob.run(['open', 'report.age', '--signer', 'me']),
      6,
      /not sealed by me but by alice, SHA256/,
    )
    await bob.ok(['signer', 'remove', 'alice'])
    failed(
      await bob.run(['open', 'report.age']),
      6,
      /signed by an unknown key SHA256/,
      /strongroom signer add/,
    )
  })
})

suite('exit 7, 8, 11 and 13: inputs and outputs', { concurrency: 3 }, () => {
  test('7: an input that is not there', async (t) => {
    const home = initialised(t)
    failed(await home.run(['seal', 'nothing']), 7, /cannot look at nothing: no such file or directory/)
  })

  test('7: an output folder that cannot be written to', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    failed(await home.run(['seal', 'report', '-o', 'no/such/folder/x.age']), 7, /no such file or directory/)
  })

  test('8: an output that exists, or is a symbolic link even with --force', async (t) => {
    const home = await withSealed(t)
    failed(await home.run(['seal', 'report']), 8, /report\.age exists/, /--force/)
    symlinkSync('elsewhere', home.path('link.age'))
    failed(await home.run(['seal', 'report', '-o', 'link.age', '-f']), 8, /link\.age is a symbolic link/)
    assert.equal(existsSync(home.path('elsewhere')), false)
  })

  test('11: an input that changes while it is read', async (t) => {
    const home = initialised(t)
    const path = home.write('busy', Buffer.alloc(48_000_000))
    const touching = setInterval(() => utimesSync(path, new Date(), new Date()), 1)
    const run = await home.run(['seal', 'busy'])
    clearInterval(touching)
    failed(run, 11, /the input changed while it was read/, /nothing was written/)
    assert.equal(existsSync(home.path('busy.age')), false)
  })

  test('13: not an age file, a malformed one, a folder of nothing, a broken setting', async (t) => {
    const home = initialised(t)
    home.write('x.age', 'something else entirely')
    failed(await home.run(['open', 'x.age']), 13, /x\.age: not an age file/)
    home.write('y.age', 'age-encryption.org/v1\n-> X25519 zzz\n')
    assert.equal((await home.run(['open', 'y.age'])).status, 13)
    mkdirSync(home.path('folder'))
    failed(await home.run(['seal', 'folder']), 2, /there is no file to work on/)
    home.write('home/config.json', '{"defaultKontainer": "x"}')
    failed(await home.run(['container', 'list']), 13, /there is no setting defaultKontainer/)
  })
})

suite('exit 9 and 12: containers', { concurrency: 3 }, () => {
  test('9: a wrong passphrase, and none at all', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const wrong = passphraseFile(home, 'something else entirely')
    failed(await home.run(['seal', 'report', '--passphrase-file', wrong]), 9, /wrong passphrase/)
    failed(
      await home.run(['seal', 'report']),
      9,
      /there is no terminal to ask for the passphrase of/,
      /--passphrase-file/,
    )
  })

  test('9: a passphrase for a container that has lost its protection', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    const given = passphraseFile(home)
    const run = await home.run(['seal', 'report', '--passphrase-file', given])
    failed(run, 9, /the container is not protected, but a secret was given/)
  })

  test('a passphrase comes from a file, a descriptor or the environment', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    home.write('report', 'x')
    const path = passphraseFile(home)
    const seal = ['seal', 'report', '-f', '-q']
    await home.ok([...seal, '--passphrase-file', path])
    await home.ok([...seal, '--passphrase-fd', '3'], { fd3: openSync(path, 'r') })
    await home.ok(seal, { env: { STRONGROOM_PASSPHRASE_FILE: path } })
    chmodSync(path, 0o644)
    const { stderr } = await home.ok([...seal, '--passphrase-file', path])
    assert.match(stderr, /warning: .* can be read by others/)
  })

  test('12: no container yet, none of that name, no session key of that name', async (t) => {
    const home = new Home(t)
    home.write('report', 'x')
    failed(await home.run(['seal', 'report']), 12, /no container/, /strongroom init/)
    await home.ok(['init', '--unprotected', '-q'])
    failed(await home.run(['seal', 'report', '-c', 'work']), 12, /no container/)
    failed(await home.run(['seal', 'report', '-k', 'archive']), 12, /no session key archive/, /key list/)
  })

  test('13: a container that is damaged', async (t) => {
    const home = initialised(t)
    home.write('report', 'x')
    home.write('home/containers/default.container', '{}')
    failed(await home.run(['seal', 'report']), 13, /default\.container: missing member/, /backup/)
  })

  test('9: a container whose public part was exchanged', async (t) => {
    const home = initialised(t, { passphrase: PASSPHRASE })
    const other = initialised(t)
    const path = 'home/containers/default.container'
    const mine = JSON.parse(home.text(path)) as Record<string, unknown>
    const theirs = JSON.parse(other.text(path)) as Record<string, unknown>
    const forged = `${JSON.stringify({ ...mine, keys: theirs['keys'] }, undefined, 2)}\n`
    home.write('home/containers/default.container', forged)
    const run = await home.run(['container', 'export', '--passphrase-file', passphraseFile(home)])
    failed(run, 9, /wrong passphrase, or its file was damaged or altered/)
    assert.equal(run.stdout, '')
  })

  test('an unprotected container that others can read is refused', async (t) => {
    const home = initialised(t)
    chmodSync(home.path('home/containers/default.container'), 0o644)
    failed(await home.run(['container', 'export']), 7, /can be read or written by others/, /chmod/)
  })
})

suite('many inputs', () => {
  test('the others are worked on, each failure is a line, the first decides the status', async (t) => {
    const home = await withSealed(t)
    home.write('bad.age', 'not age')
    home.write('also-bad.age', 'not age either')
    const run = await home.run(['open', 'bad.age', 'report.age', 'also-bad.age', '-O', 'out'])
    assert.equal(run.status, 13)
    assert.equal(run.stderr.split('\n').filter((line) => line.includes('error: ')).length, 2)
    assert.equal(home.text('out/report'), 'content\n')
  })
})

suite('exit 130: interrupted', () => {
  test('a signal removes what is half-done', async (t) => {
    const home = initialised(t)
    const watcher = watch(home.folder)
    t.after(() => watcher.close())
    const run = await home.run(['seal', '-', '-o', 'out.age'], {
      stdin: undefined,
      onStart: (child) =>
        watcher.on('change', (_, name) => {
          if (String(name).startsWith('.strongroom-')) child.kill('SIGTERM')
        }),
    })
    // It died of the signal, since its input was still open: a shell shows that as 130.
    assert.ok(run.status === 130 || run.signal === 'SIGINT', `${run.status} ${run.signal} ${run.stderr}`)
    assert.deepEqual(readdirSync(home.folder), ['home'])
  })
})

test('exit 1: an old Node, and no newer one beside the command', (t) => {
  const old = spawnSync('/usr/bin/node', ['--version'], { encoding: 'utf8' })
  if (!/^v(1\d|2[0-5])\./.test(old.stdout ?? '')) return t.skip('needs an older Node in /usr/bin')
  const home = new Home(t)
  const bin = home.path('package/bin')
  mkdirSync(bin, { recursive: true })
  spawnSync('cp', [new URL('../bin/strongroom.js', import.meta.url).pathname, `${bin}/strongroom.mjs`])
  const run = spawnSync('/usr/bin/node', [`${bin}/strongroom.mjs`, '--version'], { encoding: 'utf8' })
  assert.equal(run.status, 1)
  assert.match(run.stderr, /^strongroom: error: needs Node 26 or newer, and this is 2\d\.\d/)
  assert.match(run.stderr, /^strongroom: hint: install Node 26/m)
})
