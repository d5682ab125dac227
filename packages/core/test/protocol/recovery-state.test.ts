import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  isFinal,
  ProtocolError,
  RECOVERY_PHASES,
  requestSubject,
  startRecovery,
  stepRecovery,
  type RecoveryEvent,
  type RecoveryPhase,
  type RecoveryState,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, pairOf, sha256, START } from './fixtures.ts'
import {
  approvalWith,
  cancellationWith,
  CHARTER_1,
  DAY,
  HOUR,
  logged,
  OFFICERS,
  OWNER,
  person,
  rejectionWith,
  releaseWith,
  requestWith,
  TERMS,
} from './recovery-fixtures.ts'

// Bo asks for what is the owner's; Cy, Di and Fay may approve, Cy and Fay by two keys each.
const KEYS = {
  bo: [OFFICERS[0]],
  cy: [OFFICERS[1], pairOf(0xa1)],
  di: [OFFICERS[2]],
  fay: [pairOf(0xa2), pairOf(0xa3)],
} as const
type Officer = keyof typeof KEYS
const NAMES = Object.keys(KEYS) as Officer[]
const charter = {
  ...CHARTER_1,
  people: [...CHARTER_1.people.slice(0, 1), ...NAMES.map((id) => person(id, ['officer'], ...KEYS[id]))],
}
const request = logged(
  requestWith({ class: 'third-party', requester: 'bo', by: OFFICERS[0].signer, evidence: [] }),
)
const SUBJECT = requestSubject(
  request,
  { past: charter, present: charter },
  { sha256, terms: TERMS, ownerSigner: OWNER.signer, vouching: [] },
)
const LOGGED = START + HOUR
const WAITED = LOGGED + SUBJECT.waiting * 1000

const approval = (index: number, who: Officer, changes = {}): RecoveryEvent & { act: 'approval' } => ({
  act: 'approval',
  atMs: LOGGED + index * 1000,
  statement: {
    payload: { ...approvalWith(SUBJECT.digest, 0), person: who, by: KEYS[who][0].signer, ...changes },
    digest: bytesOf(index),
    index,
  },
})
const rejection = (index: number, subject = SUBJECT.digest): RecoveryEvent => ({
  act: 'rejection',
  atMs: LOGGED + index * 1000,
  statement: { payload: rejectionWith(subject), digest: bytesOf(index), index },
})
const cancellation = (index: number, subject = SUBJECT.digest): RecoveryEvent => ({
  act: 'cancellation',
  atMs: LOGGED + index * 1000,
  statement: { payload: cancellationWith(subject), digest: bytesOf(index), index },
})
const release = (index: number, atMs: number, changes = {}): RecoveryEvent => ({
  act: 'release',
  atMs,
  statement: { payload: releaseWith(SUBJECT.digest, changes), digest: bytesOf(index), index },
})
const time = (atMs: number): RecoveryEvent => ({ act: 'time', atMs })

const start = startRecovery(sha256, SUBJECT, LOGGED)
const run = (...events: readonly RecoveryEvent[]): RecoveryState =>
  events.reduce((state, event) => stepRecovery(sha256, state, event), start)
const phase = (...events: readonly RecoveryEvent[]): RecoveryPhase => run(...events).phase

describe('a recovery', () => {
  test('from its request to its release', () => {
    assert.equal(start.phase, 'requested')
    assert.equal(phase(approval(7, 'cy')), 'pending')
    const agreed = [approval(7, 'cy'), approval(8, 'di')]
    assert.deepEqual([phase(...agreed), run(...agreed).persons], ['approved', ['cy', 'di']])
    assert.equal(run(...agreed).releasableFrom, WAITED)
    assert.equal(phase(...agreed, release(9, WAITED)), 'released')
  })
  test('without approvals is released after the waiting time alone', () => {
    const alone = startRecovery(sha256, { ...SUBJECT, approvals: 0 }, LOGGED)
    assert.equal(alone.phase, 'approved')
    assert.deepEqual(stepRecovery(sha256, alone, release(9, WAITED - 1)).irregular, [
      { digest: bytesOf(9), fault: 'waiting' },
    ])
    assert.equal(stepRecovery(sha256, alone, release(9, WAITED)).phase, 'released')
  })
  test('that is denied or cancelled stays so', () => {
    const agreed = [approval(7, 'cy'), approval(8, 'di')]
    assert.equal(phase(...agreed, rejection(9)), 'denied')
    assert.equal(phase(rejection(7), approval(8, 'cy'), approval(9, 'di'), cancellation(10)), 'denied')
    assert.equal(
      phase(cancellation(7), approval(8, 'cy'), rejection(9), time(SUBJECT.expires + 1)),
      'cancelled',
    )
    const late = run(...agreed, cancellation(9), release(10, WAITED))
    assert.equal(late.phase, 'cancelled')
    assert.deepEqual(late.irregular, [{ digest: bytesOf(10), fault: 'decided' }])
  })
  test('falls back when approvals expire, and ends when it expires itself', () => {
    const agreed = [
      approval(7, 'cy', { expires: LOGGED + 2 * HOUR }),
      approval(8, 'di', { expires: LOGGED + 3 * HOUR }),
    ]
    assert.equal(phase(...agreed, time(LOGGED + 2 * HOUR)), 'approved')
    assert.equal(phase(...agreed, time(LOGGED + 2 * HOUR + 1)), 'pending')
    assert.equal(phase(...agreed, time(LOGGED + 3 * HOUR + 1)), 'requested')
    const late = run(...agreed, release(9, WAITED))
    assert.deepEqual([late.phase, late.irregular[0]?.fault], ['requested', 'approvals'])
    assert.equal(phase(...agreed, time(SUBJECT.expires)), 'requested')
    assert.equal(phase(...agreed, time(SUBJECT.expires + 1)), 'expired')
    assert.equal(phase(...agreed, time(SUBJECT.expires + 1), time(LOGGED)), 'expired')
    const again = { ...approval(9, 'cy', { expires: LOGGED + DAY }), atMs: LOGGED + 2 * HOUR + 1 }
    assert.equal(phase(...agreed, again), 'approved')
  })
  test('is released once', () => {
    const twice = run(approval(7, 'cy'), approval(8, 'di'), release(9, WAITED), release(10, WAITED))
    assert.deepEqual(
      [twice.phase, twice.irregular],
      ['released', [{ digest: bytesOf(10), fault: 'decided' }]],
    )
  })
  test('is not moved by statements about something else', () => {
    const others = [
      approval(7, 'cy', { subject: bytesOf(1) }),
      rejection(8, bytesOf(1)),
      cancellation(9, bytesOf(1)),
    ]
    assert.equal(phase(...others, release(10, WAITED, { subject: bytesOf(1) })), 'requested')
    const kind = run(approval(7, 'cy'), approval(8, 'di'), release(9, WAITED, { kind: 'charter' }))
    assert.deepEqual([kind.phase, kind.irregular[0]?.fault], ['approved', 'subject'])
  })
  test('goes in the order of the log', () => {
    for (const index of [6, 7]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => run(approval(7, 'cy'), approval(index, 'di')))
    }
  })
  test('has final phases that nothing follows, and phases that all can be reached', () => {
    const phases = Object.keys(RECOVERY_PHASES) as RecoveryPhase[]
    assert.deepEqual(phases.filter(isFinal), ['released', 'denied', 'cancelled', 'expired'])
    const reached = new Set<string>(['requested', ...Object.values(RECOVERY_PHASES).flat()])
    assert.deepEqual(new Set<string>(phases), reached)
  })
})

/** What happens in a model: small choices, from which statements are made. */
interface Choice {
  readonly what: 'approval' | 'rejection' | 'cancellation' | 'release' | 'time' | 'other'
  readonly who: Officer
  readonly claims: Officer
  readonly key: number
  readonly lives: number
  readonly passes: number
}

const choice: fc.Arbitrary<Choice> = fc.record({
  what: fc.constantFrom(
    ...(['approval', 'approval', 'approval', 'approval', 'approval', 'time', 'release'] as const),
    ...(['rejection', 'cancellation', 'other'] as const),
  ),
  who: fc.constantFrom(...NAMES),
  claims: fc.constantFrom(...NAMES),
  key: fc.nat(1),
  lives: fc.integer({ min: 1, max: 100 }),
  // Hours; a clock may go back.
  passes: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: -24, max: 72 })),
})

/** What ought to be, told another way: who agreed until when, and what was decided. */
class Model {
  readonly agreed = new Map<Officer, number>()
  decided: RecoveryPhase | undefined
  nowMs = LOGGED

  persons(): Officer[] {
    return [...this.agreed].filter(([, until]) => this.nowMs <= until).map(([who]) => who)
  }
  phase(): RecoveryPhase {
    if (this.decided) return this.decided
    const count = this.persons().length
    return count >= 2 ? 'approved' : count === 1 ? 'pending' : 'requested'
  }
  pass(atMs: number): void {
    if (this.decided) return
    this.nowMs = Math.max(this.nowMs, atMs)
    if (this.nowMs > SUBJECT.expires) this.decided = 'expired'
  }
}

function eventOf({ what, who, claims, key, lives }: Choice, index: number, atMs: number): RecoveryEvent {
  if (what === 'time') return time(atMs)
  if (what === 'rejection') return { ...rejection(index), atMs }
  if (what === 'cancellation') return { ...cancellation(index), atMs }
  if (what === 'release') return release(index, atMs)
  const by = KEYS[who][key] ?? KEYS[who][0]
  const created = START
  const changes = { person: claims, by: by.signer, created, expires: START + lives * HOUR }
  const subject = what === 'other' ? { subject: bytesOf(1) } : {}
  return { ...approval(index, who, { ...changes, ...subject }), atMs }
}

function follow(model: Model, { what, who, claims, lives }: Choice, atMs: number): void {
  model.pass(atMs)
  if (model.decided) return
  if (what === 'rejection') model.decided = 'denied'
  if (what === 'cancellation') model.decided = 'cancelled'
  if (what === 'release' && model.phase() === 'approved' && model.nowMs >= WAITED) model.decided = 'released'
  const until = START + lives * HOUR
  const counts = what === 'approval' && who === claims && who !== 'bo' && model.nowMs <= until
  if (counts) model.agreed.set(who, Math.max(until, model.agreed.get(who) ?? 0))
}

function checkInvariants(before: RecoveryState, after: RecoveryState, model: Model): void {
  assert.equal(after.phase, model.phase())
  if (isFinal(before.phase)) assert.equal(after.phase, before.phase, 'a final phase is final')
  const follows: readonly string[] = RECOVERY_PHASES[before.phase]
  assert.ok(
    after.phase === before.phase || follows.includes(after.phase),
    `${before.phase} to ${after.phase}`,
  )
  assert.ok(!after.persons.includes('bo'), 'the requester never counts')
  assert.equal(new Set(after.persons).size, after.persons.length, 'a person counts once')
  if (isFinal(after.phase)) return
  assert.deepEqual(new Set(after.persons), new Set(model.persons()), 'expired approvals never count')
  assert.equal(after.phase === 'approved', after.persons.length >= SUBJECT.approvals)
}

test('whatever happens in whatever order', () => {
  const reached = new Set<RecoveryPhase>()
  const property = fc.property(fc.array(choice, { maxLength: 30 }), (choices) => {
    const model = new Model()
    let [state, clock] = [start, LOGGED]
    for (const [i, chosen] of choices.entries()) {
      clock += chosen.passes * HOUR
      const before = state
      state = stepRecovery(sha256, before, eventOf(chosen, 7 + i, clock))
      follow(model, chosen, clock)
      checkInvariants(before, state, model)
      if (state.phase === 'released' && before.phase !== 'released') {
        assert.ok(
          before.persons.length >= 2 && state.nowMs >= WAITED,
          'released by two after the waiting time',
        )
      }
      reached.add(state.phase)
    }
  })
  fc.assert(property, { numRuns: Math.min(PROPERTY.numRuns * 20, 8_000), seed: 7 })
  assert.deepEqual([...reached].sort(), Object.keys(RECOVERY_PHASES).sort(), 'the test reaches every phase')
})
