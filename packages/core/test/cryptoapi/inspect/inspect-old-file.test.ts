import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { suite, test } from 'node:test'
import { assert as assertProperty, constantFrom, property, tuple, uint8Array } from 'fast-check'
import { inspectOldFile, type OldFileInspection } from '../../../src/cryptoapi/index.ts'
import { bytesOf, fileCases, TEST_KEYS, testKey } from './recorded-files.ts'

const RUNS = { numRuns: process.env['SLOW'] ? 10_000 : 200 }

function inspect(bytes: Uint8Array, options = {}): OldFileInspection {
  const found = inspectOldFile(bytes, options)
  assert.ok(found)
  return found
}

function codes(bytes: Uint8Array, options = {}): string[] {
  return inspect(bytes, options).findings.map(({ code }) => code)
}

function valueOf(found: OldFileInspection, name: string): string | undefined {
  return found.fields.find((field) => field.name === name)?.value
}

/** The fields lie side by side and cover the file. */
function assertCovered(found: OldFileInspection, length: number): void {
  let end = 0
  for (const { offset, size } of found.fields) {
    assert.equal(offset, end)
    end += size
  }
  assert.equal(end, length)
}

suite('what recorded files are', () => {
  const FORMS: readonly (readonly [
    kind: string,
    member: 'file' | 'blob' | 'plaintextKeyBlob',
    form: string,
  ])[] = [
    ['sample-file', 'file', 'sample file'],
    ['signed-simpleblob', 'blob', 'SIMPLEBLOB'],
    ['signed-simpleblob', 'plaintextKeyBlob', 'PLAINTEXTKEYBLOB'],
    ['pvk', 'file', 'PVK'],
  ]
  for (const [kind, member, form] of FORMS) {
    test(`${kind}: ${form}, every byte explained`, () => {
      for (const each of fileCases(kind)) {
        const bytes = bytesOf(each[member])
        const found = inspect(bytes)
        assert.equal(found.form, form, each.name)
        assert.equal(found.problem, undefined, each.name)
        assertCovered(found, bytes.length)
      }
    })
  }

  test('a signature and a text under a password do not say what they are', () => {
    for (const { signature } of fileCases('signed-simpleblob')) {
      const found = inspect(bytesOf(signature))
      assert.equal(found.form, 'no header')
      assert.match(found.fields[0]?.meaning ?? '', /^a detached signature by an RSA key of \d+ bits/)
    }
    for (const { file } of fileCases('sample-file-password')) {
      assert.equal(inspect(bytesOf(file)).form, 'no header')
    }
  })

  test('key pairs and public keys, with the numbers that OpenSSL knows', () => {
    for (const [name, { pem, privateKeyBlob, publicKeyBlob, bits }] of Object.entries(TEST_KEYS)) {
      const jwk = createPrivateKey(pem).export({ format: 'jwk' })
      const hex = (text: string | undefined) => Buffer.from(text ?? '', 'base64url').toString('hex')
      const publicKey = inspect(bytesOf(publicKeyBlob))
      const pair = inspect(bytesOf(privateKeyBlob), { secrets: true })
      for (const found of [publicKey, pair]) {
        assert.equal(valueOf(found, 'modulus'), hex(jwk.n), name)
        assert.equal(valueOf(found, 'bitlen'), String(bits), name)
        assert.equal(Number(valueOf(found, 'pubexp')), Number(`0x${hex(jwk.e)}`), name)
      }
      assert.equal(BigInt(`0x${valueOf(pair, 'prime2')}`), BigInt(`0x${hex(jwk.q)}`), name)
      assert.equal(BigInt(`0x${valueOf(pair, 'coefficient')}`), BigInt(`0x${hex(jwk.qi)}`), name)
      assertCovered(pair, bytesOf(privateKeyBlob).length)
    }
  })

  test('text, and nothing, are none of it', () => {
    for (const text of ['', 'a text\n', 'ein Text mit Ümlauten\n', '-----BEGIN RSA PRIVATE KEY-----\n']) {
      assert.equal(inspectOldFile(Buffer.from(text)), undefined)
    }
  })
})

/** A SIMPLEBLOB whose block was made for an exponent of one. */
function shownBlob(key: Uint8Array): Uint8Array {
  const block = new Uint8Array(128).fill(0x55)
  block.set([0, 2])
  block[127 - key.length] = 0
  block.set(key, 128 - key.length)
  return Buffer.concat([Buffer.from('010200000168000000a40000', 'hex'), block.toReversed()])
}

suite('what is weak', () => {
  const plaintext = (algorithm: string, key: string): Uint8Array => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(key.length / 2)
    return Buffer.concat([Buffer.from(`08020000${algorithm}0000`, 'hex'), length, Buffer.from(key, 'hex')])
  }
  const key = (name: string) => bytesOf(testKey(name).publicKeyBlob)
  const sample = (name: string) =>
    bytesOf(fileCases('sample-file').find((each) => each.name.includes(name))?.file)
  const pvk = (level: string) => fileCases('pvk').find((each) => each.level === level)

  const CASES: readonly (readonly [what: string, bytes: Uint8Array, expected: readonly string[]])[] = [
    ['RSA of 512 bits', key('kx512'), ['RSA_FACTORED', 'OWNER_UNPROVED']],
    ['RSA of 1024 bits', key('kx1024'), ['RSA_SHORT', 'OWNER_UNPROVED']],
    ['RSA of 2048 bits', key('kx2048'), ['OWNER_UNPROVED']],
    ['an exponent of three', key('kx1024e3'), ['RSA_SHORT', 'EXPONENT_SMALL', 'OWNER_UNPROVED']],
    ['a private key', bytesOf(testKey('kx2048').privateKeyBlob), ['PRIVATE_KEY_OPEN']],
    ['RC4 of 40 bits', plaintext('0168', '0102030405'), ['SESSION_KEY_OPEN', 'KEY_SHORT', 'RC4']],
    ['AES', plaintext('1066', '00'.repeat(32)), ['SESSION_KEY_OPEN']],
    ['DES with odd parity', plaintext('0166', '01'.repeat(8)), ['SESSION_KEY_OPEN', 'DES', 'SMALL_BLOCKS']],
    [
      'triple DES with two keys alike',
      plaintext('0366', '01'.repeat(8) + '02'.repeat(8) + '03'.repeat(8)),
      ['SESSION_KEY_OPEN', 'TWO_KEYS_ALIKE', 'SMALL_BLOCKS', 'PARITY'],
    ],
    [
      'a file under RC4',
      sample('rc4-128'),
      ['RC4', 'KEY_LENGTH_UNKNOWN', 'PKCS1', 'UNSIGNED', 'NO_INTEGRITY'],
    ],
    ['a file under AES', sample('aes256'), ['PKCS1', 'UNSIGNED', 'NO_INTEGRITY', 'IV_ZERO']],
    ['a PVK without a password', bytesOf(pvk('none')?.file), ['PRIVATE_KEY_OPEN', 'RSA_SHORT']],
    ['a PVK under a password', bytesOf(pvk('weak')?.file), ['PVK_PASSWORD']],
    [
      'a key in a blob for an exponent of one',
      shownBlob(Buffer.alloc(16, 7)),
      ['KEY_SHOWN', 'RC4', 'KEY_LENGTH_UNKNOWN', 'PKCS1', 'UNSIGNED'],
    ],
  ]
  for (const [what, bytes, expected] of CASES) {
    test(what, () => assert.deepEqual(codes(bytes), expected))
  }

  test('an exponent of one, which no import takes', () => {
    const blob = bytesOf(testKey('kx2048').publicKeyBlob)
    blob.set([1, 0, 0, 0], 16)
    assert.deepEqual(codes(blob), ['EXPONENT_ONE', 'OWNER_UNPROVED'])
    assert.equal(inspect(blob).problem?.code, 'NTE_BAD_DATA')
  })

  test('how much of a PVK’s password counts, when it is there', () => {
    for (const { level, password, file } of fileCases('pvk')) {
      if (level === 'none') continue
      const options = { password: Buffer.from(password ?? '') }
      assert.deepEqual(codes(bytesOf(file), options), [level === 'weak' ? 'PVK_WEAK' : 'PVK_STRONG'])
      assert.throws(() => inspectOldFile(bytesOf(file), { password: Buffer.from('another') }), {
        code: 'NTE_BAD_DATA',
      })
    }
  })
})

/** Whether any eight bytes of a secret stand in a text, forwards or backwards. */
function tells(text: string, secret: Uint8Array): boolean {
  return [secret, secret.toReversed()].some((bytes) => {
    const hex = Buffer.from(bytes).toString('hex')
    for (let at = 0; at + 16 <= hex.length; at += 2) if (text.includes(hex.slice(at, at + 16))) return true
    return false
  })
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

suite('what is kept back', () => {
  const pair = bytesOf(testKey('kx512').privateKeyBlob)
  const pvk = bytesOf(fileCases('pvk').find(({ name }) => name === 'pvk/kx512/none')?.file)
  const session = bytesOf(fileCases('signed-simpleblob')[0]?.plaintextKeyBlob)
  const CASES: readonly (readonly [what: string, file: Uint8Array, secret: Uint8Array])[] = [
    ['PRIVATEKEYBLOB', pair, pair.subarray(20 + 64)],
    ['PVK', pvk, pvk.subarray(24 + 20 + 64)],
    ['PLAINTEXTKEYBLOB', session, session.subarray(12)],
    ['SIMPLEBLOB that hides nothing', shownBlob(session.subarray(12, 28)), session.subarray(12, 28)],
  ]
  for (const [what, file, secret] of CASES) {
    const header = what === 'SIMPLEBLOB that hides nothing' ? 0 : file.length - secret.length
    test(`${what}: whole, cut off anywhere, or with any bit of its header wrong`, () => {
      const wrong = Array.from({ length: header * 8 }, (_, bit) => flipped(file, bit))
      const cut = Array.from({ length: file.length }, (_, length) => file.subarray(0, length))
      for (const bytes of [file, Buffer.concat([file, file]), ...wrong, ...cut]) {
        const text = JSON.stringify(inspectOldFile(bytes) ?? {})
        assert.ok(!tells(text, secret), text)
      }
    })
    test(`${what}: told when asked for`, () => {
      assert.ok(tells(JSON.stringify(inspect(file, { secrets: true })), secret))
    })
  }
})

suite('whatever the bytes are', () => {
  test('nothing is thrown, and fields stay within the file', () => {
    const head = constantFrom(
      '01020000',
      '06020000',
      '07020000',
      '08020000',
      '0c020000',
      '1ef1b5b0',
      '94000000',
    )
    const bytes = tuple(head, uint8Array({ maxLength: 200 })).map(([start, rest]) =>
      Buffer.concat([Buffer.from(start, 'hex'), rest]),
    )
    assertProperty(
      property(bytes, (file) => {
        for (const { offset, size } of inspectOldFile(file)?.fields ?? []) {
          assert.ok(offset + size <= file.length)
        }
      }),
      RUNS,
    )
  })

  test('a file of which only the start is at hand is explained by its length', () => {
    const file = bytesOf(fileCases('sample-file')[5]?.file)
    const found = inspect(file.subarray(0, 200), { totalBytes: 10_000_000_000 })
    assert.equal(found.fields.at(-1)?.size, 10_000_000_000 - 144)
    assert.equal(
      inspect(bytesOf(testKey('kx512').publicKeyBlob), { totalBytes: 1e9 }).fields.at(-1)?.name,
      'rest',
    )
  })
})
