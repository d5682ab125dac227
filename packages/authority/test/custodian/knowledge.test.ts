import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { lastSeen, lastSeenWithout, withSighting, type Sighting } from '../../src/custodian/index.ts'
import { bytesOf } from '../support/authority.ts'

const MINUTE = 60_000
const DAY = 86_400_000

/** What would be known if nothing were ever forgotten. */
function exactly(all: readonly Sighting[], index: number): number | null {
  return all.findLast(({ size }) => size <= index)?.at ?? null
}

describe('sightings', () => {
  test('never say an earlier time than what was seen: nobody waits less for what was forgotten', () => {
    const steps = fc.array(
      fc.record({ minutes: fc.integer({ min: 0, max: 5_000 }), leaves: fc.integer({ min: 0, max: 3 }) }),
      { maxLength: 120 },
    )
    fc.assert(
      fc.property(steps, (given) => {
        let kept: Sighting[] = [{ size: 0, root: bytesOf(0), at: 0 }]
        const all = [...kept]
        for (const { minutes, leaves } of given) {
          const last = all.at(-1) ?? { size: 0, at: 0 }
          const size = last.size + leaves
          const next = { size, root: bytesOf(size), at: last.at + minutes * MINUTE }
          all.push(next)
          kept = withSighting(kept, next)
          assert.deepEqual(lastSeen({ sightings: kept }), next)
        }
        const size = all.at(-1)?.size ?? 0
        const now = all.at(-1)?.at ?? 0
        for (let index = 0; index < size; index++) {
          const exact = exactly(all, index)
          if (exact === null || now - exact > 390 * DAY) continue
          assert.ok((lastSeenWithout({ sightings: kept }, index) ?? -1) >= exact)
        }
      }),
    )
  })
  test('do not go back in time with a clock, and stay few', () => {
    let kept: Sighting[] = [{ size: 0, root: bytesOf(0), at: 10 * DAY }]
    kept = withSighting(kept, { size: 5, root: bytesOf(1), at: DAY })
    assert.equal(lastSeen({ sightings: kept })?.at, 10 * DAY)
    for (let i = 0; i < 5_000; i++) {
      kept = withSighting(kept, { size: 6 + i, root: bytesOf(i), at: 10 * DAY + i * 12 * MINUTE })
    }
    assert.ok(kept.length < 1_600, `${kept.length} are kept`)
  })
  test('do not put off a short waiting time that was over: looks each ten seconds, for three hours', () => {
    const SECONDS = 1_000
    let kept: Sighting[] = [{ size: 4, root: bytesOf(0), at: 0 }]
    // The leaf 4 is there from the second look on.
    for (let look = 1; look < 1_000; look++) {
      const at = look * 10 * SECONDS
      kept = withSighting(kept, { size: 4 + look, root: bytesOf(look), at })
      const without = lastSeenWithout({ sightings: kept }, 4) ?? 0
      for (const waiting of [0, 30 * SECONDS, 5 * MINUTE, 30 * MINUTE]) {
        if (at >= 2 * waiting + 20 * SECONDS) assert.ok(without + waiting <= at, `${waiting} at ${at}`)
      }
    }
    assert.ok(kept.length < 400, `${kept.length} are kept`)
  })
})
