import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat } from '@strongroom/core/bytes'
import { CryptoApiError } from '@strongroom/core/cryptoapi'
import {
  BLOB_TYPES,
  encodeBlobHeader,
  expectBlobHeader,
  parseBlobHeader,
} from '../../../src/cryptoapi/blob/blob-header.ts'
import { parsePlaintextKeyBlob } from '../../../src/cryptoapi/blob/plaintext-key-blob.ts'
import { parsePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { parsePublicKeyBlob } from '../../../src/cryptoapi/blob/public-key-blob.ts'
import { parseSimpleBlob } from '../../../src/cryptoapi/blob/simple-blob.ts'
import {
  CALG_RC4,
  CALG_RSA_KEYX,
  OPAQUEKEYBLOB,
  PLAINTEXTKEYBLOB,
  PRIVATEKEYBLOB,
  PUBLICKEYBLOB,
  SIMPLEBLOB,
  SYMMETRICWRAPKEYBLOB,
} from '../../../src/cryptoapi/constants.ts'
import { throwsCode } from '../../support/throws-code.ts'
import { knownKey } from '../rsa/known-keys.ts'
import { EVERY } from './blob-samples.ts'

const HEADER = Uint8Array.of(1, 2, 0, 0, 0x01, 0x68, 0, 0)
const PARSERS = [
  { type: SIMPLEBLOB, parse: parseSimpleBlob },
  { type: PUBLICKEYBLOB, parse: parsePublicKeyBlob },
  { type: PRIVATEKEYBLOB, parse: parsePrivateKeyBlob },
  { type: PLAINTEXTKEYBLOB, parse: parsePlaintextKeyBlob },
]

suite('the header of a key blob', () => {
  test('is eight bytes, little-endian', () => {
    assert.deepEqual(encodeBlobHeader({ type: SIMPLEBLOB, algorithm: CALG_RC4 }), HEADER)
    assert.deepEqual(parseBlobHeader(HEADER), { type: SIMPLEBLOB, algorithm: CALG_RC4 })
    assert.deepEqual(parseBlobHeader(concat(HEADER, HEADER)), { type: SIMPLEBLOB, algorithm: CALG_RC4 })
    const high = parseBlobHeader(Uint8Array.of(6, 2, 0, 0, 1, 2, 3, 0xff))
    assert.equal(high.algorithm, 0xff030201)
  })

  test('is checked in order: length, version, reserved field, type', () => {
    for (let length = 0; length < 8; length++) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parseBlobHeader(new Uint8Array(length)))
    }
    for (const version of [0, 1, 3, 255]) {
      throwsCode(CryptoApiError, 'NTE_BAD_VER', () =>
        parseBlobHeader(HEADER.with(0, 77).with(1, version).with(2, 1)),
      )
    }
    for (const at of [2, 3]) {
      throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parseBlobHeader(HEADER.with(0, 77).with(at, 1)))
    }
    for (const type of [0, 2, 5, 12, 13, 128, 255].filter((one) => !BLOB_TYPES.has(one))) {
      throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => parseBlobHeader(HEADER.with(0, type)))
    }
  })

  test('is not one for DER: that shows as a version', () => {
    const der = Uint8Array.of(0x30, 0x82, 0x02, 0x5e, 0x02, 0x01, 0x00, 0x02)
    throwsCode(CryptoApiError, 'NTE_BAD_VER', () => parseBlobHeader(der))
  })

  test('is all that is read of the types that no provider imports', () => {
    for (const type of [OPAQUEKEYBLOB, SYMMETRICWRAPKEYBLOB]) {
      const blob = concat(HEADER.with(0, type), new Uint8Array(100))
      assert.equal(parseBlobHeader(blob).type, type)
      assert.equal(BLOB_TYPES.get(type)?.importable, false)
      for (const { parse } of PARSERS) throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => parse(blob, EVERY))
    }
  })
})

test('the four types that are imported take their own header only', () => {
  const importable = [...BLOB_TYPES].filter(([, row]) => row.importable).map(([type]) => type)
  assert.deepEqual(
    importable,
    PARSERS.map(({ type }) => type),
  )
  const { publicBlob } = knownKey('kx512')
  for (const { type, parse } of PARSERS) {
    for (const other of BLOB_TYPES.keys()) {
      if (other === type) continue
      throwsCode(CryptoApiError, 'NTE_BAD_TYPE', () => parse(publicBlob.with(0, other), EVERY))
    }
    throwsCode(CryptoApiError, 'NTE_BAD_VER', () => parse(publicBlob.with(0, type).with(1, 3), EVERY))
    throwsCode(CryptoApiError, 'NTE_BAD_DATA', () => parse(publicBlob.with(0, type).with(3, 3), EVERY))
  }
  const header = { type: PUBLICKEYBLOB, algorithm: CALG_RSA_KEYX }
  assert.deepEqual(expectBlobHeader(publicBlob, PUBLICKEYBLOB), header)
})
