import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat } from '@strongroom/core/bytes'
import { encodeDeposits, LIMITS, parseDeposits, ProtocolError } from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf } from './fixtures.ts'

describe('several deposits in one request', () => {
  const blobs = [bytesOf(1, 1), bytesOf(2, 300), bytesOf(3, LIMITS.depositBytes)]
  test('come apart as they were put together', () => {
    assert.deepEqual(parseDeposits(encodeDeposits(blobs)), blobs)
    const many = Array.from({ length: LIMITS.depositsPerRequest }, (_, i) => bytesOf(i & 255, 2))
    assert.deepEqual(parseDeposits(encodeDeposits(many)), many)
  })
  test('none, an empty one, too many and a too long one are refused', () => {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDeposits([]))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDeposits(new Uint8Array(0)))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeDeposits([bytesOf(1, 1), new Uint8Array(0)]))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDeposits(new Uint8Array(4)))
    const tooLong = bytesOf(1, LIMITS.depositBytes + 1)
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeDeposits([tooLong]))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      parseDeposits(concat(Uint8Array.of(0, 0, 0x40, 1), tooLong)),
    )
    const tooMany = Array.from({ length: LIMITS.depositsPerRequest + 1 }, () => bytesOf(1, 1))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeDeposits(tooMany))
    const encoded = concat(...tooMany.map((blob) => concat(Uint8Array.of(0, 0, 0, 1), blob)))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseDeposits(encoded))
  })
  test('cut short anywhere are refused, or are fewer whole ones', () => {
    const encoded = encodeDeposits(blobs.slice(0, 2))
    for (let length = 1; length < encoded.length; length++) {
      if (length === 5) continue // the first alone
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDeposits(encoded.subarray(0, length)))
    }
  })
})
