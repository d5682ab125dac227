import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nodeMeans } from '@strongroom/core/client'
import { splitOwners, verifyEpochs, type Envelope } from '@strongroom/core/protocol'
import { verifyDeposits, type DepositTrust } from '../../src/custodian/index.ts'
import { check, knowledgeOf, ownReleases, refuses, releaseOf } from './checking.ts'
import { requestFor, story, type Story } from './story.ts'
import {
  CODE,
  digestOf,
  forged,
  IDENTITY_PRINT,
  KEYS,
  OFFICERS,
  OTHER_CODE,
  OWNER,
  START,
  STRANGER,
  type World,
} from './world.ts'

// The owner of the deposits did not enrol: a release let their container in.

type Request = ReturnType<typeof requestFor>

function letIn(world: World, changes: Partial<Request> = {}): Envelope {
  const [charter] = world.leaves.flatMap(({ kind, envelope }) =>
    kind === 'charter' && envelope ? [envelope] : [],
  )
  assert.ok(charter)
  return world.state('request', {
    ...requestFor(charter, [new Uint8Array(1)]),
    client: 'c-000000000000000000000000',
    signer: OWNER.signer,
    evidence: [{ kind: 'recovery-code', key: OTHER_CODE.signer }],
    ...changes,
  })
}

const release = (world: World, request: Envelope, changes: Partial<ReturnType<typeof releaseOf>> = {}) =>
  world.state('release', { ...releaseOf(digestOf(request)), kind: 'request', count: 1, ...changes } as never)

/** A story in which the owner is shown by other statements than an enrolment. */
function shownBy(make: (world: World) => Envelope[]): Story {
  const enrolments: Envelope[] = []
  const told = story({ before: (world) => void enrolments.push(...make(world)) })
  const shown = new Set(enrolments.map(({ payload }) => payload))
  const statements = told.bundle.statements.filter(
    ({ payload, payloadType }) => !shown.has(payload) || payloadType.includes('release'),
  )
  return { ...told, bundle: { ...told.bundle, enrolments, statements } }
}

const judge = (told: Story, signers = [KEYS.signer.signer]) =>
  check(told.bundle, knowledgeOf(told, { ...ownReleases(told), signers }), told.now)

/** A request, and behind it its release. */
const entered = (world: World): Envelope[] => {
  const request = letIn(world)
  return [request, release(world, request)]
}

describe('an owner whom a release let in', () => {
  test('is shown by the request and the release', () => {
    assert.equal(judge(shownBy(entered)).deposits.length, 2)
  })

  const REFUSED: Readonly<Record<string, (world: World) => Envelope[]>> = {
    'the release alone': (world) => entered(world).slice(1),
    'the request alone': (world) => entered(world).slice(0, 1),
    'the wrong order': (world) => entered(world).toReversed(),
    'one statement too many': (world) => [
      ...entered(world),
      release(world, letIn(world, { reason: 'again' })),
    ],
    'a request of another class, which makes nobody a client': (world) => {
      const [officer] = OFFICERS
      const other = { requester: 'bo', by: officer.signer, evidence: [] }
      const request = letIn(world, { class: 'third-party', ...other })
      return [request, release(world, request)]
    },
    'a release of another request': (world) => {
      const other = letIn(world, { evidence: [{ kind: 'recovery-code', key: CODE.signer }] })
      return [letIn(world), release(world, other)]
    },
    'a release by a stranger': (world) => {
      const request = letIn(world)
      return [request, release(world, request, { custodian: STRANGER.signer })]
    },
    'a release that stands before its request': (world) => {
      const request = letIn(world)
      world.leaves.pop()
      const made = release(world, request)
      world.add('request', request)
      return [request, made]
    },
    'a request of another signer': (world) => {
      const request = letIn(world, { signer: STRANGER.signer })
      return [request, release(world, request)]
    },
  }
  for (const [what, make] of Object.entries(REFUSED)) {
    test(`is not shown by ${what}`, () => {
      refuses('BUNDLE_OWNER', () => judge(shownBy(make)))
    })
  }

  test('is not shown by what somebody else signed in their names', () => {
    const told = shownBy(entered)
    const [request, made] = told.bundle.enrolments
    assert.ok(request && made)
    for (const enrolments of [
      [forged(request), made],
      [request, forged(made)],
    ]) {
      refuses('BUNDLE_OWNER', () => judge({ ...told, bundle: { ...told.bundle, enrolments } }))
    }
  })

  test('is not let in by a key that was the custodian’s once', () => {
    const late = (world: World): Envelope[] => {
      const request = letIn(world)
      world.epoch({ custodian: STRANGER })
      return [request, release(world, request)]
    }
    refuses('BUNDLE_OWNER', () => judge(shownBy(late), [STRANGER.signer]), /not the custodian then/)
  })

  test('has deposits at level 2, each under the key that was let in', () => {
    const told = shownBy(entered)
    const { world, bundle } = told
    const trust = { ...nodeMeans, identity: IDENTITY_PRINT }
    const size = world.leaves.length
    const epochs = verifyEpochs(world.epochs, trust)
    const judged: DepositTrust = { trust, epochs, tree: { size, root: world.root(size) }, now: START }
    const [owner = []] = splitOwners(bundle.enrolments)
    assert.equal(owner.length, 2)
    const rightOf = (by: readonly Envelope[]) =>
      verifyDeposits(
        bundle.deposits.map((blob) => ({ blob, owner: by })),
        1,
        KEYS,
        judged,
      ).results.map(({ right }) => right)
    assert.deepEqual(rightOf(owner), [true, true])
    assert.deepEqual(rightOf(owner.slice(0, 1)), [false, false])
    assert.deepEqual(rightOf(owner.toReversed()), [false, false])
  })
})
