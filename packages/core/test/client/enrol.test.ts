import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encryptFile, X25519Identity } from '@strongroom/core/age'
import { ByteWriter, toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  AuthorityClient,
  ClientError,
  enrol,
  type ClientErrorCode,
  type EnrolledClient,
} from '@strongroom/core/client'
import {
  ACTS,
  CHALLENGE,
  clientIdOf,
  encodeJson,
  LIMITS,
  ProtocolError,
  statementDigest,
  verifyEnrolment,
  verifyEpochs,
  verifyReceipt,
  type Envelope,
  type ProtocolErrorCode,
} from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, means, sha256, signEpoch, START, testAuthority, verifyRaw } from '../protocol/fixtures.ts'
import {
  cardOf,
  containerOf,
  EnrollingAuthority,
  invitationTo,
  json,
  mentions,
  now,
  problem,
  timeOf,
  URL_OF_AUTHORITY,
} from './enrol-fixtures.ts'

const NAME = 'laptop of the archive'
const container = containerOf()

const enrolAt = (
  server: EnrollingAuthority,
  invitation = invitationTo(server.authority),
): Promise<EnrolledClient> => enrol({ invitation, name: NAME, container, connect: server.connect, now })

async function refused(
  run: Promise<unknown>,
  code: ClientErrorCode | ProtocolErrorCode,
): Promise<ClientError | ProtocolError> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ClientError || error instanceof ProtocolError, `refused, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

describe('a client enrols', () => {
  for (const profile of ['classic', 'pq'] as const) {
    test(`with a container of the profile ${profile}, and knows what it needs from then on`, async () => {
      const server = new EnrollingAuthority()
      const own = containerOf(profile)
      const invitation = invitationTo(server.authority)
      const client = await enrol({ invitation, name: NAME, container: own, connect: server.connect, now })
      const { identity } = server.authority
      assert.deepEqual(
        [client.tenant, client.url, client.identity],
        ['acme', URL_OF_AUTHORITY, identity.fingerprint],
      )
      assert.equal(client.clientId, clientIdOf(sha256, 'acme', own.signingKey().signer.toString()))
      assert.deepEqual(client.epochs.latest.digest, server.authority.chain.latest.digest)
      const trust = { ...means, verifyRaw, identity: client.identity }
      const digest = statementDigest(sha256, client.enrolment)
      assert.deepEqual(verifyReceipt(client.receipt, trust).statement, { kind: 'enrolment', digest })
    })
  }
  test('by a statement of both keys that says what it should', async () => {
    const server = new EnrollingAuthority()
    const { enrolment } = await enrolAt(server)
    const { identity } = server.authority
    const { statement } = verifyEnrolment(enrolment, { ...means, identity: identity.fingerprint })
    const { challenge, ...payload } = statement.payload
    assert.equal(timeOf(challenge), START)
    assert.deepEqual(payload, {
      identity: identity.fingerprint,
      tenant: 'acme',
      invitation: payload.invitation,
      signer: container.signingKey().signer.toString(),
      exchange: container.recipient().toString(),
      name: NAME,
      created: START + 5_000,
    })
    assert.equal(statement.act, ACTS.enrolment)
    assert.deepEqual(server.asked, [
      'GET /v1/authority',
      'POST /v1/enrolments/challenge',
      'POST /v1/enrolments',
    ])
  })
  test('and never sends the secret of the invitation', async () => {
    const server = new EnrollingAuthority()
    await enrolAt(server)
    for (const encoding of ['hex', 'base64', 'latin1'] as const) {
      const secret = Buffer.from(bytesOf(0x22)).toString(encoding).slice(0, 20)
      assert.ok(!mentions(server.bodies, secret), encoding)
    }
  })
  describe('when the next epoch begins meanwhile', () => {
    /** A server that shows one epoch, and then proves the enrolment under the second one. */
    function goingOn(laterCard: readonly Envelope[]): EnrollingAuthority {
      const server = new EnrollingAuthority(testAuthority(2))
      const { envelopes } = server.authority
      server.before = (request) => {
        if (request.path === '/v1/authority') {
          return cardOf(server.asked.length === 1 ? envelopes.slice(0, 1) : laterCard)
        }
        if (request.path !== '/v1/enrolments') return undefined
        return server.take(request, (digest) => server.receipt(digest, server.authority, 2))
      }
      return server
    }
    test('it knows both', async () => {
      const client = await enrolAt(goingOn(testAuthority(2).envelopes))
      assert.equal(client.epochs.latest.payload.number, 2)
    })
    test('it refuses a first one that is another now', async () => {
      const { epochs, identity } = testAuthority(1)
      const [first] = epochs
      assert.ok(first)
      const forked = signEpoch({ ...first, policy: bytesOf(9) }, identity)
      await refused(enrolAt(goingOn([forked])), 'EPOCH_CHAIN')
    })
    test('it refuses one that it is not shown', async () => {
      await refused(enrolAt(goingOn(testAuthority(1).envelopes)), 'CLIENT_ALARM')
    })
  })
})

describe('an answer that got lost does not lose the enrolment', () => {
  const lost = () => new ClientError('CLIENT_UNREACHABLE', 'the answer was cut off')
  test('the same statement is sent once more', async () => {
    const server = new EnrollingAuthority()
    let times = 0
    server.before = (request) => {
      if (request.path !== '/v1/enrolments' || times++ > 0) return undefined
      server.answer(request)
      throw lost()
    }
    const client = await enrolAt(server)
    assert.equal(times, 2)
    assert.deepEqual(client.enrolment, server.enrolled)
  })
  test('and if that fails too, the next try finds it', async () => {
    const server = new EnrollingAuthority()
    server.before = (request) => {
      if (request.path !== '/v1/enrolments') return undefined
      server.answer(request)
      throw lost()
    }
    await refused(enrolAt(server), 'CLIENT_UNREACHABLE')
    const taken = server.enrolled
    server.before = () => undefined
    const client = await enrolAt(server)
    assert.deepEqual(client.enrolment, taken)
    assert.ok(server.asked.includes('GET /v1/statements'))
  })
  test('an invitation that somebody else used stays used', async () => {
    const server = new EnrollingAuthority()
    await enrol({
      invitation: invitationTo(server.authority),
      name: 'other',
      container: containerOf(),
      connect: server.connect,
      now,
    })
    const error = await refused(enrolAt(server), 'CLIENT_PROBLEM')
    assert.ok(error instanceof ClientError)
    assert.equal(error.problem?.code, 'invitation')
  })
  test('a statement about another key or another invitation is not taken for ours', async () => {
    const server = new EnrollingAuthority()
    await enrolAt(server)
    // The same client, enrolled under an invitation before: this one is not used up by it.
    const invitation = invitationTo(server.authority, bytesOf(0x29))
    const error = await refused(enrolAt(server, invitation), 'CLIENT_PROBLEM')
    assert.ok(error instanceof ClientError && error.problem?.code === 'invitation')
  })
})

// M4: whoever answers in the authority's place has keys of their own.
describe('a man in the middle with an authority of his own is refused before anything is sent', () => {
  const genuine = testAuthority(1)
  const own = testAuthority(1, 40)
  const [stolen] = genuine.epochs
  assert.ok(stolen)
  const [record] = genuine.envelopes
  const theirExchange = own.epochs[0]?.exchange
  assert.ok(record && theirExchange !== undefined)
  const replaced = signEpoch({ ...stolen, exchange: theirExchange }, genuine.identity)
  const forged = signEpoch(stolen, { ...genuine.identity, sign: (message) => own.identity.sign(message) })
  /** His cards, each with what he can make of it. */
  const CARDS: Readonly<Record<string, [ProtocolErrorCode, readonly Envelope[]]>> = {
    'his own identity and epochs': ['AUTHORITY_IDENTITY', own.envelopes],
    'the genuine epoch and one of his own': ['AUTHORITY_IDENTITY', [record, ...own.envelopes]],
    'his exchange key in the genuine record': [
      'PROTOCOL_SIGNATURE',
      [{ ...replaced, signatures: record.signatures }],
    ],
    'the genuine record, signed by himself': ['PROTOCOL_SIGNATURE', [forged]],
    'the epochs in another order': ['EPOCH_CHAIN', testAuthority(2).envelopes.toReversed()],
    'the first epoch missing': ['EPOCH_CHAIN', testAuthority(2).envelopes.slice(1)],
  }
  for (const [what, [code, epochs]] of Object.entries(CARDS)) {
    test(`with ${what}`, async () => {
      const server = new EnrollingAuthority(genuine)
      server.before = ({ path }) => (path === '/v1/authority' ? cardOf(epochs) : undefined)
      await refused(enrolAt(server), code)
      assert.deepEqual(server.asked, ['GET /v1/authority'])
      assert.deepEqual(server.bodies, [])
    })
  }
  test('who passes on the genuine card and answers the rest himself proves nothing', async () => {
    const server = new EnrollingAuthority(genuine)
    server.before = (request) => {
      if (request.path !== '/v1/enrolments') return undefined
      return server.take(request, (digest) => server.receipt(digest, own))
    }
    await refused(enrolAt(server), 'CLIENT_ALARM')
  })
})

test('a man in the middle who comes later is refused with every card that he can show', async () => {
  const genuine = testAuthority(2)
  const server = new EnrollingAuthority(genuine)
  const { epochs, identity } = await enrolAt(server)
  const [first, second] = genuine.epochs
  assert.ok(first && second)
  // The last two, even if he had the identity key: what was seen before must still be there.
  const CARDS: readonly [ProtocolErrorCode, readonly Envelope[]][] = [
    ['AUTHORITY_IDENTITY', testAuthority(2, 40).envelopes],
    ['EPOCH_CHAIN', genuine.envelopes.slice(0, 1)],
    ['EPOCH_CHAIN', [signEpoch({ ...first, policy: bytesOf(9) }, genuine.identity)]],
  ]
  for (const [code, envelopes] of CARDS) {
    server.before = () => cardOf(envelopes)
    const client = new AuthorityClient({ url: URL_OF_AUTHORITY, transport: server.connect() })
    const card = await client.card()
    throwsCode(ProtocolError, code, () => verifyEpochs(card.epochs, { ...means, identity }, epochs.known))
  }
})

describe('a receipt that does not prove this enrolment is an alarm', () => {
  const genuine = testAuthority(1)
  test('one for another statement', async () => {
    const server = new EnrollingAuthority(genuine)
    server.before = ({ path }) => (path === '/v1/enrolments' ? server.receipt(bytesOf(1)) : undefined)
    await refused(enrolAt(server), 'CLIENT_ALARM')
  })
  test('one of a log that a stranger keeps, under the genuine epoch', async () => {
    const { logKeys } = testAuthority(1, 40)
    const server = new EnrollingAuthority(genuine)
    server.before = (request) => {
      if (request.path !== '/v1/enrolments') return undefined
      return server.take(request, (digest) => server.receipt(digest, { ...genuine, logKeys }))
    }
    await refused(enrolAt(server), 'CLIENT_ALARM')
  })
})

describe('a challenge is answered only if it is one', () => {
  const challenge = (time: number, length = 32) =>
    new ByteWriter(64)
      .u64(time)
      .bytes(bytesOf(1, length - 8))
      .toBytes()
  // What the client decrypts for the authority must be nothing else of its own.
  const OTHERS: Readonly<Record<string, Uint8Array>> = {
    'a key of 32 bytes': bytesOf(0xab),
    zeros: new Uint8Array(32),
    'a challenge of last week': challenge(START - 7 * 86_400_000),
    'a challenge of next week': challenge(START + 7 * 86_400_000),
    'a longer text': challenge(START, 33),
    'a shorter text': challenge(START, 31),
    nothing: new Uint8Array(0),
  }
  for (const [what, content] of Object.entries(OTHERS)) {
    test(`not ${what}`, async () => {
      const server = new EnrollingAuthority()
      server.before = ({ path, body }) =>
        path === '/v1/enrolments/challenge' && body ? server.challengeFor(body, content) : undefined
      await refused(enrolAt(server), 'CLIENT_ANSWER')
      assert.ok(!server.asked.includes('POST /v1/enrolments'))
      assert.ok(content.length === 0 || !mentions(server.bodies, toHex(content)))
    })
  }
  test('not a file for somebody else, and not what is no file', async () => {
    const stranger = X25519Identity.generate().recipient()
    for (const file of [encryptFile(challenge(START), [stranger]), utf8Encode('no file')]) {
      const server = new EnrollingAuthority()
      server.before = ({ path }) =>
        path === '/v1/enrolments/challenge'
          ? json(encodeJson(CHALLENGE, { file }, LIMITS.jsonBytes))
          : undefined
      await refused(enrolAt(server), 'CLIENT_ANSWER')
    }
  })
})

describe('enrolment fails with what the authority says', () => {
  for (const code of ['challenge', 'quota', 'too-many', 'unavailable'] as const) {
    test(code, async () => {
      const server = new EnrollingAuthority()
      server.before = ({ path }) => (path === '/v1/enrolments' ? problem(code) : undefined)
      const error = await refused(enrolAt(server), 'CLIENT_PROBLEM')
      assert.ok(error instanceof ClientError && error.problem?.code === code)
    })
  }
  test('and with what is wrong with the invitation, which is not quoted', async () => {
    const server = new EnrollingAuthority()
    const text = invitationTo(server.authority)
    const error = await refused(
      enrolAt(server, `${text.slice(0, -1)}${text.endsWith('Q') ? 'P' : 'Q'}`),
      'PROTOCOL_FORMAT',
    )
    assert.ok(!error.message.includes(text.slice(30, 50)))
    assert.deepEqual(server.asked, [])
  })
})
