/** Deposits that are put into the outbox together: all of them or none, and each on the disk before it has its name. */
import { PASS, withDisk } from './outbox-disk.ts'
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../src/bytes/index.ts'
import { ClientError, flushOutbox, type OutboxDeposit } from '../../src/client/index.ts'
import { throwsCode } from '../support/throws-code.ts'
import { deposit, enrolled, START } from './log-authority.ts'

const MANY = 70

test('many deposits are in the outbox, and delivered together', async (t) => {
  const { client, authority } = await enrolled(t)
  const all = Array.from({ length: MANY }, (_, i) => ({ ...deposit(authority), label: `deposit ${i}` }))
  const added = await client.outbox.addAll(all, client.load(), START)
  assert.deepEqual(
    added,
    all.map(({ id }) => ({ id: toHex(id), standing: 'current' })),
  )
  assert.deepEqual(client.outbox.list(), added.map(({ id }) => id).toSorted())
  assert.deepEqual(await client.outbox.addAll(all.slice(0, 2), client.load(), START), added.slice(0, 2))
  const { delivered } = await flushOutbox(client, authority, { now: () => START })
  assert.deepEqual(delivered.toSorted(), added.map(({ id }) => id).toSorted())
  assert.equal(client.deposits.load(added[3]?.id ?? '')?.label, 'deposit 3')
  assert.ok(added.every(({ id }) => client.receipts.verify(id, client.load())))
})

test('each is on the disk before one has its name, and the folder after all have', async (t) => {
  const { client, authority } = await enrolled(t)
  const calls: string[] = []
  const all = [deposit(authority), deposit(authority), deposit(authority)]
  await withDisk(
    (_, name) => {
      calls.push(name)
      return PASS
    },
    () => client.outbox.addAll(all, client.load(), START),
  )
  const [first, last] = [calls.indexOf('renameSync'), calls.lastIndexOf('renameSync')]
  const synced = calls.filter((name) => name === 'fsync')
  assert.equal(synced.length, 3)
  assert.ok(calls.lastIndexOf('fsync') < first)
  assert.ok(calls.indexOf('fsyncSync', last) > last)
})

test('if one cannot be kept, none is', async (t) => {
  const { client, authority } = await enrolled(t)
  const state = client.load()
  const refusal = new Error('no more')
  const broken = function* (): Generator<OutboxDeposit> {
    yield deposit(authority)
    throw refusal
  }
  await assert.rejects(client.outbox.addAll(broken(), state, START), refusal)
  const others = deposit(authority, 1).blob.slice()
  others.fill(0, 0, 10)
  await assert.rejects(client.outbox.addAll([deposit(authority), { blob: others }], state, START))
  const { id, blob } = deposit(authority)
  mkdirSync(client.outbox.folder, { recursive: true })
  symlinkSync('/nowhere', join(client.outbox.folder, `${toHex(id)}.deposit`))
  const refused = client.outbox.addAll([deposit(authority), { blob }], state, START)
  await assert.rejects(refused, (error) => error instanceof ClientError && error.code === 'CLIENT_STATE')
  assert.deepEqual(readdirSync(client.outbox.folder), [`${toHex(id)}.deposit`])
  throwsCode(ClientError, 'CLIENT_STATE', () => client.outbox.add({ blob }, state, START))
})
