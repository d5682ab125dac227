import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decryptPkcs1 } from '../../../src/cryptoapi/rsa/pkcs1.ts'
import { privateKey } from './known-keys.ts'
import { MESSAGE } from './padded-blocks.ts'
import { type Opening, OPENINGS, timeOpenings, VALID, VALID_AGAIN } from './padding-timing.ts'
import { compareTimes, type Comparison } from './timing-statistics.ts'

const KEY = privateKey('kx1024')
const ROUNDS = 1500
/** Far beyond what a busy machine does to medians of samples taken in turn, far below any work left out. */
const MOST_PART = 0.1
const MOST_T = 30

suite('the time that it takes to refuse does not tell why', () => {
  for (const opening of OPENINGS) {
    test(opening.name, () => {
      for (const [name, { median, medianDifference, t }] of compared(opening)) {
        assert.ok(
          Math.abs(medianDifference) < median * MOST_PART,
          `${name}: ${medianDifference} of ${median}`,
        )
        assert.ok(Math.abs(t) < MOST_T, `${name}: t ${t}`)
      }
    })
  }

  test('this would show: another operation with the key after every good block', () => {
    const [first] = OPENINGS
    assert.ok(first)
    const block = new Uint8Array(128).with(1, 1)
    const leaky: Opening = {
      ...first,
      open: (key, ciphertext) => {
        decryptPkcs1(key, ciphertext, (length) => length === MESSAGE.length)
        key.raw(block)
      },
    }
    for (const [name, { median, medianDifference, t }] of compared(leaky)) {
      if (name === VALID_AGAIN) continue
      assert.ok(medianDifference < -median * MOST_PART, `${name}: ${medianDifference} of ${median}`)
      assert.ok(t < -MOST_T, `${name}: t ${t}`)
    }
  })
})

/** Every kind of ciphertext beside good ones. */
function compared(opening: Opening): (readonly [string, Comparison])[] {
  const times = timeOpenings(opening, KEY, ROUNDS)
  const base = times.get(VALID) ?? []
  const others = [...times].filter(([name]) => name !== VALID)
  assert.ok(base.length === ROUNDS && others.length > 10)
  return others.map(([name, samples]) => [name, compareTimes(base, samples)])
}
