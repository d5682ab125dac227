import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { toHex } from '../../src/bytes/index.ts'
import {
  ClientError,
  flushOutbox,
  followProbe,
  monitorAuthority,
  newProbe,
  probeMac,
  ProbeStore,
  sha256,
  verifyEvidence,
  type AuthorityFolder,
  type OpenProbe,
  type ProbeOutcome,
  type ProbeWire,
} from '../../src/client/index.ts'
import {
  ACTS,
  encodeEnvelope,
  encodeReceipt,
  probeListDigest,
  ProtocolError,
  signStatement,
  statementDigest,
  type MessageSigner,
  type ProbeAnswer,
  type ProbeResult,
  type ProbeStanding,
  type Receipt,
} from '../../src/protocol/index.ts'
import { CLIENT, pairOf } from '../protocol/fixtures.ts'
import { fill, enrolled, type LogAuthority, START } from './log-authority.ts'

const KEY = new Uint8Array(16).fill(9)
const ANSWERED = START + 5_000
const EXPIRES = START + 604_800_000

/** The signature pair of the custodian of an epoch. */
function custodianOf({ test: { chain } }: LogAuthority, number = chain.latest.payload.number): MessageSigner {
  const wanted = chain.find(number)?.payload.custodian
  const pair = Array.from({ length: 16 }, (_, i) => pairOf(0x70 + i)).find(({ signer }) => signer === wanted)
  assert.ok(pair)
  return pair
}

interface Changes {
  readonly results?: (ids: readonly Uint8Array[], probe: OpenProbe) => ProbeResult[]
  readonly payload?: Partial<ProbeAnswer>
  readonly by?: MessageSigner
  readonly shown?: (standing: ProbeStanding) => ProbeStanding
  readonly receipt?: (receipt: Receipt) => Receipt
}

const right = (ids: readonly Uint8Array[], { digest }: OpenProbe): ProbeResult[] =>
  ids.map((id) => ({ id, mac: probeMac(KEY, digest, id) }))

/** A client with delivered deposits and a probe about them, and how its authority answers. */
async function probing(t: TestContext, epochs: 1 | 2 = 1) {
  const { client, authority } = await enrolled(t, epochs)
  fill(client, authority, 2)
  await flushOutbox(client, authority, { now: () => START })
  const ids = client.deposits.list()
  const state = client.load()
  const store = new ProbeStore(client)
  const probe = store.add(
    newProbe(
      state,
      CLIENT,
      ids.map((id) => new Uint8Array(Buffer.from(id, 'hex'))),
      START,
    ),
  )
  const sendProbe: ProbeWire['sendProbe'] = async ({ statement }) => {
    const digest = statementDigest(sha256, statement)
    const bytes = encodeEnvelope(statement)
    const index = authority.find(toHex(digest)) ?? authority.log({ kind: 'probe', digest, bytes })
    return authority.receiptOf(index)
  }
  const answer = async ({ results = right, payload, by, shown, receipt }: Changes = {}) => {
    const answers = results(probe.ids, probe)
    const pair = by ?? custodianOf(authority)
    const { identity, tenant } = probe.payload
    const stated: ProbeAnswer = {
      identity,
      tenant,
      custodian: pair.signer,
      subject: probe.digest,
      count: answers.length,
      results: probeListDigest(sha256, answers),
      checkpoint: { size: authority.size, root: probe.digest },
      created: ANSWERED,
      ...payload,
    }
    const envelope = signStatement(sha256, ACTS['probe-answer'], stated, [pair])
    const digest = statementDigest(sha256, envelope)
    const index = authority.log({ kind: 'probe-answer', digest, bytes: encodeEnvelope(envelope) })
    const given = await authority.receiptOf(index)
    // It is the custodian's: it is not shown among the client's own.
    authority.mine.delete(index)
    const standing: ProbeStanding = {
      state: 'answered',
      expires: EXPIRES,
      answer: { index, envelope },
      answers,
      receipt: encodeReceipt(receipt ? receipt(given) : given),
    }
    return shown ? shown(standing) : standing
  }
  const keys = new Map(ids.map((id) => [id, KEY]))
  const follow = (standing: ProbeStanding | undefined, held: ReadonlyMap<string, Uint8Array> = keys) =>
    followProbe(client, probe, {
      state,
      keys: held,
      nowMs: START + 6_000,
      wire: {
        sendProbe,
        probeStanding: async () =>
          standing ?? { state: 'waiting', expires: EXPIRES, answer: null, answers: [], receipt: null },
      },
    })
  return { client, authority, store, probe, ids, answer, follow }
}

const verdictsOf = (outcome: ProbeOutcome) =>
  outcome.state === 'answered' ? outcome.findings.map(({ verdict }) => verdict) : outcome.state

function evidenceIn({ evidence }: AuthorityFolder, authority: LogAuthority) {
  const files = existsSync(evidence) ? readdirSync(evidence) : []
  return files.map((name) => {
    const bytes = new Uint8Array(readFileSync(join(evidence, name)))
    const { kind, proven } = verifyEvidence(bytes, authority.test.identity.fingerprint)
    return { kind, proven }
  })
}

test('a probe waits, is sent once, and what opens is remembered', async (t) => {
  const { client, authority, store, probe, ids, answer, follow } = await probing(t)
  assert.equal(verdictsOf(await follow(undefined)), 'waiting')
  assert.equal(verdictsOf(await follow(undefined)), 'waiting')
  assert.equal(authority.times(toHex(probe.digest)), 1)
  assert.deepEqual(
    store.list().map(({ digest }) => toHex(digest)),
    [toHex(probe.digest)],
  )
  const outcome = await follow(await answer())
  assert.deepEqual(verdictsOf(outcome), ['opens', 'opens'])
  assert.deepEqual(store.opened(), ids)
  assert.equal(store.openedAt(ids[0] ?? ''), ANSWERED, 'as of when the custodian answered')
  assert.deepEqual(store.list(), [])
  assert.deepEqual(evidenceIn(client, authority), [])
  const { alarms } = await monitorAuthority(client, authority, { now: () => START })
  assert.deepEqual(alarms, [], 'the probe is known as one’s own')
})

test('without a key there is the word of the custodian', async (t) => {
  const { ids, answer, follow } = await probing(t)
  assert.deepEqual(verdictsOf(await follow(await answer(), new Map([[ids[0] ?? '', KEY]]))), [
    'opens',
    'said',
  ])
})

test('what did not open is an alarm that signatures prove; a MAC that is wrong, one that the finder has to say', async (t) => {
  const closed = await probing(t)
  const results = (ids: readonly Uint8Array[], probe: OpenProbe) =>
    right(ids, probe).map((result, i) => (i === 0 ? { ...result, mac: null } : result))
  assert.deepEqual(verdictsOf(await closed.follow(await closed.answer({ results }))), ['closed', 'opens'])
  assert.deepEqual(evidenceIn(closed.client, closed.authority), [{ kind: 'unopened', proven: true }])

  const wrong: NonNullable<Changes['results']>[] = [
    // Of the other deposit, of another probe, of another key.
    (ids, { digest }) => ids.map((id, i) => ({ id, mac: probeMac(KEY, digest, ids[1 - i] ?? id) })),
    (ids) => ids.map((id) => ({ id, mac: probeMac(KEY, sha256(KEY), id) })),
    (ids, { digest }) => ids.map((id) => ({ id, mac: probeMac(new Uint8Array(16), digest, id) })),
  ]
  for (const made of wrong) {
    const { client, authority, store, answer, follow } = await probing(t)
    assert.deepEqual(verdictsOf(await follow(await answer({ results: made }))), ['wrong', 'wrong'])
    assert.deepEqual(store.opened(), [])
    assert.deepEqual(evidenceIn(client, authority), [{ kind: 'unopened', proven: false }])
  }
})

test('an answer that is not of the custodian, not to this probe or not in the log proves nothing', async (t) => {
  const attacks: Changes[] = [
    { by: pairOf(0x20) },
    { payload: { subject: sha256(KEY) } },
    { payload: { tenant: 'other' } },
    { payload: { identity: `SHA256:${'A'.repeat(43)}` } },
    { payload: { results: sha256(KEY) } },
    { payload: { count: 1 } },
    { results: (ids, probe) => right(ids.slice(1), probe) },
    { results: (ids, probe) => right([ids[0] ?? KEY, sha256(KEY)], probe) },
    {
      shown: (it) => ({
        ...it,
        answers: it.answers.map(({ id }) => ({ id, mac: KEY.length ? sha256(id) : null })),
      }),
    },
    { receipt: (it) => ({ ...it, statement: { kind: 'probe-answer', digest: sha256(KEY) } }) },
    {
      receipt: (it) => ({
        ...it,
        proof: it.proof.replace('index 4', 'index 3').replace('index 5', 'index 4'),
      }),
    },
  ]
  for (const [i, attack] of attacks.entries()) {
    const { client, authority, store, answer, follow } = await probing(t)
    await follow(undefined)
    const outcome = await follow(await answer(attack))
    assert.equal(outcome.state, 'unproved', `attack ${i}`)
    assert.deepEqual(store.opened(), [])
    assert.deepEqual(evidenceIn(client, authority), [{ kind: 'unanswered', proven: false }])
  }
})

test('the custodian may have changed since it answered, once', async (t) => {
  const { authority, answer, follow } = await probing(t, 2)
  assert.deepEqual(verdictsOf(await follow(await answer({ by: custodianOf(authority, 1) }))), [
    'opens',
    'opens',
  ])
})

test('one that nobody answered is forgotten', async (t) => {
  const { store, follow } = await probing(t)
  const expired = { state: 'expired', expires: EXPIRES, answer: null, answers: [], receipt: null } as const
  assert.equal((await follow(expired)).state, 'expired')
  assert.deepEqual(store.list(), [])
})

test('a probe on the disk that is damaged, or about others, is refused', async (t) => {
  const { store, probe, client } = await probing(t)
  const path = join(store.folder, `${toHex(probe.digest)}.probe`)
  writeFileSync(path, readFileSync(path).subarray(1))
  assert.throws(
    () => store.list(),
    (error) => error instanceof ClientError && error.code === 'CLIENT_STATE',
  )
  const { submission } = probe
  assert.throws(() => store.add({ ...submission, deposits: [sha256(KEY)] }), ProtocolError)
  assert.throws(() => newProbe(client.load(), CLIENT, [], START), ProtocolError)
})
