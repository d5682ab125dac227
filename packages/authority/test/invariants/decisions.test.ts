import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import * as fc from 'fast-check'
import { encodeHeader, parseHeader, unwrapFileKey } from '@strongroom/core/age'
import { toHex } from '@strongroom/core/bytes'
import { openRelease } from '@strongroom/core/client'
import {
  parseKeyBlobs,
  releaseListDigest,
  type Approval,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { CustodianError, handOut, releaseBundle } from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { check, knowledgeOf, refuses } from '../custodian/checking.ts'
import { folderOf, keys, removeFolders } from '../custodian/connected.ts'
import {
  approvalOf,
  chainOf,
  REQUESTED,
  SESSION_KEYS,
  story,
  withRelease,
  type Story,
  type StoryChanges,
} from '../custodian/story.ts'
import {
  ADA,
  DAY,
  EXCHANGE,
  HOUR,
  IDENTITY_PRINT,
  MINUTE,
  NEWCOMER,
  OFFICERS,
  OWNER,
  OWNER_ID,
  RECIPIENT,
  type World,
} from '../custodian/world.ts'

after(removeFolders)

// What is decided, made up at random: a few lines here say what may be released, and the custodian's own check must say the same.

const RUNS = process.env['SLOW'] ? 400 : 24
const WAITING = DAY

/** Who approved, and how. */
interface Given {
  readonly officer: 0 | 1 | 2
  /** It approves this request, or one that differs in its reason. */
  readonly other: boolean
  /** Until then it counts: hours after the request. */
  readonly hours: number
}
const given: fc.Arbitrary<Given> = fc.record({
  officer: fc.constantFrom(0, 1, 2),
  other: fc.boolean(),
  hours: fc.constantFrom(2, 24, 25, 48, 72),
})

const approvals = (list: readonly Given[]): NonNullable<StoryChanges['approvals']> => {
  return ([one]) => {
    if (!one) throw new RangeError('the story has approvals')
    return list.map(
      ({ officer, other, hours }, i): Approval => ({
        ...approvalOf(other ? bytesOf(0xbad) : one.subject, officer),
        // Two of one officer are two statements.
        evidence: `check ${i}`,
        expires: REQUESTED + hours * HOUR,
      }),
    )
  }
}

/** `released`, or why not. */
function fateOf(told: Story, knowledge = knowledgeOf(told), now = told.now): string {
  try {
    const { persons } = check(told.bundle, knowledge, now)
    return `released by ${persons.toSorted().join(' and ')}`
  } catch (error) {
    if (error instanceof CustodianError) return error.code
    throw error
  }
}

const NAMES = ['bo', 'cy', 'di'] as const
const namesOf = (list: readonly Given[]) => [...new Set(list.map(({ officer }) => NAMES[officer]))].toSorted()

describe('I2: nothing is released without approvals of as many persons as the charter says, over its exact digest', () => {
  test('whatever was approved, how often, by whom, and until when', () => {
    let released = 0
    fc.assert(
      fc.property(fc.array(given, { maxLength: 5 }), (list) => {
        const told = story({ approvals: approvals(list) })
        // Di vouched in this story, and the request does not rest on it: she may approve.
        const counting = list.filter(({ other, hours }) => !other && REQUESTED + hours * HOUR > told.now)
        const persons = namesOf(counting)
        const expected = persons.length >= 2 ? `released by ${persons.join(' and ')}` : 'BUNDLE_APPROVALS'
        if (persons.length >= 2) released++
        assert.equal(fateOf(told), expected)
      }),
      {
        numRuns: RUNS,
        examples: [
          [
            [
              { officer: 0, other: false, hours: 72 },
              { officer: 1, other: false, hours: 72 },
            ],
          ],
        ],
      },
    )
    assert.ok(released > 0)
  })
})

describe('I3: who asks, or speaks for who asks, is never among who approves', () => {
  const cases: readonly [string, (usual: RecoveryRequest) => RecoveryRequest, readonly (0 | 1 | 2)[]][] = [
    ...([0, 1, 2] as const).map(
      (officer): [string, (usual: RecoveryRequest) => RecoveryRequest, readonly (0 | 1 | 2)[]] => [
        `${NAMES[officer]} asks`,
        (usual) => ({
          ...usual,
          class: 'third-party',
          requester: NAMES[officer],
          by: OFFICERS[officer].signer,
          evidence: [],
        }),
        [officer],
      ],
    ),
    [
      'an administrator asks',
      (usual) => ({ ...usual, class: 'third-party', requester: 'ada', by: ADA.signer, evidence: [] }),
      [],
    ],
  ]
  for (const [what, request, involved] of cases) {
    test(what, () => {
      for (const pair of [
        [0, 1],
        [0, 2],
        [1, 2],
        [0, 1, 2],
      ] as const) {
        const list = pair.map((officer): Given => ({ officer, other: false, hours: 72 }))
        const told = story({ request, approvals: approvals(list) })
        const free = namesOf(list.filter(({ officer }) => !involved.includes(officer)))
        assert.equal(
          fateOf(told),
          free.length >= 2 ? `released by ${free.join(' and ')}` : 'BUNDLE_APPROVALS',
        )
      }
    })
  }
})

describe('I4: nothing is released before the waiting time is over', () => {
  test('by the clock of the log, and from when a custodian last saw a log without the request', () => {
    const hours = fc.integer({ min: 1, max: 60 })
    let [early, late] = [0, 0]
    fc.assert(
      fc.property(hours, fc.integer({ min: -2, max: 40 }), (at, seen) => {
        const told = story({ at: REQUESTED + at * HOUR })
        const before = told.world.indexOf(told.subject)
        const sighting = { size: before, root: told.world.root(before), at: REQUESTED + seen * HOUR }
        const knowledge = knowledgeOf(told, { sightings: [sighting] })
        const now = Math.max(told.now, sighting.at)
        const from = Math.max(REQUESTED + MINUTE, sighting.at) + WAITING
        const waited = REQUESTED + at * HOUR >= from
        if (waited) late++
        else early++
        // Neither clock helps: a log that says it is older than a day is refused for that.
        const fate = fateOf(told, knowledge, now)
        if (now - (REQUESTED + at * HOUR) > DAY) assert.equal(fate, 'BUNDLE_STALE')
        else assert.equal(fate, waited ? 'released by bo and cy' : 'BUNDLE_WAITING')
      }),
      {
        numRuns: RUNS,
        examples: [
          [59, 0],
          [3, 0],
        ],
      },
    )
    assert.ok(early > 0 && late > 0)
  })
})

type End = 'rejection' | 'cancellation of who asked' | 'cancellation of the owner' | 'expiry'
const ENDS: readonly End[] = ['rejection', 'cancellation of who asked', 'cancellation of the owner', 'expiry']

/** Logs an end. */
function end(world: World, subject: Uint8Array, how: End): void {
  const common = { identity: IDENTITY_PRINT, tenant: 'acme', subject, created: REQUESTED + HOUR }
  if (how === 'rejection') {
    world.state('rejection', { ...common, person: 'di', by: OFFICERS[2].signer, reason: 'nobody answers' })
  } else if (how !== 'expiry') {
    const owner = how === 'cancellation of the owner'
    const by = owner ? OWNER.signer : NEWCOMER.signer
    world.state('cancellation', { ...common, capacity: owner ? 'owner' : 'requester', by })
  }
}

describe('I5: nothing is released, and nothing handed out, once it was refused, taken back, or is too old', () => {
  for (const how of ENDS) {
    test(`not behind what ends it, however many approve: ${how}`, () => {
      const expires = how === 'expiry' ? REQUESTED + DAY : REQUESTED + 7 * DAY
      const told = story({
        request: (usual) => ({ ...usual, expires }),
        after: (world, subject) => {
          end(world, subject, how)
          world.state('approval', approvalOf(subject, 2))
        },
      })
      assert.equal(fateOf(told), how === 'expiry' ? 'BUNDLE_EXPIRED' : 'BUNDLE_DECIDED')
    })
    test(`not if it ended between the release and its leaf: ${how}`, () => {
      const told = story({ custodian: keys.signer })
      const folder = folderOf(`i5-${ENDS.indexOf(how)}`, told)
      const { envelope } = releaseBundle(told.bundle, folder, keys, told.now)
      const at = how === 'expiry' ? REQUESTED + 8 * DAY : told.now + HOUR
      const next = withRelease(told, envelope, { at, before: () => end(told.world, told.subject, how) })
      const code = how === 'expiry' ? 'BUNDLE_EXPIRED' : 'BUNDLE_DECIDED'
      refuses(code, () => handOut(next.bundle, folder, next.now))
      folder.close()
    })
  }
})

describe('I7: what is released opens with the key that was approved, and with no other', () => {
  test('whichever container asked', () => {
    for (const [i, recipient] of [RECIPIENT, EXCHANGE].entries()) {
      const told = story({
        custodian: keys.signer,
        request: (usual) => ({ ...usual, recipient: recipient.recipient().toString() }),
      })
      const folder = folderOf(`i7-${i}`, told)
      const { envelope } = releaseBundle(told.bundle, folder, keys, told.now)
      const next = withRelease(told, envelope)
      const blobs = parseKeyBlobs(handOut(next.bundle, folder, next.now).blobs)
      folder.close()
      const opened = blobs.map((blob) => toHex(unwrapFileKey(parseHeader(blob), [recipient])))
      assert.deepEqual(opened.toSorted(), SESSION_KEYS.map(toHex).toSorted())
      const other = recipient === RECIPIENT ? EXCHANGE : RECIPIENT
      for (const blob of blobs) {
        const { stanzas } = parseHeader(blob)
        assert.deepEqual(
          stanzas.map(({ type }) => type),
          ['mlkem768x25519', 'strongroom/release'],
        )
        assert.throws(() => unwrapFileKey(parseHeader(blob), [other]))
      }
    }
  })
})

describe('I8: a recovered key is the one that was committed to, or it is none', () => {
  const told = story({ custodian: keys.signer })
  const folder = folderOf('i8', told)
  const { envelope } = releaseBundle(told.bundle, folder, keys, told.now)
  const next = withRelease(told, envelope)
  const blobs = parseKeyBlobs(handOut(next.bundle, folder, next.now).blobs)
  after(() => folder.close())

  test('the custodian opens none that holds another, and spends nothing', () => {
    const lying = story({ custodian: keys.signer, wrongKey: bytesOf(0xbad, 16) })
    const other = folderOf('i8-lying', lying)
    const spent = () => [other.knowledge().spent, other.knowledge().codes, other.knowledge().releases]
    const before = spent()
    refuses('CUSTODIAN_DEPOSITS', () => releaseBundle(lying.bundle, other, keys, lying.now))
    assert.deepEqual(spent(), before)
    assert.deepEqual(other.all(), [])
    other.close()
  })
  /** What who recovers is shown. @param signed whether the custodian signed just these: then it lies itself */
  const open = (list: readonly Uint8Array[], { signed = false, request = told.subject } = {}) => {
    const deposits = told.bundle.deposits.map((blob) => ({ id: sha256(blob), blob }))
    const shown = (signed ? list : blobs).map((blob, i) => ({ id: deposits[i]?.id ?? sha256(blob), blob }))
    return openRelease({
      request,
      results: releaseListDigest(sha256, shown),
      deposits,
      blobs: list,
      tenant: 'acme',
      client: OWNER_ID,
      ownerSigner: OWNER.signer,
      epochs: chainOf(told.world),
      identities: [RECIPIENT],
    })
  }
  test('who recovers takes none that is of another deposit or request, or that holds another key', () => {
    assert.deepEqual(
      open(blobs)
        .map(({ sessionKey }) => toHex(sessionKey))
        .toSorted(),
      SESSION_KEYS.map(toHex).toSorted(),
    )
    const [one, two] = blobs
    assert.ok(one && two)
    const [, stanza] = parseHeader(one).stanzas
    assert.ok(stanza)
    const key = bytesOf(0xbad, 16)
    // Everything is as it should be, but the key.
    const planted = encodeHeader([RECIPIENT.recipient().wrap(key), stanza], key)
    for (const list of [[two, one], [one, one], [planted, two], [one]]) {
      assert.throws(() => open(list), { code: 'CLIENT_ALARM' })
    }
    for (const list of [
      [two, one],
      [one, one],
    ])
      assert.throws(() => open(list, { signed: true }), { code: 'CLIENT_ALARM' })
    assert.throws(() => open([planted, two], { signed: true }), { code: 'CLIENT_NOT_OPENED' })
    assert.throws(() => open(blobs, { request: bytesOf(1) }), { code: 'CLIENT_ALARM' })
  })
})
