import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, watch } from 'node:fs'
import { suite, test } from 'node:test'
import { bytesOf, cipherOf, plaintextOf, putKey, recordedFile, recordedFiles } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'

const SLOW = process.env['SLOW'] !== undefined
const COMMAND = ['cryptoapi', 'open']

/** One file of every cipher and kind of end; all of them take a minute. */
const SESSION_FILES = SLOW
  ? recordedFiles('sample-file')
  : ['file/session/rc4-128/2345', 'file/session/rc2-128/1504', 'file/session/aes256-default/15'].map(
      recordedFile,
    )
const PASSWORD_FILES = SLOW
  ? recordedFiles('sample-file-password')
  : [
      'file/password/md5/rc4-128/1000',
      'file/password/md5/rc4-128/2222/unicode build',
      'file/password/sha1/aes256-default/992',
      'file/password/md5/rc2-40/60',
    ].map(recordedFile)

suite('recorded files', { concurrency: 2 }, () => {
  for (const each of SESSION_FILES) {
    test(each.name, async (t) => {
      const home = new Home(t)
      home.write('old.enc', bytesOf(each))
      putKey(home, each.key)
      const { stdout, stderr } = await home.ok([...COMMAND, 'old.enc', '--key', each.key])
      assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
      assert.equal(statSync(home.path('old.enc.opened')).mode & 0o777, 0o600)
      assert.match(stdout, /^old\.enc\.opened {2}opened, /)
      assert.match(stderr, /^strongroom: warning: nobody proves who made this key/)
    })
  }

  for (const each of PASSWORD_FILES) {
    test(each.name, async (t) => {
      const home = new Home(t)
      home.write('old.enc', bytesOf(each))
      home.write('password', `${each.password}\n`)
      const bits = each.bits === 0 ? [] : ['--bits', String(each.bits)]
      const build = each.name.endsWith('unicode build') ? ['--unicode-build'] : []
      const how = ['--algorithm', cipherOf(each), '--hash', each.hash, ...bits, ...build]
      const [record] = await home.json([
        ...COMMAND,
        'old.enc',
        '--password',
        ...how,
        '--password-file',
        'password',
      ])
      assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
      assert.deepEqual(record, {
        input: 'old.enc',
        output: 'old.enc.opened',
        layout: 'password',
        algorithm: cipherOf(each),
        bits: each.bits === 0 ? (each.alg === '3des' ? 168 : 256) : each.bits,
        hash: each.hash,
        keyProof: null,
        plaintextBytes: each.plaintext.len,
        tailBytes: 0,
      })
    })
  }

  test('what was damaged leaves the old output, and tells damage apart where no key is needed', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx1024.private')
    const statuses: Readonly<Record<string, number>> = {
      'empty file': 13,
      'three bytes': 13,
      'blob cut': 13,
      'length field zero': 13,
      'length field huge': 13,
      // It says that it is for a key of 1032 bits.
      'length field one too big': 3,
    }
    const cases = recordedFiles('sample-file-damaged')
    const tried = SLOW ? cases : cases.filter((_, i) => i % 3 === 1)
    for (const each of tried) {
      home.write('old.enc', bytesOf(each))
      home.write('out', 'before')
      const run = await home.run([...COMMAND, 'old.enc', '--key', 'kx1024.private', '-o', 'out', '--force'])
      assert.equal(
        run.status,
        statuses[each.name.replace('file/damaged/', '')] ?? 4,
        `${each.name}: ${run.stderr}`,
      )
      assert.equal(home.text('out'), 'before', each.name)
      assert.deepEqual(readdirSync(home.folder).sort(), ['kx1024.private', 'old.enc', 'out'], each.name)
    }
  })
})

suite('keys', { concurrency: 2 }, () => {
  const each = recordedFile('file/session/3des-default/1007')

  test('another key and damage behind it are one answer', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx1024b.private')
    putKey(home, 'kx1024.private')
    const damaged = bytesOf(each)
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
    const wrapped = bytesOf(each)
    wrapped[20] = (wrapped[20] ?? 0) ^ 1
    const [one, two, three] = await Promise.all([
      home.run([...COMMAND, home.write('a', bytesOf(each)), '--key', 'kx1024b.private', '-o', '-']),
      home.run([...COMMAND, home.write('b', damaged), '--key', 'kx1024.private', '-o', '-']),
      home.run([...COMMAND, home.write('c', wrapped), '--key', 'kx1024.private', '-o', '-']),
    ])
    const answer = (run: typeof one, name: string) => run.stderr.replaceAll(home.path(name), 'FILE')
    assert.match(one.stderr, /it is damaged, or made for another key/)
    assert.deepEqual([one.status, two.status, three.status], [4, 4, 4])
    assert.equal(answer(two, 'b'), answer(one, 'a'))
    assert.equal(answer(three, 'c'), answer(one, 'a'))
    assert.deepEqual([one.stdout, two.stdout, three.stdout], ['', '', ''])
  })

  test('of several keys the right one is found', async (t) => {
    const home = new Home(t)
    const names = ['kx2048.private', 'kx1024b.private', 'kx1024.pem', 'kx1024.private']
    const keys = names.flatMap((name) => ['--key', putKey(home, name)])
    home.write('old.enc', bytesOf(each))
    const [record] = await home.json([...COMMAND, 'old.enc', ...keys])
    assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
    assert.partialDeepStrictEqual(record, { layout: 'key blob', algorithm: '3des', madeFor: { bits: 1024 } })
  })

  test('a PVK file with its password', async (t) => {
    const home = new Home(t)
    const pvk = recordedFile('pvk/kx1024/strong')
    home.write('key.pvk', bytesOf(pvk))
    home.write('old.enc', bytesOf(each))
    const words = [...COMMAND, 'old.enc', '--key', 'key.pvk', '--password-file']
    const wrong = await home.run([...words, home.write('wrong', 'nonsense\n')])
    assert.equal(wrong.status, 9, wrong.stderr)
    await home.ok([...words, home.write('right', `${pvk.password}\n`)])
    assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
  })

  test('none of that size, and no such file', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx2048.private')
    const size = await home.run([...COMMAND, home.write('a', bytesOf(each)), '--key', 'kx2048.private'])
    assert.equal(size.status, 3)
    assert.match(size.stderr, /it is for an RSA key of 1024 bits: none of yours/)
    const noSample = await home.run([...COMMAND, home.write('b', 'a letter\n'), '--key', 'kx2048.private'])
    assert.equal(noSample.status, 13)
    assert.match(noSample.stderr, /b: it is no file of Microsoft’s encryption sample, or a damaged one/)
    mkdirSync(home.path('folder'))
    const folder = await home.run([...COMMAND, 'folder', '--key', 'kx2048.private'])
    assert.equal(folder.status, 13)
  })

  test('the pairs of the container, retired ones too', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    home.write('old.enc', bytesOf(each))
    const without = await home.run([...COMMAND, 'old.enc'])
    assert.equal(without.status, 3, without.stderr)
    for (const name of ['kx1024.pem', 'kx2048.pem']) {
      await home.ok(['cryptoapi', 'import', putKey(home, name), '--use', 'exchange'])
    }
    await home.ok([...COMMAND, 'old.enc'])
    assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
  })
})

suite('inputs and outputs', { concurrency: 2 }, () => {
  const each = recordedFile('file/session/aes256-default/1984')

  test('from a pipe and into one, all of it or nothing', async (t) => {
    const home = new Home(t)
    putKey(home, each.key)
    const words = [...COMMAND, '-', '--key', each.key, '-o', '-', '-q']
    const whole = await home.ok(words, { stdin: bytesOf(each) })
    assert.deepEqual(whole.bytes, plaintextOf(each))
    const cut = await home.run(words, { stdin: bytesOf(each).subarray(0, -16) })
    assert.deepEqual([cut.status, cut.bytes.length], [4, 0])
  })

  test('an output that exists, a link, or the input itself', async (t) => {
    const home = new Home(t)
    putKey(home, each.key)
    home.write('old.enc', bytesOf(each))
    home.write('there', 'before')
    symlinkSync('there', home.path('link'))
    const cases = [
      ['there', [], 8],
      ['link', ['--force'], 8],
      ['old.enc', ['--force'], 13],
    ] as const
    for (const [output, more, status] of cases) {
      const run = await home.run([...COMMAND, 'old.enc', '--key', each.key, '-o', output, ...more])
      assert.equal(run.status, status, run.stderr)
    }
    assert.equal(home.text('there'), 'before')
    assert.deepEqual(home.read('old.enc'), bytesOf(each))
  })

  test('killed while it writes, it leaves the old output, and the next run cleans up', async (t) => {
    const home = new Home(t)
    const text = Buffer.alloc(40_000_000, 3)
    const key = ['--key', putKey(home, 'kx2048.private')]
    const made = ['cryptoapi', 'encrypt-file', '-', '-o', 'old.enc', '--algorithm', 'aes-128', ...key, '-q']
    await home.ok(made, { stdin: text })
    home.write('out', 'before')
    const watcher = watch(home.folder)
    const words = [...COMMAND, 'old.enc', '-o', 'out', '--force', ...key]
    const { signal } = await home.run(words, {
      onStart: (child) =>
        watcher.on('change', (_, name) => {
          if (String(name).startsWith('.strongroom-')) child.kill('SIGKILL')
        }),
    })
    watcher.close()
    assert.equal(signal, 'SIGKILL')
    assert.equal(home.text('out'), 'before')
    const left = readdirSync(home.folder).filter((name) => name.startsWith('.strongroom-'))
    for (const name of left) assert.equal(statSync(home.path(name)).mode & 0o777, 0, 'nobody may read it')
    await home.ok(words)
    assert.ok(home.read('out').equals(text))
    assert.ok(readdirSync(home.folder).every((name) => !name.startsWith('.strongroom-')))
  })

  test('what a longer file left behind the text', async (t) => {
    const home = new Home(t)
    putKey(home, each.key)
    home.write('old.enc', Buffer.concat([bytesOf(each), Buffer.alloc(77, 0xa5)]))
    const words = [...COMMAND, 'old.enc', '--key', each.key]
    const without = await home.run(words)
    assert.equal(without.status, 4)
    assert.match(without.stderr, /it is cut off or has something behind it: 2077 bytes of ciphertext/)
    for (const how of [['--find-end'], ['--length', '1984']]) {
      const [record] = await home.json([...words, '--force', ...how])
      assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
      assert.partialDeepStrictEqual(record, { plaintextBytes: 1984, tailBytes: 77 })
    }
    const wrong = await home.run([...words, '--force', '--length', '1983'])
    assert.equal(wrong.status, 4)
    assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
  })

  const REFUSED: readonly (readonly [what: string, words: readonly string[], says: RegExp])[] = [
    ['a password without a cipher', ['--password'], /does not say which cipher/],
    ['a password and a key', ['--password', '--algorithm', 'rc4', '--key', 'k'], /has no key blob/],
    ['a cipher without a password', ['--algorithm', 'rc4'], /--algorithm is for files under a password/],
    ['a build without a password', ['--unicode-build'], /--unicode-build is for files under a password/],
    ['a signature without a signer', ['--signature', 's'], /--signature and --signer go together/],
    ['a signer without a signature', ['--signer', 's'], /--signature and --signer go together/],
    ['two ends', ['--find-end', '--length', '5'], /exclude each other/],
    ['an impossible length', ['--length', '1e3'], /expected a number of bytes/],
    ['an impossible effective length', ['--key', 'k', '--rc2-effective', '0'], /expected 1 to 1024 bits/],
  ]
  test('options that make no sense together', async (t) => {
    const home = new Home(t)
    home.write('old.enc', bytesOf(each))
    putKey(home, each.key)
    home.write('k', home.read(each.key))
    await Promise.all(
      REFUSED.map(async ([what, words, says]) => {
        const run = await home.run([...COMMAND, 'old.enc', ...words])
        assert.equal(run.status, 2, `${what}: ${run.stderr}`)
        assert.match(run.stderr, says, what)
      }),
    )
    assert.ok(!existsSync(home.path('old.enc.opened')))
  })
})
