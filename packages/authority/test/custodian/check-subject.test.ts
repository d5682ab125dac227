import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Encode } from '@strongroom/core/bytes'
import { fingerprintOf, type Charter, type Envelope } from '@strongroom/core/protocol'
import type { CustodianError } from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { byId, depositOf, REQUESTED, requestFor, statementsFrom, story } from './story.ts'
import {
  ADA,
  CHARTER,
  CODE,
  DAY,
  digestOf,
  forged,
  HOUR,
  IDENTITY_PRINT,
  INVITATION,
  OFFICERS,
  OTHER_CODE,
  OWNER,
  OWNER_ID,
  signed,
  START,
  STRANGER,
} from './world.ts'

import {
  USUAL,
  knowledgeOf,
  check,
  refuses,
  refusesStory,
  usual,
  changed,
  releaseOf,
  ownReleases,
} from './checking.ts'

describe('the charters and the subject', () => {
  test('of a tenant that nobody has named are not believed', () => {
    const error = refuses('BUNDLE_TENANT', () => check(usual, knowledgeOf(USUAL, { charters: new Map() })))
    assert.deepEqual(error.digests, [USUAL.charter])
  })
  test('of another first charter than the one known are refused', () => {
    const charters = new Map([['acme', { first: bytesOf(1), number: 1, digest: bytesOf(1) }]])
    refuses('BUNDLE_CHARTERS', () => check(usual, knowledgeOf(USUAL, { charters })))
  })
  test('of which a newer one is known are refused (M9)', () => {
    const known = { first: USUAL.charter, number: 2, digest: bytesOf(1) }
    refuses('BUNDLE_CHARTERS', () =>
      check(usual, knowledgeOf(USUAL, { charters: new Map([['acme', known]]) })),
    )
  })
  test('that somebody else signed are refused', () => {
    const [first] = usual.charters
    assert.ok(first)
    refuses('BUNDLE_CHARTERS', () => check(changed({ charters: [{ charter: forged(first.charter) }] })))
  })
  test('must be shown when they were released in the range', () => {
    const next = (): Charter => ({
      ...CHARTER,
      number: 2,
      previous: USUAL.charter,
      by: ADA.signer,
      created: REQUESTED,
    })
    const told = story({
      after: (world) => {
        const proposed = world.state('charter', next())
        world.state('release', releaseOf(digestOf(proposed)))
      },
    })
    refuses('BUNDLE_CHARTERS', () => check(told.bundle, knowledgeOf(told, ownReleases(told)), told.now))
  })
  test('must be in the range, under a request that is signed', () => {
    refuses('BUNDLE_SUBJECT', () => check(changed({ subject: forged(usual.subject) })))
    const start = USUAL.world.leaves.length
    const late = changed({
      range: USUAL.world.range({ start }),
      proofs: USUAL.world.proofs(
        USUAL.world.leaves.map(({ digest }) => digest),
        { start },
      ),
    })
    refuses('BUNDLE_SUBJECT', () => check(late))
  })
  test('need the receipt that they got', () => {
    const { world, approvals } = USUAL
    const [approval] = approvals
    assert.ok(approval)
    const others = world.receipt(digestOf(approval), REQUESTED + HOUR)
    refuses('BUNDLE_RECEIPT', () => check(changed({ receipt: others })))
    refuses('BUNDLE_RECEIPT', () => check(changed({ receipt: utf8Encode('no receipt') })))
    const fork = story({ before: (log) => log.fill(1) })
    refuses('BUNDLE_RECEIPT', () => check(changed({ receipt: fork.bundle.receipt })))
  })
})

describe('a request', () => {
  const request = (change: (usual: ReturnType<typeof requestFor>) => ReturnType<typeof requestFor>) => ({
    request: change,
  })
  test('for another authority or tenant is refused (I11)', () => {
    refusesStory(
      'BUNDLE_FOREIGN',
      request((usually) => ({ ...usually, identity: fingerprintOf(sha256, STRANGER.signer) })),
    )
    refusesStory(
      'BUNDLE_CHARTERS',
      request((usually) => ({ ...usually, tenant: 'other' })),
    )
  })
  test('under another charter is refused', () => {
    refusesStory(
      'BUNDLE_OTHER_CHARTER',
      request((usually) => ({ ...usually, charter: bytesOf(1) })),
    )
  })
  test('from the future, for too long, or expired is refused (I5)', () => {
    refusesStory(
      'BUNDLE_SUBJECT_FUTURE',
      request((usually) => ({ ...usually, created: REQUESTED + HOUR })),
    )
    refusesStory(
      'BUNDLE_VALIDITY',
      request((usually) => ({ ...usually, expires: REQUESTED + 8 * DAY })),
    )
    refusesStory(
      'BUNDLE_EXPIRED',
      request((usually) => ({ ...usually, expires: REQUESTED + DAY })),
    )
  })
  test('of a requester who is nobody, or whose new container is somebody’s, is refused (I3)', () => {
    refusesStory(
      'BUNDLE_REQUESTER',
      request((usually) => ({ ...usually, requester: 'bo', by: STRANGER.signer })),
    )
    refusesStory(
      'BUNDLE_CONTAINER',
      request((usually) => ({ ...usually, signer: OFFICERS[2].signer })),
    )
  })
  test('with evidence that is nobody’s, or none, is refused', () => {
    for (const kind of ['recovery-code', 'client-key', 'vetting'] as const) {
      const code = `BUNDLE_${kind.replace('-', '_').toUpperCase()}` as CustodianError['code']
      refusesStory(
        code,
        request((usually) => ({ ...usually, evidence: [{ kind, key: STRANGER.signer }] })),
      )
    }
    refusesStory(
      'BUNDLE_EVIDENCE',
      request((usually) => ({ ...usually, evidence: [] })),
    )
  })
  test('with a code that was used is refused', () => {
    refusesStory('BUNDLE_CODE_SPENT', {}, { codes: new Set([CODE.signer]) })
  })
  test('with a code that the owner replaced is refused, and hiding that is too', () => {
    const codes = {
      identity: IDENTITY_PRINT,
      tenant: 'acme',
      client: OWNER_ID,
      signer: OWNER.signer,
      codes: [OTHER_CODE.signer],
      previous: digestOf(USUAL.codes),
      created: START,
    }
    const told = story({ before: (world) => world.state('codes', codes) })
    refuses('BUNDLE_RECOVERY_CODE', () => check(told.bundle, knowledgeOf(told), told.now))
    const statements = told.bundle.statements.filter(({ payloadType }) => !payloadType.includes('codes'))
    refuses('BUNDLE_INCOMPLETE', () => check({ ...told.bundle, statements }, knowledgeOf(told), told.now))
    const start = told.world.indexOf(told.subject)
    const shown = [
      ...told.bundle.epochs,
      ...told.bundle.enrolments,
      ...told.bundle.evidence,
      told.bundle.charters[0]?.charter,
    ]
    const digests = shown.flatMap((envelope) => (envelope ? [digestOf(envelope)] : []))
    const ids = told.bundle.deposits.map((blob) => sha256(blob))
    const cut = {
      ...told.bundle,
      statements: statementsFrom(told.world, start, []),
      range: told.world.range({ start }),
      proofs: told.world.proofs([...digests, ...ids], { start }),
    }
    refuses('BUNDLE_INCOMPLETE', () => check(cut, knowledgeOf(told), told.now))
  })
})

describe('the deposits', () => {
  test('must be those of the request, of its owner, and in the log (I11)', () => {
    const [one, two] = usual.deposits
    assert.ok(one && two)
    refuses('BUNDLE_DEPOSITS', () => check(changed({ deposits: [one] })))
    refuses('BUNDLE_DEPOSITS', () => check(changed({ deposits: [one, one] })))
    const other = depositOf(USUAL.world, bytesOf(1, 16), 7)
    refuses('BUNDLE_DEPOSITS', () => check(changed({ deposits: [one, other].toSorted(byId) })))
    const unlogged = requestFor(usual.charters[0]?.charter as Envelope, [other])
    const told = story({ request: () => unlogged })
    refuses('BUNDLE_NOT_LOGGED', () =>
      check({ ...told.bundle, deposits: [other] }, knowledgeOf(told), told.now),
    )
    refusesStory('BUNDLE_DEPOSITS', { deposit: { tenant: 'other' } })
    refusesStory('BUNDLE_DEPOSITS', { deposit: { clientId: 'c-000000000000000000000000' } })
  })
  test('need the enrolment of their owner', () => {
    refuses('BUNDLE_OWNER', () => check(changed({ enrolments: [] })))
    const [enrolment] = usual.enrolments
    assert.ok(enrolment)
    refuses('BUNDLE_OWNER', () => check(changed({ enrolments: [forged(enrolment)] })))
    refuses('BUNDLE_OWNER', () => check(changed({ enrolments: [enrolment, enrolment] })))
    const others = story({
      before: (world) => {
        world.state('enrolment', {
          identity: IDENTITY_PRINT,
          tenant: 'acme',
          invitation: INVITATION.signer,
          signer: STRANGER.signer,
          exchange: requestFor(signed('charter', CHARTER), usual.deposits).recipient,
          name: 'another',
          challenge: bytesOf(6),
          created: START,
        })
      },
    })
    const enrolments = others.bundle.statements.filter(({ payloadType }) => payloadType.includes('enrolment'))
    assert.equal(enrolments.length, 1)
    const statements = others.bundle.statements.filter(
      ({ payloadType }) => !payloadType.includes('enrolment'),
    )
    refuses('BUNDLE_OWNER', () =>
      check({ ...others.bundle, enrolments, statements }, knowledgeOf(others), others.now),
    )
  })
})
