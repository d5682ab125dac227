import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { concat, toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeRecoveryBundle,
  encodeTerms,
  fingerprintOf,
  type Approval,
  type Charter,
  type Envelope,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import { addSignatures } from '@strongroom/core/tlog'
import {
  checkBundle,
  CustodianError,
  readBundle,
  type CheckedBundle,
  type Knowledge,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import {
  ADA,
  approvalOf,
  byId,
  CHARTER,
  CODE,
  CUSTODIAN,
  DAY,
  depositOf,
  digestOf,
  forged,
  HOUR,
  IDENTITY_PRINT,
  INVITATION,
  JUDGED_AT,
  MINUTE,
  NEWCOMER,
  NOTICE,
  OFFICERS,
  OTHER_CODE,
  OWNER,
  OWNER_ID,
  REQUESTED,
  requestFor,
  signed,
  START,
  statementsFrom,
  story,
  STRANGER,
  TERMS,
  VETTED,
  witnessOf,
  World,
  type Story,
  type StoryChanges,
} from './world.ts'

const USUAL = story()

function knowledgeOf(
  { charter }: Pick<Story, 'charter'> = USUAL,
  changes: Partial<Knowledge> = {},
): Knowledge {
  return {
    identity: IDENTITY_PRINT,
    signers: [CUSTODIAN.signer],
    freshness: 86_400,
    sightings: [{ size: 0, root: sha256(), at: START - DAY }],
    charters: new Map([['acme', { first: charter, number: 1, digest: charter }]]),
    spent: new Set(),
    releases: new Set(),
    codes: new Set(),
    ...changes,
  }
}

/** Checks a bundle through its bytes, as a custodian gets it. */
function check(
  bundle: RecoveryBundle,
  knowledge: Knowledge = knowledgeOf(),
  now: number = USUAL.now,
): CheckedBundle {
  return checkBundle(readBundle(encodeRecoveryBundle(bundle)), knowledge, now)
}

function refuses(code: CustodianError['code'], run: () => unknown, message?: RegExp): CustodianError {
  let caught: unknown
  assert.throws(run, (error) => {
    caught = error
    assert.ok(error instanceof CustodianError, String(error))
    assert.equal(error.code, code, error.message)
    if (message) assert.match(error.message, message)
    return true
  })
  return caught as CustodianError
}

const refusesStory = (
  code: CustodianError['code'],
  changes: StoryChanges,
  knowledge: Partial<Knowledge> = {},
) => {
  const told = story(changes)
  return refuses(code, () => check(told.bundle, knowledgeOf(told, knowledge), told.now))
}
const passes = (changes: StoryChanges, knowledge: Partial<Knowledge> = {}): CheckedBundle => {
  const told = story(changes)
  return check(told.bundle, knowledgeOf(told, knowledge), told.now)
}
const usual = USUAL.bundle
const changed = (changes: Partial<RecoveryBundle>): RecoveryBundle => ({ ...usual, ...changes })

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

function releaseOf(subject: Uint8Array) {
  return {
    identity: IDENTITY_PRINT,
    tenant: 'acme',
    custodian: CUSTODIAN.signer,
    subject,
    kind: 'charter',
    count: 0,
    results: sha256(utf8Encode('strongroom release list v1\n')),
    checkpoint: { size: 9, root: bytesOf(9) },
    created: REQUESTED,
  } as const
}

const ownReleases = ({ world }: Story): Partial<Knowledge> => ({
  releases: new Set(world.leaves.filter(({ kind }) => kind === 'release').map(({ digest }) => toHex(digest))),
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
