import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  contentDigest,
  LIMITS,
  ProtocolError,
  readSignature,
  signatureBase,
  signRequest,
  VerifiedRequest,
  verifySignature,
  type HttpRequest,
  type HttpSignatureFields,
  type HttpSignatureParams,
  type ProtocolErrorCode,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { CLIENT, means, pairOf, sha256, START } from './fixtures.ts'

const NOW = START / 1000
const GET: HttpRequest = {
  method: 'GET',
  authority: 'vault.example.org',
  target: '/v1/deposits?serial=0195&limit=10',
}
const POST: HttpRequest = {
  ...GET,
  method: 'POST',
  target: '/v1/search',
  body: utf8Encode('{"hello": "world"}'),
}
const PARAMS: HttpSignatureParams = {
  created: NOW,
  expires: NOW + 300,
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  clientId: 'c-0123456789abcdef01234567',
}
const accept = (request: HttpRequest, fields: Partial<HttpSignatureFields>, nowMs = START) =>
  verifySignature(readSignature(sha256, request, fields, nowMs), CLIENT.signer, means.verify)

describe('a signed request', () => {
  for (const [what, request] of Object.entries({ 'without a body': GET, 'with a body': POST })) {
    test(`${what} is that of its client, once`, () => {
      const verified = accept(request, signRequest(sha256, request, PARAMS, CLIENT.sign))
      assert.equal(verified.clientId, PARAMS.clientId)
      assert.equal(verified.nonce, PARAMS.nonce)
      assert.equal(verified.expiresMs, START + 300_000)
    })
  }
  test('has these fields', () => {
    const fields = signRequest(sha256, POST, PARAMS, () => Uint8Array.of(1))
    assert.deepEqual(fields, {
      'signature-input': `sr=("@method" "@authority" "@path" "@query" "content-digest");created=${NOW};expires=${NOW + 300};nonce="AAECAwQFBgcICQoLDA0ODw";keyid="c-0123456789abcdef01234567";tag="strongroom-v1"`,
      signature: 'sr=:AQ==:',
      'content-digest': 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    })
    assert.deepEqual(Object.keys(signRequest(sha256, GET, PARAMS, CLIENT.sign)), [
      'signature-input',
      'signature',
    ])
    const empty = { ...POST, body: new Uint8Array(0) }
    assert.deepEqual(Object.keys(signRequest(sha256, empty, PARAMS, CLIENT.sign)), [
      'signature-input',
      'signature',
    ])
  })
  test('under the hybrid suite fits its field', () => {
    const hybrid = pairOf(0x31, 'ed25519+mldsa65')
    const fields = signRequest(sha256, GET, PARAMS, hybrid.sign)
    assert.equal(fields.signature.length, 4 + 4500 + 1)
    const claimed = readSignature(sha256, GET, fields, START)
    assert.equal(verifySignature(claimed, hybrid.signer, means.verify).clientId, PARAMS.clientId)
  })
  test('nobody else makes a verified one', () => {
    assert.throws(() => Reflect.construct(VerifiedRequest, [Symbol('verified'), PARAMS]), TypeError)
  })
})

describe('a request that was changed is not the one that was signed', () => {
  const changed: readonly [string, HttpRequest, HttpRequest][] = [
    ['method', GET, { ...GET, method: 'DELETE' }],
    ['authority', GET, { ...GET, authority: 'vault.example.com' }],
    ['port', GET, { ...GET, authority: 'vault.example.org:8443' }],
    ['path', GET, { ...GET, target: '/v1/deposit?serial=0195&limit=10' }],
    ['query', GET, { ...GET, target: '/v1/deposits?serial=0196&limit=10' }],
    ['no query', GET, { ...GET, target: '/v1/deposits' }],
    ['question mark moved', GET, { ...GET, target: '/v1/deposits%3Fserial=0195&limit=10' }],
  ]
  for (const [what, signed, sent] of changed) {
    test(what, () => {
      const fields = signRequest(sha256, signed, PARAMS, CLIENT.sign)
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => accept(sent, fields))
    })
  }
  test('body', () => {
    const fields = signRequest(sha256, POST, PARAMS, CLIENT.sign)
    const other = { ...POST, body: utf8Encode('{"hello": "World"}') }
    throwsCode(ProtocolError, 'CONTENT_DIGEST', () => accept(other, fields))
    // With its own digest beside it, the signature is that of the other body.
    const forged = { ...fields, 'content-digest': contentDigest(sha256, other.body) }
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => accept(other, forged))
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => accept({ ...POST, body: new Uint8Array(0) }, fields))
  })
  test('a body that was added, with or without a digest', () => {
    const fields = signRequest(sha256, GET, PARAMS, CLIENT.sign)
    const sent = { ...GET, body: utf8Encode('x') }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => accept(sent, fields))
    const digest = { 'content-digest': contentDigest(sha256, sent.body) }
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => accept(sent, { ...fields, ...digest }))
    throwsCode(ProtocolError, 'CONTENT_DIGEST', () => accept(GET, { ...fields, ...digest }))
  })
  test('another client, and another key', () => {
    const fields = signRequest(sha256, GET, PARAMS, CLIENT.sign)
    const input = fields['signature-input'].replace('c-0123', 'c-9123')
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      accept(GET, { ...fields, 'signature-input': input }),
    )
    const claimed = readSignature(sha256, GET, fields, START)
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      verifySignature(claimed, pairOf(0x66).signer, means.verify),
    )
  })
})

describe('the fields have one spelling', () => {
  const fields = signRequest(sha256, GET, PARAMS, CLIENT.sign)
  const input = fields['signature-input']
  const inputs: Readonly<Record<string, string>> = {
    'another label': input.replace('sr=', 'sig1='),
    'a component less': input.replace(' "@query"', ''),
    'a component more': input.replace(' "@query"', ' "@query" "date"'),
    'components in another order': input.replace('"@method" "@authority"', '"@authority" "@method"'),
    'no components': input.replace(/\(.*\)/, '()'),
    'a parameter of a component': input.replace('"@query"', '"@query";req'),
    'content-digest without a body': input.replace(' "@query"', ' "@query" "content-digest"'),
    'parameters in another order': input.replace(/;created=(\d+);expires=(\d+)/, ';expires=$2;created=$1'),
    'no expiry': input.replace(/;expires=\d+/, ''),
    'no nonce': input.replace(/;nonce="[^"]*"/, ''),
    'a nonce with trailing bits': input.replace('ODw"', 'ODx"'),
    'a short nonce': input.replace('AAECAw', 'AAEC'),
    'no tag': input.replace(';tag="strongroom-v1"', ''),
    'another tag': input.replace('strongroom-v1', 'strongroom-v2'),
    'an algorithm': input.replace(';tag', ';alg="ed25519";tag'),
    'a time with a sign': input.replace('created=', 'created=+'),
    'a time with a leading zero': input.replace('created=', 'created=0'),
    'a time with a fraction': input.replace(/created=(\d+)/, 'created=$1.0'),
    'a time of thirteen digits': input.replace(/created=\d+/, 'created=1000000000000'),
    'a key id in upper case': input.replace('c-0123', 'C-0123'),
    'white space': input.replace('" "', '"  "'),
    'a second signature': `${input}, sig2=("@method");created=1`,
    'itself twice': `${input}, ${input}`,
    nothing: '',
  }
  for (const [what, text] of Object.entries(inputs)) {
    test(what, () => {
      assert.notEqual(text, input)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => accept(GET, { ...fields, 'signature-input': text }))
    })
  }
  const { signature } = fields
  const signatures: Readonly<Record<string, [string, ProtocolErrorCode]>> = {
    'a signature under another label': [signature.replace('sr=', 'sig1='), 'PROTOCOL_FORMAT'],
    'base64 without padding': [signature.replace('==:', ':'), 'PROTOCOL_FORMAT'],
    'a signature that is no byte sequence': [signature.replaceAll(':', ''), 'PROTOCOL_FORMAT'],
    'an empty signature': ['sr=::', 'PROTOCOL_FORMAT'],
    'two signatures': [`${signature}, ${signature}`, 'PROTOCOL_FORMAT'],
    'a signature with a parameter': [`${signature};x`, 'PROTOCOL_FORMAT'],
    'a signature that is too long': [`sr=:${'AAAA'.repeat(1200)}:`, 'PROTOCOL_FORMAT'],
    'a signature that is too short': [`sr=:${toPaddedBase64(new Uint8Array(63))}:`, 'PROTOCOL_SIGNATURE'],
  }
  for (const [what, [text, code]] of Object.entries(signatures)) {
    test(what, () => {
      assert.notEqual(text, signature)
      throwsCode(ProtocolError, code, () => accept(GET, { ...fields, signature: text }))
    })
  }
  test('a field that is missing is a request that is not signed', () => {
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => accept(GET, {}))
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => accept(GET, { signature }))
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => accept(GET, { 'signature-input': input }))
  })
  test('every bit flip and truncation of both fields is refused', () => {
    const flips = (text: string) =>
      Array.from(text, (character, at) =>
        Array.from({ length: 8 }, (_, bit) => {
          const flipped = String.fromCharCode(character.charCodeAt(0) ^ (1 << bit))
          return text.slice(0, at) + flipped + text.slice(at + 1)
        }),
      ).flat()
    const cuts = (text: string) => Array.from(text, (_, length) => text.slice(0, length))
    for (const name of ['signature-input', 'signature'] as const) {
      for (const text of [...flips(fields[name]), ...cuts(fields[name])]) {
        assert.throws(() => accept(GET, { ...fields, [name]: text }), ProtocolError, text)
      }
    }
  })
})

describe('the window of a signature', () => {
  const at = (created: number, expires: number, nowMs = START) => {
    const params = { ...PARAMS, created: NOW + created, expires: NOW + expires }
    return accept(GET, signRequest(sha256, GET, params, CLIENT.sign), nowMs)
  }
  test('from a minute before its creation to its expiry', () => {
    for (const [created, expires] of [
      [0, 300],
      [-300, 0],
      [60, 61],
      [60, 360],
      [-1, 1],
    ] as const) {
      assert.ok(at(created, expires))
    }
    assert.ok(at(0, 300, START + 300_000))
  })
  test('is refused outside', () => {
    const cases: readonly [number, number, number?][] = [
      [61, 100],
      [-300, -1],
      [0, 301],
      [0, 0],
      [0, -1],
      [0, 1_000_000],
      [0, 300, START + 300_001],
      [0, 300, START - 60_001],
    ]
    for (const [created, expires, nowMs] of cases) {
      throwsCode(ProtocolError, 'REQUEST_WINDOW', () => at(created, expires, nowMs))
    }
    assert.equal(LIMITS.signatureSeconds, 300)
  })
})

describe('a request that nobody can make is not signed', () => {
  const impossible: readonly Partial<HttpRequest>[] = [
    { method: 'get' },
    { method: '' },
    { method: 'GET\n"@authority": evil.example' },
    { authority: 'Vault.example.org' },
    { authority: 'user@vault.example.org' },
    { authority: 'vault.example.org:' },
    { authority: 'vault.example.org:0' },
    { authority: 'vault.example.org/path' },
    { authority: '' },
    { target: 'v1' },
    { target: '' },
    { target: '*' },
    { target: 'https://vault.example.org/v1' },
    { target: '/v1#fragment' },
    { target: '/v1?a=1#fragment' },
    { target: '/v1 HTTP/1.1' },
    { target: '/v1\n"@query": ?' },
    { target: '/v1?\u00e9' },
  ]
  for (const changes of impossible) {
    test(JSON.stringify(changes), () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
        signatureBase(sha256, { ...GET, ...changes }, PARAMS),
      )
    })
  }
  test('nor with parameters that cannot be read back', () => {
    const others: readonly Partial<HttpSignatureParams>[] = [
      { created: 1.5 },
      { expires: -1 },
      { expires: 1e12 },
      { nonce: 'short' },
      { nonce: `${PARAMS.nonce}"` },
      { nonce: `${PARAMS.nonce.slice(0, -1)}x` },
      { clientId: 'c"' },
      { clientId: '' },
    ]
    for (const changes of others) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
        signRequest(sha256, GET, { ...PARAMS, ...changes }, CLIENT.sign),
      )
    }
  })
})

test('no two requests have one base, but for a question mark with nothing behind it', () => {
  const request = fc.record(
    {
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
      authority: fc.constantFrom('a.example', 'b.example', 'a.example:1', '[::1]:8443'),
      target: fc.stringMatching(/^\/[ab/]{0,3}(\?[ab?]{1,3})?$/),
      body: fc.uint8Array({ maxLength: 2 }),
    },
    { noNullPrototype: true },
  )
  const base = (one: HttpRequest) => utf8Decode(signatureBase(sha256, one, PARAMS))
  fc.assert(
    fc.property(request, request, (one, two) => {
      const same = [one, two].map(({ method, authority, target, body }) =>
        JSON.stringify([method, authority, target, [...body]]),
      )
      assert.equal(base(one) === base(two), same[0] === same[1])
    }),
    PROPERTY,
  )
})
