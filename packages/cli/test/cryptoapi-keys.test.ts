/* Key pairs in and out of a container and between files, held against OpenSSL. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, truncateSync } from 'node:fs'
import { suite, test } from 'node:test'
import { assertFailed, assertKeptBack } from './cryptoapi-secrets.ts'
import { bytesOf, putKey, type RecordedFile, recordedFile, recordedFiles } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import { Home, type Run } from './program.ts'

const IMPORT = ['cryptoapi', 'import']
const EXPORT = ['cryptoapi', 'export']
const PASSWORD = 'four words for all'

interface PvkFile extends RecordedFile {
  readonly level: 'none' | 'weak' | 'strong'
}
const PVK_FILES = recordedFiles('pvk') as readonly PvkFile[]

/** What OpenSSL says of a key; undefined if this OpenSSL cannot read the form. */
function openssl(home: Home, ...words: readonly string[]): string {
  const providers = ['-provider', 'legacy', '-provider', 'default']
  const run = spawnSync('openssl', ['rsa', ...providers, ...words], { cwd: home.folder, encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return run.stdout
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** The secret numbers of a pair, least significant byte first. */
function secretsOf(home: Home, privateBlob: string): Buffer {
  const blob = home.read(privateBlob)
  return blob.subarray(20 + blob.readUInt32LE(12) / 8)
}

suite('pairs from files', { concurrency: 2 }, () => {
  test('every form of one pair is the same pair', async (t) => {
    if (!hasOpenssl) return t.skip('needs openssl')
    const home = new Home(t)
    const blob = home.path(putKey(home, 'kx1024.private').split('/').at(-1) ?? '')
    putKey(home, 'kx1024.pem')
    home.write('password', `${PASSWORD}\n`)
    openssl(home, '-in', 'kx1024.pem', '-aes128', '-passout', `pass:${PASSWORD}`, '-out', 'encrypted8.pem')
    openssl(
      home,
      '-in',
      'kx1024.pem',
      '-aes128',
      '-passout',
      `pass:${PASSWORD}`,
      '-traditional',
      '-out',
      'encrypted1.pem',
    )
    openssl(
      home,
      '-in',
      'kx1024.pem',
      '-outform',
      'PVK',
      '-pvk-strong',
      '-passout',
      `pass:${PASSWORD}`,
      '-out',
      'a.pvk',
    )
    openssl(
      home,
      '-in',
      'kx1024.pem',
      '-outform',
      'PVK',
      '-pvk-weak',
      '-passout',
      `pass:${PASSWORD}`,
      '-out',
      'b.pvk',
    )
    openssl(home, '-in', 'kx1024.pem', '-outform', 'PVK', '-pvk-none', '-out', 'c.pvk')
    openssl(home, '-in', 'kx1024.pem', '-outform', 'MSBLOB', '-out', 'd.blob')
    assert.ok(existsSync(blob))
    for (const name of [
      'kx1024.pem',
      'encrypted8.pem',
      'encrypted1.pem',
      'a.pvk',
      'b.pvk',
      'c.pvk',
      'd.blob',
    ]) {
      const how = ['--key', name, '--use', 'exchange', '--password-file', 'password', '--to', 'private-blob']
      const run = await home.ok([...EXPORT, ...how, '-o', 'out', '-f'])
      assert.deepEqual(home.read('out'), home.read('kx1024.private'), name)
      assert.equal(statSync(home.path('out')).mode & 0o777, 0o600)
      assert.match(run.stderr, /warning: nothing protects this key/)
      assertKeptBack(run, [secretsOf(home, 'kx1024.private')])
    }
  })

  test('what is written, OpenSSL reads', async (t) => {
    if (!hasOpenssl) return t.skip('needs openssl')
    const home = new Home(t)
    putKey(home, 'sig1024.private')
    putKey(home, 'sig1024.pem')
    home.write('password', `${PASSWORD}\n`)
    const modulus = openssl(home, '-in', 'sig1024.pem', '-modulus', '-noout')
    const read = ['-modulus', '-noout', '-passin', `pass:${PASSWORD}`, '-in', 'out']
    const CASES: readonly (readonly [to: readonly string[], read: readonly string[]])[] = [
      [['public-blob'], ['-pubin', '-inform', 'MSBLOB']],
      [['public-pem'], ['-pubin']],
      [['private-blob'], ['-inform', 'MSBLOB']],
      [['pvk'], ['-inform', 'PVK']],
      [
        ['pvk', '--protection', 'weak'],
        ['-inform', 'PVK'],
      ],
      [
        ['pvk', '--protection', 'none'],
        ['-inform', 'PVK'],
      ],
      [['pkcs8'], []],
      [['pkcs8', '--protection', 'none'], []],
      [['pkcs1'], []],
    ]
    for (const [to, form] of CASES) {
      const how = [
        '--key',
        'sig1024.private',
        '--to',
        ...to,
        '--new-password-file',
        'password',
        '-o',
        'out',
        '-f',
      ]
      const run = await home.ok([...EXPORT, ...how])
      assert.equal(openssl(home, ...form, ...read), modulus, to.join(' '))
      assertKeptBack(run, [secretsOf(home, 'sig1024.private'), Buffer.from(PASSWORD)])
      const secret = !to[0]?.startsWith('public')
      assert.equal(statSync(home.path('out')).mode & 0o777, secret ? 0o600 : 0o644, to.join(' '))
    }
    assert.match(openssl(home, '-in', 'out', '-check', '-noout'), /RSA key ok/)
  })

  test('recorded PVK files', async (t) => {
    const home = new Home(t)
    for (const each of PVK_FILES) {
      const name = each.key.replace(/\.private$/, '')
      putKey(home, `${name}.private`)
      home.write('old.pvk', bytesOf(each))
      home.write('password', `${each.password}\n`)
      const how = [
        '--key',
        'old.pvk',
        '--password-file',
        'password',
        '--to',
        'private-blob',
        '-o',
        'out',
        '-f',
      ]
      await home.ok([...EXPORT, ...how])
      assert.deepEqual(home.read('out').subarray(8), home.read(`${name}.private`).subarray(8), each.name)
    }
  })
})

suite('pairs in a container', { concurrency: 2 }, () => {
  test('come in, are listed, and come out as they were', async (t) => {
    const home = initialised(t)
    putKey(home, 'kx512.private')
    putKey(home, 'sig1024.pem')
    const first = await home.ok([...IMPORT, 'kx512.private'])
    assert.match(
      first.stdout,
      /^RSA of 512 bits, SHA256:\S+ {2}imported into the container default as its retired exchange pair\n$/,
    )
    assert.match(first.stderr, /too short for anything new/)
    await home.ok([...IMPORT, 'sig1024.pem', '--use', 'signature', '--active'])
    const { stdout } = await home.ok(['container', 'show'])
    assert.match(stdout, /opens with +rsa {2}SHA256:\S+ {2}retired\n/)
    assert.match(stdout, /signs with +rsa {2}SHA256:\S+\n/)
    await home.ok([...EXPORT, '--to', 'private-blob', '-o', 'out'])
    assert.deepEqual(home.read('out'), home.read('kx512.private'))
    const [record] = await home.json([...EXPORT, '--use', 'signature', '-o', 'sig.public'])
    assert.partialDeepStrictEqual(record, {
      output: 'sig.public',
      form: 'public-blob',
      use: 'signature',
      bits: 1024,
    })
    putKey(home, 'sig1024.public')
    assert.deepEqual(home.read('sig.public'), home.read('sig1024.public'))
  })

  test('several of them: the active one, or the one that is named', async (t) => {
    const home = initialised(t)
    for (const name of ['kx512.private', 'kx1024.private', 'kx2048.private', 'kx2048.public'])
      putKey(home, name)
    await home.ok([...IMPORT, 'kx512.private'])
    const [record] = (await home.json([...IMPORT, 'kx1024.private'])) as [{ id: string; state: string }]
    assert.equal(record.state, 'retired')
    assertFailed(await home.run([...EXPORT, '-o', 'x']), 2, /several RSA exchange pairs/, /--key-id: SHA256:/)
    await home.ok([...EXPORT, '--key-id', record.id.slice(7, 15), '--to', 'private-blob', '-o', 'named'])
    assert.deepEqual(home.read('named'), home.read('kx1024.private'))
    await home.ok([...IMPORT, 'kx2048.private', '--active'])
    const { bytes } = await home.ok(EXPORT)
    assert.deepEqual(bytes, home.read('kx2048.public'))
    assertFailed(
      await home.run([...IMPORT, 'kx512.private']),
      8,
      /has this exchange pair already/,
      /nothing needs/,
    )
    assertFailed(
      await home.run([...EXPORT, '--key-id', 'SHA256:none']),
      3,
      /no RSA exchange pair of that fingerprint/,
    )
    assertFailed(
      await home.run([...EXPORT, '--use', 'signature']),
      3,
      /no RSA signature pair/,
      /cryptoapi import/,
    )
  })
})

suite('what cannot be a pair, or not be done with it', { concurrency: 2 }, () => {
  test('files that are none', async (t) => {
    const home = initialised(t)
    for (const name of ['kx512.private', 'kx512.pem', 'kx512.public']) putKey(home, name)
    const blob = home.read('kx512.private')
    const secret = Buffer.from(blob.subarray(84))
    const flipped = Buffer.from(blob)
    flipped[200] = (flipped[200] ?? 0) ^ 1
    home.write('cut', blob.subarray(0, 150))
    home.write('flipped', flipped)
    home.write('exponent', Buffer.concat([blob.subarray(0, 16), Buffer.of(1, 0, 0, 0), blob.subarray(20)]))
    home.write('empty', '')
    home.write('two.pem', home.text('kx512.pem') + home.text('kx512.pem'))
    home.write('cut.pem', `${home.text('kx512.pem').slice(0, 200)}\n-----END RSA PRIVATE KEY-----\n`)
    home.write('session', Buffer.from(recordedFile('signed-blob/sha1/kx1024/plain').blob, 'hex'))
    mkdirSync(home.path('folder'))
    truncateSync(home.write('huge', blob), 5_000_000_000)
    if (spawnSync('mkfifo', [home.path('pipe')]).status !== 0) return t.skip('needs mkfifo')
    const CASES: readonly (readonly [name: string, status: number, message: RegExp])[] = [
      ['cut', 4, /cut: expected \d+ bytes of RSA key, got 142/],
      ['flipped', 4, /the parts of the private key do not belong together/],
      ['exponent', 4, /public exponent is even or below 3/],
      ['empty', 13, /empty is no RSA key/],
      ['two.pem', 13, /expected one key in PEM, got 2/],
      ['cut.pem', 13, /a key in PEM that cannot be read/],
      ['kx512.public', 3, /this takes a private key, and it is a public one/],
      ['session', 13, /holds a session key, and this takes a key pair/],
      ['folder', 13, /folder is a folder/],
      ['huge', 13, /huge is longer than a key file can be/],
      ['pipe', 13, /pipe is a pipe or device/],
      ['missing', 7, /no such file/],
    ]
    for (const [name, status, message] of CASES) {
      const run = await home.run([...IMPORT, name, '--use', 'exchange'])
      assertFailed(run, status, message)
      assertKeptBack(run, [secret])
    }
    assertFailed(
      await home.run([...IMPORT, 'kx512.pem']),
      2,
      /does not say what its key is for/,
      /--use exchange/,
    )
    const { stdout } = await home.ok(['container', 'show'])
    assert.doesNotMatch(stdout, /rsa/, 'nothing came in')
  })

  test('a wrong password, a damaged file and no password at all', async (t) => {
    const home = initialised(t)
    const file = PVK_FILES.find(({ level }) => level === 'strong')
    assert.ok(file)
    const bytes = bytesOf(file)
    home.write('old.pvk', bytes)
    bytes[200] = (bytes[200] ?? 0) ^ 1
    home.write('damaged.pvk', bytes)
    home.write('right', file.password)
    home.write('wrong', 'Tr0ub4dor&3 xk')
    const runs: Run[] = []
    for (const [name, password] of [
      ['old.pvk', 'wrong'],
      ['damaged.pvk', 'right'],
    ] as const) {
      runs.push(await home.run([...IMPORT, name, '--password-file', password]))
    }
    const [wrong, damaged] = runs
    assert.ok(wrong && damaged)
    assertFailed(wrong, 9, /old\.pvk: this password does not open the key, or the key was damaged/)
    assert.equal(
      wrong.stderr.replace('old.pvk', 'damaged.pvk'),
      damaged.stderr,
      'one is not told from the other',
    )
    assertKeptBack(wrong, [Buffer.from('Tr0ub4dor&3 xk')])
    assertFailed(await home.run([...IMPORT, 'old.pvk']), 9, /no terminal to ask for the password of old\.pvk/)
  })

  test('places and options that do not go together', async (t) => {
    const home = initialised(t)
    putKey(home, 'kx512.private')
    putKey(home, 'kx512.public')
    home.write('there', 'x')
    home.write('short', 'short')
    const key = ['--key', 'kx512.private']
    const CASES: readonly (readonly [
      how: readonly string[],
      status: number,
      message: RegExp,
      hint: RegExp,
    ])[] = [
      [[...key, '--to', 'private-blob'], 2, /a key in the clear is not printed/, /--output/],
      [[...key, '--to', 'pkcs1', '-o', '-'], 2, /a key in the clear is not printed/, /--output/],
      [
        [...key, '--to', 'pkcs1', '--protection', 'strong', '-o', 'x'],
        2,
        /no protection of the kind strong/,
        /pkcs8/,
      ],
      [
        [...key, '--to', 'pkcs8', '-o', 'x'],
        9,
        /no terminal to ask for the new passphrase/,
        /--new-password-file/,
      ],
      [[...key, '--to', 'pvk', '--new-password-file', 'short', '-o', 'x'], 2, /at least 8 characters/, /./],
      [[...key, '--to', 'hex', '-o', 'x'], 2, /--to hex is for session keys/, /--session-key/],
      [[...key, '--oaep'], 2, /--oaep is for session keys/, /./],
      [[...key, ...key], 2, /one key is written at a time/, /./],
      [[...key, '-c', 'default'], 2, /--key names another place/, /./],
      [['--key', 'kx512.public', '--to', 'pkcs1', '-o', 'x'], 3, /this takes a private key/, /./],
      [[...key, '-o', 'there'], 8, /there exists/, /--force/],
      [[...key, '-o', 'no/such/folder/x'], 7, /no such file or directory/, /./],
      [[...key, '--json'], 2, /standard output is for JSON/, /--output/],
    ]
    for (const [how, status, message, hint] of CASES) {
      const run = await home.run([...EXPORT, ...how])
      assertFailed(run, status, message, hint)
      assertKeptBack(run, [secretsOf(home, 'kx512.private')])
    }
    assert.equal(existsSync(home.path('x')), false)
  })
})
