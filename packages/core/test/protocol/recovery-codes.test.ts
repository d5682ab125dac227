import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { bech32Decode, bech32Encode, concat, utf8Encode } from '@strongroom/core/bytes'
import {
  completionListDigest,
  depositListDigest,
  encodeRecoveryCode,
  encodeReleaseBody,
  encodeRewrapBody,
  parseRecoveryCode,
  parseReleaseBody,
  parseRewrapBody,
  printRecoveryCode,
  ProtocolError,
  releaseListDigest,
  rewrapListDigest,
  sortedIds,
  verificationListDigest,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, sha256 } from './fixtures.ts'
import { IDENTITY, OWNER_ID } from './recovery-fixtures.ts'

const CODE = {
  url: 'https://vault.example.org',
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  client: OWNER_ID,
  secret: bytesOf(0x42),
}
const TEXT = encodeRecoveryCode(CODE)

describe('a recovery code', () => {
  test('is read as it was written, printed and typed', () => {
    assert.match(TEXT, /^STRONGROOM-RECOVERY-1[0-9A-Z]+$/)
    const printed = printRecoveryCode(TEXT)
    assert.match(printed, /^STRONGROOM-RECOVERY-1( [0-9A-Z]{1,5})+$/)
    for (const text of [TEXT, printed, printed.replaceAll(' ', '\n'), ` ${TEXT.toLowerCase()}\r\n`]) {
      assert.deepEqual(parseRecoveryCode(text), CODE)
    }
  })
  test('has no reading when a character is wrong, missing or too much', () => {
    for (let i = 0; i < TEXT.length; i++) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRecoveryCode(TEXT.slice(0, i)))
      for (const other of ['Q', 'P', '0', 'O', '1']) {
        if (TEXT[i] === other) continue
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
          parseRecoveryCode(TEXT.slice(0, i) + other + TEXT.slice(i + 1)),
        )
      }
    }
    for (const text of ['', `${TEXT}Q`, TEXT.replace('RECOVERY', 'INVITATION')]) {
      const error = throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRecoveryCode(text))
      assert.ok(!error.message.includes(TEXT.slice(25, 40)))
    }
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseRecoveryCode('Q'.repeat(1_025)))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseRecoveryCode(' '.repeat(5_000)))
  })
  test('of another version, and one with more behind, is refused', () => {
    const { hrp, bytes } = bech32Decode(TEXT)
    for (const changed of [bytes.with(0, 2), concat(bytes, Uint8Array.of(0)), bytes.subarray(0, -1)]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRecoveryCode(bech32Encode(hrp, changed)))
    }
  })
  const cases = {
    'a short secret': { secret: bytesOf(1, 31) },
    'an address with a path': { url: 'https://vault.example.org/x' },
    'an address that anybody can read along': { url: 'http://vault.example.org' },
    'a tenant that is no name': { tenant: 'Acme' },
    'a client that is no name': { client: '' },
    'an identity that is no fingerprint': { identity: 'SHA256:' },
  }
  for (const [what, changes] of Object.entries(cases)) {
    test(`cannot be written with ${what}`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeRecoveryCode({ ...CODE, ...changes }))
    })
  }
})

describe('what stands for a list', () => {
  const H = (...parts: Uint8Array[]) =>
    new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())
  const [one, two] = [bytesOf(1), bytesOf(2)]
  const rows = [
    { id: two, blob: utf8Encode('b'), right: false },
    { id: one, blob: utf8Encode('a'), right: true },
  ]

  test('by the words of the page', () => {
    const blobs = [one, H(utf8Encode('a')), two, H(utf8Encode('b'))]
    const label = (name: string) => utf8Encode(`strongroom ${name} list v1\n`)
    assert.deepEqual(depositListDigest(sha256, [two, one]), H(label('deposit'), one, two))
    assert.deepEqual(releaseListDigest(sha256, rows), H(label('release'), ...blobs))
    assert.deepEqual(rewrapListDigest(sha256, rows), H(label('rewrap'), ...blobs))
    assert.deepEqual(completionListDigest(sha256, rows), H(label('completion'), ...blobs))
    const bytes = [one, Uint8Array.of(1), two, Uint8Array.of(0)]
    assert.deepEqual(verificationListDigest(sha256, rows), H(label('verification'), ...bytes))
    assert.deepEqual(releaseListDigest(sha256, []), H(label('release')))
  })
  test('does not depend on the order, and on everything else', () => {
    const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const ids = fc.uniqueArray(id, { selector: String, minLength: 1, maxLength: 8 })
    const property = fc.property(ids, fc.nat(7), (some, at) => {
      const digest = depositListDigest(sha256, some)
      assert.deepEqual(depositListDigest(sha256, some.toReversed()), digest)
      assert.notDeepEqual(depositListDigest(sha256, some.toSpliced(at % some.length, 1)), digest)
      assert.deepEqual(
        sortedIds(some).map((bytes) => Buffer.from(bytes)),
        some.map((bytes) => Buffer.from(bytes)).sort((a, b) => Buffer.compare(a, b)),
      )
    })
    fc.assert(property, PROPERTY)
  })
  test('is of whole ids, each once', () => {
    for (const ids of [[bytesOf(1, 31)], [one, bytesOf(1, 33)], [one, two, one]]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => depositListDigest(sha256, ids))
    }
  })
})

describe('the stanzas of a custodian', () => {
  const release = { request: bytesOf(1), deposit: bytesOf(2) }
  const rewrap = { deposit: bytesOf(3), epochNumber: 7, epochDigest: bytesOf(4) }
  test('are read as they were written', () => {
    assert.deepEqual(encodeReleaseBody(release), concat(bytesOf(1), bytesOf(2)))
    assert.deepEqual(parseReleaseBody(encodeReleaseBody(release)), release)
    assert.deepEqual(encodeRewrapBody(rewrap), concat(bytesOf(3), Uint8Array.of(0, 0, 0, 7), bytesOf(4)))
    assert.deepEqual(parseRewrapBody(encodeRewrapBody(rewrap)), rewrap)
  })
  test('have one length, digests of 32 bytes, and epochs from 1 on', () => {
    for (const length of [0, 63, 65, 67, 69]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseReleaseBody(bytesOf(1, length)))
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRewrapBody(bytesOf(1, length)))
    }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      encodeReleaseBody({ ...release, request: bytesOf(1, 31) }),
    )
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      encodeRewrapBody({ ...rewrap, deposit: bytesOf(1, 33) }),
    )
    for (const epochNumber of [0, 2 ** 32, 1.5]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeRewrapBody({ ...rewrap, epochNumber }))
    }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRewrapBody(new Uint8Array(68)))
  })
})
