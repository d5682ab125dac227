import { equalBytes, toHex } from '@strongroom/core/bytes'
import { keyOf } from '../model/group-judgement.ts'
import type { Store } from '../store/store.ts'
import type { Finding } from './fsck.ts'
import type { StatementCheck } from './fsck-statements.ts'
import { sameValue } from './same-value.ts'

/** Compares what all statements together say with what is kept: how many rows there are, what is used up. */
export async function* checkTotals(store: Store, found: StatementCheck): AsyncGenerator<Finding> {
  const { homes, ...counts } = await store.counts()
  const expected = { ...found.counts, homes: found.counts.clients }
  for (const [table, count] of Object.entries({ ...counts, homes })) {
    const wanted = expected[table as keyof typeof expected]
    if (count !== wanted) yield { kind: 'row', at: table, problem: `expected ${wanted} rows, found ${count}` }
  }
  yield* found.extra()
  yield* checkUsage(store, found)
  yield* checkInvitations(store, found)
}

async function* checkUsage(store: Store, { usage }: StatementCheck): AsyncGenerator<Finding> {
  const kept = new Map(
    (await store.usages()).map(({ tenant, client, ...used }) => [keyOf(tenant, client), used]),
  )
  for (const key of new Set([...usage.keys(), ...kept.keys()])) {
    if (!sameValue(usage.get(key), kept.get(key))) {
      yield { kind: 'row', at: `usage of ${key}`, problem: 'it is not the sum of the deposits' }
    }
  }
}

/** An invitation is used by the enrolment that it was used for, and by no other. */
async function* checkInvitations(store: Store, { spent }: StatementCheck): AsyncGenerator<Finding> {
  const missing = new Set(spent.keys())
  for (const { tenant } of await store.tenants()) {
    for (const invitation of await store.invitations(tenant)) {
      const key = keyOf(tenant, invitation.id)
      missing.delete(key)
      const [by, kept] = [spent.get(key), invitation.spent]
      const same = by && kept ? equalBytes(by, kept) : by === kept
      if (!same)
        yield {
          kind: 'row',
          at: `invitation ${toHex(invitation.id)}`,
          problem: 'it is used by another enrolment',
        }
    }
  }
  for (const key of missing)
    yield { kind: 'row', at: `invitation ${key}`, problem: 'it is missing, and was used' }
}
