import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clientIdOf,
  judgeRequest,
  type RecoveryFault,
  type RecoveryRequest,
  type RequestFacts,
} from '@strongroom/core/protocol'
import { bytesOf, pairOf, sha256, START } from './fixtures.ts'
import {
  ADA,
  CODE,
  codesWith,
  DAY,
  HOUR,
  NEWCOMER,
  NOTICE,
  OFFICERS,
  OTHER_CODE,
  OWNER,
  PEOPLE,
  person,
  POLICY,
  requestWith,
  VETTING_CODE,
  vettingWith,
  chainOf,
  LOGGED,
  logged,
  facts,
} from './recovery-fixtures.ts'

const withCode = (key: string) => requestWith({ evidence: [{ kind: 'recovery-code', key }] })
const withVetting = requestWith({ evidence: [{ kind: 'vetting', key: VETTING_CODE.signer }] })
const newCodes = { payload: codesWith({ codes: [OTHER_CODE.signer] }), digest: bytesOf(3) }

describe('a request by itself', () => {
  const cases: Readonly<
    Record<string, readonly [RecoveryRequest, Partial<RequestFacts>, ...RecoveryFault[]]>
  > = {
    'with a recovery code': [requestWith(), {}],
    'with the code of an officer who vouches': [withVetting, {}],
    'with the key of the owner': [requestWith({ evidence: [{ kind: 'client-key', key: OWNER.signer }] }), {}],
    'of an administrator for somebody else': [
      requestWith({ class: 'third-party', requester: 'ada', by: ADA.signer, evidence: [] }),
      {},
    ],
    'for another authority': [requestWith({ identity: ADA.fingerprint }), {}, 'foreign'],
    'for another tenant': [requestWith({ tenant: 'other' }), {}, 'foreign'],
    'under another charter': [requestWith({ charter: bytesOf(9) }), {}, 'charter'],
    'under a charter that was replaced since': [requestWith(), { charters: chainOf({}), loggedMs: LOGGED }],
    'from the future': [requestWith(), { loggedMs: START + HOUR - 61_000 }, 'future'],
    'that lives longer than the charter allows': [
      requestWith({ expires: START + HOUR + 7 * DAY + 1000 }),
      {},
      'validity',
    ],
    'that has expired': [requestWith(), { nowMs: START + HOUR + 7 * DAY + 1 }, 'expired'],
    'of a requester who is nobody': [
      requestWith({ class: 'third-party', requester: 'zoe', by: ADA.signer }),
      {},
      'requester',
    ],
    'in the name of another': [
      requestWith({ class: 'third-party', requester: 'bo', by: ADA.signer }),
      {},
      'requester',
    ],
    'of a requester who was removed since': [
      requestWith({ class: 'third-party', requester: 'eve', by: pairOf(0x35).signer }),
      { charters: chainOf({ people: PEOPLE.slice(0, 4) }) },
      'requester',
    ],
    'for the container of an officer': [requestWith({ signer: OFFICERS[0].signer }), {}, 'container'],
    'for the container of an officer of tomorrow': [
      requestWith(),
      { charters: chainOf({ people: [...PEOPLE, person('new', ['officer'], NEWCOMER)] }) },
      'container',
    ],
    'without evidence': [requestWith({ evidence: [] }), {}, 'evidence'],
    'with less evidence than is asked for since': [
      requestWith(),
      {
        charters: chainOf({
          policy: {
            ...POLICY,
            self: { ...POLICY.self, evidence: { need: 2, of: ['recovery-code', 'vetting'] } },
          },
          people: [...PEOPLE, person('fay', ['officer'], pairOf(0xa1))],
        }),
      },
      'evidence',
    ],
    'with a code of nobody': [withCode(NOTICE.signer), {}, 'recovery-code'],
    'with a code that was replaced before': [
      requestWith(),
      { codes: [...facts().codes, { ...newCodes, index: 5 }] },
      'recovery-code',
    ],
    'with a code that was replaced since': [
      requestWith(),
      { codes: [{ ...newCodes, index: 9 }, ...facts().codes] },
      'recovery-code',
    ],
    'with a code that was named after it': [
      requestWith(),
      { codes: [{ payload: codesWith(), digest: bytesOf(1), index: 7 }] },
      'recovery-code',
    ],
    'with a code that somebody else named for the owner': [
      withCode(NOTICE.signer),
      {
        codes: [
          ...facts().codes,
          {
            payload: codesWith({ signer: ADA.signer, codes: [NOTICE.signer] }),
            digest: bytesOf(4),
            index: 5,
          },
        ],
      },
      'recovery-code',
    ],
    'with a code, though somebody else tried to replace it': [
      requestWith(),
      {
        codes: [
          ...facts().codes,
          {
            payload: codesWith({ signer: ADA.signer, codes: [NOTICE.signer] }),
            digest: bytesOf(4),
            index: 5,
          },
        ],
      },
    ],
    'with a code of another client': [
      requestWith({ client: clientIdOf(sha256, 'acme', ADA.signer) }),
      { ownerSigner: ADA.signer },
      'recovery-code',
    ],
    'with a code that was spent': [requestWith(), { spent: new Set([CODE.signer]) }, 'spent'],
    'with the key of another client': [
      requestWith({ evidence: [{ kind: 'client-key', key: ADA.signer }] }),
      {},
      'client-key',
    ],
    'with a vetting that is over': [
      withVetting,
      { loggedMs: START + DAY + 1, nowMs: START + DAY + 1 },
      'vetting',
    ],
    'with a vetting for another client': [
      withVetting,
      { vettings: [{ payload: vettingWith({ client: 'c-other' }), digest: bytesOf(2), index: 5 }] },
      'vetting',
    ],
    'with a vetting of an auditor': [
      withVetting,
      {
        vettings: [
          { payload: vettingWith({ person: 'eve', by: pairOf(0x35).signer }), digest: bytesOf(2), index: 5 },
        ],
      },
      'vetting',
    ],
    'with a vetting in the name of another officer': [
      withVetting,
      { vettings: [{ payload: vettingWith({ person: 'cy' }), digest: bytesOf(2), index: 5 }] },
      'vetting',
    ],
    'with a vetting after it': [
      withVetting,
      { vettings: [{ payload: vettingWith(), digest: bytesOf(2), index: 7 }] },
      'vetting',
    ],
    'with a vetting by the requester': [
      requestWith({ ...withVetting, requester: 'bo', by: OFFICERS[0].signer }),
      {},
      'vetting',
    ],
    'with everything wrong': [
      requestWith({
        class: 'third-party',
        requester: 'zoe',
        by: ADA.signer,
        signer: OFFICERS[0].signer,
        evidence: [{ kind: 'recovery-code', key: NOTICE.signer }],
      }),
      { nowMs: START + 30 * DAY },
      'expired',
      'requester',
      'container',
      'recovery-code',
    ],
  }
  for (const [what, [request, changes, ...expected]] of Object.entries(cases)) {
    test(`${what}: ${expected.length === 0 ? 'good' : expected.join(', ')}`, () => {
      assert.deepEqual(judgeRequest(logged(request), facts(changes)), expected)
    })
  }
  test('under a charter that was replaced before', () => {
    assert.deepEqual(judgeRequest(logged(requestWith(), 14), facts({ charters: chainOf({}) })), ['charter'])
  })
  test('before any charter', () => {
    assert.deepEqual(judgeRequest(logged(requestWith(), 3), facts()), ['charter'])
  })
})
