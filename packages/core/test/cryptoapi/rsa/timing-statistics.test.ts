import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compareTimes, median, welchT } from './timing-statistics.ts'

suite("Welch's t", () => {
  test('of samples worked out by hand', () => {
    // Means 2 and 4, variances 1 and 4: 2 / sqrt(1/3 + 4/3).
    assert.ok(Math.abs(welchT([1, 2, 3], [2, 4, 6]) - 2 / Math.sqrt(5 / 3)) < 1e-12)
    // Means 1.5 and 1, variances 0.5 and 1: -0.5 / sqrt(0.25 + 1/3).
    assert.ok(Math.abs(welchT([1, 2], [0, 1, 2]) + 0.5 / Math.sqrt(7 / 12)) < 1e-12)
  })

  test('is zero between equals, without end between constants', () => {
    assert.equal(welchT([3, 3, 3], [3, 3]), 0)
    assert.equal(welchT([3, 3], [4, 4]), Number.POSITIVE_INFINITY)
  })
})

suite('times that are compared', () => {
  const noise = samples(1, 4000)

  test('medians', () => {
    assert.equal(median([5, 1, 3]), 3)
    assert.equal(median([1, 2, 3, 10]), 2.5)
    assert.ok(Number.isNaN(median([])))
  })

  test('of one kind do not differ', () => {
    const { median: middle, medianDifference, t } = compareTimes(noise, samples(2, 4000))
    assert.ok(Math.abs(t) < 4.5, `t ${t}`)
    assert.ok(Math.abs(medianDifference) < middle / 100)
  })

  test('a tenth of the spread more shows, in the right direction', () => {
    const later = samples(2, 4000).map((sample) => sample + 1)
    assert.ok(compareTimes(noise, later).t > 4.5)
    assert.ok(compareTimes(later, noise).t < -4.5)
    assert.ok(Math.abs(compareTimes(noise, later).medianDifference - 1) < 0.5)
  })

  test('stops of the machine neither make a difference nor hide one', () => {
    const disturbed = samples(2, 4000).map((sample, i) => (i % 20 === 0 ? sample * 1000 : sample))
    const { t, medianDifference } = compareTimes(noise, disturbed)
    assert.ok(Math.abs(medianDifference) < 1, `${medianDifference}`)
    // Without the bound, the mean would have moved by fifty medians.
    assert.ok(Math.abs(t) < 4.5, `t ${t}`)
    assert.ok(
      compareTimes(
        noise,
        disturbed.map((sample) => sample + 2),
      ).t > 4.5,
    )
  })
})

/** Times around 1000 with a spread of about 6: the same ones for the same seed (xorshift32). */
function samples(seed: number, count: number): number[] {
  let state = seed * 0x9e3779b1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return Array.from({ length: count }, () => 1000 + 10 * (next() + next() + next() + next() - 2))
}
