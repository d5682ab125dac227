import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import { OurProvider } from './providers-under-test.ts'
import { readRecordings, RecordedProvider, type Recording } from './recorded-differences.ts'
import { type Outcome, runSequence } from './run-sequence.ts'

const RECORDINGS = readRecordings()

/** Runs a recording with our provider as it is now, against Wine as it was then. */
function replay(recording: Recording, rows = KNOWN_DIFFERENCES): Promise<Outcome> {
  return runSequence(recording, { wine: new RecordedProvider(recording), ours: new OurProvider() }, rows)
}

test('rows have names of their own, and every row has been seen', () => {
  const ids = KNOWN_DIFFERENCES.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(
    RECORDINGS.map(({ row }) => row),
    ids,
  )
})

suite('each row is needed for the sequence that was recorded for it, and is enough', () => {
  for (const recording of RECORDINGS) {
    test(recording.row, async () => {
      const { allowed, disagreement } = await replay(recording)
      assert.equal(disagreement, undefined)
      assert.deepEqual(new Set(allowed), new Set([recording.row]))
      const others = KNOWN_DIFFERENCES.filter(({ id }) => id !== recording.row)
      const row = KNOWN_DIFFERENCES.find(({ id }) => id === recording.row)
      // Without a row that keeps Wine from a crash, the crash would have been recorded.
      if (row?.crashes === undefined)
        assert.notEqual((await replay(recording, others)).disagreement, undefined)
    })
  }
})

test('no row allows an exception of ours, or bytes beyond an answer', async () => {
  for (const recording of RECORDINGS) {
    const ours = new OurProvider()
    const call = ours.call.bind(ours)
    ours.call = async (step) => ({ ...(await call(step)), fault: 'planted' })
    const outcome = await runSequence(
      recording,
      { wine: new RecordedProvider(recording), ours },
      KNOWN_DIFFERENCES,
    )
    assert.notEqual(outcome.disagreement, undefined, recording.row)
  }
})
