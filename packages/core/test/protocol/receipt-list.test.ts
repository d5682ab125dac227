import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeReceipt,
  encodeReceiptList,
  LIMITS,
  parseReceipt,
  parseReceiptList,
  ProtocolError,
  PROBLEMS,
  receiptsOf,
  verifyReceipt,
  type ProblemCode,
  type ReceiptList,
  type ReceiptOutcome,
  type ReceiptStatement,
} from '@strongroom/core/protocol'
import { MAX_PROOF_HASHES, parseLogProof } from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, means, receiptFor, testAuthority, verifyRaw } from './fixtures.ts'

const authority = testAuthority(1)
const DEPOSIT: ReceiptStatement = { kind: 'deposit', digest: bytesOf(0xd0) }
const OTHER: ReceiptStatement = { kind: 'deposit', digest: bytesOf(0xd1) }
/** What the deposit gets alone. */
const ALONE = receiptFor(authority, DEPOSIT)
const parsed = parseReceipt(ALONE)
const proof = parseLogProof(utf8Encode(parsed.proof))
const LIST: ReceiptList = {
  epoch: parsed.epoch,
  checkpoint: utf8Decode(proof.checkpoint),
  outcomes: [{ problem: 'quota' }, { index: proof.index, hashes: proof.hashes }],
}
const ENCODED = encodeReceiptList(LIST)
const text = utf8Decode(ENCODED)

describe('receipts for several deposits', () => {
  test('have one encoding, both ways', () => {
    assert.deepEqual(parseReceiptList(ENCODED), LIST)
    assert.deepEqual(Object.keys(JSON.parse(text)), ['epoch', 'checkpoint', 'outcomes'])
    assert.ok(text.includes('"outcomes":[{"problem":"quota"},{"index":2,"hashes":["'))
  })
  test('are what each deposit would have got alone', () => {
    const [refused, receipt] = receiptsOf(parseReceiptList(ENCODED), [OTHER, DEPOSIT])
    assert.equal(refused, 'quota')
    assert.ok(receipt !== undefined && typeof receipt !== 'string')
    assert.deepEqual(encodeReceipt(receipt), ALONE)
    const trust = { ...means, verifyRaw, identity: authority.identity.fingerprint, statement: DEPOSIT }
    assert.equal(verifyReceipt(encodeReceipt(receipt), trust).index, 2)
  })
  test('are not those of the deposits in another order', () => {
    const [, receipt] = receiptsOf(LIST, [DEPOSIT, OTHER])
    assert.ok(receipt !== undefined && typeof receipt !== 'string')
    const trust = { ...means, verifyRaw, identity: authority.identity.fingerprint }
    throwsCode(ProtocolError, 'RECEIPT_PROOF', () => verifyReceipt(encodeReceipt(receipt), trust))
  })
  test('are as many as there were deposits', () => {
    for (const statements of [[], [DEPOSIT], [DEPOSIT, OTHER, DEPOSIT]]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => receiptsOf(LIST, statements))
    }
  })
  test('at their most are within the limit', () => {
    const hashes = Array.from({ length: MAX_PROOF_HASHES }, () => bytesOf(0xff))
    const outcome = { index: Number.MAX_SAFE_INTEGER, hashes }
    const outcomes = Array.from({ length: LIMITS.depositsPerRequest }, () => outcome)
    const length = encodeReceiptList({ ...LIST, outcomes }).length
    assert.ok(length + LIMITS.receiptBytes + LIMITS.envelopeBytes * 2 <= LIMITS.receiptListBytes)
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      encodeReceiptList({ ...LIST, outcomes: [...outcomes, outcome] }),
    )
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      encodeReceiptList({ ...LIST, outcomes: [{ ...outcome, hashes: [...hashes, bytesOf(1)] }] }),
    )
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
      parseReceiptList(new Uint8Array(LIMITS.receiptListBytes + 1)),
    )
  })
})

describe('a list of receipts is refused', () => {
  const [hash = ''] = /"[0-9a-f]{64}"/.exec(text) ?? []
  const CASES: Readonly<Record<string, string>> = {
    'with no outcome': text.replace(/"outcomes":.*/, '"outcomes":[]}'),
    'with an unknown problem': text.replace('quota', 'whim'),
    'with a problem that every object has': text.replace('quota', 'constructor'),
    'with problem and proof at once': text.replace('{"problem"', '{"index":2,"hashes":[],"problem"'),
    'with an outcome of neither kind': text.replace('"problem"', '"problems"'),
    'with an outcome that is null': text.replace('{"problem":"quota"}', 'null'),
    'with an outcome that is an array': text.replace('{"problem":"quota"}', '[]'),
    'with a hash of 31 bytes': text.replace(hash, `"${hash.slice(3)}`),
    'with a hash in upper case': text.replace(hash, `"${'AB'.repeat(32)}"`),
    'with a negative index': text.replace('"index":2', '"index":-2'),
    'with a fractional index': text.replace('"index":2', '"index":2.5'),
    'with an index beyond 2^53': text.replace('"index":2', '"index":9007199254740993'),
    'with what is no signed note': text.replace(/"checkpoint":"[^"]*"/, '"checkpoint":"no\\n"'),
    'with a note that is no checkpoint': text.replace('/strongroom/', '\\n\\n'),
    'without a checkpoint': text.replace(/"checkpoint":"[^"]*",/, ''),
    'with one member more': text.replace('"epoch"', '"version":1,"epoch"'),
    'with white space': text.replace('"epoch":', '"epoch": '),
  }
  for (const [what, changed] of Object.entries(CASES)) {
    test(what, () => {
      assert.notEqual(changed, text)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseReceiptList(utf8Encode(changed)))
    })
  }
  test('cut short anywhere', () => {
    // Its envelope and note are in base64: at every character around them, at every seventh within.
    for (let length = 0; length < ENCODED.length; length += length % 1000 < 200 ? 1 : 7) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseReceiptList(ENCODED.subarray(0, length)))
    }
  })
  test('or written again exactly, whatever was changed in it', () => {
    fc.assert(
      fc.property(mutationsOf(ENCODED), (bytes) => {
        let list: ReceiptList
        try {
          list = parseReceiptList(bytes)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
          return
        }
        assert.deepEqual(encodeReceiptList(list), bytes)
      }),
      PROPERTY,
    )
  })
})

test('every list that can be written is read again', () => {
  const outcome: fc.Arbitrary<ReceiptOutcome> = fc.oneof(
    fc.constantFrom(...(Object.keys(PROBLEMS) as ProblemCode[])).map((problem) => ({ problem })),
    fc.record(
      {
        index: fc.maxSafeNat(),
        hashes: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 8 }),
      },
      { noNullPrototype: true },
    ),
  )
  fc.assert(
    fc.property(fc.array(outcome, { minLength: 1, maxLength: 20 }), (outcomes) => {
      assert.deepEqual(parseReceiptList(encodeReceiptList({ ...LIST, outcomes })), { ...LIST, outcomes })
    }),
    PROPERTY,
  )
})
