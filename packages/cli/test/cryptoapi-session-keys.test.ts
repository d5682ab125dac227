import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { assertFailed, assertKeptBack } from './cryptoapi-secrets.ts'
import { putKey, type RecordedFile, recordedFile, recordedFiles } from './cryptoapi-vectors.ts'
import { initialised } from './fixtures.ts'
import { Home } from './program.ts'

const COMMAND = ['cryptoapi', 'export']
const SLOW = process.env['SLOW'] !== undefined

interface SignedKey extends RecordedFile {
  readonly unwrapKey: string
  readonly oaep: boolean
  readonly plaintextKeyBlob: string
}
const ALL = recordedFiles('signed-simpleblob') as readonly SignedKey[]
/** One of each kind; all of them take a minute. */
const SIGNED = SLOW ? ALL : ALL.filter((_, i) => [0, 1, 2, 6, 12].includes(i))

/** Puts a recorded key, its signature and all keys that it needs into the folder. */
function put(home: Home, each: SignedKey): Buffer {
  home.write('a.blob', Buffer.from(each.blob, 'hex'))
  home.write('a.sig', Buffer.from(each.signature, 'hex'))
  putKey(home, each.unwrapKey)
  putKey(home, each.signer)
  return Buffer.from(each.plaintextKeyBlob, 'hex')
}

function signed(each: SignedKey): string[] {
  const form = [
    ...(each.noHashOid ? ['--no-hash-oid'] : []),
    ...(each.description === undefined ? [] : ['--description', each.description]),
    ...(each.oaep ? ['--source-oaep'] : []),
  ]
  return ['--signature', 'a.sig', '--signer', each.signer, '--hash', each.hash, ...form]
}

suite('session keys, verified first', { concurrency: 2 }, () => {
  for (const each of SIGNED) {
    test(each.name, async (t) => {
      const home = new Home(t)
      const expected = put(home, each)
      const how = [
        '--session-key',
        'a.blob',
        '--key',
        each.unwrapKey,
        '--to',
        'plaintext-blob',
        '-o',
        'a.key',
      ]
      const run = await home.ok([...COMMAND, ...how, ...signed(each)])
      assert.deepEqual(home.read('a.key'), expected)
      assert.equal(statSync(home.path('a.key')).mode & 0o777, 0o600)
      assert.match(run.stdout, /, signed by RSA of \d+ bits, SHA256:/)
      assertKeptBack(run, [expected.subarray(12)])
    })
  }

  test('a signature of another key, or over other bytes, and nothing is opened', async (t) => {
    const home = new Home(t)
    const each = recordedFile('signed-blob/sha1/kx1024/plain') as SignedKey
    put(home, each)
    putKey(home, 'kx1024b.public')
    const open = [
      '--session-key',
      'a.blob',
      '--key',
      each.unwrapKey,
      '--to',
      'hex',
      '--show-secrets-unsafely',
    ]
    const other = await home.run([...COMMAND, ...open, '--signature', 'a.sig', '--signer', 'kx1024b.public'])
    assertFailed(other, 4, /not a signature of that key/, /do not trust/)
    const blob = home.read('a.blob')
    blob[100] = (blob[100] ?? 0) ^ 1
    home.write('a.blob', blob)
    assertFailed(await home.run([...COMMAND, ...open, ...signed(each)]), 4, /not a signature of that key/)
    assertFailed(await home.run([...COMMAND, ...open, '--signature', 'a.sig']), 2, /belong together/)
  })
})

suite('session keys for somebody else', { concurrency: 2 }, () => {
  test('from a container’s pair to another key and back, with each padding', async (t) => {
    const home = initialised(t)
    const each = recordedFile('signed-blob/sha1/kx1024/plain') as SignedKey
    const expected = put(home, each)
    for (const name of ['kx2048.public', 'kx2048.pem']) putKey(home, name)
    await home.ok(['cryptoapi', 'import', 'kx1024.private'])
    const old = await home.ok([
      ...COMMAND,
      '--session-key',
      'a.blob',
      '--for',
      'kx2048.public',
      '-o',
      'b.blob',
    ])
    assert.match(
      old.stdout,
      /^b\.blob {2}a SIMPLEBLOB of 256 bits for AES 256, for RSA of 2048 bits, SHA256:/,
    )
    assert.match(old.stderr, /PKCS #1 v1\.5/)
    await home.ok([
      ...COMMAND,
      '--session-key',
      'b.blob',
      '--key',
      'kx2048.pem',
      '--to',
      'plaintext-blob',
      '-o',
      'b.key',
    ])
    assert.deepEqual(home.read('b.key'), expected)
    const [record] = await home.json([
      ...COMMAND,
      '--session-key',
      'b.key',
      '--for',
      'kx2048.pem',
      '--oaep',
      '-o',
      'c.blob',
    ])
    assert.partialDeepStrictEqual(record, {
      form: 'simple-blob',
      algorithm: 'aes-256',
      bits: 256,
      padding: 'oaep',
    })
    const open = [
      ...COMMAND,
      '--session-key',
      'c.blob',
      '--key',
      'kx2048.pem',
      '--to',
      'hex',
      '--show-secrets-unsafely',
    ]
    const { stdout } = await home.ok([...open, '--source-oaep'])
    assert.equal(stdout, `${expected.subarray(12).toString('hex')}\n`)
    assertFailed(await home.run(open), 4, /damaged, or made for another key/)
  })

  test('another key, no key of that size, and what is no session key', async (t) => {
    const home = initialised(t)
    const each = recordedFile('signed-blob/sha1/kx1024/plain') as SignedKey
    const expected = put(home, each)
    for (const name of ['kx1024b.private', 'kx2048.private', 'sig1024.private', 'sig1024.public'])
      putKey(home, name)
    home.write('cut', home.read('a.blob').subarray(0, 11))
    home.write('empty', '')
    const to = ['--to', 'plaintext-blob', '-o', 'x']
    const from = ['--session-key', 'a.blob']
    const CASES: readonly (readonly [how: readonly string[], status: number, message: RegExp])[] = [
      [
        [...from, '--key', 'kx1024b.private', ...to],
        4,
        /a\.blob: the key blob is damaged, or made for another key/,
      ],
      [[...from, '--key', 'kx2048.private', ...to], 3, /for an RSA key of 1024 bits, and none is at hand/],
      [[...from, '--key', 'sig1024.private', ...to], 3, /this is a signature key/],
      [[...from, ...to], 3, /the container default has no RSA exchange pair/],
      [['--session-key', 'cut', '--key', 'kx1024.private', ...to], 3, /none is at hand/],
      [['--session-key', 'empty', ...to], 13, /empty is no key blob of a session key/],
      [['--session-key', 'kx1024.private', ...to], 13, /is no key blob of a session key/],
      [[...from, '-o', 'x'], 2, /a SIMPLEBLOB is made for somebody’s public key/],
      [[...from, '--for', 'sig1024.public', '-o', 'x'], 3, /sig1024\.public is a signature key/],
      [[...from, '--use', 'exchange', '-o', 'x'], 2, /--use is for key pairs/],
      [[...from, '--to', 'pvk', '-o', 'x'], 2, /--to pvk is for key pairs/],
      [[...from, '--to', 'hex', '--key', 'kx1024.private'], 2, /a key in the clear is not printed/],
    ]
    for (const [how, status, message] of CASES) {
      const run = await home.run([...COMMAND, ...how])
      assertFailed(run, status, message)
      assertKeptBack(run, [expected.subarray(12)])
    }
  })
})
