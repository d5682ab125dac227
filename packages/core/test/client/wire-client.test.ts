import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import {
  AuthorityClient,
  ClientError,
  type ClientErrorCode,
  type TransportAnswer,
} from '@strongroom/core/client'
import {
  encodeDepositPage,
  encodeReceipt,
  encodeReceiptList,
  encodeStatementPage,
  LIMITS,
  MEDIA_TYPES,
  parseDeposits,
  ProtocolError,
  PROBLEMS,
  problemOf,
  readSignature,
  verifyReceipt,
  verifySignature,
  type ProblemCode,
  type Receipt,
} from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, CLIENT, means, sha256, START, verifyRaw } from '../protocol/fixtures.ts'
import {
  answer,
  authority,
  BLOB,
  clientAt,
  DEPOSITS,
  ID,
  LIST,
  NOTE,
  OneAnswer,
  problemAnswer,
  ROWS,
  STATEMENTS,
  TILE,
} from './wire-questions.ts'

async function refused(run: Promise<unknown>, code: ClientErrorCode): Promise<ClientError> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ClientError, `a ClientError, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

for (const [name, row] of Object.entries(ROWS)) {
  describe(name, () => {
    test('asks and answers as the specification says', async () => {
      const transport = new OneAnswer(row.answer)
      assert.deepEqual(await row.ask(clientAt(transport)), row.result)
      const [request, ...more] = transport.asked
      assert.ok(request && more.length === 0)
      assert.equal(`${request.method} ${request.path}`, row.line)
      assert.equal(request.headers['content-type'], row.sends)
      assert.equal(request.body !== undefined, row.sends !== undefined)
      assert.equal(request.maxBytes, Math.max(row.maxBytes, LIMITS.problemBytes))
    })
    test(row.signed ? 'is signed by the client, and nobody else asks it' : 'is not signed', async () => {
      const transport = new OneAnswer(row.answer)
      await row.ask(clientAt(transport))
      const [sent] = transport.asked
      assert.ok(sent)
      if (!row.signed) {
        assert.ok(!('signature' in sent.headers))
        await row.ask(clientAt(new OneAnswer(row.answer), false))
        return
      }
      const request = { method: sent.method, authority: 'vault.example.org', target: sent.path }
      const claimed = readSignature(sha256, request, sent.headers, START)
      assert.equal(verifySignature(claimed, CLIENT.signer, means.verify).clientId, 'c-1')
      assert.equal(claimed.params.expires - claimed.params.created, LIMITS.signatureSeconds)
      const unsigned = new OneAnswer(row.answer)
      await refused(
        Promise.resolve().then(() => row.ask(clientAt(unsigned, false))),
        'CLIENT_NOT_ENROLLED',
      )
      assert.deepEqual(unsigned.asked, [])
    })
    test('fails with every problem that an authority has', async () => {
      for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
        const error = await refused(row.ask(clientAt(new OneAnswer(problemAnswer(code)))), 'CLIENT_PROBLEM')
        assert.deepEqual(error.problem, problemOf(code))
      }
    })
    test('refuses what is no such answer', async () => {
      const { body } = row.answer
      const type = row.answer.headers['content-type'] ?? ''
      const others: TransportAnswer[] = [
        answer('text/html', body),
        { ...row.answer, headers: {} },
        answer(`x${type}`, body),
        answer(type, body, 202),
        answer(type, body, 204),
        answer(type, body, 418),
        answer(type, bytesOf(0x20, row.maxBytes + 1)),
        answer(MEDIA_TYPES.problem, body),
        answer(MEDIA_TYPES.problem, utf8Encode('no JSON'), 400),
        answer(MEDIA_TYPES.problem, bytesOf(0x20, LIMITS.problemBytes + 1), 400),
      ]
      for (const other of others) await refused(row.ask(clientAt(new OneAnswer(other))), 'CLIENT_ANSWER')
      if (row.result instanceof Uint8Array) return // verified by whoever asked, not parsed
      for (let length = 0; length < body.length; length += Math.ceil(body.length / 50)) {
        await refused(
          row.ask(clientAt(new OneAnswer(answer(type, body.subarray(0, length))))),
          'CLIENT_ANSWER',
        )
      }
    })
    test('takes a type in another case and with parameters, and 201', async () => {
      const type = `${(row.answer.headers['content-type'] ?? '').split(';')[0]?.toUpperCase()} ; a=b`
      const other = { ...row.answer, status: 201, headers: { 'content-type': type } }
      assert.deepEqual(await row.ask(clientAt(new OneAnswer(other))), row.result)
    })
  })
}

test('a proxy with nobody behind it is an authority that is not there', async () => {
  for (const status of [502, 503, 504]) {
    const proxy = new OneAnswer(answer('text/html', utf8Encode('<h1>Bad Gateway</h1>'), status))
    await refused(clientAt(proxy).card(), 'CLIENT_UNREACHABLE')
  }
})

test('a problem’s texts are harmless, whatever they are', async () => {
  const body = utf8Encode(JSON.stringify({ type: 'x', title: 'a\u001b[2Jb\u202ec', detail: '\u0007' }))
  const error = await refused(
    clientAt(new OneAnswer(answer(MEDIA_TYPES.problem, body, 400))).card(),
    'CLIENT_PROBLEM',
  )
  assert.equal(error.problem?.code, undefined)
  assert.doesNotMatch(error.message + String(error.problem?.detail), /[\p{Cc}\u202e]/u)
})

test('each signed request has a nonce of its own', async () => {
  const transport = new OneAnswer(answer(MEDIA_TYPES.json, encodeDepositPage(DEPOSITS)))
  const client = clientAt(transport)
  for (let i = 0; i < 5; i++) await client.searchDeposits()
  const nonces = transport.asked.map(
    ({ headers }) => /nonce="([^"]+)"/.exec(headers['signature-input'] ?? '')?.[1],
  )
  assert.equal(new Set(nonces).size, 5)
  assert.ok(nonces.every((nonce) => nonce !== undefined))
})

test('an address that no authority has is refused', () => {
  const transport = new OneAnswer(problemAnswer('internal'))
  throwsCode(
    ProtocolError,
    'PROTOCOL_FORMAT',
    () => new AuthorityClient({ url: 'http://vault.example', transport }),
  )
})

describe('deposits', () => {
  test('are sent as they are, in their order, and each gets its own receipt', async () => {
    const transport = new OneAnswer(answer(MEDIA_TYPES.receipts, encodeReceiptList(LIST)))
    const [receipt] = await clientAt(transport).deposit([BLOB, NOTE])
    assert.deepEqual(parseDeposits(transport.asked[0]?.body ?? NOTE), [BLOB, NOTE])
    assert.ok(receipt !== undefined && typeof receipt !== 'string')
    const trust = { ...means, verifyRaw, identity: authority.identity.fingerprint }
    const statement = { kind: 'deposit', digest: ID } as const
    assert.deepEqual(verifyReceipt(encodeReceipt(receipt), { ...trust, statement }).index, 2)
  })
  test('in another order get receipts that hold for none of them', async () => {
    const transport = new OneAnswer(answer(MEDIA_TYPES.receipts, encodeReceiptList(LIST)))
    const [receipt] = (await clientAt(transport).deposit([NOTE, BLOB])) as Receipt[]
    assert.ok(receipt)
    const trust = { ...means, verifyRaw, identity: authority.identity.fingerprint }
    throwsCode(ProtocolError, 'RECEIPT_PROOF', () => verifyReceipt(encodeReceipt(receipt), trust))
  })
  test('that get more or fewer receipts than they are have got none', async () => {
    const transport = new OneAnswer(answer(MEDIA_TYPES.receipts, encodeReceiptList(LIST)))
    for (const blobs of [[BLOB], [BLOB, NOTE, BLOB]]) {
      await refused(clientAt(transport).deposit(blobs), 'CLIENT_ANSWER')
    }
  })
})

test('another deposit than the one asked for is refused', async () => {
  const transport = new OneAnswer(answer(MEDIA_TYPES.deposit, NOTE))
  await refused(clientAt(transport).depositBlob(ID), 'CLIENT_ANSWER')
})

test('a page of statements from before the one asked for is refused: it would come for ever', async () => {
  const transport = new OneAnswer(answer(MEDIA_TYPES.json, encodeStatementPage(STATEMENTS)))
  await refused(clientAt(transport).statements(3), 'CLIENT_ANSWER')
  assert.equal((await clientAt(transport).statements()).statements.length, 1)
})

describe('a partial tile that is not there any more', () => {
  const whole = Uint8Array.from({ length: 256 * 35 }, (_, i) => i & 255)
  const transportOf = (bytes: Uint8Array) =>
    new OneAnswer(({ path }) =>
      path.includes('.p/') ? problemAnswer('not-found') : answer('application/octet-stream', bytes),
    )
  test('is the front of the full one', async () => {
    const hashes = whole.subarray(0, 8192)
    const transport = transportOf(hashes)
    assert.deepEqual(await clientAt(transport).tile({ ...TILE, width: 3 }), hashes.subarray(0, 96))
    assert.deepEqual(
      transport.asked.map(({ path }) => path),
      ['/tile/0/000.p/3', '/tile/0/000'],
    )
    const bundle = await clientAt(transportOf(whole)).tile({ level: 'entries', index: 0, width: 2 })
    assert.deepEqual(bundle, whole.subarray(0, 70))
  })
  test('is absent if the full one is, or if it was one', async () => {
    const transport = new OneAnswer(problemAnswer('not-found'))
    const error = await refused(clientAt(transport).tile({ ...TILE, width: 3 }), 'CLIENT_PROBLEM')
    assert.equal(error.problem?.code, 'not-found')
    assert.equal(transport.asked.length, 2)
    await refused(clientAt(transport).tile(TILE), 'CLIENT_PROBLEM')
    assert.equal(transport.asked.length, 3)
  })
  test('is not asked for if something else is wrong', async () => {
    const transport = new OneAnswer(problemAnswer('too-many'))
    await refused(clientAt(transport).tile({ ...TILE, width: 3 }), 'CLIENT_PROBLEM')
    assert.equal(transport.asked.length, 1)
  })
})

test('what cannot be asked is not sent', async () => {
  const transport = new OneAnswer(problemAnswer('internal'))
  const client = clientAt(transport)
  await assert.rejects(client.deposit([]), ProtocolError)
  await assert.rejects(client.deposit([concat()]), ProtocolError)
  await assert.rejects(client.searchDeposits({ limit: 0 }), ProtocolError)
  await assert.rejects(client.statements(-1), ProtocolError)
  await assert.rejects(client.challenge({ invitation: 'x', exchange: 'y' }), ProtocolError)
  assert.deepEqual(transport.asked, [])
})
