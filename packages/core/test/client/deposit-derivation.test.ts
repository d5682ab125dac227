import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ScryptRecipient } from '@strongroom/core/age'
import { equalBytes, fromHex, toBase64, toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  ClientError,
  derivationOf,
  deriveKeyAgain,
  deriveSessionKey,
  encodeDerivationRecord,
  makeDerivationDeposit,
  openDeposit,
  openDerivation,
  parseDepositBlob,
  parseDerivationRecord,
  type CryptoApiDerivation,
  type DerivationRecord,
  type KeyDerivation,
  type ScryptDerivation,
} from '@strongroom/core/client'
import { acquireContext, samplePasswordBytes, wincrypt, type ProviderId } from '@strongroom/core/cryptoapi'
import { openAead } from '../../src/age/index.ts'
import { openOnce } from '../../src/keyblob/index.ts'
import { LIMITS, ProtocolError } from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { fieldsOf, joined } from '../protocol/deposit-fixtures.ts'
import { bytesOf, CUSTODIAN, WANTED } from './deposit-fixtures.ts'
import { answerOf, recorded } from './deposit-vectors.ts'

const { epoch, tenant, clientId, signingKey, retention, createdMs } = WANTED
const FRAME = { epoch, tenant, clientId, signingKey, retention, createdMs }
const PASSWORD = utf8Encode('correct horse')
const STREAM: CryptoApiDerivation = {
  method: 'cryptoapi',
  password: 'as-entered',
  provider: 'enhanced-aes',
  hash: wincrypt.CALG_MD5,
  cipher: wincrypt.CALG_RC2,
  keyBits: 40,
  salt: bytesOf(7, 11),
}
const BLOCK: CryptoApiDerivation = { ...STREAM, mode: wincrypt.CRYPT_MODE_CBC, iv: bytesOf(8, 8) }
const RC2: CryptoApiDerivation = { ...BLOCK, effectiveBits: 64 }
const RC4: CryptoApiDerivation = {
  ...STREAM,
  cipher: wincrypt.CALG_RC4,
  salt: new Uint8Array(0),
  keyBits: 128,
}
const AES: CryptoApiDerivation = {
  ...BLOCK,
  password: 'half-utf-16',
  hash: wincrypt.CALG_SHA_256,
  cipher: wincrypt.CALG_AES_256,
  keyBits: 256,
  salt: new Uint8Array(0),
  iv: bytesOf(9, 16),
}
const SCRYPT: ScryptDerivation = { method: 'age-scrypt', salt: bytesOf(6, 16), logN: 4 }
const DERIVATIONS: Readonly<Record<string, KeyDerivation>> = { RC2, RC4, AES, SCRYPT }
const record = (derivation: KeyDerivation): DerivationRecord => ({ derivation, commitment: bytesOf(5) })

describe('a key that a real provider derived', () => {
  const PROVIDER_IDS: Readonly<Record<string, ProviderId>> = {
    aes: 'enhanced-aes',
    enh: 'enhanced',
    strong: 'strong',
    base: 'base',
  }
  const cases = recorded('derive').filter(({ steps }) => {
    const [create, ...others] = steps.map(({ fn }) => fn)
    const rest = others.filter((fn) => fn !== 'CryptGetHashParam')
    const plain = ['CryptHashData', 'CryptDeriveKey', 'CryptExportKey', 'CryptEncrypt']
    return create === 'CryptCreateHash' && plain.every((fn, i) => rest[i] === fn) && steps[2]?.expect.ok
  })
  assert.ok(cases.length >= 80, `${cases.length} recorded cases`)
  for (const recordedCase of cases) {
    test(`is described, and derived again: ${recordedCase.name}`, () => {
      const [create, data, derive] = recordedCase.steps
      const provider = PROVIDER_IDS[recordedCase.provider ?? '']
      assert.ok(create && data && derive && provider)
      const password = fromHex(data.data ?? '')
      const context = acquireContext({ provider })
      const hash = context.createHash(Number(create.alg))
      hash.update(password)
      const key = context.deriveKey(Number(derive.alg), hash, { bits: Number(derive.flags) >>> 16 })
      const derivation = derivationOf(key, { hash: Number(create.alg), password: 'as-entered' })
      const again = parseDerivationRecord(encodeDerivationRecord(record(derivation))).derivation
      assert.ok(again.method === 'cryptoapi')
      // A PLAINTEXTKEYBLOB has 12 bytes in front of the key.
      const exported = answerOf(recordedCase, 'CryptExportKey')?.subarray(12)
      assert.deepEqual(deriveKeyAgain(again, password), exported && Uint8Array.from(exported))
      const plaintext = fromHex(recordedCase.steps.find(({ fn }) => fn === 'CryptEncrypt')?.data ?? '')
      assert.deepEqual(
        deriveSessionKey(again, password).encrypt(plaintext),
        answerOf(recordedCase, 'CryptEncrypt'),
      )
    })
  }
  test('with salt, mode, IV and effective length of its own decrypts again', () => {
    const key = deriveSessionKey(RC2, PASSWORD)
    assert.deepEqual(derivationOf(key, { hash: RC2.hash, password: 'as-entered' }), RC2)
    const encrypted = key.encrypt(utf8Encode('a text'))
    const changes: readonly Partial<CryptoApiDerivation>[] = [
      { salt: bytesOf(1, 11) },
      { mode: wincrypt.CRYPT_MODE_CFB },
      { iv: bytesOf(1, 8) },
      { effectiveBits: 40 },
    ]
    for (const change of changes) {
      const other = deriveSessionKey({ ...RC2, ...change }, PASSWORD).encrypt(utf8Encode('a text'))
      assert.notDeepEqual(other, encrypted)
    }
    assert.deepEqual(deriveSessionKey(RC2, PASSWORD).decrypt(encrypted), utf8Encode('a text'))
  })
  test('from a text takes the form of the text that was hashed', () => {
    const password = utf8Encode('p\u00e4ss')
    const forms = (['as-entered', 'utf-16', 'half-utf-16'] as const).map((form) =>
      toHex(deriveKeyAgain({ ...RC4, password: form }, password)),
    )
    const hashOf = (bytes: Uint8Array) => {
      const hash = acquireContext().createHash(wincrypt.CALG_MD5)
      hash.update(bytes)
      return toHex(hash.value())
    }
    assert.deepEqual(forms, [
      hashOf(password),
      hashOf(new Uint8Array(Buffer.from('p\u00e4ss', 'utf16le'))),
      hashOf(samplePasswordBytes('p\u00e4ss', 'unicode')),
    ])
  })
})

test('a key of age’s scrypt recipient is the one that wraps a file key', () => {
  const fileKey = bytesOf(3, 16)
  const stanza = new ScryptRecipient('correct horse', 4).wrap(fileKey)
  const [salt = ''] = stanza.args
  const derivation: ScryptDerivation = {
    method: 'age-scrypt',
    salt: new Uint8Array(Buffer.from(salt, 'base64')),
    logN: 4,
  }
  const key = deriveKeyAgain(derivation, PASSWORD)
  assert.deepEqual(openAead(key, new Uint8Array(12), new Uint8Array(0), stanza.body), fileKey)
  throwsCode(ClientError, 'CLIENT_DEPOSIT', () => deriveKeyAgain({ ...derivation, logN: 30 }, PASSWORD))
  throwsCode(ClientError, 'CLIENT_DEPOSIT', () => deriveKeyAgain(derivation, PASSWORD, 3))
})

describe('a derivation record', () => {
  for (const [name, derivation] of Object.entries(DERIVATIONS)) {
    const encoded = encodeDerivationRecord(record(derivation))
    test(`has one encoding, both ways: ${name}`, () => {
      assert.deepEqual(parseDerivationRecord(encoded), record(derivation))
      assert.deepEqual(joined(fieldsOf(encoded)), encoded)
    })
    test(`cut short anywhere is refused: ${name}`, () => {
      for (let length = 0; length < encoded.length; length++) {
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDerivationRecord(encoded.subarray(0, length)))
      }
    })
    test(`whatever is accepted is written again exactly: ${name}`, () => {
      fc.assert(
        fc.property(mutationsOf(encoded), (bytes) => {
          let found: DerivationRecord
          try {
            found = parseDerivationRecord(bytes)
          } catch (error) {
            assert.ok(error instanceof ProtocolError, String(error))
            return
          }
          assert.deepEqual(encodeDerivationRecord(found), bytes)
        }),
        PROPERTY,
      )
    })
    test(`with a field less or twice is refused: ${name}`, () => {
      const fields = [...fieldsOf(encoded)]
      for (const [tag] of fields) {
        const without = joined(fields.filter(([other]) => other !== tag))
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDerivationRecord(without))
        const twice = joined(fields.flatMap((field) => (field[0] === tag ? [field, field] : [field])))
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDerivationRecord(twice))
      }
      const unknown = joined([...fields, [13, bytesOf(1, 1)]])
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDerivationRecord(unknown))
    })
  }
  const IMPOSSIBLE: Readonly<Record<string, KeyDerivation>> = {
    'a hash that is none': { ...RC2, hash: wincrypt.CALG_RC4 },
    'a hash that takes no data': { ...RC2, hash: wincrypt.CALG_SSL3_SHAMD5 },
    'a keyed hash': { ...RC2, hash: wincrypt.CALG_HMAC },
    'a cipher that is none': { ...RC2, cipher: wincrypt.CALG_MD5 },
    'a cipher that the provider does not have': { ...AES, provider: 'enhanced' },
    'a hash that the provider does not have': { ...RC2, provider: 'base', hash: wincrypt.CALG_SHA_256 },
    'a length that the cipher does not have': { ...RC2, keyBits: 136 },
    'no length': { ...RC2, keyBits: 0 },
    'a length without parity bits': {
      ...BLOCK,
      cipher: wincrypt.CALG_DES,
      keyBits: 56,
      salt: new Uint8Array(0),
    },
    'salt where there is none': { ...AES, salt: bytesOf(1, 1) },
    'too much salt': { ...RC2, salt: bytesOf(1, 25) },
    'an IV that is too short': { ...RC2, iv: bytesOf(1, 7) },
    'an IV that is too long': { ...RC2, iv: bytesOf(1, 9) },
    'an unknown mode': { ...RC2, mode: wincrypt.CRYPT_MODE_OFB },
    'no mode': { ...STREAM, iv: bytesOf(1, 8), effectiveBits: 64 },
    'no mode and no IV': { ...STREAM, effectiveBits: 64 },
    'a mode of a stream cipher': { ...RC4, mode: wincrypt.CRYPT_MODE_CBC, iv: new Uint8Array(0) },
    'an effective length of another cipher': { ...AES, effectiveBits: 128 },
    'an effective length beyond the last': { ...RC2, effectiveBits: 1025 },
    'an effective length of nothing': { ...RC2, effectiveBits: 0 },
    'RC2 without an effective length': BLOCK,
    'a salt of scrypt that is too short': { ...SCRYPT, salt: bytesOf(1, 15) },
    'a work factor of 0': { ...SCRYPT, logN: 0 },
    'a work factor of 31': { ...SCRYPT, logN: 31 },
    'fields of both methods': { ...SCRYPT, ...RC2, method: 'age-scrypt' },
    'fields of both methods, the other way round': { ...SCRYPT, ...RC2 },
  }
  for (const [what, derivation] of Object.entries(IMPOSSIBLE)) {
    test(`with ${what} is neither written nor read`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDerivationRecord(record(derivation)))
    })
  }
  test('with a commitment of another length, or longer than any, is refused', () => {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      encodeDerivationRecord({ derivation: SCRYPT, commitment: bytesOf(1, 31) }),
    )
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      parseDerivationRecord(new Uint8Array(LIMITS.enclosedBytes + 1)),
    )
  })
})

describe('a deposit of a derivation', () => {
  for (const [name, derivation] of Object.entries(DERIVATIONS)) {
    test(`tells the right password from a wrong one, to who opened it: ${name}`, () => {
      const derivedKey = deriveKeyAgain(derivation, PASSWORD)
      const { blob, context } = makeDerivationDeposit({ ...FRAME, derivation, derivedKey })
      assert.deepEqual([context.format, context.sealId], ['password-parameters', undefined])
      const found = parseDerivationRecord(openDeposit(blob, [CUSTODIAN]).enclosed ?? new Uint8Array(0))
      assert.deepEqual(found.derivation, derivation)
      assert.deepEqual(openDerivation(found, context.serial, PASSWORD), derivedKey)
      // Not the last letter: where half of the password was hashed, the rest does not count.
      for (const wrong of ['korrect horse', 'c', 'correct horse and more']) {
        throwsCode(ClientError, 'CLIENT_NOT_OPENED', () =>
          openDerivation(found, context.serial, utf8Encode(wrong)),
        )
      }
      throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => openDerivation(found, bytesOf(1, 16), PASSWORD))
    })
  }
})

// M19: who has the deposit, as the authority does, and who steals it from there, has nothing to try a password against.
describe('in a deposit of a derivation nothing lets a password be tested', () => {
  const derivedKey = deriveKeyAgain(RC4, PASSWORD)
  const { blob, context } = makeDerivationDeposit({ ...FRAME, derivation: RC4, derivedKey })
  const opened = openDeposit(blob, [CUSTODIAN])
  const enclosed = opened.enclosed ?? new Uint8Array(0)
  const { header, body } = parseDepositBlob(blob)
  /** All that there is to see, decoded. */
  const seen = [blob, body, ...header.stanzas.map((stanza) => stanza.body)].map(toHex).join(' ')

  test('no part of it is the key, its commitment, the record, or made of the password', () => {
    const { commitment } = parseDerivationRecord(enclosed)
    const secrets = [derivedKey, commitment, enclosed, PASSWORD, utf8Encode(toBase64(derivedKey))]
    for (const secret of secrets) {
      for (let at = 0; at + 8 <= secret.length; at += 4) {
        assert.ok(!seen.includes(toHex(secret.subarray(at, at + 8))), `${at} of ${toHex(secret)}`)
      }
    }
    assert.ok(seen.includes(toHex(context.commitment)), 'what is there would be found')
  })
  test('what is sealed opens under no key that a password gives', () => {
    const sealed = context.enclosed ?? new Uint8Array(0)
    const info = 'strongroom deposit enclosed v1'
    const open = (key: Uint8Array) => openOnce(key, sealed.subarray(0, 16), info, sealed.subarray(16))
    assert.deepEqual(open(opened.sessionKey), enclosed)
    for (const key of [derivedKey, PASSWORD, context.commitment, context.serial])
      assert.equal(open(key), undefined)
  })
  test('the same password gives deposits that have nothing in common', () => {
    const other = makeDerivationDeposit({ ...FRAME, derivation: RC4, derivedKey })
    for (const name of ['serial', 'commitment', 'enclosed', 'recipientDigest'] as const) {
      const [one, two] = [context[name], other.context[name]]
      assert.ok(one && two && !equalBytes(one, two), name)
    }
  })
  test('right and wrong passwords give deposits of one form', () => {
    const form = (key: Uint8Array) => {
      const made = makeDerivationDeposit({ ...FRAME, derivation: RC4, derivedKey: key })
      return [made.blob.length, made.context.enclosed?.length]
    }
    assert.deepEqual(form(bytesOf(0, 16)), [blob.length, context.enclosed?.length])
  })
})
