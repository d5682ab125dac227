import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat, fromHex, utf8Encode } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import { encodePvk, openPvk, parsePvk } from '../../../src/cryptoapi/blob/pvk.ts'
import {
  AT_KEYEXCHANGE,
  AT_SIGNATURE,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
} from '../../../src/cryptoapi/constants.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { knownKey, privateKey } from '../rsa/known-keys.ts'
import files from '../vectors/files.json' with { type: 'json' }
import { withNumber } from './blob-samples.ts'

const KEY = privateKey('kx512')
const PASSWORD = utf8Encode('correct horse')
const SALT = Uint8Array.from({ length: 16 }, (_, i) => i)
const PROTECTIONS = ['weak', 'strong'] as const

suite('PVK files of other programs', () => {
  const cases = files.cases.filter((one) => one.kind === 'pvk')

  test('are there', () => {
    assert.ok(cases.length >= 9)
    assert.deepEqual(new Set(cases.map((one) => one.level)), new Set(['none', 'weak', 'strong']))
  })

  for (const { name, key: keyName = '', level, password, file } of cases) {
    test(name, () => {
      const bytes = fromHex(file ?? '')
      const { privateBlob } = knownKey(keyName.replace('.private', ''))
      const opened = openPvk(bytes, password === undefined ? undefined : utf8Encode(password))
      assert.equal(opened.protection, level)
      assert.equal(opened.keySpec, AT_KEYEXCHANGE)
      const { salt } = parsePvk(bytes)
      const writing =
        opened.protection === 'none'
          ? { protection: 'none' as const }
          : { protection: opened.protection, password: utf8Encode(password ?? ''), salt }
      assert.deepEqual(encodePvk(opened.key, opened.algorithm, writing), bytes)
      assert.deepEqual(
        encodePvk(opened.key, opened.algorithm, { protection: 'none' }).subarray(24),
        privateBlob,
      )
    })
  }
})

suite('PVK files of ours', () => {
  test('come back', () => {
    for (const protection of PROTECTIONS) {
      for (const [algorithm, keySpec] of [
        [CALG_RSA_KEYX, AT_KEYEXCHANGE],
        [CALG_RSA_SIGN, AT_SIGNATURE],
      ] as const) {
        const file = encodePvk(KEY, algorithm, { protection, password: PASSWORD })
        const { key, ...rest } = openPvk(file, PASSWORD)
        assert.deepEqual(rest, { keySpec, protection, algorithm })
        assert.deepEqual(key.parts(), KEY.parts())
      }
    }
  })

  test('have a salt of their own', () => {
    const written = [1, 2].map(() =>
      encodePvk(KEY, CALG_RSA_KEYX, { protection: 'strong', password: PASSWORD }),
    )
    const [first, second] = written.map((file) => parsePvk(file).salt)
    assert.equal(first?.length, 16)
    assert.notDeepEqual(first, second)
  })

  test('take an empty password, which is not the same as none', () => {
    const file = encodePvk(KEY, CALG_RSA_KEYX, {
      protection: 'weak',
      password: new Uint8Array(0),
      salt: SALT,
    })
    assert.deepEqual(openPvk(file, new Uint8Array(0)).key.parts(), KEY.parts())
    throwsCode(CryptoApiError, 'NTE_NO_KEY', () => openPvk(file))
  })

  test('ignore a password that they do not need', () => {
    const file = encodePvk(KEY, CALG_RSA_KEYX, { protection: 'none' })
    assert.equal(openPvk(file, PASSWORD).protection, 'none')
  })

  test('are not written with a salt that no one reads', () => {
    for (const length of [0, 10_241]) {
      const writing = { protection: 'strong', password: PASSWORD, salt: new Uint8Array(length) } as const
      assert.throws(() => encodePvk(KEY, CALG_RSA_KEYX, writing), RangeError)
    }
    const longest = { protection: 'strong', password: PASSWORD, salt: new Uint8Array(10_240) } as const
    assert.equal(openPvk(encodePvk(KEY, CALG_RSA_KEYX, longest), PASSWORD).protection, 'strong')
  })
})

suite('PVK files that are not opened', () => {
  const plain = encodePvk(KEY, CALG_RSA_KEYX, { protection: 'none' })
  const strong = encodePvk(KEY, CALG_RSA_KEYX, { protection: 'strong', password: PASSWORD, salt: SALT })

  test('a wrong password and damage behind it look the same', () => {
    const messages = PROTECTIONS.flatMap((protection) => {
      const file = encodePvk(KEY, CALG_RSA_KEYX, { protection, password: PASSWORD, salt: SALT })
      const attempts = [
        () => openPvk(file, utf8Encode('Correct horse')),
        () => openPvk(file, new Uint8Array(0)),
        ...[24, 24 + 16 + 8, 24 + 16 + 13, 150, 250].map((at) => () => {
          openPvk(file.with(at, (file[at] ?? 0) ^ 1), PASSWORD)
        }),
      ]
      return attempts.map((attempt) => throwsCode(CryptoApiError, 'NTE_BAD_DATA', attempt).message)
    })
    assert.deepEqual([...new Set(messages)], ['this does not decrypt to a private key'])
  })

  test('fields that are wrong', () => {
    const wrong = [
      withNumber(plain, 0, 0xb0b5f11f),
      withNumber(plain, 4, 1),
      ...[0, 3, 0xa400].map((keySpec) => withNumber(plain, 8, keySpec)),
      withNumber(plain, 12, 1),
      withNumber(plain, 12, 2),
      withNumber(strong, 12, 0),
      withNumber(plain, 16, 16),
      withNumber(strong, 16, 0),
      withNumber(strong, 16, 17),
      ...[0, 307, 309, 2 ** 31, 2 ** 32 - 1].map((length) => withNumber(plain, 20, length)),
      withNumber(withNumber(strong, 16, 2 ** 32 - 1), 20, 2 ** 32 - 1),
      concat(plain, Uint8Array.of(0)),
      new Uint8Array(0),
    ]
    for (const file of wrong) throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePvk(file))
    const salty = concat(withNumber(strong, 16, 10_241), new Uint8Array(10_225))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parsePvk(salty))
  })

  test('a blob inside that is none', () => {
    throwsCode(CryptoApiError, 'NTE_BAD_VER', () => openPvk(plain.with(25, 1)))
    throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => openPvk(plain.with(24, 6)))
    throwsCode(CryptoApiError, 'NTE_BAD_ALGID', () => openPvk(plain.with(28, 1)))
    throwsCode(CryptoApiError, 'NTE_BAD_VER', () => openPvk(strong.with(41, 1), PASSWORD))
  })
})
