import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSequence } from './generate-sequence.ts'
import { shrinkSequence, without } from './shrink-sequence.ts'
import type { Step } from './step.ts'

const STEPS: readonly Step[] = [
  { fn: 'CryptImportKey', prov: 'p', out: 'k0' },
  { fn: 'CryptDuplicateKey', key: 'k0', out: 'k1' },
  { fn: 'CryptEncrypt', key: 'k1', data: '00', save: 'c2' },
  { fn: 'CryptCreateHash', prov: 'p', out: 'h3' },
  { fn: 'CryptHashData', hash: 'h3', data: '$c2' },
  { fn: 'CryptGetHashParam', hash: 'h3' },
]
const namesOf = (steps: readonly Step[]): string[] => steps.map(({ fn }) => fn)

test('what needs a dropped step is dropped with it, handles and bytes alike', () => {
  assert.deepEqual(namesOf(without(STEPS, 0, 1)), ['CryptCreateHash', 'CryptGetHashParam'])
  assert.deepEqual(namesOf(without(STEPS, 3, 4)), ['CryptImportKey', 'CryptDuplicateKey', 'CryptEncrypt'])
  assert.deepEqual(without(STEPS, 5, 6), STEPS.slice(0, 5))
})

test('only the steps stay that a failure needs', async () => {
  const sequence = generateSequence(3)
  const long = { ...sequence, steps: [...sequence.steps, ...STEPS, ...sequence.steps] }
  const shortest = await shrinkSequence(long, ({ steps }) =>
    Promise.resolve(
      steps.some(({ data }) => data === '$c2') &&
        steps.some(({ fn, hash }) => fn === 'CryptGetHashParam' && hash === 'h3'),
    ),
  )
  assert.deepEqual(shortest.steps, STEPS)
  assert.equal(shortest.seed, sequence.seed)
})

test('a failure that nothing can be dropped from stays as it is', async () => {
  const sequence = { ...generateSequence(3), steps: STEPS }
  assert.deepEqual(
    await shrinkSequence(sequence, ({ steps }) => Promise.resolve(steps.length === STEPS.length)),
    sequence,
  )
})
