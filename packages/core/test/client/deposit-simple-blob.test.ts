import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, fromHex, toHex } from '@strongroom/core/bytes'
import { ClientError, makeSimpleBlobDeposit, openDeposit, parseDepositBlob } from '@strongroom/core/client'
import {
  exportKeyBlob,
  importKeyBlob,
  PROVIDERS,
  RsaKey,
  SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { LIMITS } from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, CUSTODIAN, epochWithRsa, WANTED } from './deposit-fixtures.ts'
import { answerOf, recorded, testKeyNamed } from './deposit-vectors.ts'

const { tenant, clientId, signingKey, retention, createdMs } = WANTED
const KEY = testKeyNamed('kx1024')
const FRAME = { epoch: epochWithRsa(KEY.spki), tenant, clientId, signingKey, retention, createdMs }
const CASES = recorded('blobs').filter(({ name }) => /^simple\/(import|captured)\/.*kx1024\//.test(name))
/** The SIMPLEBLOB that a case imports. */
const blobIn = ({ steps }: (typeof CASES)[number]): Uint8Array =>
  fromHex(steps.find(({ blob }) => blob?.startsWith('01'))?.blob ?? '')
const [aCase] = CASES
assert.ok(aCase)
const SIMPLE_BLOB = blobIn(aCase)

describe('a SIMPLEBLOB that a real provider made', () => {
  const provider = PROVIDERS.find(({ id }) => id === 'enhanced-aes')
  assert.ok(provider)
  const unwrapWith = importKeyBlob(provider, KEY.privateKeyBlob, { exportable: true })
  assert.ok(unwrapWith instanceof RsaKey)
  assert.ok(CASES.length >= 10, `${CASES.length} recorded cases`)
  for (const recordedCase of CASES) {
    test(`is deposited and found again byte for byte: ${recordedCase.name}`, () => {
      const simpleBlob = blobIn(recordedCase)
      const { blob } = makeSimpleBlobDeposit({ ...FRAME, simpleBlob })
      const { enclosed } = openDeposit(blob, [CUSTODIAN])
      assert.deepEqual(enclosed, simpleBlob)
      // And is still the key that the provider exported then.
      const oaep = recordedCase.name.endsWith('/oaep')
      const key = importKeyBlob(provider, enclosed, { unwrapWith, oaep, exportable: true })
      assert.ok(key instanceof SessionKey)
      const plaintext = answerOf(recordedCase, 'CryptExportKey')
      assert.deepEqual(exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB, {}), plaintext)
    })
  }
  test('is deposited with a session key and serial number of its own each time', () => {
    const [one, two] = [0, 1].map(() => makeSimpleBlobDeposit({ ...FRAME, simpleBlob: SIMPLE_BLOB }))
    assert.ok(one && two)
    assert.notDeepEqual(one.context.serial, two.context.serial)
    assert.notDeepEqual(one.context.commitment, two.context.commitment)
    assert.deepEqual([one.context.format, one.context.sealId], ['simple-blob', undefined])
    const keys = [one, two].map(({ blob }) => toHex(openDeposit(blob, [CUSTODIAN]).sessionKey))
    assert.notEqual(keys[0], keys[1])
  })
  test('does not stand in the deposit for anybody to read', () => {
    const { blob, context } = makeSimpleBlobDeposit({ ...FRAME, simpleBlob: SIMPLE_BLOB })
    const { header, body } = parseDepositBlob(blob)
    const seen = [body, ...header.stanzas.map((stanza) => stanza.body)].map((bytes) =>
      Buffer.from(bytes).toString('latin1'),
    )
    const ciphertext = Buffer.from(SIMPLE_BLOB.subarray(12, 44)).toString('latin1')
    assert.ok(seen.every((text) => !text.includes(ciphertext)))
    assert.equal(context.enclosed?.length, SIMPLE_BLOB.length + 32)
  })
})

// M28: a blob whose ciphertext begins with zeros, or has something behind it, stays as it is.
test('bytes of a SIMPLEBLOB are never tidied', () => {
  const head = SIMPLE_BLOB.subarray(0, 12)
  const zeros = fc.nat({ max: 128 })
  fc.assert(
    fc.property(zeros, zeros, fc.uint8Array({ minLength: 128, maxLength: 300 }), (front, back, bytes) => {
      const ciphertext = bytes.map((byte, i) => (i < front || i >= bytes.length - back ? 0 : byte))
      const simpleBlob = concat(head, ciphertext)
      const { blob } = makeSimpleBlobDeposit({ ...FRAME, simpleBlob })
      assert.deepEqual(openDeposit(blob, [CUSTODIAN]).enclosed, simpleBlob)
    }),
    PROPERTY,
  )
})

describe('what the RSA key of the epoch cannot open is not deposited', () => {
  const REFUSED: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(0),
    'a PUBLICKEYBLOB': SIMPLE_BLOB.with(0, wincrypt.PUBLICKEYBLOB),
    'a SIMPLEBLOB of another version': SIMPLE_BLOB.with(1, 3),
    'one that is cut off': SIMPLE_BLOB.subarray(0, -1),
    'one for a shorter key': SIMPLE_BLOB.subarray(0, 12 + 64),
    'one that is longer than any': concat(SIMPLE_BLOB, bytesOf(0, LIMITS.enclosedBytes)),
  }
  for (const [what, simpleBlob] of Object.entries(REFUSED)) {
    test(what, () => {
      throwsCode(ClientError, 'CLIENT_DEPOSIT', () => makeSimpleBlobDeposit({ ...FRAME, simpleBlob }))
    })
  }
  test('anything, in an epoch without one', () => {
    const frame = { ...FRAME, epoch: WANTED.epoch }
    throwsCode(ClientError, 'CLIENT_EPOCH', () =>
      makeSimpleBlobDeposit({ ...frame, simpleBlob: SIMPLE_BLOB }),
    )
  })
})
