import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  ClientError,
  depositStatuses,
  flushOutbox,
  sha256,
  summarizeDeposits,
} from '../../src/client/index.ts'
import { parseReceipt, problemOf, type ProblemCode, type Receipt } from '../../src/protocol/index.ts'
import { receiptFor, testAuthority } from '../protocol/fixtures.ts'
import { throwsCode } from '../support/throws-code.ts'
import { DAY, deposit, enrolled, fill, LogAuthority, START } from './log-authority.ts'

const at = (nowMs: number) => ({ now: () => nowMs })
const NOW = at(START)
const unreachable = () => {
  throw new ClientError('CLIENT_UNREACHABLE', 'nobody there')
}

test('what is in the outbox leaves it with a receipt that holds, and is found by its record', async (t) => {
  const { client, authority } = await enrolled(t)
  const ids = fill(client, authority, 3)
  const told: string[] = []
  const report = await flushOutbox(client, authority, { ...NOW, onDelivered: (id) => told.push(id) })
  assert.deepEqual(report.delivered.toSorted(), ids.toSorted())
  assert.deepEqual(told, report.delivered)
  assert.deepEqual([report.waiting, report.refused, report.remake, report.damaged], [[], [], [], []])
  assert.equal(report.stopped, undefined)
  assert.deepEqual(client.outbox.list(), [])
  for (const [i, id] of ids.entries()) {
    const { identity, epochs } = client.load()
    const receipt = client.receipts.verify(id, { identity, epochs, kind: 'deposit' })
    assert.equal(receipt?.index, client.deposits.load(id)?.index)
    assert.equal(client.deposits.load(id)?.path, `/files/${i}`)
  }
  const summary = summarizeDeposits(client, depositStatuses(client, START, { verify: true }))
  assert.deepEqual(summary.counts, { safe: 3, unproved: 0, waiting: 0, remake: 0, refused: 0, damaged: 0 })
  assert.equal(summary.belowLevel2, 3)
})

test("files and folders are their owner's alone", async (t) => {
  const { client, authority, folder } = await enrolled(t)
  fill(client, authority, 1)
  await flushOutbox(client, authority, NOW)
  fill(client, authority, 1)
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const { mode } = statSync(join(entry.parentPath, entry.name))
    assert.equal((mode & 0o777).toString(8), entry.isDirectory() ? '700' : '600', entry.name)
  }
})

test('nothing is asked when nothing is to be sent', async (t) => {
  const { client, authority } = await enrolled(t)
  await flushOutbox(client, authority, NOW)
  assert.deepEqual(authority.requests, [])
})

test('requests are as large as the card allows', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.perRequest = 2
  const counts: number[] = []
  authority.before = (what, count) => what === 'deposit' && counts.push(count)
  fill(client, authority, 5)
  const { delivered } = await flushOutbox(client, authority, NOW)
  assert.equal(delivered.length, 5)
  assert.deepEqual(counts, [2, 2, 1])
})

test('nobody there: all wait, and say since when and why', async (t) => {
  const { client, authority } = await enrolled(t)
  const ids = fill(client, authority, 2)
  authority.before = unreachable
  const report = await flushOutbox(client, authority, at(START + 1_000))
  assert.equal(report.stopped?.code, 'CLIENT_UNREACHABLE')
  assert.deepEqual(report.waiting, ids.toSorted())
  await flushOutbox(client, authority, at(START + 2_000))
  const summary = summarizeDeposits(client, depositStatuses(client, START))
  assert.equal(summary.counts.waiting, 2)
  assert.equal(summary.oldestWaitingMs, START)
  assert.deepEqual(summary.calling, {
    id: 'calling',
    count: 2,
    lastMs: START + 2_000,
    outcome: 'unreachable',
  })
  authority.before = () => undefined
  await flushOutbox(client, authority, NOW)
  assert.equal(summarizeDeposits(client, depositStatuses(client, START)).calling, null)
})

test('an answer that is lost: the deposit is sent again and stands in the log once (M16)', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  authority.mangle = unreachable
  const report = await flushOutbox(client, authority, NOW)
  assert.equal(report.stopped?.code, 'CLIENT_UNREACHABLE')
  assert.equal(authority.times(id), 1)
  const [status] = depositStatuses(client, START)
  assert.deepEqual([status?.state, status?.attempts, status?.outcome], ['waiting', 1, 'unreachable'])
  authority.mangle = (answers) => answers
  assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [id])
  assert.equal(authority.times(id), 1)
})

test('an attempt is counted before its answer, and no retry sets it back (M17)', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  const counted: (number | undefined)[] = []
  authority.before = (what) => {
    if (what !== 'deposit') return
    counted.push(client.outbox.attempts.read().get(id)?.count)
    unreachable()
  }
  for (let round = 0; round < 150; round++) await flushOutbox(client, authority, NOW)
  assert.deepEqual(
    counted,
    Array.from({ length: 150 }, (_, i) => i + 1),
  )
  // The file does not grow with the attempts.
  assert.ok(statSync(join(client.outbox.folder, 'attempts.log')).size < 30_000)
})

const FOR_GOOD: readonly ProblemCode[] = ['statement', 'quota', 'too-large']
for (const code of FOR_GOOD) {
  test(`refused for good is kept and marked, and sent again only when asked: ${code}`, async (t) => {
    const { client, authority } = await enrolled(t)
    const [id = '', other = ''] = fill(client, authority, 2)
    authority.refusals.set(id, code)
    const report = await flushOutbox(client, authority, NOW)
    assert.deepEqual(report.delivered, [other])
    assert.deepEqual(report.refused, [{ id, outcome: code }])
    assert.equal(report.stopped, undefined)
    const statuses = new Map([...depositStatuses(client, START)].map((status) => [status.id, status]))
    assert.deepEqual([statuses.get(id)?.state, statuses.get(id)?.outcome], ['refused', code])
    authority.refusals.clear()
    assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [])
    assert.deepEqual((await flushOutbox(client, authority, { ...NOW, again: true })).delivered, [id])
  })
}

test('a problem that passes is tried again by the next flush', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  authority.refusals.set(id, 'unavailable')
  assert.deepEqual((await flushOutbox(client, authority, NOW)).waiting, [id])
  authority.refusals.clear()
  assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [id])
})

test('one deposit that makes whole requests fail is found, and the others go', async (t) => {
  const { client, authority } = await enrolled(t)
  const ids = fill(client, authority, 7)
  const poison = ids[4] ?? ''
  const take = authority.deposit.bind(authority)
  authority.deposit = async (blobs) => {
    if (!blobs.some((blob) => toHex(sha256(blob)) === poison)) return take(blobs)
    throw new ClientError('CLIENT_PROBLEM', 'refused', { problem: problemOf('statement') })
  }
  const report = await flushOutbox(client, authority, NOW)
  assert.equal(report.delivered.length, 6)
  assert.deepEqual(report.refused, [{ id: poison, outcome: 'statement' }])
})

test('those that were tried least go first: one request that always fails does not starve the others', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.perRequest = 1
  fill(client, authority, 3)
  const [stuck = ''] = client.outbox.list()
  const take = authority.deposit.bind(authority)
  authority.deposit = async (blobs) => {
    if (!blobs.some((blob) => toHex(sha256(blob)) === stuck)) return take(blobs)
    throw new ClientError('CLIENT_PROBLEM', 'a mistake', { problem: problemOf('internal') })
  }
  assert.equal((await flushOutbox(client, authority, NOW)).delivered.length, 0)
  assert.equal((await flushOutbox(client, authority, NOW)).delivered.length, 2)
})

test('made for an epoch that ended: sent with a warning in grace, then to be made again (M25)', async (t) => {
  const { client, authority } = await enrolled(t)
  const end = authority.test.epochs[0]?.notAfter ?? 0
  const state = client.load()
  assert.equal(client.outbox.add({ blob: deposit(authority).blob }, state, end).standing, 'current')
  const late = client.outbox.add({ blob: deposit(authority).blob }, state, end + DAY)
  assert.equal(late.standing, 'grace')
  assert.ok(
    [...depositStatuses(client, end + DAY)].every(({ state: where, grace }) => where === 'waiting' && grace),
  )
  const over = end + 31 * DAY
  throwsCode(ClientError, 'CLIENT_EPOCH', () =>
    client.outbox.add({ blob: deposit(authority).blob }, state, over),
  )
  const report = await flushOutbox(client, authority, at(over))
  assert.equal(report.remake.length, 2)
  assert.deepEqual(authority.requests, [])
  // A clock that had jumped and was set right does no lasting harm.
  assert.equal((await flushOutbox(client, authority, at(end + DAY))).delivered.length, 2)
})

test('an epoch that the authority does not accept any more: reported, made again, and put in its place', async (t) => {
  const { client, authority } = await enrolled(t)
  const [old = ''] = fill(client, authority, 1)
  authority.refusals.set(old, 'epoch')
  assert.deepEqual((await flushOutbox(client, authority, NOW)).remake, [old])
  assert.deepEqual((await flushOutbox(client, authority, { ...NOW, again: true })).remake, [old])
  const { id } = client.outbox.replace(old, { blob: deposit(authority).blob }, client.load(), START)
  assert.deepEqual(client.outbox.list(), [id])
  assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [id])
  throwsCode(ClientError, 'CLIENT_STATE', () =>
    client.outbox.replace(old, { blob: deposit(authority).blob }, client.load(), START),
  )
})

test('new epochs are learnt on the way', async (t) => {
  const { client, authority } = await enrolled(t)
  fill(client, authority, 2)
  const later = new LogAuthority(2)
  assert.equal((await flushOutbox(client, later, NOW)).delivered.length, 2)
  assert.equal(client.load().epochs.latest.payload.number, 2)
  // A shorter list afterwards is an authority that tells different people different things.
  fill(client, authority, 1)
  const report = await flushOutbox(client, authority, NOW)
  assert.equal(report.stopped?.code, 'CLIENT_ALARM')
  assert.equal(report.waiting.length, 1)
  assert.equal(readdirSync(client.evidence).length, 1)
})

type Mangle = (answers: (Receipt | ProblemCode)[], other: Receipt) => (Receipt | ProblemCode)[]
const receipts = (answers: (Receipt | ProblemCode)[]) =>
  answers.filter((answer) => typeof answer === 'object')

/** What a liar, or somebody between, answers. */
const FORGERIES: Readonly<Record<string, Mangle>> = {
  'swapped between two deposits': (answers) => answers.toReversed(),
  'of another statement': (answers, other) => answers.map(() => other),
  'with the digest put right': (answers, other) =>
    receipts(answers).map(({ statement }) => ({ ...other, statement })),
  'of another kind': (answers) =>
    receipts(answers).map((one) => ({ ...one, statement: { ...one.statement, kind: 'enrolment' } })),
  'with a signature line taken out': (answers) =>
    receipts(answers).map((one) => ({
      ...one,
      proof: `${one.proof.trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
    })),
  'with another index': (answers) =>
    receipts(answers).map((one) => ({
      ...one,
      proof: one.proof.replace(/index (\d+)/, (_, i) => `index ${Number(i) - 1}`),
    })),
  'fewer than deposits': (answers) => answers.slice(1),
  'more than deposits': (answers, other) => [...answers, other],
  'none at all': () => [],
}

for (const [name, mangle] of Object.entries(FORGERIES)) {
  test(`a receipt that proves nothing moves nothing out of the outbox: ${name}`, async (t) => {
    const { client, authority } = await enrolled(t)
    const first = fill(client, authority, 1)
    await flushOutbox(client, authority, NOW)
    const other = await authority.receiptOf(authority.find(first[0] ?? '') ?? 0)
    const ids = fill(client, authority, 2).toSorted()
    authority.mangle = (answers) => mangle(answers, other)
    const report = await flushOutbox(client, authority, NOW)
    assert.deepEqual(report.delivered, [])
    assert.ok(report.stopped?.code === 'CLIENT_ALARM' || report.stopped?.code === 'CLIENT_ANSWER')
    assert.deepEqual(client.outbox.list(), ids)
    assert.deepEqual(client.deposits.list(), first)
    assert.ok(ids.every((id) => !client.receipts.has(id)))
    const counts = summarizeDeposits(client, depositStatuses(client, START, { verify: true })).counts
    assert.deepEqual([counts.safe, counts.waiting], [1, 2])
    authority.mangle = (answers) => answers
    assert.equal((await flushOutbox(client, authority, NOW)).delivered.length, 2)
  })
}

test('receipts of another authority prove nothing', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  const foreign = testAuthority(1, 9)
  const forged = receiptFor(foreign, { kind: 'deposit', digest: fromHex(id) })
  authority.mangle = () => [parseReceipt(forged)]
  assert.equal((await flushOutbox(client, authority, NOW)).stopped?.code, 'CLIENT_ALARM')
  assert.deepEqual(client.outbox.list(), [id])
})

test('two at once: the second is told, and nothing is sent twice', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  const first = flushOutbox(client, authority, NOW)
  await assert.rejects(flushOutbox(client, authority, NOW), { code: 'CLIENT_BUSY' })
  assert.deepEqual((await first).delivered, [id])
  assert.equal(authority.requests.filter((what) => what === 'deposit').length, 1)
})

test('a folder from yesterday: what was delivered since is sent again and stands in the log once (M14)', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  const yesterday = readFileSync(join(client.outbox.folder, `${id}.deposit`))
  await flushOutbox(client, authority, NOW)
  rmSync(client.receipts.pathOf(id))
  rmSync(join(client.deposits.folder, `${id}.json`))
  writeFileSync(join(client.outbox.folder, `${id}.deposit`), yesterday, { mode: 0o600 })
  assert.deepEqual((await flushOutbox(client, authority, NOW)).delivered, [id])
  assert.equal(authority.times(id), 1)
})

test('a receipt that is lost is not called safe', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  await flushOutbox(client, authority, NOW)
  const receipt = readFileSync(client.receipts.pathOf(id))
  writeFileSync(client.receipts.pathOf(id), receipt.subarray(0, -1))
  const state = () => [...depositStatuses(client, START, { verify: true })].map((status) => status.state)
  assert.deepEqual(state(), ['damaged'])
  rmSync(client.receipts.pathOf(id))
  assert.deepEqual(state(), ['unproved'])
})

test('a damaged file of the outbox is reported, not sent and not removed', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = '', other = ''] = fill(client, authority, 2)
  const path = join(client.outbox.folder, `${id}.deposit`)
  writeFileSync(path, readFileSync(join(client.outbox.folder, `${other}.deposit`)))
  const report = await flushOutbox(client, authority, NOW)
  assert.deepEqual([report.damaged, report.delivered], [[id], [other]])
  assert.ok(client.outbox.has(id))
})

test('a person who gives up a deposit has seen how it stands now (M27)', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  authority.refusals.set(id, 'quota')
  const [seen] = client.outbox.entries()
  assert.ok(seen)
  await flushOutbox(client, authority, NOW)
  throwsCode(ClientError, 'CLIENT_STATE', () => client.outbox.discard(seen))
  const [now] = client.outbox.entries()
  assert.ok(now)
  client.outbox.discard(now)
  assert.deepEqual(client.outbox.list(), [])
  throwsCode(ClientError, 'CLIENT_STATE', () => client.outbox.discard(now))
})
