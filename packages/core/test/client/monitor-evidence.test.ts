import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { utf8Decode } from '../../src/bytes/index.ts'
import { monitorAuthority, verifyEvidence } from '../../src/client/index.ts'
import { keepEvidence, type Find } from '../../src/client/evidence.ts'
import { ProtocolError } from '../../src/protocol/index.ts'
import { testAuthority } from '../protocol/fixtures.ts'
import { DAY, enrolledIn, folderOf, LogAuthority, START } from './log-authority.ts'

const NOW = { now: () => START }
const RUNS = { numRuns: process.env['SLOW'] ? 500 : 15 }

test('wherever a log parts from itself, it is convicted; where it does not, it is not accused', async (t) => {
  const root = folderOf(t)
  let runs = 0
  const sizes = fc.record({ old: fc.integer({ min: 3, max: 600 }), parts: fc.nat(600), grown: fc.nat(600) })
  await fc.assert(
    fc.asyncProperty(sizes, async ({ old, parts, grown }) => {
      runs += 1
      const authority = new LogAuthority()
      const client = await enrolledIn(`${root}/${runs}`, authority)
      authority.appendOthers(old - authority.size)
      assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
      const keeps = Math.max(2, Math.min(parts, old + grown))
      authority.rewind(keeps)
      authority.appendOthers(old + grown - Math.min(keeps, authority.size), 1)
      const { alarms } = await monitorAuthority(client, authority, NOW)
      if (keeps >= old) return assert.deepEqual(alarms, [])
      assert.deepEqual(
        alarms.map(({ kind }) => kind),
        ['fork'],
      )
      const evidence = readFileSync(alarms[0]?.evidence ?? '')
      assert.ok(verifyEvidence(evidence, authority.test.identity.fingerprint).proven)
    }),
    RUNS,
  )
})

test('an honest log is convicted by nobody', async (t) => {
  const folder = folderOf(t)
  const authority = new LogAuthority()
  const { chain, identity } = authority.test
  const small = authority.sign()
  authority.appendOthers(5)
  authority.nowMs += 59_000
  const great = authority.sign()
  authority.rewind(2)
  // Another machine of the same authority, whose clock is ahead.
  authority.nowMs += 59_000
  const late = authority.sign()
  const [one, two, three] = [small, great, late].map((note) => utf8Decode(note))
  assert.ok(one && two && three)
  const hash = new Uint8Array(32).fill(7)
  const finds: Find[] = [
    { kind: 'fork', known: one, note: two, root: hash, proof: [hash] },
    { kind: 'fork', known: two, note: one, root: hash, proof: [] },
    { kind: 'fork', known: one, note: one, root: hash },
    { kind: 'fork', known: one },
    { kind: 'shrunk', known: two, note: one },
    { kind: 'shrunk', known: one, note: two },
    { kind: 'shrunk', known: two, note: three },
    { kind: 'epochs', shown: authority.test.envelopes },
    { kind: 'epochs', shown: testAuthority(1, 9).envelopes },
    { kind: 'stalled', note: one },
    { kind: 'receipt', bytes: hash },
  ]
  for (const find of finds) {
    const evidence = readFileSync(keepEvidence(folder, find, chain, START + DAY))
    assert.equal(verifyEvidence(evidence, identity.fingerprint).proven, false, find.kind)
    assert.throws(() => verifyEvidence(evidence, testAuthority(1, 9).identity.fingerprint), ProtocolError)
    assert.throws(() => verifyEvidence(evidence.subarray(1), identity.fingerprint), ProtocolError)
  }
})
