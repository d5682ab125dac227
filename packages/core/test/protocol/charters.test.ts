import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CHARTER_RULES,
  CharterChain,
  checkCharter,
  custodianAt,
  encodeTerms,
  parseTerms,
  ProtocolError,
  verifyCharters,
  witnessPolicyOf,
  type Charter,
  type CharterLink,
  type CharterPolicy,
  type CharterRuleName,
  type KnownCharter,
  type RecoveryRule,
  type Terms,
} from '@strongroom/core/protocol'
import { encodeVerifierKey } from '@strongroom/core/tlog'
import { throwsCode } from '../support/throws-code.ts'
import { testKey } from '../tlog/node-keys.ts'
import { bytesOf, means, pairOf, sha256, testAuthority, verifyRaw } from './fixtures.ts'
import {
  ADA,
  CHARTER_1,
  charterReleaseWith,
  CUSTODIAN,
  digestOf,
  IDENTITY,
  OFFICERS,
  PEOPLE,
  person,
  PERSONAL,
  POLICY,
  RULE,
  signed,
  TERMS,
} from './recovery-fixtures.ts'

const everyRow = (changes: Partial<RecoveryRule>, policy: CharterPolicy = POLICY): CharterPolicy => ({
  self: { ...policy.self, ...changes },
  'third-party': { ...policy['third-party'], ...changes },
  'break-glass': { ...policy['break-glass'], ...changes },
  charter: { ...policy.charter, ...changes },
})
const row = (name: keyof CharterPolicy, changes: Partial<RecoveryRule>): CharterPolicy => ({
  ...POLICY,
  [name]: { ...POLICY[name], ...changes },
})

describe('terms', () => {
  const keys = [
    testKey('witness.example/w1', 'cosignature', 0x61),
    testKey('witness.example/w2', 'subtree', 0x62),
  ].map(({ key }) => encodeVerifierKey(key))
  const witnessed: Terms = { ...TERMS, witnesses: { quorum: 2, keys } }

  test('are read as they were written', () => {
    for (const terms of [TERMS, witnessed]) assert.deepEqual(parseTerms(encodeTerms(terms)), terms)
    assert.equal(witnessPolicyOf(TERMS, { sha256, verifyRaw }), undefined)
    const policy = witnessPolicyOf(witnessed, { sha256, verifyRaw })
    assert.deepEqual(
      [policy?.quorum, policy?.keys.map(({ name }) => name)],
      [2, ['witness.example/w1', 'witness.example/w2']],
    )
  })
  test('every truncation, and every bit flip that changes the text', () => {
    const original = encodeTerms(TERMS)
    for (let length = 0; length < original.length; length++) {
      assert.throws(() => parseTerms(original.subarray(0, length)), ProtocolError)
    }
    for (let bit = 0; bit < original.length * 8; bit++) {
      const flipped = original.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      // Terms have no signature: another name or number is another document, with another digest.
      try {
        assert.deepEqual(encodeTerms(parseTerms(flipped)), flipped)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    }
  })
  const cases: Readonly<Record<string, Terms>> = {
    'a floor of one approval': { ...TERMS, floor: { approvals: 1, waiting: 0 } },
    'a floor of 17 approvals': { ...TERMS, floor: { approvals: 17, waiting: 0 } },
    'more than a year of waiting': { ...TERMS, floor: { approvals: 2, waiting: 31_536_001 } },
    'no class of retention': { ...TERMS, retention: [] },
    'a class twice': { ...TERMS, retention: ['a', 'a'] },
    'a quorum that is never reached': { ...TERMS, witnesses: { quorum: 3, keys } },
    'a quorum of nobody': { ...TERMS, witnesses: { quorum: 0, keys } },
    'a witness that is none': { ...TERMS, witnesses: { quorum: 1, keys: ['witness'] } },
    'a witness twice': { ...TERMS, witnesses: { quorum: 1, keys: [keys[0] ?? '', keys[0] ?? ''] } },
  }
  for (const [what, terms] of Object.entries(cases)) {
    test(`not with ${what}`, () => assert.throws(() => encodeTerms(terms), ProtocolError))
  }
  test('a witness whose key has another hash is refused', () => {
    const wrong = keys.map((key) => key.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))
    const terms = parseTerms(encodeTerms({ ...TERMS, witnesses: { quorum: 1, keys: wrong } }))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => witnessPolicyOf(terms, { sha256, verifyRaw }))
  })
})

describe('the rules for charters', () => {
  const broken: { readonly [K in CharterRuleName]: readonly (readonly [string, Charter, ...string[]])[] } = {
    'person-twice': [
      [
        'one id for two people',
        { ...CHARTER_1, people: [...PEOPLE, person('bo', ['officer'], pairOf(0xa0))] },
        'bo is there twice',
      ],
    ],
    'key-twice': [
      [
        'one key for two people',
        { ...CHARTER_1, people: [...PEOPLE, person('fay', ['officer'], OFFICERS[0])] },
      ],
      [
        'one key twice with one',
        { ...CHARTER_1, people: [...PEOPLE, person('fay', ['auditor'], pairOf(0xa0), pairOf(0xa0))] },
      ],
    ],
    administrator: [
      ['nobody who may change it', { ...CHARTER_1, people: PEOPLE.slice(1) }, 'nobody is an administrator'],
    ],
    'evidence-need': [
      [
        'more kinds than there are to choose from',
        { ...CHARTER_1, policy: row('third-party', { evidence: { need: 2, of: ['recovery-code'] } }) },
        'third-party: asks for 2 kinds of evidence out of 1',
      ],
    ],
    'evidence-charter': [
      [
        'evidence in charters',
        { ...CHARTER_1, policy: row('charter', { evidence: { need: 0, of: ['vetting'] } }) },
      ],
    ],
    expiry: [
      [
        'the end of requests before their release',
        { ...CHARTER_1, policy: row('break-glass', { expiry: 3_600, waiting: 3_600 }) },
        'break-glass: expires after 3600 seconds, before 3600 seconds of waiting are over',
      ],
    ],
    officers: [
      [
        'as many officers as approvals: the one who asks is missing',
        { ...CHARTER_1, people: PEOPLE.slice(0, 3) },
        'expected 3 officers, got 2',
      ],
      [
        'one officer fewer where somebody must vouch',
        { ...CHARTER_1, policy: row('self', { evidence: { need: 1, of: ['vetting'] } }) },
        'expected 4 officers, got 3',
      ],
    ],
    'shared-approvals': [
      [
        'nobody',
        { ...CHARTER_1, policy: row('self', { approvals: 0 }) },
        'self: expected at least 2 approvals, got 0',
      ],
      ['one approval', { ...CHARTER_1, policy: row('charter', { approvals: 1 }) }],
    ],
    'shared-evidence': [
      [
        'no evidence of who asks',
        { ...CHARTER_1, policy: row('self', { evidence: { need: 0, of: ['vetting'] } }) },
      ],
    ],
    'floor-approvals': [
      ['fewer approvals than the terms', { ...CHARTER_1, policy: row('self', { approvals: 1 }) }],
    ],
    'floor-waiting': [
      [
        'less waiting than the terms',
        { ...CHARTER_1, policy: row('break-glass', { waiting: 3_599 }) },
        'break-glass: the terms ask for 3600 seconds of waiting, got 3599',
      ],
    ],
    'personal-code': [
      [
        'a choice without a code',
        {
          ...PERSONAL,
          policy: {
            ...PERSONAL.policy,
            self: { ...PERSONAL.policy.self, evidence: { need: 1, of: ['client-key', 'recovery-code'] } },
          },
        },
        'self: a personal tenant always asks for a recovery code',
      ],
      [
        'no evidence where somebody approves',
        { ...PERSONAL, people: PEOPLE, policy: { ...PERSONAL.policy, 'third-party': RULE } },
      ],
    ],
    'personal-waiting': [
      [
        'no waiting time',
        { ...PERSONAL, policy: { ...PERSONAL.policy, charter: { ...PERSONAL.policy.charter, waiting: 0 } } },
        'charter: a personal tenant always has a waiting time',
      ],
    ],
  }
  test('are all tried here', () => assert.deepEqual(Object.keys(broken), CHARTER_RULES))
  for (const [rule, cases] of Object.entries(broken)) {
    for (const [what, charter, ...messages] of cases) {
      test(`${rule}: ${what}`, () => {
        const faults = checkCharter(charter, TERMS).filter((fault) => fault.rule === rule)
        assert.ok(faults.length > 0)
        if (messages.length > 0) {
          assert.deepEqual(
            faults.map(({ message }) => message),
            messages,
          )
        }
      })
    }
  }
  test('say everything at once', () => {
    const charter = {
      ...CHARTER_1,
      people: PEOPLE.slice(1, 2),
      policy: everyRow({ approvals: 0, waiting: 0 }),
    }
    const rules = new Set(checkCharter(charter, TERMS).map(({ rule }) => rule))
    assert.deepEqual([...rules], ['administrator', 'shared-approvals', 'floor-approvals', 'floor-waiting'])
    const messages = checkCharter(charter, TERMS).map(({ message }) => message)
    assert.equal(new Set(messages).size, messages.length)
  })
  test('let good charters pass, personal ones below the floors', () => {
    assert.deepEqual(checkCharter(CHARTER_1, TERMS), [])
    assert.deepEqual(checkCharter(PERSONAL, { ...TERMS, floor: { approvals: 16, waiting: 31_536_000 } }), [])
  })
  test('let a charter of the past stay below floors that were raised', () => {
    const raised: Terms = { ...TERMS, floor: { approvals: 3, waiting: 864_000 } }
    assert.ok(checkCharter(CHARTER_1, raised).length > 0)
    assert.deepEqual(checkCharter(CHARTER_1, null), [])
  })
})

const CHARTER_2: Charter = {
  ...CHARTER_1,
  number: 2,
  people: PEOPLE.slice(0, 4),
  by: ADA.signer,
  previous: digestOf('charter', CHARTER_1),
}
const linkOf = (
  charter: Charter,
  index: number,
  release = charterReleaseWith(digestOf('charter', charter)),
): CharterLink => ({
  charter: { envelope: signed('charter', charter), index },
  release: charter.number === 1 ? null : { envelope: signed('release', release), index: index + 5 },
})
const trust = {
  ...means,
  identity: IDENTITY.fingerprint,
  tenant: 'acme',
  custodianAt: (index: number) => (index > 0 ? CUSTODIAN.signer : undefined),
}
const FIRST = linkOf(CHARTER_1, 3)
const SECOND = linkOf(CHARTER_2, 10)

describe('a chain of charters', () => {
  test('begins with the identity key, and each that follows is in force from its release on', () => {
    const chain = verifyCharters([FIRST, SECOND], trust)
    const inForce = (index: number) => chain.inForceAt(index)?.statement.payload.number
    assert.deepEqual([0, 3, 4, 10, 15, 16, 99].map(inForce), [undefined, undefined, 1, 1, 1, 2, 2])
    assert.deepEqual(chain.latest.statement.payload, CHARTER_2)
    assert.deepEqual(verifyCharters([FIRST, SECOND], { ...trust, known: chain.known }).known, chain.known)
    const earlier = verifyCharters([FIRST], trust).known
    assert.deepEqual(verifyCharters([FIRST, SECOND], { ...trust, known: earlier }).known.number, 2)
    assert.throws(() => new CharterChain(Symbol('verified') as never, 'acme', [chain.latest]), TypeError)
  })

  const refused: Readonly<Record<string, readonly CharterLink[]>> = {
    'no charter': [],
    'a gap': [SECOND],
    'one twice': [FIRST, FIRST],
    'the first with a release': [{ ...FIRST, release: SECOND.release }],
    'no release': [FIRST, { ...SECOND, release: null }],
    'another predecessor': [FIRST, linkOf({ ...CHARTER_2, previous: bytesOf(1) }, 10)],
    'an author who is no administrator': [FIRST, linkOf({ ...CHARTER_2, by: OFFICERS[0].signer }, 10)],
    'the identity key as the author of the second': [
      FIRST,
      linkOf({ ...CHARTER_2, by: IDENTITY.signer }, 10),
    ],
    'a personal tenant that becomes a shared one': [
      linkOf({ ...PERSONAL }, 3),
      linkOf({ ...CHARTER_2, previous: digestOf('charter', PERSONAL) }, 10),
    ],
    'a second that was logged before the first': [FIRST, linkOf(CHARTER_2, 2)],
    'a release before the charter': [
      FIRST,
      {
        ...SECOND,
        release: {
          envelope: signed('release', charterReleaseWith(digestOf('charter', CHARTER_2))),
          index: 9,
        },
      },
    ],
    'the release of another charter': [FIRST, linkOf(CHARTER_2, 10, charterReleaseWith(bytesOf(1)))],
    'the release of a request': [
      FIRST,
      linkOf(
        CHARTER_2,
        10,
        charterReleaseWith(digestOf('charter', CHARTER_2), { kind: 'request', count: 1 }),
      ),
    ],
    'a release of somebody who is not the custodian': [
      FIRST,
      linkOf(CHARTER_2, 10, charterReleaseWith(digestOf('charter', CHARTER_2), { custodian: ADA.signer })),
    ],
  }
  for (const [what, links] of Object.entries(refused)) {
    test(`${what} is refused`, () => {
      throwsCode(ProtocolError, 'CHARTER_CHAIN', () => verifyCharters(links, trust))
    })
  }
  test('signed by another identity is refused', () => {
    const link = linkOf({ ...CHARTER_1, by: ADA.signer }, 3)
    throwsCode(ProtocolError, 'AUTHORITY_IDENTITY', () => verifyCharters([link], trust))
  })
  test('of another tenant or authority is refused', () => {
    for (const changes of [{ tenant: 'other' }, { identity: ADA.fingerprint }]) {
      throwsCode(ProtocolError, 'PROTOCOL_BINDING', () =>
        verifyCharters([linkOf({ ...CHARTER_1, ...changes }, 3)], trust),
      )
      const release = charterReleaseWith(digestOf('charter', CHARTER_2), changes)
      throwsCode(ProtocolError, 'PROTOCOL_BINDING', () =>
        verifyCharters([FIRST, linkOf(CHARTER_2, 10, release)], trust),
      )
    }
  })
  test('with a charter that breaks the rules is refused', () => {
    const link = linkOf({ ...CHARTER_2, policy: row('self', { approvals: 0 }) }, 10)
    const error = throwsCode(ProtocolError, 'CHARTER_RULES', () => verifyCharters([FIRST, link], trust))
    assert.equal(error.message, 'charter 2: self: expected at least 2 approvals, got 0')
  })
  test('that was cut, or is another than before, is refused', () => {
    const { known } = verifyCharters([FIRST, SECOND], trust)
    const changed: readonly KnownCharter[] = [
      { ...known, first: bytesOf(1) },
      { ...known, digest: bytesOf(1) },
    ]
    throwsCode(ProtocolError, 'CHARTER_CHAIN', () => verifyCharters([FIRST], { ...trust, known }))
    for (const other of changed) {
      throwsCode(ProtocolError, 'CHARTER_CHAIN', () =>
        verifyCharters([FIRST, SECOND], { ...trust, known: other }),
      )
    }
  })
})

test('whose releases count is decided by the order of the log', () => {
  const { epochs } = testAuthority(3)
  const logged = [2, 0, 1].map((i) => ({ epoch: epochs[i] ?? (epochs[0] as never), index: i * 10 }))
  const number = (index: number) =>
    epochs.findIndex(({ custodian }) => custodian === custodianAt(logged, index)) + 1
  assert.deepEqual([0, 1, 10, 11, 20, 21, 1000].map(number), [0, 1, 1, 2, 2, 3, 3])
})
