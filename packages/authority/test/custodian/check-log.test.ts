import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import { encodeTerms, fingerprintOf } from '@strongroom/core/protocol'
import { addSignatures } from '@strongroom/core/tlog'
import { checkBundle, readBundle } from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { approvalOf, JUDGED_AT, REQUESTED, story, type Story, type StoryChanges } from './story.ts'
import {
  DAY,
  forged,
  HOUR,
  IDENTITY_PRINT,
  MINUTE,
  OFFICERS,
  OWNER,
  signed,
  START,
  STRANGER,
  TERMS,
  VETTED,
  witnessOf,
  World,
} from './world.ts'

import { USUAL, knowledgeOf, check, refuses, passes, usual, changed } from './checking.ts'

describe('a bundle that is as it should be', () => {
  test('passes, and says who approved and since when it may be released', () => {
    const checked = check(usual)
    assert.deepEqual(checked.persons, ['bo', 'cy'])
    assert.equal(checked.releasableFrom, REQUESTED + MINUTE + DAY)
    assert.deepEqual(
      checked.deposits.map(({ blob }) => blob),
      usual.deposits,
    )
    assert.equal(checked.learned.sighting?.size, USUAL.world.leaves.length)
  })
  test('passes when it is that of the specification', () => {
    const path = new URL('../../../../docs/spec/examples/recovery.bundle', import.meta.url)
    const bundle = readBundle(new Uint8Array(readFileSync(path)))
    const knowledge = knowledgeOf(USUAL, {
      identity: 'SHA256:bYn5+/+Vn9wku8z8TfqCMlVCCFhbbW6o11/oi2S7+xs',
      signers: [],
      charters: new Map(),
    })
    const now = Date.UTC(2026, 11, 2, 9, 10)
    assert.deepEqual(checkBundle(bundle, knowledge, now).persons, ['bo', 'di'])
  })
  test('passes wherever the range begins that shows enough', () => {
    for (const start of [0, 1, 2, 5]) assert.equal(passes({ start }).persons.length, 2)
  })
  test('passes with a vetting, and with the key of the client', () => {
    const vetted = passes({
      request: (request) => ({ ...request, evidence: [{ kind: 'vetting', key: VETTED.signer }] }),
    })
    assert.equal(vetted.persons.length, 2)
    const own = passes({
      request: (request) => ({ ...request, evidence: [{ kind: 'client-key', key: OWNER.signer }] }),
    })
    assert.equal(own.persons.length, 2)
  })
})

describe('the log that a bundle shows (I10, M9, M13, M14)', () => {
  test('of another authority is refused', () => {
    const identity = fingerprintOf(sha256, STRANGER.signer)
    refuses('BUNDLE_IDENTITY', () => check(usual, knowledgeOf(USUAL, { identity })))
  })
  test('of which an epoch is forged, missing, or another than the one seen before is refused', () => {
    const [epoch] = usual.epochs
    assert.ok(epoch)
    refuses('BUNDLE_EPOCHS', () => check(changed({ epochs: [forged(epoch)] })))
    refuses('BUNDLE_EPOCHS', () => check(changed({ epochs: [epoch, epoch] })))
    const known = { number: 1, digest: bytesOf(1) }
    refuses('BUNDLE_EPOCHS', () => check(usual, knowledgeOf(USUAL, { epoch: known })))
  })
  test('of which an epoch is hidden is refused (M20)', () => {
    const told = story({ after: (world) => world.epoch({ custodian: STRANGER }) })
    const [first] = told.bundle.epochs
    assert.ok(first)
    refuses('BUNDLE_CUSTODIAN', () => check(told.bundle, knowledgeOf(told), told.now))
    refuses('BUNDLE_INCOMPLETE', () =>
      check({ ...told.bundle, epochs: [first] }, knowledgeOf(told), told.now),
    )
  })
  test('for another custodian is refused', () => {
    refuses('BUNDLE_CUSTODIAN', () => check(usual, knowledgeOf(USUAL, { signers: [STRANGER.signer] })))
  })
  test('with other terms is refused', () => {
    const terms = encodeTerms({ ...TERMS, floor: { approvals: 2, waiting: 0 } })
    refuses('BUNDLE_TERMS', () => check(changed({ terms })))
  })
  test('whose checkpoint others signed, or nobody, is refused', () => {
    const other = new World()
    other.fill(20)
    const { keys } = USUAL.world
    const origin = utf8Encode(`${keys.origin}\n`)
    refuses('BUNDLE_CHECKPOINT', () => check(changed({ checkpoint: concat(origin, usual.checkpoint) })))
    refuses('BUNDLE_RANGE', () => check(changed({ checkpoint: other.checkpoint(JUDGED_AT) })))
  })
  test('from the future, or too old, is refused (M25)', () => {
    refuses('BUNDLE_FUTURE', () => check(usual, knowledgeOf(), JUDGED_AT - 2 * MINUTE))
    refuses('BUNDLE_STALE', () => check(usual, knowledgeOf(), JUDGED_AT + DAY + MINUTE))
    assert.ok(check(usual, knowledgeOf(), JUDGED_AT + DAY - MINUTE))
  })
  test('does not become fresh when the clock of the custodian is turned back', () => {
    const sightings = [{ size: 0, root: sha256(), at: JUDGED_AT + 2 * DAY }]
    refuses('BUNDLE_STALE', () => check(usual, knowledgeOf(USUAL, { sightings })))
  })
  test('that is smaller than the one seen before is refused: a store that was rolled back', () => {
    const sightings = [{ size: 1_000, root: bytesOf(1), at: START }]
    refuses('BUNDLE_BEHIND', () => check(usual, knowledgeOf(USUAL, { sightings })))
  })
  test('that does not begin with the tree seen before is refused: a fork', () => {
    const size = usual.range.start + 1
    const fork = [{ size, root: bytesOf(1), at: START }]
    refuses('BUNDLE_FORKED', () => check(usual, knowledgeOf(USUAL, { sightings: fork })))
    const { root } = check(usual).tree
    const same = [{ size: USUAL.world.leaves.length, root, at: START }]
    // A tree that has the subject already says nothing of when it came.
    assert.ok(check(usual, knowledgeOf(USUAL, { sightings: same })))
  })
  test('whose range begins behind the tree seen before is refused', () => {
    const sightings = [{ size: 1, root: bytesOf(1), at: START }]
    refuses('BUNDLE_GAP', () => check(usual, knowledgeOf(USUAL, { sightings })))
  })
  test('of which an entry is another, left out, twice or in another place is refused', () => {
    const { start, entries, subtrees } = usual.range
    const range = (bytes: Uint8Array) => changed({ range: { start, subtrees, entries: bytes } })
    const other = entries.slice()
    other[40] = (other[40] ?? 0) ^ 1
    const wrong = [
      other,
      entries.slice(33),
      entries.slice(0, -33),
      concat(entries, entries.subarray(-33)),
      concat(entries.subarray(33, 66), entries.subarray(0, 33), entries.subarray(66)),
    ]
    for (const bytes of wrong) refuses('BUNDLE_RANGE', () => check(range(bytes)))
    const swapped = { start, subtrees: subtrees.map(() => bytesOf(1)), entries }
    refuses('BUNDLE_RANGE', () => check(changed({ range: swapped })))
  })
  test('whose proofs lead elsewhere is refused', () => {
    const [proof, ...others] = usual.proofs
    assert.ok(proof)
    const wrong = [
      { ...proof, digest: bytesOf(1) },
      { ...proof, kind: 9 },
      { ...proof, hashes: proof.hashes.slice(1) },
      { ...proof, hashes: [...proof.hashes.slice(1), bytesOf(1)] },
    ]
    for (const one of wrong) refuses('BUNDLE_PROOF', () => check(changed({ proofs: [one, ...others] })))
    refuses('BUNDLE_NOT_LOGGED', () => check(changed({ proofs: others })))
  })
  test('that has one statement twice is refused', () => {
    const told = story({
      after: (world, subject) => {
        const leaf = world.leaves[world.indexOf(subject)]
        assert.ok(leaf?.envelope)
        world.add('request', leaf.envelope)
      },
    })
    refuses('BUNDLE_TWICE', () => check(told.bundle, knowledgeOf(told), told.now))
  })
  test('of which a statement that could forbid the release is left out is refused', () => {
    const after: StoryChanges['after'] = (world, subject) => {
      world.state('rejection', {
        identity: IDENTITY_PRINT,
        tenant: 'acme',
        subject,
        person: 'di',
        by: OFFICERS[2].signer,
        reason: 'nobody answers',
        created: REQUESTED + HOUR,
      })
    }
    const told = story({ after })
    const statements = told.bundle.statements.filter(({ payloadType }) => !payloadType.includes('rejection'))
    refuses('BUNDLE_INCOMPLETE', () => check({ ...told.bundle, statements }, knowledgeOf(told), told.now))
    refuses('BUNDLE_DECIDED', () => check(told.bundle, knowledgeOf(told), told.now))
  })
  test('with a statement that nobody signed, or that is not in it, is refused', () => {
    const [approval, ...others] = usual.statements
    assert.ok(approval)
    refuses('BUNDLE_STATEMENT', () => check(changed({ statements: [forged(approval), ...others] })))
    const unlogged = signed('approval', approvalOf(USUAL.subject, 2))
    refuses('BUNDLE_NOT_LOGGED', () => check(changed({ statements: [...usual.statements, unlogged] })))
    const alien = { ...approval, payloadType: 'application/vnd.strongroom.wish.v1+json' }
    refuses('BUNDLE_STATEMENT', () => check(changed({ statements: [alien, ...others] })))
  })
  test('is remembered although the bundle is refused for another reason', () => {
    const told = story({ approvals: () => [] })
    const error = refuses('BUNDLE_APPROVALS', () => check(told.bundle, knowledgeOf(told), told.now))
    assert.equal(error.learned?.sighting?.size, told.world.leaves.length)
    assert.equal(error.learned?.tenant, 'acme')
  })
})

describe('witnesses that the terms name', () => {
  const witness = witnessOf('witness.example/w1', 7)
  const terms: typeof TERMS = { ...TERMS, witnesses: { quorum: 1, keys: [witness.text] } }
  /** The story with cosignatures of the receipt's and of the latest checkpoint. */
  const witnessed = (receiptAt: number, latestAt: number): Story => {
    const told = story({ terms })
    const { world, subject } = told
    const size = world.indexOf(subject) + 1
    const note = addSignatures(world.checkpoint(REQUESTED + MINUTE, size), [
      witness.sign(world.checkpoint(REQUESTED + MINUTE, size), receiptAt),
    ])
    const receipt = world.receipt(subject, REQUESTED + MINUTE, size, note)
    const latest = world.checkpoint(JUDGED_AT)
    const checkpoint = addSignatures(latest, [witness.sign(latest, latestAt)])
    return { ...told, bundle: { ...told.bundle, receipt, checkpoint } }
  }
  test('must have signed', () => {
    const told = story({ terms })
    refuses('BUNDLE_UNWITNESSED', () => check(told.bundle, knowledgeOf(told), told.now))
  })
  test('say what time it is: the log alone cannot shorten the waiting time', () => {
    const fair = witnessed(REQUESTED + MINUTE, JUDGED_AT)
    assert.equal(check(fair.bundle, knowledgeOf(fair), fair.now).persons.length, 2)
    const datedBack = witnessed(REQUESTED + 20 * HOUR, JUDGED_AT)
    refuses('BUNDLE_WAITING', () => check(datedBack.bundle, knowledgeOf(datedBack), datedBack.now))
    const tooEarly = witnessed(REQUESTED + MINUTE, REQUESTED + 23 * HOUR)
    refuses('BUNDLE_WAITING', () => check(tooEarly.bundle, knowledgeOf(tooEarly), tooEarly.now))
    const silent = witnessed(REQUESTED + MINUTE, 0)
    refuses('BUNDLE_STALE', () => check(silent.bundle, knowledgeOf(silent), silent.now))
  })
})
