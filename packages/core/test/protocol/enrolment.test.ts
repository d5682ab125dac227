import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bech32Decode, bech32Encode, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { SigningKey } from '@strongroom/core/container'
import {
  ACTS,
  CHALLENGE,
  CHALLENGE_REQUEST,
  clientIdOf,
  encodeEnvelope,
  encodeJson,
  encodeInvitation,
  LIMITS,
  parseEnvelope,
  parseInvitation,
  parseJson,
  ProtocolError,
  signStatement,
  verifyEnrolment,
  type Enrolment,
  type Invitation,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import {
  bytesOf,
  CLIENT,
  enrolmentFor,
  exchangeOf,
  INVITED,
  means,
  pairOf,
  sha256,
  testAuthority,
} from './fixtures.ts'
import { refusesAllNear } from './near.ts'

const authority = testAuthority(1)
const trust = { ...means, identity: authority.identity.fingerprint }
const CLASSIC = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
const enrolment = enrolmentFor(authority, { exchange: CLASSIC })
const envelope = signStatement(sha256, ACTS.enrolment, enrolment, [CLIENT, INVITED])

describe('an enrolment', () => {
  test('is of the client that its tenant and key make', () => {
    const verified = verifyEnrolment(envelope, trust)
    assert.deepEqual(verified.statement.payload, enrolment)
    assert.equal(verified.clientId, clientIdOf(sha256, 'acme', CLIENT.signer))
    assert.equal(verified.fingerprint, CLIENT.fingerprint)
    assert.equal(verified.statement.entry.kind, 3)
    assert.deepEqual(
      verifyEnrolment(envelope, { ...trust, identity: authority.identity.signer }).clientId,
      verified.clientId,
    )
  })
  test('made for another authority is refused', () => {
    const other = testAuthority(1, 40)
    throwsCode(ProtocolError, 'PROTOCOL_BINDING', () =>
      verifyEnrolment(envelope, { ...means, identity: other.identity.fingerprint }),
    )
  })
  test('needs both consents', () => {
    const mallory = pairOf(0x66)
    const stolen = signStatement(sha256, ACTS.enrolment, { ...enrolment, signer: mallory.signer }, [
      mallory,
      INVITED,
    ])
    const [client, invited] = envelope.signatures
    const [other] = stolen.signatures
    assert.ok(client && invited && other)
    for (const signatures of [
      [client, other],
      [other, invited],
      [invited, client],
      [client, client],
    ]) {
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
        verifyEnrolment({ ...envelope, signatures }, trust),
      )
    }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      verifyEnrolment({ ...envelope, signatures: [client] }, trust),
    )
  })
  test('with the invitation’s own key as the client’s cannot be written', () => {
    const self = { ...enrolment, signer: INVITED.signer }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      signStatement(sha256, ACTS.enrolment, self, [INVITED, INVITED]),
    )
  })
  test('takes the invitation’s key from the invitation’s secret', () => {
    const { secret } = parseInvitation(encodeInvitation(INVITATION))
    assert.equal(SigningKey.fromSecretBytes('ed25519', secret).signer.toString(), INVITED.signer)
  })

  const other: Enrolment = {
    identity: pairOf(0x41).fingerprint,
    tenant: 'other',
    invitation: pairOf(0x42).signer,
    signer: pairOf(0x43).signer,
    exchange: exchangeOf(0x44),
    name: 'phone',
    challenge: bytesOf(0x45),
    created: enrolment.created + 1000,
  }
  const payload = JSON.parse(utf8Decode(envelope.payload))
  for (const member of Object.keys(other) as (keyof Enrolment)[]) {
    test(`with the ${member} of another is refused`, () => {
      const changed = { ...enrolment, [member]: other[member] }
      const field = ACTS.enrolment.payload.write(changed)
      const forged = { ...envelope, payload: utf8Encode(JSON.stringify(field)) }
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyEnrolment(forged, trust))
    })
  }
  test('with two members swapped is refused', () => {
    const members = Object.keys(payload)
    for (const one of members) {
      for (const two of members.slice(members.indexOf(one) + 1)) {
        const swapped = { ...payload, [one]: payload[two], [two]: payload[one] }
        const forged = { ...envelope, payload: utf8Encode(JSON.stringify(swapped)) }
        assert.throws(() => verifyEnrolment(forged, trust), ProtocolError, `${one} and ${two}`)
      }
    }
  })
  test('is refused with any bit flipped and at any other length', () => {
    refusesAllNear(encodeEnvelope(envelope), (bytes) => verifyEnrolment(parseEnvelope(bytes), trust))
  })
})

const INVITATION: Invitation = {
  url: 'https://vault.example.org:8443',
  tenant: 'acme',
  identity: authority.identity.fingerprint,
  secret: bytesOf(0x22),
  expires: Date.UTC(2026, 11, 1),
}

describe('a challenge', () => {
  test('is asked for and given in one encoding', () => {
    const request = { invitation: INVITED.signer, exchange: CLASSIC }
    const asked = encodeJson(CHALLENGE_REQUEST, request, LIMITS.jsonBytes)
    assert.equal(utf8Decode(asked), `{"invitation":"${INVITED.signer}","exchange":"${CLASSIC}"}`)
    assert.deepEqual(parseJson(CHALLENGE_REQUEST, asked, LIMITS.jsonBytes), request)
    const given = encodeJson(CHALLENGE, { file: bytesOf(0, 3) }, LIMITS.jsonBytes)
    assert.equal(utf8Decode(given), '{"file":"AAAA"}')
    assert.deepEqual(parseJson(CHALLENGE, given, LIMITS.jsonBytes).file, bytesOf(0, 3))
  })
  test('of no bytes, or for no recipient, is none', () => {
    for (const text of ['{"file":""}', '{"file":null}', '{}', '{"file":"AAAA","more":1}']) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
        parseJson(CHALLENGE, utf8Encode(text), LIMITS.jsonBytes),
      )
    }
    const request = { invitation: INVITED.signer, exchange: 'age1' }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      encodeJson(CHALLENGE_REQUEST, request, LIMITS.jsonBytes),
    )
  })
})

describe('an invitation', () => {
  const text = encodeInvitation(INVITATION)

  test('is one word to paste', () => {
    assert.match(text, /^STRONGROOM-INVITATION-1[02-9AC-HJ-NP-Z]+$/)
    assert.deepEqual(parseInvitation(text), INVITATION)
  })
  test('is refused with any bit flipped and at any other length', () => {
    refusesAllNear(utf8Encode(text), (bytes) => parseInvitation(Buffer.from(bytes).toString('latin1')))
  })
  test('is refused in lower case, with white space, and as something else', () => {
    for (const other of [
      text.toLowerCase(),
      ` ${text}`,
      `${text}\n`,
      '',
      'STRONGROOM-INVITATION-1',
      CLASSIC,
    ]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseInvitation(other))
    }
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseInvitation('A'.repeat(1025)))
  })
  test('is refused when its bytes are, though the checksum is right', () => {
    const { hrp, bytes } = bech32Decode(text)
    const remade = (changed: Uint8Array) => bech32Encode(hrp, changed)
    assert.equal(remade(bytes), text)
    const others = [
      bytes.with(0, 2), // version
      bytes.with(1, (bytes[1] ?? 0) + 1), // length of the URL
      bytes.with(2, 0x48), // https in mixed case
      bytes.with(2, 0xff), // not UTF-8
      bytes.subarray(0, -1),
      Uint8Array.from([...bytes, 0]),
      bytes.with(bytes.length - 8, 0xff), // a time beyond numbers
      bytes.with(bytes.length - 4, 0xff).with(bytes.length - 5, 0xff), // a time beyond dates
    ]
    for (const other of others) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseInvitation(remade(other)))
    }
  })
  test('never stands in an error', () => {
    const broken = `${text.slice(0, -1)}${text.endsWith('Q') ? 'P' : 'Q'}`
    assert.throws(
      () => parseInvitation(broken),
      (error: Error) => !`${error.message} ${String(error.cause)}`.includes(text.slice(30, 40)),
    )
  })

  const badUrls = [
    'http://vault.example.org',
    'https://vault.example.org/',
    'https://vault.example.org/path',
    'https://vault.example.org?x',
    'https://vault.example.org#x',
    'https://user@vault.example.org',
    'https://VAULT.example.org',
    'https://vault.example.org:443',
    'https://väult.example.org',
    'https://localhost.example.org\n',
    'ftp://vault.example.org',
    'javascript:alert(1)',
    'vault.example.org',
    '',
    `https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example.org`,
  ]
  for (const url of badUrls) {
    test(`has no address ${JSON.stringify(url).slice(0, 40)}`, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeInvitation({ ...INVITATION, url }))
    })
  }
  for (const url of [
    'http://localhost:8080',
    'http://127.0.0.1:1',
    'http://[::1]:8443',
    'https://[2001:db8::1]',
  ]) {
    test(`may have the address ${url}`, () => {
      assert.equal(parseInvitation(encodeInvitation({ ...INVITATION, url })).url, url)
    })
  }
  test('with anything impossible is not written', () => {
    const impossible: readonly Partial<Invitation>[] = [
      { tenant: 'ACME' },
      { identity: 'SHA256:short' },
      { secret: bytesOf(1, 31) },
      { expires: -1000 },
      { expires: 1.5 },
      { expires: 1 },
      { expires: Number.NaN },
      { expires: Date.UTC(10_000, 0) },
    ]
    for (const change of impossible) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => encodeInvitation({ ...INVITATION, ...change }))
    }
  })
  test('whatever is accepted is written again exactly', () => {
    fc.assert(
      fc.property(mutationsOf(bech32Decode(text).bytes), (bytes) => {
        const changed = bech32Encode('STRONGROOM-INVITATION-', bytes)
        let invitation: Invitation
        try {
          invitation = parseInvitation(changed)
        } catch (error) {
          assert.ok(error instanceof ProtocolError)
          return
        }
        assert.equal(encodeInvitation(invitation), changed)
      }),
      PROPERTY,
    )
  })
})
