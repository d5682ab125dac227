import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { beforeEach, describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  checkContentDigest,
  contentDigest,
  ProtocolError,
  readSignature,
  signatureBase,
  signRequest,
  verifySignature,
  type HttpRequest,
  type HttpSignatureParams,
} from '@strongroom/core/protocol'
import { httpbis } from 'http-message-signatures'
import { throwsCode } from '../support/throws-code.ts'
import { CLIENT, means, sha256 } from './fixtures.ts'

const now = Math.floor(Date.now() / 1000)
const PARAMS: HttpSignatureParams = {
  created: now,
  expires: now + 300,
  nonce: 'AAECAwQFBgcICQoLDA0ODw',
  clientId: 'c-0123456789abcdef01234567',
}
const COMPONENTS = ['@method', '@authority', '@path', '@query']

const URLS = [
  'https://vault.example.org/v1/deposits',
  'https://vault.example.org/',
  'https://vault.example.org/v1/deposits?',
  'https://vault.example.org:8443/v1/deposits?serial=0195&limit=10',
  'https://VAULT.example.org:443/v1/deposits?description=a%20b+c&object=%C3%A4',
  'http://localhost:8080/v1/statements?after=7',
  'https://[2001:db8::1]:8443/v1/deposits/00ff/receipt',
]
const BODIES = [undefined, utf8Encode('{"hello": "world"}')]
const CASES = URLS.flatMap((url) => BODIES.map((body) => ({ url: new URL(url), body })))

const GET: HttpRequest = { method: 'GET', authority: 'vault.example.org', target: '/v1/deposits?limit=10' }

describe('RFC 9421', () => {
  // RFC 9421 Appendix B.2.6, and B.1.4 for the key. Its components are not ours: the lines and the key are.
  test('the lines of B.2.6 are made as ours are, and its signature is valid', () => {
    const key = createPublicKey({
      key: Buffer.from('MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=', 'base64'),
      format: 'der',
      type: 'spki',
    })
    const params =
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"'
    const ours = utf8Decode(
      signatureBase(
        sha256,
        { method: 'POST', authority: 'example.com', target: '/foo?param=Value&Pet=dog' },
        PARAMS,
      ),
    ).split('\n')
    const [method, authority, path, query] = ours
    assert.equal(query, '"@query": ?param=Value&Pet=dog')
    const base = [
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      method,
      path,
      authority,
      '"content-type": application/json',
      '"content-length": 18',
      `"@signature-params": ${params}`,
    ].join('\n')
    const signature =
      'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=='
    assert.ok(verify(null, utf8Encode(base), key, Buffer.from(signature, 'base64')))
  })
  // RFC 9421 §2.2.6 and §2.2.7.
  const DERIVED: readonly [string, string, string][] = [
    ['/path?param=value', '/path', '?param=value'],
    ['/path?param=value&foo=bar&baz=bat%2Dman', '/path', '?param=value&foo=bar&baz=bat%2Dman'],
    ['/path?queryString', '/path', '?queryString'],
    ['/path', '/path', '?'],
    ['/path?', '/path', '?'],
    ['/', '/', '?'],
  ]
  for (const [target, path, query] of DERIVED) {
    test(`@path and @query of ${target}`, () => {
      const [, , pathLine, queryLine] = utf8Decode(signatureBase(sha256, { ...GET, target }, PARAMS)).split(
        '\n',
      )
      assert.equal(pathLine, `"@path": ${path}`)
      assert.equal(queryLine, `"@query": ${query}`)
    })
  }
})

describe('RFC 9530', () => {
  test('Content-Digest of Appendix B', () => {
    const body = utf8Encode('{"hello": "world"}\n')
    assert.equal(contentDigest(sha256, body), 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:')
    assert.equal(
      contentDigest(sha256, utf8Encode('{"hello": "world"}')),
      'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    )
  })
  test('one digest in one spelling', () => {
    const body = utf8Encode('{"hello": "world"}\n')
    const field = contentDigest(sha256, body)
    checkContentDigest(sha256, field, body)
    const others = [
      undefined,
      '',
      ` ${field}`,
      `${field}, ${field}`,
      field.replace('sha-256', 'SHA-256'),
      field.replace('sha-256', 'sha-512'),
      field.replace('=:', '='),
      `sha-512=:AA==:, ${field}`,
      `${field};x=1`,
    ]
    for (const other of others) {
      throwsCode(ProtocolError, 'CONTENT_DIGEST', () => checkContentDigest(sha256, other, body))
    }
  })
})

test('the test key of RFC 9421 signs for us as any other', () => {
  const key = createPrivateKey({
    key: Buffer.from('MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF', 'base64'),
    format: 'der',
    type: 'pkcs8',
  })
  const fields = signRequest(sha256, GET, PARAMS, (message) => new Uint8Array(sign(null, message, key)))
  const claimed = readSignature(sha256, GET, fields, now * 1000)
  const signer = 'ed25519 JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs'
  assert.equal(verifySignature(claimed, signer, means.verify).nonce, PARAMS.nonce)
})

const requestOf = (url: URL, body: Uint8Array | undefined): HttpRequest => ({
  method: body ? 'POST' : 'GET',
  authority: url.host,
  target: url.pathname + url.search,
  ...(body && { body }),
})

for (const { url, body } of CASES) {
  describe(`${url.href}, ${body ? 'with' : 'without'} a body`, () => {
    const request = requestOf(url, body)
    let params = PARAMS
    // The other implementation of RFC 9421 reads the clock itself, and this file may have been loaded minutes ago.
    beforeEach(() => {
      const created = Math.floor(Date.now() / 1000)
      params = { ...PARAMS, created, expires: created + 300 }
    })

    test('what we sign, http-message-signatures verifies', async () => {
      const headers: Record<string, string> = { ...signRequest(sha256, request, params, CLIENT.sign) }
      const keyLookup = async (given: { keyid?: string; tag?: string; nonce?: string }) => {
        assert.deepEqual(
          [given.keyid, given.tag, given.nonce],
          [PARAMS.clientId, 'strongroom-v1', PARAMS.nonce],
        )
        return {
          verify: async (data: Buffer, signature: Buffer) =>
            means.verify(CLIENT.signer, new Uint8Array(data), new Uint8Array(signature)),
        }
      }
      const config = {
        keyLookup,
        all: true,
        requiredFields: [...COMPONENTS, ...(body ? ['content-digest'] : [])],
        requiredParams: ['created', 'expires', 'nonce', 'keyid', 'tag'],
      }
      assert.equal(await httpbis.verifyMessage(config, { method: request.method, url, headers }), true)
      const other = new URL(url)
      other.searchParams.set('other', '1')
      assert.equal(
        await httpbis.verifyMessage(config, { method: request.method, url: other, headers }),
        false,
      )
    })

    test('what http-message-signatures signs, we verify', async () => {
      const headers: Record<string, string> = body ? { 'content-digest': contentDigest(sha256, body) } : {}
      const signed = await httpbis.signMessage(
        {
          key: { id: PARAMS.clientId, sign: async (data) => Buffer.from(CLIENT.sign(new Uint8Array(data))) },
          name: 'sr',
          fields: [...COMPONENTS, ...(body ? ['content-digest'] : [])],
          params: ['created', 'expires', 'nonce', 'keyid', 'tag'],
          paramValues: {
            created: new Date(params.created * 1000),
            expires: new Date(params.expires * 1000),
            nonce: PARAMS.nonce,
            tag: 'strongroom-v1',
          },
        },
        { method: request.method, url, headers },
      )
      const fields = Object.fromEntries(
        Object.entries(signed.headers).map(([name, value]) => [name.toLowerCase(), value]),
      )
      // Ed25519 has one signature for a message: the same fields to the last character.
      assert.deepEqual(fields, { ...signRequest(sha256, request, params, CLIENT.sign) })
      const claimed = readSignature(sha256, request, fields, params.created * 1000)
      assert.equal(verifySignature(claimed, CLIENT.signer, means.verify).clientId, PARAMS.clientId)
    })
  })
}
