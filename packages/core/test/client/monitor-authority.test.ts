import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { toHex, utf8Encode } from '../../src/bytes/index.ts'
import {
  flushOutbox,
  monitorAuthority,
  sha256,
  verifyEvidence,
  type Alarm,
  type AuthorityFolder,
  type EvidenceFinding,
} from '../../src/client/index.ts'
import {
  encodeReceipt,
  signStatement,
  ACTS,
  statementDigest,
  encodeEnvelope,
} from '../../src/protocol/index.ts'
import { CLIENT, enrolmentFor, INVITED, pairOf, signEpoch } from '../protocol/fixtures.ts'
import { DAY, deposit, enrolled, fill, LogAuthority, START } from './log-authority.ts'

const NOW = { now: () => START }
const kindsOf = (alarms: readonly Alarm[]) => alarms.map(({ kind }) => kind)

/** What somebody finds who has the evidence and the fingerprint of the authority, and nothing else. */
function judged(authority: LogAuthority, alarm: Alarm | undefined): EvidenceFinding {
  assert.ok(alarm)
  return verifyEvidence(readFileSync(alarm.evidence), authority.test.identity.fingerprint)
}

async function delivered(client: AuthorityFolder, authority: LogAuthority, count: number): Promise<string[]> {
  const ids = fill(client, authority, count)
  assert.equal((await flushOutbox(client, authority, NOW)).delivered.length, count)
  return ids
}

test('all is well: the log is followed, and nothing is looked at twice', async (t) => {
  const { client, authority } = await enrolled(t)
  await delivered(client, authority, 3)
  const first = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(first.alarms, [])
  assert.equal(first.head?.size, authority.size)
  assert.deepEqual(first.statements, { seen: 4, unknown: [] })
  authority.appendOthers(300)
  await delivered(client, authority, 1)
  const second = await monitorAuthority(client, authority, NOW)
  assert.deepEqual([second.alarms, second.statements.seen, second.head?.size], [[], 1, 306])
  assert.deepEqual(client.promised.read(), [])
})

test('statements come in pages, and what is not in the tree yet waits for the next look', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.perPage = 2
  await delivered(client, authority, 6)
  const note = authority.sign()
  await delivered(client, authority, 1)
  const checkpoint = authority.checkpoint.bind(authority)
  authority.checkpoint = async () => note
  // The log is behind what it promised: see the tests of what shrank.
  client.promised.settle(client.promised.read())
  const before = await monitorAuthority(client, authority, NOW)
  assert.deepEqual([before.alarms, before.statements.seen], [[], 7])
  authority.checkpoint = checkpoint
  assert.equal((await monitorAuthority(client, authority, NOW)).statements.seen, 1)
})

test('the tail is dropped and the tree computed again: the receipts convict the log (M13)', async (t) => {
  const { client, authority } = await enrolled(t)
  await delivered(client, authority, 3)
  authority.rewind(authority.size - 2)
  authority.nowMs += DAY
  const { alarms } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(kindsOf(alarms), ['shrunk'])
  assert.equal(judged(authority, alarms[0]).proven, true)
  // It is not forgotten when it is looked at again, and is the same evidence.
  assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, alarms)
})

test('the tail is dropped and others take its place (M13)', async (t) => {
  const { client, authority } = await enrolled(t)
  await delivered(client, authority, 3)
  authority.rewind(authority.size - 2)
  authority.appendOthers(10)
  const { alarms } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(kindsOf(alarms), ['fork'])
  assert.equal(judged(authority, alarms[0]).proven, true)
  assert.equal(client.load().checkpoint, null)
})

for (const [name, size, grown] of [
  ['of the same size', 5, 0],
  ['behind a power of two', 8, 300],
  ['behind any size', 7, 300],
  ['behind full tiles', 512, 700],
] as const) {
  test(`an entry is exchanged, and the log forked ${name}`, async (t) => {
    const { client, authority } = await enrolled(t)
    authority.appendOthers(size - authority.size)
    assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
    authority.rewind(3)
    authority.appendOthers(size - 3 + grown, 1)
    const { alarms } = await monitorAuthority(client, authority, NOW)
    assert.deepEqual(kindsOf(alarms), ['fork'])
    const finding = judged(authority, alarms[0])
    assert.deepEqual([finding.proven, finding.known?.size, finding.shown?.size], [true, size, size + grown])
  })
}

test('a tree of before that is shown again is an alarm, but no proof: it was signed before (M14)', async (t) => {
  const { client, authority } = await enrolled(t)
  const old = authority.sign()
  authority.nowMs += 1_000
  await delivered(client, authority, 1)
  assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
  authority.checkpoint = async () => old
  const { alarms } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(kindsOf(alarms), ['shrunk'])
  assert.equal(judged(authority, alarms[0]).proven, false)
})

test('the database is put back behind a log that went on: what has a receipt is missed (M14)', async (t) => {
  const { client, authority } = await enrolled(t)
  const [, second = ''] = await delivered(client, authority, 2)
  authority.hidden.add(second)
  for (let round = 0; round < 2; round++) {
    const { alarms } = await monitorAuthority(client, authority, NOW)
    assert.deepEqual(kindsOf(alarms), ['omitted'])
  }
  authority.hidden.clear()
  assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
})

test('a log that stands still is an alarm for those who say how long it may', async (t) => {
  const { client, authority } = await enrolled(t)
  const late = { now: () => START + 2 * DAY }
  assert.deepEqual((await monitorAuthority(client, authority, late)).alarms, [])
  const { alarms } = await monitorAuthority(client, authority, { ...late, stalledAfterMs: DAY })
  assert.deepEqual(kindsOf(alarms), ['stalled'])
  const finding = judged(authority, alarms[0])
  assert.deepEqual([finding.proven, finding.shown?.signedMs], [false, START])
  authority.nowMs = START + 2 * DAY
  authority.sign(true)
  assert.deepEqual((await monitorAuthority(client, authority, { ...late, stalledAfterMs: DAY })).alarms, [])
})

test("a clock that is behind the log's is said, and is no alarm", async (t) => {
  const { client, authority } = await enrolled(t)
  const early = { now: () => START - DAY, stalledAfterMs: DAY }
  const { alarms, aheadMs } = await monitorAuthority(client, authority, early)
  assert.deepEqual([alarms, aheadMs], [[], DAY])
  assert.equal((await monitorAuthority(client, authority, NOW)).aheadMs, 0)
})

test('a checkpoint that another key signed, or of another log', async (t) => {
  const { client, authority } = await enrolled(t)
  for (const change of [
    (note: string) => note.replace('\n2\n', '\n3\n'),
    (note: string) => `x${note}`,
    (note: string) => note.trimEnd().split('\n').slice(0, -1).join('\n').concat('\n'),
    () => '',
    () => '\0',
  ]) {
    const note = new TextDecoder().decode(authority.sign())
    authority.checkpoint = async () => utf8Encode(change(note))
    const { alarms, head } = await monitorAuthority(client, authority, NOW)
    assert.deepEqual([kindsOf(alarms), head], [['unverified'], undefined])
    assert.equal(judged(authority, alarms[0]).proven, false)
  }
  assert.equal(client.load().checkpoint, null)
})

test('tiles that do not lead to the signed root', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.appendOthers(600)
  const path = 'tile/1/000.p/2'
  authority.spoil(path, (tile) => tile.map((byte, i) => (i === 3 ? byte ^ 1 : byte)))
  assert.deepEqual(kindsOf((await monitorAuthority(client, authority, NOW)).alarms), ['unproved'])
  authority.spoil(path, (tile) => tile.subarray(1))
  assert.deepEqual(kindsOf((await monitorAuthority(client, authority, NOW)).alarms), ['unproved'])
})

test('epochs go on; another record of the same number convicts the identity key', async (t) => {
  const { client, authority } = await enrolled(t)
  const later = new LogAuthority(2)
  assert.deepEqual((await monitorAuthority(client, later, NOW)).alarms, [])
  const [first, second] = later.test.epochs
  assert.ok(first && second)
  const other = signEpoch({ ...second, notAfter: second.notAfter + DAY }, later.test.identity)
  const card = later.card.bind(later)
  later.card = async () => ({ ...(await card()), epochs: [...later.test.envelopes.slice(0, 1), other] })
  const { alarms } = await monitorAuthority(client, later, NOW)
  assert.deepEqual(kindsOf(alarms), ['epochs'])
  assert.equal(judged(authority, alarms[0]).proven, true)
  // Fewer of them are the word of whoever was shown them.
  later.card = async () => ({ ...(await card()), epochs: later.test.envelopes.slice(0, 1) })
  const shorter = await monitorAuthority(client, later, NOW)
  assert.deepEqual(kindsOf(shorter.alarms), ['epochs'])
  assert.equal(judged(authority, shorter.alarms[0]).proven, false)
})

test('a deposit in my name that I do not know is reported until I do', async (t) => {
  const { client, authority } = await enrolled(t)
  const { blob, id } = deposit(authority)
  const index = authority.log({ kind: 'deposit', digest: id, bytes: blob })
  for (let round = 0; round < 2; round++) {
    const { alarms, statements } = await monitorAuthority(client, authority, NOW)
    assert.deepEqual(kindsOf(alarms), ['unknown'])
    assert.deepEqual(statements.unknown, [{ kind: 'deposit', id: toHex(id), index }])
  }
  const { identity, epochs } = client.load()
  client.receipts.save(encodeReceipt(await authority.receiptOf(index)), { identity, epochs, kind: 'deposit' })
  assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
})

test('what waits in the outbox is not unknown', async (t) => {
  const { client, authority } = await enrolled(t)
  fill(client, authority, 1)
  authority.mangle = () => []
  await flushOutbox(client, authority, NOW)
  assert.deepEqual((await monitorAuthority(client, authority, NOW)).alarms, [])
})

test('statements that are not mine, or not what they are said to be', async (t) => {
  const { client, authority } = await enrolled(t)
  const stranger = pairOf(0x77)
  const enrolment = signStatement(
    sha256,
    ACTS.enrolment,
    enrolmentFor(authority.test, { signer: stranger.signer }),
    [stranger, INVITED],
  )
  const digest = statementDigest(sha256, enrolment)
  const wrong = deposit(authority)
  authority.log({ kind: 'enrolment', digest, bytes: encodeEnvelope(enrolment) })
  authority.log({ kind: 'deposit', digest: wrong.id, bytes: deposit(authority).blob })
  const junk = utf8Encode('no deposit')
  authority.log({ kind: 'deposit', digest: sha256(junk), bytes: junk })
  const own = enrolmentFor(authority.test)
  authority.log({
    kind: 'enrolment',
    digest: new Uint8Array(32),
    bytes: encodeEnvelope(signStatement(sha256, ACTS.enrolment, own, [CLIENT, INVITED])),
  })
  const { alarms } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(kindsOf(alarms), ['foreign', 'foreign', 'foreign', 'foreign'])
})

test('a statement that does not stand where it is said to stand', async (t) => {
  const { client, authority } = await enrolled(t)
  const { blob, id } = deposit(authority)
  authority.appendOthers(1)
  authority.mine.set(authority.size - 1, { kind: 'deposit', digest: id, bytes: blob })
  assert.deepEqual(kindsOf((await monitorAuthority(client, authority, NOW)).alarms), ['unlogged'])
})

test('an authority that shows nothing but what is wrong does not fill the disk', async (t) => {
  const { client, authority } = await enrolled(t)
  for (let i = 0; i < 150; i++) {
    const junk = utf8Encode(`no deposit ${i}`)
    authority.log({ kind: 'deposit', digest: sha256(junk), bytes: junk })
  }
  const { alarms, statements } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual([alarms.length, statements.seen], [100, 101])
  assert.equal(readdirSync(client.evidence).length, 100)
  assert.equal(client.load().followed, 1)
})

test('pages that lead nowhere end', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.statements = async () => ({ statements: [], next: 5 })
  await assert.rejects(monitorAuthority(client, authority, NOW), { code: 'CLIENT_ANSWER' })
})

test('two at once: what was followed from one place is not written over another', async (t) => {
  const { client, authority } = await enrolled(t)
  const before = client.load()
  await monitorAuthority(client, authority, NOW)
  assert.throws(() => client.follow(before, { checkpoint: null, followed: null }), { code: 'CLIENT_BUSY' })
})

test('a state from yesterday is followed from there (M14)', async (t) => {
  const { client, authority } = await enrolled(t)
  await delivered(client, authority, 1)
  const path = `${client.path}/authority.json`
  const yesterday = readFileSync(path)
  await monitorAuthority(client, authority, NOW)
  await delivered(client, authority, 2)
  await monitorAuthority(client, authority, NOW)
  writeFileSync(path, yesterday)
  const { alarms, statements } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual([alarms, statements.seen], [[], 4])
})

test('a receipt that is gone: the log is accused all the same, without proof', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = await delivered(client, authority, 1)
  rmSync(client.receipts.pathOf(id))
  authority.rewind(authority.size - 1)
  for (const kind of ['shrunk', 'fork']) {
    const { alarms } = await monitorAuthority(client, authority, NOW)
    assert.deepEqual(kindsOf(alarms), [kind])
    assert.equal(judged(authority, alarms[0]).proven, false)
    authority.appendOthers(1)
  }
})

// Three levels of tiles, as in a log of millions; in the slow suite as long as a busy authority's after a year.
const LONG = process.env['SLOW'] ? 300_000 : 66_000

test('a long log is followed with a few requests', async (t) => {
  const { client, authority } = await enrolled(t)
  authority.appendOthers(LONG / 2)
  await delivered(client, authority, 1)
  await monitorAuthority(client, authority, NOW)
  authority.appendOthers(LONG / 2)
  await delivered(client, authority, 1)
  authority.requests.length = 0
  const { alarms, tiles } = await monitorAuthority(client, authority, NOW)
  assert.deepEqual(alarms, [])
  assert.ok(tiles <= 16, `${tiles} tiles`)
  assert.ok(authority.requests.length <= 19, `${authority.requests.length} requests`)
})
