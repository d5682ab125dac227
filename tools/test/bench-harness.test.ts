import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ratio, type Result, typical } from '../../bench/harness.ts'

const result = (...wallMs: number[]): Result => ({
  name: 'made up',
  line: 'true',
  runs: wallMs.map((wall, i) => ({ wallMs: wall, cpuMs: 10 * i, peakMiB: 5 })),
})

test('typical takes the middle of an odd number of runs and halves between the two middles of an even one', () => {
  assert.deepEqual(typical(result(9, 1, 5)), { wallMs: 5, cpuMs: 10, peakMiB: 5 })
  assert.deepEqual(typical(result(9, 1, 5, 3)), { wallMs: 4, cpuMs: 15, peakMiB: 5 })
})

test('ratio compares within each round, so that a slow round does not count against the one who ran in it', () => {
  assert.equal(ratio(result(1, 10, 2), result(2, 20, 4)), 0.5)
  assert.equal(ratio(result(1), result(2, 20, 4)), 0.5)
})
