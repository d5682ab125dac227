import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { exportKeyBlob, wincrypt } from '@strongroom/core/cryptoapi'
import { algorithmName } from '../src/cryptoapi/algorithm-names.ts'
import { type DerivationValues, keyFromOldPassword } from '../src/cryptoapi/derived-keys.ts'
import { assertFailed, assertKeptBack } from './cryptoapi-secrets.ts'
import { recordedFiles } from './cryptoapi-vectors.ts'
import { Home } from './program.ts'

const COMMAND = ['cryptoapi', 'derive']
/** Published as the output of Windows: SHA-1 of "PasswordGoesHere" as a key of three-key triple DES. */
const PUBLISHED = '97628a641949d99dced35db0abce20f21ff4da9b46e00bce'

interface Step {
  readonly fn: string
  readonly alg?: string
  readonly data?: string
  readonly flags?: string
  readonly blobType?: string
  readonly expect: { readonly ok: boolean; readonly data?: string }
}
interface DeriveCase {
  readonly name: string
  readonly provider: string
  readonly steps: readonly Step[]
}

const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  base: 'base',
  strong: 'strong',
  enh: 'enhanced',
  aes: 'enhanced-aes',
}

/** The recorded derivations whose key is exported in the clear. */
function recordedDerivations(): readonly DeriveCase[] {
  const file = new URL('../../core/test/cryptoapi/vectors/derive.json', import.meta.url)
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: DeriveCase[] }
  const start = 'CryptCreateHash CryptHashData CryptDeriveKey CryptExportKey CryptEncrypt'
  const found = cases.filter(({ steps }) =>
    steps
      .map(({ fn }) => fn)
      .join(' ')
      .startsWith(start),
  )
  assert.ok(found.length > 50, 'too few recorded derivations')
  return found
}

function valuesOf({ provider, steps: [create, , derive] }: DeriveCase): DerivationValues {
  const bits = Number(derive?.flags) >>> 16
  return {
    algorithm: algorithmName(Number(derive?.alg)),
    hash: algorithmName(Number(create?.alg)),
    bits: bits === 0 ? undefined : String(bits),
    provider: PROVIDER_NAMES[provider],
    utf16: false,
    unicodeBuild: false,
  }
}

suite('keys from passwords', () => {
  test('as CryptDeriveKey was recorded', () => {
    for (const each of recordedDerivations()) {
      const key = keyFromOldPassword(
        valuesOf(each),
        new Uint8Array(Buffer.from(each.steps[1]?.data ?? '', 'hex')),
      )
      const blob = exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB)
      assert.equal(Buffer.from(blob).toString('hex'), each.steps[3]?.expect.data, each.name)
    }
  })

  test('the password is wiped, whatever comes', () => {
    const values = {
      algorithm: 'rc4',
      bits: '11',
      hash: 'md5',
      provider: undefined,
      utf16: true,
      unicodeBuild: false,
    }
    const password = new Uint8Array(Buffer.from('secret'))
    assert.throws(() => keyFromOldPassword(values, password), { code: 'USAGE' })
    assert.deepEqual(password, new Uint8Array(6))
  })

  test('a Unicode build of the sample hashes half of the text', () => {
    const [each] = recordedFiles('sample-file-password').filter(({ name }) => name.endsWith('unicode build'))
    const { passwordBytes, password } = each as unknown as { passwordBytes: string; password: string }
    const values = {
      algorithm: 'rc4',
      bits: '128',
      hash: 'md5',
      provider: undefined,
      utf16: false,
      unicodeBuild: true,
    }
    const key = keyFromOldPassword(values, new Uint8Array(Buffer.from(password)))
    const plain = keyFromOldPassword(
      { ...values, unicodeBuild: false },
      new Uint8Array(Buffer.from(passwordBytes, 'hex')),
    )
    assert.deepEqual(key.key, plain.key)
  })
})

suite('cryptoapi derive', { concurrency: 2 }, () => {
  test('prints hex only when that is asked for by name', async (t) => {
    const home = new Home(t)
    home.write('old.txt', 'PasswordGoesHere\r\n')
    const how = ['--hash', 'sha1', '--algorithm', '3des', '--password-file', 'old.txt', '--hex']
    const { stdout } = await home.ok([...COMMAND, ...how, '--show-secrets-unsafely'])
    assert.equal(stdout, `${PUBLISHED}\n`)
    const run = await home.run([...COMMAND, ...how])
    assertFailed(run, 2, /a key in the clear is not printed/, /--show-secrets-unsafely/)
    assertKeptBack(run, [Buffer.from(PUBLISHED, 'hex'), Buffer.from('PasswordGoesHere')])
  })

  test('writes a key blob that only its owner reads, and says what is not in it', async (t) => {
    const home = new Home(t)
    home.write('old.txt', 'password')
    const how = ['--provider', 'base', '--password-file', 'old.txt', '-o', 'key.blob']
    const { stdout, stderr } = await home.ok([...COMMAND, ...how])
    assert.equal(stdout, 'key.blob  a key of 40 bits for RC4, in the clear\n')
    assert.match(stderr, /a salt of 11 zero bytes behind a key of 40 bits/)
    assert.equal(statSync(home.path('key.blob')).mode & 0o777, 0o600)
    const [record] = await home.json([...COMMAND, ...how, '-f'])
    const facts = { algorithm: 'rc4', bits: 40, hash: 'md5', provider: 'base', saltBytes: 11 }
    assert.deepEqual(record, { output: 'key.blob', ...facts })
  })

  test('a password of any bytes, and one in UTF-16', async (t) => {
    const home = new Home(t)
    home.write('latin1.txt', Buffer.from('p\xe4sswort', 'latin1'))
    home.write('utf8.txt', 'pässwort\n')
    home.write('utf16.txt', Buffer.from('pässwort', 'utf16le'))
    const keyOf = async (...how: string[]) =>
      (await home.ok([...COMMAND, '--hex', '--show-secrets-unsafely', '--password-file', ...how])).stdout
    assert.notEqual(await keyOf('latin1.txt'), await keyOf('utf8.txt'))
    assert.equal(await keyOf('utf8.txt', '--utf-16'), await keyOf('utf16.txt'))
  })

  test('what cannot be', async (t) => {
    const home = new Home(t)
    home.write('old.txt', 'Tr0ub4dor&3')
    home.write('two.txt', 'one\ntwo\n')
    home.write('empty.txt', '\n')
    home.write('there', 'x')
    const old = ['--password-file', 'old.txt']
    const CASES: readonly (readonly [
      how: readonly string[],
      status: number,
      message: RegExp,
      hint: RegExp,
    ])[] = [
      [[...old, '-o', 'there'], 8, /there exists/, /--force/],
      [[...old, '-o', 'x', '--algorithm', 'rc4', '--bits', '41'], 2, /no key of 41 bits/, /--bits/],
      [[...old, '-o', 'x', '--bits', 'many'], 2, /--bits: expected a number, got many/, /./],
      [
        [...old, '-o', 'x', '--provider', 'base', '--algorithm', 'aes-256'],
        2,
        /no session cipher/,
        /--provider/,
      ],
      [[...old, '-o', 'x', '--utf-16', '--unicode-build'], 2, /exclude each other/, /./],
      [[...old, '--json', '--show-secrets-unsafely'], 2, /standard output is for JSON/, /--output/],
      [['--password-file', 'two.txt', '-o', 'x'], 2, /expected a password on one line/, /./],
      [['--password-file', 'empty.txt', '-o', 'x'], 2, /expected a password, got nothing/, /./],
      [['--password-file', 'missing', '-o', 'x'], 7, /no such file/, /./],
      [['-o', 'x'], 9, /there is no terminal to ask for the old password/, /--password-file/],
    ]
    for (const [how, status, message, hint] of CASES) {
      const run = await home.run([...COMMAND, ...how])
      assertFailed(run, status, message, hint)
      assertKeptBack(run, [Buffer.from('Tr0ub4dor&3')])
    }
  })
})
