import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClientError } from '@strongroom/core/client'
import { patientWire } from '../../src/custodian/patient-wire.ts'
import type { RewrapWire } from '../../src/custodian/index.ts'

const problem = (code: 'too-many' | 'stale') =>
  new ClientError('CLIENT_PROBLEM', code, { problem: { code, status: 429, title: code } })

/** A wire that fails so many times before it answers. */
function failing(times: number, error: Error): { readonly wire: RewrapWire; readonly asked: () => number } {
  let asked = 0
  const answer = async () => {
    if (asked++ < times) throw error
    return { deposits: [], enrolments: [], next: null } as never
  }
  const wire = { card: answer, checkpoint: answer, tile: answer, chartersOf: answer, deposits: answer }
  return { wire: { ...wire, sendRewrap: answer, sendCompletion: answer }, asked: () => asked }
}

test('who is told of too many requests waits and asks again, and nobody else does', async () => {
  const waits: number[] = []
  const wait = async (ms: number) => waits.push(ms)
  const many = failing(3, problem('too-many'))
  await patientWire(many.wire, wait).deposits({ work: 'all' })
  assert.deepEqual([many.asked(), waits.length], [4, 3])
  const stale = failing(1, problem('stale'))
  await assert.rejects(() => patientWire(stale.wire, wait).deposits({ work: 'all' }), /stale/)
  const never = failing(1_000, problem('too-many'))
  await assert.rejects(() => patientWire(never.wire, wait).card(), /too-many/)
  assert.equal(never.asked(), 121)
})
