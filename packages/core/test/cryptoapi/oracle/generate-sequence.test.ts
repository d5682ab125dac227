import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROVIDERS } from '../../../src/cryptoapi/index.ts'
import { CALLS } from '../replay/calls.ts'
import { generateSequence } from './generate-sequence.ts'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import { OurProvider, type ProviderUnderTest } from './providers-under-test.ts'
import { runSequence } from './run-sequence.ts'
import { PROVIDER_NAMES } from './sequence-writer.ts'
import { HANDLES, numberOf, savedNamesOf, type Step, textOf } from './step.ts'

const SEQUENCES = Array.from({ length: process.env.SLOW === undefined ? 250 : 5000 }, (_, seed) =>
  generateSequence(seed),
)
const STEPS = SEQUENCES.flatMap(({ steps }) => steps)

test('a seed gives the same sequence again, another seed another one', () => {
  assert.deepEqual(generateSequence(7), generateSequence(7))
  assert.notDeepEqual(generateSequence(7), generateSequence(8))
})

test('sequences use every provider and every function that is compared', () => {
  assert.deepEqual(new Set(SEQUENCES.map(({ provider }) => provider)), new Set(PROVIDER_NAMES))
  const called = new Set(STEPS.map(({ fn }) => fn))
  const missing = Object.keys(CALLS).filter((fn) => !called.has(fn))
  assert.deepEqual(missing, ['CryptSetProvParam']) // there is nothing to set
})

test('sequences bring in every kind of blob and name every cipher and every hash', () => {
  const blobs = STEPS.map((step) => textOf(step, 'blob'))
  for (const kind of [/^0102/, /^0802/, /^@.*\.public$/, /^@.*\.private$/])
    assert.ok(
      blobs.some((blob) => kind.test(blob)),
      String(kind),
    )
  const named = new Set(STEPS.map((step) => numberOf(step, 'alg')))
  for (const algorithm of new Set(PROVIDERS.flatMap(({ algorithms }) => [...algorithms.keys()])))
    assert.ok(named.has(algorithm), algorithm.toString(16))
})

test('a name is made once, before it is used, and not used once it is gone', () => {
  for (const { seed, steps } of SEQUENCES) {
    const made = new Set(['p', 'bad'])
    const gone = new Set<string>()
    for (const step of steps) {
      const used = [...HANDLES.flatMap((name) => textOf(step, name) || []), ...savedNamesOf(step)]
      for (const name of used)
        assert.ok(made.has(name) && !gone.has(name), `seed ${seed}: ${name} in ${step.fn}`)
      for (const name of [step['out'], step['save']].filter((each) => each !== undefined)) {
        assert.ok(!made.has(String(name)), `seed ${seed}: ${name} is made twice`)
        made.add(String(name))
      }
      if (/^CryptDestroy(?:Key|Hash)$/.test(step.fn)) gone.add(textOf(step, 'key') || textOf(step, 'hash'))
    }
  }
})

test('our provider agrees with itself: what is random is not compared, and each reads what the other wrote', async () => {
  const sides = { wine: new OurProvider(), ours: new OurProvider() }
  const crashing = KNOWN_DIFFERENCES.filter(({ crashes }) => crashes !== undefined)
  for (const sequence of SEQUENCES) {
    const { disagreement } = await runSequence(sequence, sides, crashing)
    assert.equal(disagreement, undefined, `seed ${sequence.seed}: ${JSON.stringify(disagreement)}`)
  }
})

/** Our provider with something wrong in it. */
class FaultyProvider extends OurProvider {
  override async call(step: Step): ReturnType<ProviderUnderTest['call']> {
    const answer = await super.call(step)
    return step.fn === 'CryptEncrypt' &&
      answer.ok &&
      textOf(step, 'data').length > 16 &&
      answer.data !== undefined
      ? { ...answer, data: `00${answer.data.slice(2)}` }
      : answer
  }
}

test('a provider that gets one byte wrong is found out', async () => {
  const outcomes = []
  for (const sequence of SEQUENCES.slice(0, 60)) {
    outcomes.push(await runSequence(sequence, { wine: new OurProvider(), ours: new FaultyProvider() }, []))
  }
  const found = outcomes.filter(({ disagreement }) => disagreement?.step.fn === 'CryptEncrypt')
  assert.ok(found.length >= 5, `${found.length} of ${outcomes.length}`)
})
