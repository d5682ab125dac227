import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toHex } from '@strongroom/core/bytes'
import { fingerprintOf, type Approval } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { approvalOf, REQUESTED, requestFor, story, type StoryChanges } from './story.ts'
import {
  ADA,
  CHARTER,
  DAY,
  digestOf,
  HOUR,
  IDENTITY_PRINT,
  MINUTE,
  NEWCOMER,
  NOTICE,
  OFFICERS,
  OWNER,
  signed,
  STRANGER,
  TERMS,
  VETTED,
} from './world.ts'

import {
  USUAL,
  knowledgeOf,
  check,
  refuses,
  refusesStory,
  passes,
  usual,
  releaseOf,
  ownReleases,
} from './checking.ts'

describe('approvals (I2, I3, M7, M10)', () => {
  const approvals = (change: (given: readonly Approval[]) => readonly Approval[]): StoryChanges => ({
    approvals: change,
  })
  const bo = (subject: Uint8Array, changes: Partial<Approval> = {}) => approvalOf(subject, 0, changes)
  test('are counted by persons: too few, twice the same, or a stranger’s are not enough', () => {
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals((given) => given.slice(1)),
    )
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals(([first]) => (first ? [first, bo(first.subject, { evidence: 'again' })] : [])),
    )
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals(([first]) =>
        first ? [first, bo(first.subject, { by: STRANGER.signer, person: 'cy' })] : [],
      ),
    )
  })
  test('of somebody who is no officer, or who asks, do not count', () => {
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals(([first]) => (first ? [first, bo(first.subject, { by: ADA.signer, person: 'ada' })] : [])),
    )
    refusesStory('BUNDLE_APPROVALS', {
      request: (usually) => ({
        ...usually,
        class: 'third-party',
        requester: 'bo',
        by: OFFICERS[0].signer,
        evidence: [],
      }),
    })
  })
  test('of whoever vouched do not count', () => {
    refusesStory('BUNDLE_APPROVALS', {
      request: (usually) => ({ ...usually, evidence: [{ kind: 'vetting', key: VETTED.signer }] }),
      approvals: ([first]) => (first ? [first, approvalOf(first.subject, 2)] : []),
    })
  })
  test('that expired do not count', () => {
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals((given) => given.map((one) => ({ ...one, expires: REQUESTED + DAY }))),
    )
  })
  test('of something else do not count: another request, another tenant, another authority', () => {
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals((given) => given.map((one) => ({ ...one, subject: bytesOf(1) }))),
    )
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals((given) => given.map((one) => ({ ...one, tenant: 'other' }))),
    )
    refusesStory(
      'BUNDLE_APPROVALS',
      approvals((given) =>
        given.map((one) => ({ ...one, identity: fingerprintOf(sha256, STRANGER.signer) })),
      ),
    )
  })
  test('logged before the request do not count', () => {
    const unlogged = requestFor(signed('charter', CHARTER), usual.deposits)
    const subject = digestOf(signed('request', unlogged))
    refusesStory('BUNDLE_APPROVALS', {
      request: () => unlogged,
      before: (world) => world.state('approval', approvalOf(subject, 0)),
      approvals: ([, second]) => (second ? [{ ...second, subject }] : []),
    })
  })
})

describe('a refusal is final (I5, M11)', () => {
  const base = (subject: Uint8Array) => ({
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    subject,
    created: REQUESTED + HOUR,
  })
  for (const [by, key] of [
    ['owner', OWNER],
    ['requester', NEWCOMER],
    ['notice', NOTICE],
    ['owner', STRANGER],
  ] as const) {
    test(`a cancellation of the ${by}, whoever signed it`, () => {
      refusesStory('BUNDLE_DECIDED', {
        after: (world, subject) =>
          world.state('cancellation', { ...base(subject), capacity: by, by: key.signer }),
      })
    })
  }
  test('one of another request changes nothing', () => {
    const checked = passes({
      after: (world) => {
        world.state('cancellation', { ...base(bytesOf(1)), capacity: 'owner', by: OWNER.signer })
      },
    })
    assert.equal(checked.persons.length, 2)
  })
})

describe('the waiting time (I4)', () => {
  test('is not over a second before, and over then', () => {
    refusesStory('BUNDLE_WAITING', { at: REQUESTED + MINUTE + DAY - 1_000 })
    assert.ok(passes({ at: REQUESTED + MINUTE + DAY }))
  })
  test('runs anew for a request that was dated back: the custodian saw a log without it', () => {
    const told = story()
    const size = told.world.indexOf(told.subject)
    const seen = { size, root: told.world.root(size), at: REQUESTED + DAY }
    refuses('BUNDLE_WAITING', () => check(told.bundle, knowledgeOf(told, { sightings: [seen] }), told.now))
    const earlier = { ...seen, at: REQUESTED - HOUR }
    assert.ok(check(told.bundle, knowledgeOf(told, { sightings: [earlier] }), told.now))
  })
  test('is the floor’s if the charter asks for less', () => {
    refusesStory('BUNDLE_WAITING', { terms: { ...TERMS, floor: { approvals: 2, waiting: 2 * 86_400 } } })
  })
})

describe('spent requests (I6)', () => {
  test('are refused: by memory, and by a release in the log', () => {
    refuses('BUNDLE_SPENT', () =>
      check(usual, knowledgeOf(USUAL, { spent: new Set([toHex(USUAL.subject)]) })),
    )
    const told = story({
      after: (world, subject) => {
        world.state('release', { ...releaseOf(subject), kind: 'request', count: 2 })
      },
    })
    refuses('BUNDLE_SPENT', () => check(told.bundle, knowledgeOf(told, ownReleases(told)), told.now))
  })
  test('a release of its own that it does not know stops everything (M14)', () => {
    const told = story({
      after: (world) => {
        world.state('release', { ...releaseOf(bytesOf(1)), kind: 'request', count: 2 })
      },
    })
    const error = refuses('BUNDLE_FORGOTTEN', () => check(told.bundle, knowledgeOf(told), told.now))
    assert.equal(error.digests?.length, 1)
    assert.ok(check(told.bundle, knowledgeOf(told, ownReleases(told)), told.now))
  })
})
