import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AuthorityStore, ClientError, Outbox } from '../../src/client/index.ts'
import { ProtocolError } from '../../src/protocol/index.ts'
import { throwsCode } from '../support/throws-code.ts'
import { deposit, enrolled, enrolledIn, fill, folderOf, LogAuthority, START } from './log-authority.ts'

test('what enrolment gave is there again', async (t) => {
  const { authority, folder } = await enrolled(t)
  const store = new AuthorityStore(folder)
  assert.deepEqual(store.list(), ['vault'])
  const state = store.open('vault').load()
  assert.equal(state.identity, authority.test.identity.fingerprint)
  assert.equal(state.epochs.latest.payload.number, 1)
  assert.deepEqual([state.checkpoint, state.followed], [null, null])
})

test('one name, one authority; and none that is not there', async (t) => {
  const { authority, folder } = await enrolled(t)
  await assert.rejects(enrolledIn(folder, authority), { code: 'CLIENT_STATE' })
  const store = new AuthorityStore(folder)
  throwsCode(ClientError, 'CLIENT_NOT_ENROLLED', () => store.open('other'))
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => store.open('../vault'))
  mkdirSync(join(folder, 'unfinished'))
  mkdirSync(join(folder, 'Not a name'))
  assert.deepEqual(store.list(), ['vault'])
  assert.deepEqual(new AuthorityStore(join(folder, 'nowhere')).list(), [])
})

test('a receipt that does not hold makes no authority', async (t) => {
  const folder = folderOf(t)
  const [authority, other] = [new LogAuthority(), new LogAuthority()]
  other.receiptOf = async (index) => ({ ...(await authority.receiptOf(index)), level: 0, proof: 'c2sp' })
  await assert.rejects(enrolledIn(folder, other), ProtocolError)
  assert.deepEqual(new AuthorityStore(folder).list(), [])
})

test("a state that is damaged, moved, another's or open to others is refused", async (t) => {
  const { client, folder } = await enrolled(t)
  const path = join(client.path, 'authority.json')
  const good = readFileSync(path)
  const refused = () =>
    throwsCode(ClientError, 'CLIENT_STATE', () => new AuthorityStore(folder).open('vault').load())
  for (const bad of [
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.from('\n')]),
    Buffer.from(good.toString().replace('"tenant":"acme"', '"tenant":"Acme"')),
    Buffer.from(good.toString().replace(/SHA256:.{4}/, 'SHA256:AAAA')),
    Buffer.from(good.toString().replace('"sig":"', '"sig":"AAAA')),
    Buffer.from(good.toString().replace('"checkpoint":null', '"checkpoint":"no note"')),
    Buffer.from(good.toString().replace('"name":"vault"', '"name":"other"')),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, bad)
    refused()
  }
  writeFileSync(path, good)
  chmodSync(path, 0o666)
  refused()
  chmodSync(path, 0o600)
  renameSync(path, `${path}.real`)
  symlinkSync(`${path}.real`, path)
  refused()
})

test('an authority that moved is asked elsewhere, and is the same', async (t) => {
  const { client } = await enrolled(t)
  const { identity } = client.load()
  client.relocate({ url: 'https://other.example.org', ca: '-----BEGIN CERTIFICATE-----\n' })
  const state = client.load()
  assert.deepEqual([state.url, state.identity], ['https://other.example.org', identity])
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => client.relocate({ url: 'ftp://x', ca: null }))
})

test("the same bytes are the same entry; others' and changed ones are none", async (t) => {
  const { client, authority } = await enrolled(t)
  const state = client.load()
  const { blob } = deposit(authority)
  const first = client.outbox.add({ blob, label: 'first' }, state, START)
  assert.deepEqual(client.outbox.add({ blob, label: 'second' }, state, START + 1), first)
  const [entry] = client.outbox.entries()
  assert.ok(entry && 'label' in entry)
  assert.deepEqual([entry.label, entry.addedMs, entry.path], ['first', START, null])
  throwsCode(ProtocolError, 'PROTOCOL_BINDING', () =>
    client.outbox.add({ blob }, { ...state, tenant: 'other' }, START),
  )
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
    client.outbox.add({ blob: blob.subarray(1) }, state, START),
  )
  const changed = blob.map((byte, i) => (i === blob.length - 100 ? byte ^ 1 : byte))
  assert.throws(() => client.outbox.add({ blob: changed }, state, START), ProtocolError)
})

test('labels and paths of any characters come back', async (t) => {
  const { client, authority } = await enrolled(t)
  const path = `/a\n"b\\\u0001\u202e${'ä'.repeat(4_000)}`
  client.outbox.add({ blob: deposit(authority).blob, path, label: 'a\tb' }, client.load(), START)
  const [entry] = client.outbox.entries()
  assert.ok(entry && 'path' in entry)
  assert.equal(entry.path, path)
})

test('an epoch that has not begun', async (t) => {
  const { client, authority } = await enrolled(t, 2)
  const { blob } = deposit(authority, 2)
  throwsCode(ClientError, 'CLIENT_EPOCH', () => client.outbox.add({ blob }, client.load(), START))
})

test('what is written by hand into the log of attempts harms nobody', async (t) => {
  const { client, authority } = await enrolled(t)
  const [id = ''] = fill(client, authority, 1)
  const path = join(client.outbox.folder, 'attempts.log')
  writeFileSync(path, `junk\n${id} 3 5 sent\n${id} 4`)
  assert.deepEqual(client.outbox.attempts.read().get(id), { id, count: 3, lastMs: 5, outcome: 'sent' })
  client.outbox.attempts.add([{ id, count: 9, lastMs: 6, outcome: 'unreachable' }])
  assert.equal(new Outbox(client.outbox.folder).attempts.read().get(id)?.count, 9)
})
