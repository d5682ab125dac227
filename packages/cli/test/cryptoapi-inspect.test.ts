import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync } from 'node:fs'
import { suite, test } from 'node:test'
import { assertFailed, assertKeptBack } from './cryptoapi-secrets.ts'
import { bytesOf, putKey, type RecordedFile, recordedFile, recordedFiles } from './cryptoapi-vectors.ts'
import { Home } from './program.ts'

const COMMAND = ['cryptoapi', 'inspect']

interface PvkFile extends RecordedFile {
  readonly level: 'none' | 'weak' | 'strong'
}

function pvk(level: PvkFile['level']): PvkFile {
  const found = (recordedFiles('pvk') as readonly PvkFile[]).find((each) => each.level === level)
  assert.ok(found)
  return found
}

suite('cryptoapi inspect', { concurrency: 2 }, () => {
  test('explains a public key field by field, and what is weak about it', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.public')
    const { stdout, stderr } = await home.ok([...COMMAND, 'kx512.public'])
    assert.equal(
      stdout,
      `kx512.public
  what         PUBLICKEYBLOB of 84 bytes: a public RSA key of 512 bits, for exchanging keys
  fingerprint  SHA256:3CYQPdCs/XuRGM9GEI7ig3Cl3/NxQsYfkjfEhobGCvI

offset  bytes  field     value                     meaning
     0      1  bType     6                         PUBLICKEYBLOB: a public key
     1      1  bVersion  2                         the version of all key blobs of RSA providers
     2      2  reserved  0                         always 0
     4      4  aiKeyAlg  0xa400                    CALG_RSA_KEYX: RSA Key Exchange
     8      4  magic     "RSA1"                    what a public RSA key begins with
    12      4  bitlen    512                       bits of the modulus
    16      4  pubexp    65537                     the public exponent
    20     64  modulus   ae744f67b99aaeaac0f58fc…  the product of the primes

  danger  RSA below 1024 bits
          anybody can find the private key with a few rented computers
  note    nothing in it says whose it is
          compare it with what its owner says on another way
`,
    )
    assert.equal(stderr, '')
  })

  test('tells programs the same, with values in full', async (t) => {
    const home = new Home(t)
    home.write('old.enc', bytesOf(recordedFile('file/session/aes256-default/15')))
    const [record] = (await home.json([...COMMAND, 'old.enc'])) as [
      {
        form: string
        totalBytes: number
        findings: { code: string }[]
        fields: { name: string; value?: string }[]
      },
    ]
    assert.equal(record.form, 'sample file')
    assert.deepEqual(
      record.findings.map(({ code }) => code),
      ['PKCS1', 'UNSIGNED', 'NO_INTEGRITY', 'IV_ZERO'],
    )
    assert.equal(record.fields.find(({ name }) => name === 'aiKeyAlg')?.value, '0x6610')
  })

  test('shows a private key only when asked by name', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.private')
    const secret = home.read('kx512.private').subarray(84)
    const kept = await home.ok([...COMMAND, 'kx512.private'])
    assertKeptBack(kept, [secret])
    assert.match(kept.stdout, /prime1 +\(secret\)/)
    const shown = await home.ok([...COMMAND, 'kx512.private', '--show-secrets-unsafely'])
    const prime = Buffer.from(secret.subarray(0, 32).toReversed()).toString('hex')
    assert.match(shown.stdout, new RegExp(`prime1 +${prime} `))
    assert.throws(() => assertKeptBack(shown, [secret]), 'what is looked for is found where it is')
  })

  test('finds out how much of a PVK’s password counts', async (t) => {
    const home = new Home(t)
    for (const level of ['weak', 'strong'] as const) {
      const { password } = pvk(level)
      home.write(`${level}.pvk`, bytesOf(pvk(level)))
      home.write(`${level}.txt`, `${password}\n`)
    }
    const before = await home.ok([...COMMAND, 'weak.pvk'])
    assert.match(before.stdout, /perhaps only 40 bits of the hash count/)
    const weak = await home.ok([...COMMAND, 'weak.pvk', '--password-file', 'weak.txt'])
    assert.match(weak.stdout, /danger {2}a password of which 40 bits count/)
    const strong = await home.ok([...COMMAND, 'strong.pvk', '--password-file', 'strong.txt'])
    assert.doesNotMatch(strong.stdout, /40 bits/)
    assertFailed(
      await home.run([...COMMAND, 'strong.pvk', '--password-file', 'weak.txt']),
      4,
      /strong\.pvk: this does not decrypt to a private key/,
    )
  })

  test('guesses at a signature by its length, and reads standard input', async (t) => {
    const home = new Home(t)
    const { signature } = recordedFile('signed-blob/sha1/kx1024/plain')
    const { stdout } = await home.ok([...COMMAND, '-'], { stdin: Buffer.from(signature, 'hex') })
    assert.match(stdout, /^-\n {2}what {2}128 bytes that do not say what they are\n/)
    assert.match(stdout, /a detached signature by an RSA key of 1024 bits/)
  })
})

suite('cryptoapi inspect: what is no such file, or a damaged one', { concurrency: 2 }, () => {
  test('explains as much as there is of a blob that is cut off, and fails', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.private')
    const whole = home.read('kx512.private')
    home.write('cut', whole.subarray(0, 100))
    const run = await home.run([...COMMAND, 'cut'])
    assertFailed(run, 4, /cut: expected \d+ bytes of RSA key, got 92/)
    assert.match(run.stdout, /unusable {2}expected/)
    assert.match(run.stdout, /84 +16 {2}prime1 +\(secret\) +cut off: 16 of 32 bytes are there/)
    assertKeptBack(run, [whole.subarray(84)])
  })

  test('shows no secret of a blob whose length is wrong', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.private')
    const blob = home.read('kx512.private')
    const secret = Buffer.from(blob.subarray(84))
    blob.writeUInt32LE(1024, 12)
    home.write('wrong', blob)
    const run = await home.run([...COMMAND, 'wrong'])
    assert.equal(run.status, 4)
    assertKeptBack(run, [secret])
  })

  test('another version, another type', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.public')
    const blob = home.read('kx512.public')
    home.write('version', Buffer.concat([Buffer.of(6, 3), blob.subarray(2)]))
    assertFailed(await home.run([...COMMAND, 'version']), 13, /expected a key blob of version 2, got 3/)
    home.write('opaque', Buffer.concat([Buffer.of(9), blob.subarray(1)]))
    const { stdout } = await home.ok([...COMMAND, 'opaque'])
    assert.match(stdout, /OPAQUEKEYBLOB/)
  })

  test('empty, text, PEM, age, a folder, a pipe, nothing at all', async (t) => {
    const home = new Home(t)
    home.write('empty', '')
    home.write('text', 'some words\n')
    home.write('sealed.age', 'age-encryption.org/v1\n-> X25519 x\n')
    putKey(home, 'kx512.pem')
    mkdirSync(home.path('folder'))
    if (spawnSync('mkfifo', [home.path('pipe')]).status !== 0) return t.skip('needs mkfifo')
    const CASES: readonly (readonly [name: string, status: number, message: RegExp, hint: RegExp])[] = [
      ['empty', 13, /empty is empty/, /file that you mean/],
      ['text', 13, /text is no key blob, PVK file or file of Microsoft’s sample/, /--help/],
      ['sealed.age', 13, /sealed\.age is an age file/, /strongroom inspect/],
      ['kx512.pem', 13, /kx512\.pem is PEM/, /cryptoapi import/],
      ['folder', 13, /folder is a folder/, /files in it/],
      ['pipe', 13, /pipe is a pipe or device/, /standard input/],
      ['missing', 7, /no such file/, /./],
    ]
    for (const [name, status, message, hint] of CASES) {
      assertFailed(await home.run([...COMMAND, name]), status, message, hint)
    }
  })

  test('one of several does not keep the others waiting', async (t) => {
    const home = new Home(t)
    putKey(home, 'kx512.public')
    const run = await home.run([...COMMAND, 'missing', 'kx512.public', '--json'])
    assert.equal(run.status, 7)
    const records = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { input: string })
    assert.deepEqual(
      records.map(({ input }) => input),
      ['missing', 'kx512.public'],
    )
  })

  test('a file of many gigabytes is explained by its start', async (t) => {
    const home = new Home(t)
    truncateSync(home.write('old.enc', bytesOf(recordedFile('file/session/rc4-128/2345'))), 20_000_000_000)
    const { stdout } = await home.ok([...COMMAND, 'old.enc'])
    assert.match(stdout, /144 {2}19999999856 {2}ciphertext/)
    truncateSync(home.write('key.blob', bytesOf(pvk('none'))), 20_000_000_000)
    assertFailed(await home.run([...COMMAND, 'key.blob']), 4, /far longer than one/)
  })
})
