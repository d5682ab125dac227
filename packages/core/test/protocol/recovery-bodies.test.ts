import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ACTS,
  CHALLENGE,
  encodeCharterPage,
  encodeCharterProposal,
  encodeClientPage,
  encodeClientQuery,
  encodeCustodianDeposits,
  encodeCustodianQuery,
  encodeCustodianWork,
  encodeJson,
  encodeKeyBlobs,
  encodeRequestSubmission,
  encodeRewrapSubmission,
  encodeSubjectFile,
  encodeSubjectPage,
  encodeSubjectQuery,
  encodeVerificationSubmission,
  LIMITS,
  parseCharterPage,
  parseCharterProposal,
  parseClientPage,
  parseClientQuery,
  parseCustodianDeposits,
  parseCustodianQuery,
  parseCustodianWork,
  parseJson,
  parseKeyBlobs,
  parseRequestSubmission,
  parseRewrapSubmission,
  parseSubjectFile,
  parseSubjectPage,
  parseSubjectQuery,
  parseVerificationSubmission,
  ProtocolError,
  RECIPIENT_CHALLENGE,
  signStatement,
  type CharterPage,
  type CustodianWork,
  type FoundStanding,
  type FoundSubject,
  type SubjectFile,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, exchangeOf, sha256, START } from './fixtures.ts'
import { refusesAllNear } from './near.ts'
import { ADA, CHARTER_1, IDENTITY, NEWCOMER, OFFICERS } from './recovery-fixtures.ts'

const ENVELOPE = signStatement(sha256, ACTS.charter, CHARTER_1, [IDENTITY])
const LOGGED = { index: 4, envelope: ENVELOPE }
const STANDING: FoundStanding = {
  phase: 'pending',
  persons: ['bo'],
  approvals: 2,
  releasableFrom: START + 1,
  expires: START + 2,
}
const SUBJECT: FoundSubject = {
  digest: bytesOf(1),
  kind: 'request',
  index: 9,
  received: START,
  class: 'self',
  client: 'c-1',
  count: 2,
  requester: null,
  reason: 'the laptop burnt',
  reference: null,
  standing: STANDING,
}
const PROPOSED: FoundSubject = {
  ...SUBJECT,
  kind: 'charter',
  index: 3,
  class: null,
  client: null,
  count: 0,
  requester: 'ada',
  reason: null,
}
const CHARTERS: CharterPage = {
  charters: [
    { charter: LOGGED, release: null },
    { charter: { ...LOGGED, index: 6 }, release: { ...LOGGED, index: 8 } },
  ],
  epochs: [0, 7],
  terms: bytesOf(5, 40),
  keys: [ADA.signer, OFFICERS[0].signer],
}
const FILE: SubjectFile = {
  kind: 'request',
  statement: ENVELOPE,
  index: 5,
  received: START,
  deposits: [bytesOf(1), bytesOf(2)],
  receipt: bytesOf(3, 100),
  standing: STANDING,
  enrolments: [LOGGED],
  evidence: [],
  statements: [LOGGED],
  release: null,
  keys: [ADA.signer],
}
const WORK: CustodianWork = {
  subjects: [{ digest: bytesOf(1), kind: 'charter', releasableFrom: START }],
  owed: [bytesOf(2)],
  probes: [],
  unverified: 3,
  rewrap: { from: 1, to: 2, left: 4 },
}

/** A body, how it is written and how it is read. */
interface Row<T> {
  readonly value: T
  readonly encode: (value: T) => Uint8Array
  readonly parse: (bytes: Uint8Array) => T
}
const row = <T>(value: T, encode: Row<T>['encode'], parse: Row<T>['parse']): (() => void) => {
  return () => hasOneEncoding({ value, encode, parse })
}

const JSON_BODIES: Readonly<Record<string, () => void>> = {
  'charters of a tenant': row(CHARTERS, encodeCharterPage, parseCharterPage),
  'a proposed charter': row(
    { statement: ENVELOPE, keys: [ADA.signer] },
    encodeCharterProposal,
    parseCharterProposal,
  ),
  'what proves a recipient': row(
    { signer: NEWCOMER.signer, recipient: exchangeOf(1) },
    (value) => encodeJson(RECIPIENT_CHALLENGE, value, LIMITS.jsonBytes),
    (bytes) => parseJson(RECIPIENT_CHALLENGE, bytes, LIMITS.jsonBytes),
  ),
  'a challenge': row(
    { file: bytesOf(1, 50) },
    (value) => encodeJson(CHALLENGE, value, LIMITS.jsonBytes),
    (bytes) => parseJson(CHALLENGE, bytes, LIMITS.jsonBytes),
  ),
  'a request': row(
    { statement: ENVELOPE, deposits: [bytesOf(2), bytesOf(1)], challenge: bytesOf(3) },
    encodeRequestSubmission,
    parseRequestSubmission,
  ),
  'a list of subjects': row({ subjects: [SUBJECT, PROPOSED], next: 3 }, encodeSubjectPage, parseSubjectPage),
  'a subject': row(FILE, encodeSubjectFile, parseSubjectFile),
  'a charter as a subject': row(
    { ...FILE, kind: 'charter', deposits: [], enrolments: [], release: LOGGED },
    encodeSubjectFile,
    parseSubjectFile,
  ),
  'the work of a custodian': row(WORK, encodeCustodianWork, parseCustodianWork),
  'no work': row(
    { subjects: [], owed: [], probes: [], unverified: 0, rewrap: null },
    encodeCustodianWork,
    parseCustodianWork,
  ),
  'deposits to open': row(
    {
      deposits: [{ index: 4, blob: bytesOf(1, 9), rewrapped: bytesOf(2, 9) }],
      enrolments: [ENVELOPE],
      next: 4,
    },
    encodeCustodianDeposits,
    parseCustodianDeposits,
  ),
  'a verification': row(
    {
      statement: ENVELOPE,
      results: [
        { id: bytesOf(1), right: true },
        { id: bytesOf(2), right: false },
      ],
    },
    encodeVerificationSubmission,
    parseVerificationSubmission,
  ),
  'a rewrap': row(
    { statement: ENVELOPE, blobs: [{ id: bytesOf(1), blob: bytesOf(2, 9) }] },
    encodeRewrapSubmission,
    parseRewrapSubmission,
  ),
  'clients of a tenant': row(
    {
      clients: [
        {
          client: 'c-1',
          index: 2,
          name: 'laptop',
          signer: ADA.signer,
          received: START,
          state: 'replaced',
          deposits: 3,
          codes: 8,
        },
      ],
      next: null,
    },
    encodeClientPage,
    parseClientPage,
  ),
}

describe('bodies about recovery', () => {
  for (const [title, check] of Object.entries(JSON_BODIES)) test(`${title} has one encoding`, check)

  test('pages out of order, and whose next leads elsewhere, are refused', () => {
    const wrong: readonly (() => unknown)[] = [
      () => encodeSubjectPage({ subjects: [PROPOSED, SUBJECT], next: null }),
      () => encodeSubjectPage({ subjects: [SUBJECT], next: 8 }),
      () => encodeSubjectPage({ subjects: [], next: 8 }),
      () => encodeCustodianDeposits({ deposits: [], enrolments: [], next: 1 }),
    ]
    for (const encode of wrong) throwsCode(ProtocolError, 'PROTOCOL_FORMAT', encode)
  })

  test('queries say what is meant', () => {
    assert.equal(encodeSubjectQuery({ state: 'open', before: 4 }), 'state=open&before=4')
    assert.deepEqual(parseSubjectQuery('kind=charter'), { kind: 'charter', limit: 100 })
    assert.deepEqual(parseCustodianQuery(''), { work: 'open', limit: 100 })
    assert.equal(encodeCustodianQuery({ work: 'rewrap', epoch: 1, limit: 2 }), 'work=rewrap&epoch=1&limit=2')
    assert.equal(encodeClientQuery({ after: 3 }), 'after=3')
    assert.deepEqual(parseClientQuery('limit=5'), { limit: 5 })
    const wrong: readonly (() => unknown)[] = [
      () => parseSubjectQuery('state=shut'),
      () => parseSubjectQuery('limit=0'),
      () => parseSubjectQuery('limit=101'),
      () => parseCustodianQuery('work=some'),
      () => parseCustodianQuery('epoch=0'),
      () => parseClientQuery('before=1'),
    ]
    for (const parse of wrong) throwsCode(ProtocolError, 'PROTOCOL_FORMAT', parse)
  })

  test('key blobs stand behind their lengths', () => {
    const encoded = encodeKeyBlobs([bytesOf(1, 3), bytesOf(2, 4)])
    assert.deepEqual(parseKeyBlobs(encoded), [bytesOf(1, 3), bytesOf(2, 4)])
    for (let length = 0; length < encoded.length; length++) {
      // After the first of them there is a list of one.
      if (length === 7) continue
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseKeyBlobs(encoded.subarray(0, length)))
    }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeKeyBlobs([]))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeKeyBlobs([new Uint8Array(0)]))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeKeyBlobs([new Uint8Array(4_097)]))
    const many = Array.from({ length: 10_001 }, () => Uint8Array.of(1))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeKeyBlobs(many))
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseKeyBlobs(new Uint8Array(5).fill(255)))
  })
})

/** Every bit of a body changed, and every truncation, is refused or is another body in its one encoding. */
function hasOneEncoding<T>({ value, encode, parse }: Row<T>): void {
  const encoded = encode(value)
  assert.deepEqual(parse(encoded), value)
  refusesAllNear(encoded, (bytes) => {
    assert.deepEqual(encode(parse(bytes)), bytes)
    // Nothing signs a body: a flipped digit of a digest is another digest.
    if (!Buffer.from(bytes).equals(encoded)) throw new ProtocolError('PROTOCOL_FORMAT', 'another body')
  })
  fc.assert(
    fc.property(mutationsOf(encoded), (bytes) => {
      try {
        assert.deepEqual(encode(parse(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
      }
    }),
    PROPERTY,
  )
}
