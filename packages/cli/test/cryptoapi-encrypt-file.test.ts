import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { acquireContext, readPasswordSampleFile, readSampleFile, wincrypt } from '@strongroom/core/cryptoapi'
import { bytesOf, plaintextOf, putKey, recordedFile } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'

const TEXT = Buffer.from('the year in figures\n'.repeat(1000))

/** What OpenSSL calls the ciphers that it has without its legacy provider. */
const OPENSSL_CIPHERS = [
  ['3des', 'des-ede3-cbc'],
  ['aes-128', 'aes-128-cbc'],
  ['aes-256', 'aes-256-cbc'],
] as const

/** The bytes that OpenSSL makes of a file with these words. */
function openssl(words: readonly string[], input: Uint8Array): Buffer {
  const run = spawnSync('openssl', words, { input })
  assert.equal(run.status, 0, run.stderr.toString())
  return run.stdout
}

suite('for an exchange key', { concurrency: 2 }, () => {
  for (const [algorithm, cipher] of OPENSSL_CIPHERS) {
    test(`OpenSSL opens ${algorithm}`, async (t) => {
      if (spawnSync('openssl', ['version']).error) return t.skip('needs openssl')
      const home = new Home(t)
      home.write('text', TEXT)
      const pem = putKey(home, 'kx2048.pem')
      await home.ok([
        'cryptoapi',
        'encrypt-file',
        'text',
        '--algorithm',
        algorithm,
        '--for',
        putKey(home, 'kx2048.public'),
      ])
      const file = home.read('text.enc')
      assert.equal(file.readUInt32LE(), 12 + 256)
      const wrapped = file.subarray(16, 16 + 256).toReversed()
      const key = openssl(
        ['pkeyutl', '-decrypt', '-inkey', pem, '-pkeyopt', 'rsa_padding_mode:pkcs1'],
        wrapped,
      )
      const zeros = '0'.repeat(algorithm === '3des' ? 16 : 32)
      const words = ['enc', '-d', `-${cipher}`, '-K', key.toString('hex'), '-iv', zeros]
      assert.deepEqual(openssl(words, file.subarray(16 + 256)), TEXT)
    })
  }

  test('the library opens what OpenSSL does not', async (t) => {
    const home = new Home(t)
    home.write('text', TEXT)
    putKey(home, 'kx1024.private')
    const context = acquireContext()
    context.importKey(new Uint8Array(home.read('kx1024.private')))
    const ciphers = [
      ['rc4', '--bits', '40'],
      ['rc2', '--bits', '64'],
      ['3des-112'],
      ['rc4'],
      ['des'],
      ['aes-192'],
    ]
    const tried = process.env['SLOW'] === undefined ? ciphers.slice(0, 3) : ciphers
    for (const [algorithm = '', ...more] of tried) {
      const words = ['--algorithm', algorithm, ...more, '--key', 'kx1024.private', '--force']
      await home.ok(['cryptoapi', 'encrypt-file', 'text', ...words])
      const { plaintext } = readSampleFile(context, new Uint8Array(home.read('text.enc')))
      assert.deepEqual(Buffer.from(plaintext), TEXT, algorithm)
    }
  })

  test('forty bits of RC2 count where that was asked for, on both sides', async (t) => {
    const home = new Home(t)
    home.write('text', TEXT)
    const key = ['--key', putKey(home, 'kx1024.private')]
    await home.ok([
      'cryptoapi',
      'encrypt-file',
      'text',
      '--algorithm',
      'rc2',
      '--rc2-effective',
      '40',
      ...key,
    ])
    const all = await home.run(['cryptoapi', 'open', 'text.enc', ...key])
    assert.equal(all.status, 4)
    await home.ok(['cryptoapi', 'open', 'text.enc', '--rc2-effective', '40', ...key])
    assert.deepEqual(home.read('text.enc.opened'), TEXT)
  })

  test('OAEP, on both sides', async (t) => {
    const home = new Home(t)
    home.write('text', TEXT)
    const key = ['--key', putKey(home, 'kx1024.private')]
    await home.ok(['cryptoapi', 'encrypt-file', 'text', '--algorithm', 'rc4', '--oaep', ...key])
    assert.equal((await home.run(['cryptoapi', 'open', 'text.enc', ...key])).status, 4)
    await home.ok(['cryptoapi', 'open', 'text.enc', '--oaep', ...key])
    assert.deepEqual(home.read('text.enc.opened'), TEXT)
  })

  test('the exchange pair of the container, through pipes', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    await home.ok(['cryptoapi', 'import', putKey(home, 'kx2048.private')])
    const made = await home.ok(['cryptoapi', 'encrypt-file', '-', '--algorithm', 'aes-128'], { stdin: TEXT })
    const opened = await home.ok(['cryptoapi', 'open', '-'], { stdin: made.bytes })
    assert.deepEqual(opened.bytes, TEXT)
  })
})

suite('under a password', { concurrency: 2 }, () => {
  for (const name of ['file/password/md5/rc4-128/2222', 'file/password/md5/rc2-40/60/unicode build']) {
    test(`writes ${name} byte for byte`, async (t) => {
      const each = recordedFile(name)
      const home = new Home(t)
      home.write('text', plaintextOf(each))
      home.write('password', `${each.password}\r\n`)
      const build = name.endsWith('unicode build') ? ['--unicode-build'] : []
      const how = ['--algorithm', each.alg, '--bits', String(each.bits), ...build]
      await home.ok([
        'cryptoapi',
        'encrypt-file',
        'text',
        '--password',
        ...how,
        '--password-file',
        'password',
      ])
      assert.deepEqual(home.read('text.enc'), bytesOf(each))
    })
  }

  test('as UTF-16, in full', async (t) => {
    const home = new Home(t)
    home.write('text', TEXT)
    home.write('password', 'Grüße\n')
    const how = [
      '--password',
      '--password-file',
      'password',
      '--utf-16',
      '--hash',
      'sha1',
      '--algorithm',
      '3des',
    ]
    await home.ok(['cryptoapi', 'encrypt-file', 'text', ...how])
    const password = new Uint8Array(Buffer.from('Grüße', 'utf16le'))
    const options = { hash: wincrypt.CALG_SHA1, algorithm: wincrypt.CALG_3DES }
    const file = new Uint8Array(home.read('text.enc'))
    const { plaintext } = readPasswordSampleFile(acquireContext(), file, password, options)
    assert.deepEqual(Buffer.from(plaintext), TEXT)
    await home.ok(['cryptoapi', 'open', 'text.enc', ...how])
    assert.deepEqual(home.read('text.enc.opened'), TEXT)
  })
})

suite('what is refused', { concurrency: 2 }, () => {
  const REFUSED: readonly (readonly [what: string, words: readonly string[], status: number])[] = [
    ['a cipher that nobody named', ['--for', 'kx2048.public'], 2],
    ['a key and a password', ['--algorithm', 'rc4', '--password', '--for', 'kx2048.public'], 2],
    ['two keys', ['--algorithm', 'rc4', '--for', 'kx2048.public', '--key', 'kx2048.private'], 2],
    ['a hash without a password', ['--algorithm', 'rc4', '--for', 'kx2048.public', '--hash', 'md5'], 2],
    ['a signature key', ['--algorithm', 'rc4', '--for', 'sig2048.public'], 3],
    ['an impossible length', ['--algorithm', 'rc4', '--bits', '41', '--for', 'kx2048.public'], 2],
    [
      'a key too short for what it is to wrap',
      ['--algorithm', 'aes-256', '--oaep', '--for', 'kx512.public'],
      13,
    ],
    ['an output that exists', ['--algorithm', 'rc4', '--for', 'kx2048.public', '-o', 'there'], 8],
  ]
  for (const [what, words, status] of REFUSED) {
    test(what, async (t) => {
      const home = new Home(t)
      home.write('text', TEXT)
      home.write('there', 'before')
      for (const name of ['kx2048.public', 'kx2048.private', 'sig2048.public', 'kx512.public'])
        putKey(home, name)
      const before = readdirSync(home.folder)
      const run = await home.run(['cryptoapi', 'encrypt-file', 'text', ...words])
      assert.equal(run.status, status, run.stderr)
      assert.deepEqual(readdirSync(home.folder), before)
      assert.equal(home.text('there'), 'before')
    })
  }

  test('it says what such a file is worth', async (t) => {
    const home = new Home(t)
    home.write('text', TEXT)
    const words = ['--algorithm', 'rc4', '--for', putKey(home, 'kx2048.public'), '-q']
    const { stdout, stderr } = await home.ok(['cryptoapi', 'encrypt-file', 'text', ...words])
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^strongroom: warning: for exchange with old programs only: nobody can tell who made/,
    )
    assert.ok(existsSync(home.path('text.enc')))
  })
})
