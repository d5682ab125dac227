import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { fromPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  ACTS,
  encodeEnvelope,
  pae,
  parseEnvelope,
  ProtocolError,
  signStatement,
  statementDigest,
  verifyEpoch,
  verifyEnrolment,
  type Envelope,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import {
  bytesOf,
  CLIENT,
  enrolmentFor,
  INVITED,
  means,
  pairOf,
  sha256,
  signEpoch,
  testAuthority,
} from './fixtures.ts'

// DSSE protocol.md, "Test Vectors".
const SPEC = {
  payload: 'hello world',
  payloadType: 'http://example.com/HelloWorld',
  pae: 'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
  sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
  envelope:
    '{"payload": "aGVsbG8gd29ybGQ=",\n "payloadType": "http://example.com/HelloWorld",\n "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}',
} as const

describe('the examples of the DSSE specification', () => {
  test('pre-authentication encoding', () => {
    assert.equal(utf8Decode(pae(SPEC.payloadType, utf8Encode(SPEC.payload))), SPEC.pae)
  })
  test('its signature is one over our encoding', () => {
    const coordinate = (value: bigint) =>
      Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url')
    const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(SPEC.x), y: coordinate(SPEC.y) }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const message = pae(SPEC.payloadType, utf8Encode(SPEC.payload))
    const sig = fromPaddedBase64(SPEC.sig)
    assert.ok(verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, sig))
    assert.ok(
      !verify(
        'sha256',
        pae(SPEC.payloadType, utf8Encode('hello World')),
        { key, dsaEncoding: 'ieee-p1363' },
        sig,
      ),
    )
  })
  test('its envelope has no fingerprint, and white space: it is none of ours', () => {
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseEnvelope(utf8Encode(SPEC.envelope)))
  })
})

test('lengths are counted in bytes', () => {
  assert.equal(utf8Decode(pae('tybé', utf8Encode('ü€'))), 'DSSEv1 5 tybé 5 ü€')
  assert.equal(utf8Decode(pae('', new Uint8Array(0))), 'DSSEv1 0  0 ')
})

test('no two pairs of type and payload have one encoding', () => {
  const pair = fc.tuple(fc.string({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }))
  fc.assert(
    fc.property(pair, pair, ([typeA, a], [typeB, b]) => {
      const same = typeA === typeB && Buffer.from(a).equals(b)
      assert.equal(Buffer.from(pae(typeA, a)).equals(pae(typeB, b)), same)
    }),
    PROPERTY,
  )
  // Where a boundary could move if the lengths did not hold it.
  assert.notDeepEqual(pae('a 1 b', utf8Encode('c')), pae('a', utf8Encode('b 1 c')))
})

const ENVELOPE: Envelope = {
  payload: utf8Encode('{"a":1}'),
  payloadType: 'application/vnd.strongroom.epoch.v1+json',
  signatures: [{ keyid: CLIENT.fingerprint, sig: bytesOf(9, 64) }],
}
const TEXT = utf8Decode(encodeEnvelope(ENVELOPE))

test('an envelope has one encoding, both ways', () => {
  const sig = 'CQkJ'.repeat(21) + 'CQ=='
  assert.equal(
    TEXT,
    `{"payload":"eyJhIjoxfQ==","payloadType":"application/vnd.strongroom.epoch.v1+json","signatures":[{"keyid":"${CLIENT.fingerprint}","sig":"${sig}"}]}`,
  )
  assert.deepEqual(parseEnvelope(utf8Encode(TEXT)), ENVELOPE)
})

const OTHER_SPELLINGS: Readonly<Record<string, string>> = {
  'URL-safe base64': TEXT.replace('eyJhIjoxfQ==', 'eyJhIjoxfQ-_'),
  'base64 without padding': TEXT.replace('fQ==', 'fQ'),
  'base64 with trailing bits': TEXT.replace('fQ==', 'fR=='),
  'no payload': TEXT.replace('eyJhIjoxfQ==', ''),
  'a key id that is no fingerprint': TEXT.replace(CLIENT.fingerprint, 'key-1'),
  'an empty key id': TEXT.replace(CLIENT.fingerprint, ''),
  'no key id': TEXT.replace(`"keyid":"${CLIENT.fingerprint}",`, ''),
  'a type in upper case': TEXT.replace('application/', 'Application/'),
  'a type with parameters': TEXT.replace('v1+json', 'v1+json; charset=utf-8'),
  'no type': TEXT.replace('application/vnd.strongroom.epoch.v1+json', ''),
  'no signature': TEXT.replace(/\[.*\]/, '[]'),
  'a member more': TEXT.replace('{"payload"', '{"comment":"","payload"'),
  'a certificate beside the signature': TEXT.replace('"sig":', '"cert":"","sig":'),
  'two payloads': TEXT.replace('{"payload"', '{"payload":"e30=","payload"'),
  indentation: JSON.stringify(JSON.parse(TEXT), null, 2),
}
describe('an envelope of another spelling is refused', () => {
  for (const [what, text] of Object.entries(OTHER_SPELLINGS)) {
    test(what, () => {
      assert.notEqual(text, TEXT)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseEnvelope(utf8Encode(text)))
    })
  }
  test('more signatures than any act has', () => {
    const [signature] = ENVELOPE.signatures
    assert.ok(signature)
    const many = { ...ENVELOPE, signatures: Array.from({ length: 6 }, () => signature) }
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => encodeEnvelope(many))
  })
})

test('whatever envelope is accepted is written again exactly', () => {
  fc.assert(
    fc.property(mutationsOf(utf8Encode(TEXT)), (bytes) => {
      let envelope: Envelope
      try {
        envelope = parseEnvelope(bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError)
        return
      }
      assert.deepEqual(encodeEnvelope(envelope), bytes)
    }),
    PROPERTY,
  )
})

describe('a statement', () => {
  const authority = testAuthority(1)
  const [epoch] = authority.epochs
  const [envelope] = authority.envelopes
  assert.ok(epoch && envelope)
  const trust = { ...means, identity: authority.identity.fingerprint }

  test('has the digest of what was signed, not of who signed', () => {
    assert.deepEqual(statementDigest(sha256, envelope), sha256(pae(envelope.payloadType, envelope.payload)))
    assert.deepEqual(verifyEpoch(envelope, trust).digest, statementDigest(sha256, envelope))
    assert.deepEqual(verifyEpoch(envelope, trust).entry, {
      kind: 2,
      digest: statementDigest(sha256, envelope),
    })
  })
  test('stays what was verified when the buffers change it came in', () => {
    // Buffers of Node, whose slices are views.
    const buffers = {
      ...envelope,
      payload: Buffer.from(envelope.payload),
      signatures: envelope.signatures.map(({ keyid, sig }) => ({ keyid, sig: Buffer.from(sig) })),
    }
    const verified = verifyEpoch(buffers, trust)
    buffers.payload.fill(0)
    for (const { sig } of buffers.signatures) sig.fill(0)
    assert.deepEqual(verified.envelope, envelope)
    assert.deepEqual(verified.payload, epoch)
  })
  test('is signed by whom it names, or not at all', () => {
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => signEpoch(epoch, CLIENT))
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => signStatement(sha256, ACTS.epoch, epoch, []))
    const enrolment = enrolmentFor(authority)
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      signStatement(sha256, ACTS.enrolment, enrolment, [INVITED, CLIENT]),
    )
  })
  test('of one act is none of another', () => {
    const enrolment = signStatement(sha256, ACTS.enrolment, enrolmentFor(authority), [CLIENT, INVITED])
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyEpoch(enrolment, trust))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyEnrolment(envelope, trust))
    const renamed = { ...envelope, payloadType: enrolment.payloadType }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyEnrolment(renamed, trust))
  })
  test('signed for another payload type is not valid', () => {
    const message = pae('application/json', envelope.payload)
    const forged = {
      ...envelope,
      signatures: [{ keyid: authority.identity.fingerprint, sig: authority.identity.sign(message) }],
    }
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyEpoch(forged, trust))
  })
  test('without, with a second, a foreign, an empty or a shortened signature is not valid', () => {
    const [own] = envelope.signatures
    assert.ok(own)
    const message = pae(envelope.payloadType, envelope.payload)
    const foreign = { keyid: CLIENT.fingerprint, sig: CLIENT.sign(message) }
    const cases: readonly [Envelope['signatures'], 'PROTOCOL_FORMAT' | 'PROTOCOL_SIGNATURE'][] = [
      [[], 'PROTOCOL_FORMAT'],
      [[own, own], 'PROTOCOL_FORMAT'],
      [[own, foreign], 'PROTOCOL_FORMAT'],
      [[foreign], 'PROTOCOL_SIGNATURE'],
      [[{ keyid: CLIENT.fingerprint, sig: own.sig }], 'PROTOCOL_SIGNATURE'],
      [[{ keyid: own.keyid, sig: foreign.sig }], 'PROTOCOL_SIGNATURE'],
      [[{ keyid: own.keyid, sig: new Uint8Array(0) }], 'PROTOCOL_SIGNATURE'],
      [[{ keyid: own.keyid, sig: own.sig.subarray(1) }], 'PROTOCOL_SIGNATURE'],
    ]
    for (const [signatures, code] of cases) {
      throwsCode(ProtocolError, code, () => verifyEpoch({ ...envelope, signatures }, trust))
    }
  })
  test('of the hybrid suite needs both its signatures', () => {
    const hybrid = pairOf(0x31, 'ed25519+mldsa65')
    const changes = { signer: hybrid.signer }
    const signed = signStatement(sha256, ACTS.enrolment, enrolmentFor(authority, changes), [hybrid, INVITED])
    assert.equal(verifyEnrolment(signed, trust).fingerprint, hybrid.fingerprint)
    const [own, invited] = signed.signatures
    assert.ok(own && invited)
    for (const at of [0, 63, 64, 3372]) {
      const sig = own.sig.with(at, (own.sig[at] ?? 0) ^ 1)
      const damaged = { ...signed, signatures: [{ ...own, sig }, invited] }
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyEnrolment(damaged, trust))
    }
    const classic = { ...signed, signatures: [{ ...own, sig: own.sig.slice(0, 64) }, invited] }
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyEnrolment(classic, trust))
  })
})
