import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  judgeApproval,
  judgeApprovals,
  judgeCancellation,
  judgeProposal,
  judgeRejection,
  judgeRelease,
  proposalSubject,
  chartersOf,
  releasableFrom,
  requestSubject,
  vouchingFor,
  type Charter,
  type RecoveryFault,
  type RecoverySubject,
  type RequestFacts,
} from '@strongroom/core/protocol'
import { bytesOf, pairOf, sha256, START } from './fixtures.ts'
import {
  ADA,
  approvalWith,
  cancellationWith,
  CHARTER_1,
  CUSTODIAN,
  DAY,
  digestOf,
  HOUR,
  NEWCOMER,
  NOTICE,
  OFFICERS,
  OWNER,
  PEOPLE,
  person,
  POLICY,
  rejectionWith,
  releaseWith,
  requestWith,
  TERMS,
  VETTING_CODE,
  chainOf,
  ONE,
  logged,
  facts,
} from './recovery-fixtures.ts'

const withVetting = requestWith({ evidence: [{ kind: 'vetting', key: VETTING_CODE.signer }] })

function subjectOf(
  request = requestWith(),
  charters = ONE,
  changes: Partial<Parameters<typeof requestSubject>[2]> = {},
): RecoverySubject {
  const deciding = chartersOf(charters, 6)
  assert.ok(deciding)
  const given = logged(request)
  const vouching = vouchingFor(given, facts().vettings)
  return requestSubject(given, deciding, {
    sha256,
    terms: TERMS,
    ownerSigner: OWNER.signer,
    vouching,
    ...changes,
  })
}
const SUBJECT = subjectOf()
const approvalOf = (officer: 0 | 1 | 2, changes = {}, index = 7, subject = SUBJECT) => ({
  payload: approvalWith(subject.digest, officer, changes),
  digest: bytesOf(index),
  index,
})
const NOW = START + 2 * DAY

describe('who may approve', () => {
  const verdict = (approval: ReturnType<typeof approvalOf>, subject = SUBJECT) =>
    judgeApproval(sha256, subject, approval, NOW)

  test('officers, and nobody else', () => {
    for (const officer of [0, 1, 2] as const) assert.equal(verdict(approvalOf(officer)), undefined)
    assert.equal(verdict(approvalOf(0, { person: 'ada', by: ADA.signer })), 'person')
    assert.equal(verdict(approvalOf(0, { person: 'cy' })), 'person')
    assert.equal(verdict(approvalOf(0, { by: ADA.signer })), 'person')
    assert.equal(verdict(approvalOf(0, { person: 'constructor' })), 'person')
  })
  test('not for another subject, tenant or authority, and not before it', () => {
    assert.equal(verdict(approvalOf(0, { subject: bytesOf(1) })), 'subject')
    assert.equal(verdict(approvalOf(0, { tenant: 'other' })), 'foreign')
    assert.equal(verdict(approvalOf(0, { identity: ADA.fingerprint })), 'foreign')
    assert.equal(verdict(approvalOf(0, {}, 6)), 'order')
    assert.equal(verdict(approvalOf(0, {}, 5)), 'order')
  })
  test('an approval of an earlier request of the same words is for that one', () => {
    const again = subjectOf(requestWith({ nonce: bytesOf(0x48) }))
    assert.equal(verdict(approvalOf(0), again), 'subject')
  })
  test('until it expires, and never longer than the request', () => {
    const approval = approvalOf(0, { expires: START + 90 * DAY })
    assert.equal(judgeApproval(sha256, SUBJECT, approval, SUBJECT.expires), undefined)
    assert.equal(judgeApproval(sha256, SUBJECT, approval, SUBJECT.expires + 1), 'expired')
    assert.equal(judgeApproval(sha256, SUBJECT, approvalOf(0), START + 3 * DAY), undefined)
    assert.equal(judgeApproval(sha256, SUBJECT, approvalOf(0), START + 3 * DAY + 1), 'expired')
  })
  test('not the requester, the owner or who vouches', () => {
    const asked = requestWith({ class: 'third-party', requester: 'bo', by: OFFICERS[0].signer, evidence: [] })
    const theirs = subjectOf(asked)
    assert.equal(verdict(approvalOf(0, {}, 7, theirs), theirs), 'involved')
    const own = subjectOf(requestWith(), ONE, { ownerSigner: OFFICERS[1].signer })
    assert.equal(verdict(approvalOf(1, {}, 7, own), own), 'involved')
    const vouched = subjectOf(withVetting)
    assert.equal(verdict(approvalOf(0, {}, 7, vouched), vouched), 'involved')
    assert.equal(verdict(approvalOf(1, {}, 7, vouched), vouched), undefined)
    // The owner of what somebody else asks for may agree.
    const consent = subjectOf(asked, ONE, { ownerSigner: OFFICERS[1].signer })
    assert.equal(verdict(approvalOf(1, {}, 7, consent), consent), undefined)
  })
  test('not an officer who came or went since, and not by a key that did', () => {
    const [, bo, cy, di] = PEOPLE
    assert.ok(bo && cy && di)
    const fay = person('fay', ['officer'], pairOf(0xa1))
    const changed = subjectOf(
      requestWith(),
      chainOf({ people: [...PEOPLE.slice(0, 3), fay, person('gil', ['officer'], pairOf(0xa2))] }),
    )
    assert.equal(verdict(approvalOf(2, {}, 7, changed), changed), 'person')
    const late = approvalOf(0, { person: 'fay', by: pairOf(0xa1).signer }, 7, changed)
    assert.equal(verdict(late, changed), 'person')
    const rekeyed = chainOf({ people: PEOPLE.with(1, { ...bo, signers: [pairOf(0xa3).fingerprint] }) })
    const other = subjectOf(requestWith(), rekeyed)
    assert.equal(verdict(approvalOf(0, {}, 7, other), other), 'person')
  })
  test('persons are counted, never keys or statements', () => {
    const bo = person('bo', ['officer'], OFFICERS[0], pairOf(0xa4))
    const subject = subjectOf(
      requestWith(),
      chainOf({ people: PEOPLE.with(1, bo) }, { people: PEOPLE.with(1, bo) }),
    )
    const both = [approvalOf(0, {}, 7, subject), approvalOf(0, { evidence: 'again' }, 8, subject)]
    assert.deepEqual(judgeApprovals(sha256, subject, both, NOW), {
      persons: ['bo'],
      enough: false,
      refused: [],
    })
    const three = [
      ...both,
      approvalOf(1, { subject: bytesOf(1) }, 9, subject),
      approvalOf(2, {}, 10, subject),
    ]
    assert.deepEqual(judgeApprovals(sha256, subject, three, NOW), {
      persons: ['bo', 'di'],
      enough: true,
      refused: [{ digest: bytesOf(9), fault: 'subject' }],
    })
  })
  test('as many as the stricter of both charters says, and the floor', () => {
    const stricter = { ...POLICY, self: { ...POLICY.self, approvals: 3, waiting: 172_800 } }
    const four = [...PEOPLE, person('fay', ['officer'], pairOf(0xa1))]
    const raised = subjectOf(requestWith(), chainOf({ policy: stricter, people: four }))
    assert.deepEqual([raised.approvals, raised.waiting], [3, 172_800])
    const lowered = subjectOf(
      requestWith(),
      chainOf({ policy: { ...POLICY, self: { ...POLICY.self, waiting: 0 } } }),
    )
    assert.deepEqual([lowered.approvals, lowered.waiting], [2, 86_400])
    const floors = subjectOf(requestWith(), ONE, {
      terms: { ...TERMS, floor: { approvals: 4, waiting: 864_000 } },
    })
    assert.deepEqual([floors.approvals, floors.waiting], [4, 864_000])
  })
})

describe('who may deny', () => {
  test('an officer or administrator, then or now, involved or not', () => {
    const gone = subjectOf(
      requestWith(),
      chainOf({ people: [...PEOPLE.slice(0, 3), person('fay', ['officer'], pairOf(0xa1))] }),
    )
    const rejection = (changes = {}, subject = SUBJECT) =>
      judgeRejection(sha256, subject, {
        payload: rejectionWith(subject.digest, changes),
        digest: bytesOf(1),
        index: 7,
      })
    assert.equal(rejection(), undefined)
    assert.equal(rejection({}, gone), undefined)
    assert.equal(rejection({ person: 'ada', by: ADA.signer }), undefined)
    assert.equal(rejection({ person: 'eve', by: pairOf(0x35).signer }), 'person')
    assert.equal(rejection({ person: 'bo' }), 'person')
    assert.equal(rejection({ subject: bytesOf(1) }), 'subject')
    assert.equal(rejection({ tenant: 'other' }), 'foreign')
  })
  test('the requester, the owner, or who was sent the notice', () => {
    const keys = { requester: [NEWCOMER.signer], owner: [OWNER.signer], notice: [NOTICE.signer] }
    const cancellation = (changes = {}) =>
      judgeCancellation(
        SUBJECT,
        { payload: cancellationWith(SUBJECT.digest, changes), digest: bytesOf(1), index: 7 },
        keys,
      )
    assert.equal(cancellation(), undefined)
    assert.equal(cancellation({ capacity: 'requester', by: NEWCOMER.signer }), undefined)
    assert.equal(cancellation({ capacity: 'notice', by: NOTICE.signer }), undefined)
    assert.equal(cancellation({ capacity: 'notice', by: OWNER.signer }), 'capacity')
    assert.equal(cancellation({ by: ADA.signer }), 'capacity')
    assert.equal(cancellation({ subject: bytesOf(1) }), 'subject')
  })
})

test('whose release it is', () => {
  const release = (changes = {}, index = 9) =>
    judgeRelease(
      SUBJECT,
      { payload: releaseWith(SUBJECT.digest, changes), digest: bytesOf(1), index },
      CUSTODIAN.signer,
    )
  assert.equal(release(), undefined)
  assert.equal(release({ custodian: ADA.signer }), 'custodian')
  assert.equal(release({ kind: 'charter', count: 0 }), 'subject')
  assert.equal(release({ subject: bytesOf(1) }), 'subject')
  assert.equal(release({}, 6), 'order')
  assert.equal(release({ tenant: 'other' }), 'foreign')
})

test('the waiting time starts at the later of two clocks', () => {
  const from = (receiptMs: number, lastWithoutMs: number | null) =>
    releasableFrom(SUBJECT, { receiptMs, lastWithoutMs }) - 86_400_000
  assert.equal(from(1000, null), 1000)
  assert.equal(from(1000, 500), 1000)
  // A receipt that a lying log dated back: the custodian saw a tree without the request later than that.
  assert.equal(from(1000, 9000), 9000)
})

describe('a new charter', () => {
  const next: Charter = {
    ...CHARTER_1,
    number: 2,
    by: ADA.signer,
    previous: digestOf('charter', CHARTER_1),
    created: START + HOUR,
  }
  const proposal = (changes: Partial<Charter> = {}, index = 6) => {
    const payload = { ...next, ...changes }
    return { payload, digest: digestOf('charter', payload), index }
  }
  test('that can follow the one in force', () => {
    assert.deepEqual(judgeProposal(proposal(), facts()), [])
  })
  const cases: Readonly<
    Record<string, readonly [Partial<Charter>, Partial<RequestFacts>, ...RecoveryFault[]]>
  > = {
    'of another tenant': [{ tenant: 'other' }, {}, 'foreign'],
    'after the next': [{ number: 3 }, {}, 'proposal'],
    'of another predecessor': [{ previous: bytesOf(1) }, {}, 'proposal'],
    'by an officer': [{ by: OFFICERS[0].signer }, {}, 'proposal'],
    'below the floor': [{ policy: { ...POLICY, self: { ...POLICY.self, waiting: 60 } } }, {}, 'proposal'],
    'from the future': [{}, { loggedMs: START }, 'future'],
    'that has expired': [{}, { nowMs: START + HOUR + 7 * DAY + 1 }, 'expired'],
    'when another came into force meanwhile': [{}, { charters: chainOf({}) }, 'proposal'],
  }
  for (const [what, [changes, given, ...expected]] of Object.entries(cases)) {
    test(what, () => assert.deepEqual(judgeProposal(proposal(changes), facts(given)), expected))
  }
  test('is approved by officers of the one before, and not by its author', () => {
    const both = [person('ada', ['administrator', 'officer'], ADA), ...PEOPLE.slice(1)]
    const before = { ...CHARTER_1, people: both }
    const subject = proposalSubject(
      proposal({ people: [person('zoe', ['administrator'], NOTICE)] }),
      before,
      { sha256, terms: TERMS },
    )
    assert.deepEqual([subject.kind, subject.approvals, subject.waiting], ['charter', 2, 86_400])
    assert.equal(subject.expires, START + HOUR + 7 * DAY)
    const approve = (changes: object) =>
      judgeApproval(sha256, subject, approvalOf(0, { subject: subject.digest, ...changes }), NOW)
    assert.equal(approve({}), undefined)
    assert.equal(approve({ person: 'ada', by: ADA.signer }), 'involved')
    assert.equal(approve({ person: 'zoe', by: NOTICE.signer }), 'person')
  })
})
