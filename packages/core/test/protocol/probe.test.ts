import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toHex } from '@strongroom/core/bytes'
import {
  encodeProbeAnswerSubmission,
  encodeProbeFile,
  encodeProbeStanding,
  encodeProbeSubmission,
  parseProbeAnswerSubmission,
  parseProbeFile,
  parseProbeStanding,
  parseProbeSubmission,
  probeListDigest,
  ProtocolError,
  RECOVERY_LIMITS,
  sortedIds,
  type ProbeResult,
} from '@strongroom/core/protocol'
import { bytesOf, sha256 } from './fixtures.ts'
import { refusesAllNear } from './near.ts'
import { DEPOSITS, sampleEnvelope } from './recovery-fixtures.ts'

const runs = { numRuns: process.env['SLOW'] ? 1_000 : 25 }
const statement = sampleEnvelope('probe')
const answers: ProbeResult[] = sortedIds(DEPOSITS).map((id, i) => ({ id, mac: i === 0 ? null : bytesOf(9) }))
const placed = { index: 7, envelope: sampleEnvelope('probe-answer') }
const STANDING = {
  state: 'answered',
  expires: 1_795_262_400_000,
  answer: placed,
  answers,
  receipt: bytesOf(3, 90),
} as const
const FILE = {
  statement,
  index: 5,
  ids: sortedIds(DEPOSITS),
  deposits: [{ index: 2, blob: bytesOf(4, 90), rewrapped: null }],
  enrolments: [sampleEnvelope('request'), sampleEnvelope('release')],
}

describe('bodies about probes', () => {
  const bodies = {
    'a probe': [
      encodeProbeSubmission({ statement, deposits: DEPOSITS }),
      parseProbeSubmission,
      encodeProbeSubmission,
    ],
    'an answer': [
      encodeProbeAnswerSubmission({ statement: placed.envelope, answers }),
      parseProbeAnswerSubmission,
      encodeProbeAnswerSubmission,
    ],
    'a standing': [encodeProbeStanding(STANDING), parseProbeStanding, encodeProbeStanding],
    'a file': [encodeProbeFile(FILE), parseProbeFile, encodeProbeFile],
  } as const
  for (const [name, [bytes, parse, encode]] of Object.entries(bodies)) {
    test(`${name} has one encoding`, () => {
      assert.deepEqual((encode as (value: unknown) => Uint8Array)(parse(bytes)), bytes)
    })
  }
  test('a probe: every truncation, and what is not the encoding of what it says, is refused', () => {
    // Bits of signatures and digests are for whoever verifies them: here whatever is read is written the same again.
    const same = (bytes: Uint8Array) => {
      assert.deepEqual(encodeProbeSubmission(parseProbeSubmission(bytes)), bytes)
    }
    const original = bodies['a probe'][0]
    for (let length = 0; length < original.length; length++) {
      assert.throws(() => parseProbeSubmission(original.subarray(0, length)), ProtocolError)
    }
    for (let bit = 0; bit < original.length * 8; bit += process.env['SLOW'] ? 1 : 5) {
      const flipped = original.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      try {
        same(flipped)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }
  })
  test('a standing is answered, or has nothing of an answer', () => {
    const waiting = { state: 'waiting', expires: 1, answer: null, answers: [], receipt: null } as const
    assert.deepEqual(parseProbeStanding(encodeProbeStanding(waiting)), waiting)
    const refused = [
      { ...waiting, state: 'answered' } as const,
      { ...waiting, answers },
      { ...waiting, answer: placed },
      { ...STANDING, state: 'expired' } as const,
      { ...STANDING, receipt: null },
      { ...STANDING, answers: [] },
    ]
    for (const standing of refused) assert.throws(() => encodeProbeStanding(standing), ProtocolError)
  })
  test('limits are those of the protocol', () => {
    const many = Array.from({ length: RECOVERY_LIMITS.probeDeposits + 1 }, (_, i) => bytesOf(i + 1))
    assert.throws(() => encodeProbeSubmission({ statement, deposits: many }), ProtocolError)
    assert.throws(() => encodeProbeSubmission({ statement, deposits: [] }), ProtocolError)
    const most = many.slice(1)
    assert.equal(
      parseProbeSubmission(encodeProbeSubmission({ statement, deposits: most })).deposits.length,
      100,
    )
  })
  test('of any ids and MACs', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const result = fc.record({ id: bytes, mac: fc.option(bytes) }, { noNullPrototype: true })
    const unique = fc.uniqueArray(result, { minLength: 1, maxLength: 100, selector: ({ id }) => toHex(id) })
    fc.assert(
      fc.property(unique, (list) => {
        const submission = { statement: placed.envelope, answers: list }
        assert.deepEqual(parseProbeAnswerSubmission(encodeProbeAnswerSubmission(submission)), submission)
        const sorted = list.toSorted((one, other) => (toHex(one.id) < toHex(other.id) ? -1 : 1))
        const text = sorted.flatMap(({ id, mac }) => [
          id,
          Uint8Array.of(mac ? 1 : 0),
          mac ?? new Uint8Array(32),
        ])
        const wanted = createHash('sha256').update('strongroom probe list v1\n').update(Buffer.concat(text))
        assert.equal(toHex(probeListDigest(sha256, list)), wanted.digest('hex'))
      }),
      runs,
    )
  })
  test('a list tells what did not open from a MAC of zeros', () => {
    const id = bytesOf(1)
    const lists = [[{ id, mac: null }], [{ id, mac: new Uint8Array(32) }], [{ id: bytesOf(2), mac: null }]]
    assert.equal(new Set(lists.map((list) => toHex(probeListDigest(sha256, list)))).size, 3)
    assert.throws(() => probeListDigest(sha256, [{ id, mac: bytesOf(1, 31) }]), ProtocolError)
    assert.throws(
      () =>
        probeListDigest(sha256, [
          { id, mac: null },
          { id, mac: null },
        ]),
      ProtocolError,
    )
  })
  test('a standing near the original is refused where it is no answer any more', () => {
    refusesAllNear(
      encodeProbeStanding({ ...STANDING, answers: [], answer: null, receipt: null, state: 'waiting' }),
      (bytes) => {
        const { expires } = parseProbeStanding(bytes)
        if (expires !== STANDING.expires) throw new ProtocolError('PROTOCOL_FORMAT', 'another time')
      },
    )
  })
})
