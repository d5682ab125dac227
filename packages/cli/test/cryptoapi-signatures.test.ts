import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { suite, test } from 'node:test'
import { bytesOf, plaintextOf, putKey, recordedFile, recordedFiles } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'

const SLOW = process.env['SLOW'] !== undefined
const CASES = SLOW
  ? recordedFiles('signed-simpleblob')
  : [
      'signed-blob/md5/kx1024/plain',
      'signed-blob/sha1/sig1024/--nohashoid',
      'signed-blob/sha512/kx2048/--desc archive 661/oaep',
    ].map(recordedFile)

suite('recorded signatures', { concurrency: 2 }, () => {
  for (const each of CASES) {
    test(each.name, async (t) => {
      const home = new Home(t)
      const form = [
        '--hash',
        each.hash,
        ...(each.noHashOid ? ['--no-hash-oid'] : []),
        ...(each.description === undefined ? [] : ['--description', each.description]),
      ]
      home.write('key.blob', Buffer.from(each.blob, 'hex'))
      home.write('old.sig', Buffer.from(each.signature, 'hex'))
      const verify = ['cryptoapi', 'verify', 'key.blob', '--signer', each.signer, ...form]
      putKey(home, each.signer)
      const [record] = await home.json([...verify, 'old.sig'])
      assert.partialDeepStrictEqual(record, {
        verified: true,
        hash: each.hash,
        form: each.noHashOid ? 'bare' : 'oid',
      })

      const pair = each.signer.replace('.public', '.private')
      await home.ok(['cryptoapi', 'sign', 'key.blob', '--key', putKey(home, pair), ...form])
      assert.deepEqual(home.read('key.blob.sig'), Buffer.from(each.signature, 'hex'))

      home.write('key.blob', Buffer.from(each.blob, 'hex').fill(0, 40, 41))
      const changed = await home.run([...verify, 'old.sig'])
      assert.equal(changed.status, 4, changed.stderr)
      assert.equal(changed.stdout, '')
    })
  }
})

suite('verify', { concurrency: 2 }, () => {
  test('says which hash it would be, and takes no other than the one asked for', async (t) => {
    const home = new Home(t)
    home.write('letter', 'a letter\n')
    await home.ok(['cryptoapi', 'sign', 'letter', '--key', putKey(home, 'sig2048.pem')])
    const verify = ['cryptoapi', 'verify', 'letter', 'letter.sig', '--signer', putKey(home, 'sig2048.public')]
    const sha1 = await home.run(verify)
    assert.equal(sha1.status, 4)
    assert.match(sha1.stderr, /not a signature of that key over these bytes with sha1, but one with sha256$/m)
    const sha256 = await home.ok([...verify, '--hash', 'sha256'])
    assert.match(sha256.stdout, /^letter {2}authentic, signed by RSA of 2048 bits, SHA256:\S+ with sha256$/m)
    assert.equal(sha256.stderr, '')
  })

  test('--strict refuses what does not name its hash', async (t) => {
    const home = new Home(t)
    home.write('letter', 'a letter\n')
    const key = putKey(home, 'sig2048.private')
    await home.ok(['cryptoapi', 'sign', 'letter', '--key', key, '--no-hash-oid', '--hash', 'sha1'])
    const verify = ['cryptoapi', 'verify', 'letter', 'letter.sig', '--signer', putKey(home, 'sig2048.public')]
    const { stdout, stderr } = await home.ok(verify)
    assert.match(stdout, /with sha1, which it does not name$/m)
    assert.match(stderr, /warning: this signature is weak: sha1 lets two files have one signature/)
    assert.equal((await home.run([...verify, '--strict'])).status, 4)
  })

  test('needs the key of the signer, and the right length', async (t) => {
    const home = new Home(t)
    home.write('letter', 'a letter\n')
    home.write('short', Buffer.alloc(128))
    assert.equal((await home.run(['cryptoapi', 'verify', 'letter', 'short'])).status, 2)
    const signer = ['--signer', putKey(home, 'sig2048.public')]
    const short = await home.run(['cryptoapi', 'verify', 'letter', 'short', ...signer])
    assert.equal(short.status, 4)
    assert.match(short.stderr, /letter: a signature of that key has 256 bytes, and this one 128/)
  })

  test('OpenSSL verifies what was signed, turned round', async (t) => {
    if (spawnSync('openssl', ['version']).error) return t.skip('needs openssl')
    const home = new Home(t)
    home.write('letter', Buffer.alloc(300_000, 7))
    await home.ok(['cryptoapi', 'sign', '-', '-o', 'sig', '--key', putKey(home, 'sig2048.pem')], {
      stdin: home.read('letter'),
    })
    home.write('reversed', home.read('sig').toReversed())
    const key = home.path('sig2048.pem')
    const words = [
      'dgst',
      '-sha256',
      '-prverify',
      key,
      '-signature',
      home.path('reversed'),
      home.path('letter'),
    ]
    const run = spawnSync('openssl', words, { encoding: 'utf8' })
    assert.match(run.stdout, /Verified OK/, run.stderr)
  })
})

suite('a signature over the key in front of a file', { concurrency: 2 }, () => {
  const each = recordedFile('file/session/3des-default/1007')

  test('is verified before anything is unwrapped', async (t) => {
    const home = new Home(t)
    home.write('old.enc', bytesOf(each))
    const [signer, other] = ['sig2048', 'sig3072'].map((name) => putKey(home, `${name}.private`))
    assert.ok(signer && other)
    await home.ok(['cryptoapi', 'sign', 'old.enc', '--sample-file', '--key', signer, '-q'])
    const checked = ['--sample-file', '--hash', 'sha256', '--signer']
    await home.ok([
      'cryptoapi',
      'verify',
      'old.enc',
      'old.enc.sig',
      ...checked,
      putKey(home, 'sig2048.public'),
    ])

    // The pair is another one of that size: had it been used before the signature, the answer would be another.
    const open = ['cryptoapi', 'open', 'old.enc', '--signature', 'old.enc.sig', '--hash', 'sha256']
    const key = ['--key', putKey(home, 'kx1024b.private')]
    const refused = await home.run([...open, ...key, '--signer', putKey(home, 'kx2048.public')])
    assert.equal(refused.status, 4)
    assert.match(refused.stderr, /old\.enc: not a signature of that key over these bytes with sha256$/m)
    assert.ok(!existsSync(home.path('old.enc.opened')))

    const right = ['--key', putKey(home, each.key), '--signer', 'sig2048.public']
    const { stdout, stderr } = await home.ok([...open, ...right])
    assert.deepEqual(home.read('old.enc.opened'), plaintextOf(each))
    assert.match(stdout, /3DES with 168 bits, its key signed by RSA of 2048 bits, SHA256:/)
    assert.equal(stderr, '')
  })

  test('does not fit another file of the same signer’s', async (t) => {
    const home = new Home(t)
    home.write('a', bytesOf(each))
    home.write('b', bytesOf(recordedFile('file/session/rc4-128/2345')))
    await home.ok(['cryptoapi', 'sign', 'a', '--sample-file', '--key', putKey(home, 'sig2048.private'), '-q'])
    const words = ['--signer', putKey(home, 'sig2048.public'), '--hash', 'sha256']
    const run = await home.run([
      'cryptoapi',
      'open',
      'b',
      '--signature',
      'a.sig',
      '--key',
      putKey(home, each.key),
      ...words,
    ])
    assert.equal(run.status, 4)
  })
})

suite('sign', { concurrency: 2 }, () => {
  test('with the signature pair of the container, or the exchange pair when asked', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    home.write('letter', 'a letter\n')
    assert.equal((await home.run(['cryptoapi', 'sign', 'letter'])).status, 3)
    await home.ok(['cryptoapi', 'import', putKey(home, 'sig2048.private')])
    await home.ok(['cryptoapi', 'import', putKey(home, 'kx2048.private')])
    await home.ok(['cryptoapi', 'sign', 'letter'])
    await home.ok(['cryptoapi', 'sign', 'letter', '--use', 'exchange', '-o', 'exchange.sig'])
    const verify = ['cryptoapi', 'verify', 'letter', '--hash', 'sha256', '--signer']
    await home.ok([...verify, putKey(home, 'sig2048.public'), 'letter.sig'])
    await home.ok([...verify, putKey(home, 'kx2048.public'), 'exchange.sig'])
  })

  test('refuses two keys, a public key, a hash too long for the key, and an output that exists', async (t) => {
    const home = new Home(t)
    home.write('letter', 'a letter\n')
    home.write('there', 'before')
    const cases: readonly (readonly [readonly string[], number])[] = [
      [['--key', putKey(home, 'sig2048.private'), '--key', 'sig2048.private'], 2],
      [['--key', putKey(home, 'sig2048.public')], 3],
      [['--key', putKey(home, 'sig512.private'), '--hash', 'sha512'], 13],
      [['--key', 'sig2048.private', '-o', 'there'], 8],
    ]
    for (const [words, status] of cases) {
      const run = await home.run(['cryptoapi', 'sign', 'letter', ...words])
      assert.equal(run.status, status, run.stderr)
    }
    assert.equal(home.text('there'), 'before')
    assert.ok(!existsSync(home.path('letter.sig')))
  })
})
