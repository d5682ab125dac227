import assert from 'node:assert/strict'
import { LIMITS, contentDigest, signRequest, type ProblemCode } from '@strongroom/core/protocol'
import { sha256 } from '../../src/model/digest.ts'
import { SigningKey } from '@strongroom/core/container'
import { pairOf } from '../support/authority.ts'
import type { RawAnswer } from '../support/raw-request.ts'
import { freshNonce, onService, type Served, type SignChanges } from '../support/served.ts'
import { depositOne, idOf } from './requests.ts'

const PATH = '/v1/deposits'

async function refused(served: Served, code: ProblemCode, fields: Record<string, string>, target = PATH) {
  const answer = await served.ask('GET', target, { fields })
  assert.equal(answer.problem.code, code, answer.text)
  return answer
}

async function refusedSigned(served: Served, code: ProblemCode, changes: SignChanges): Promise<RawAnswer> {
  return refused(served, code, served.signed(PATH, served.client(), changes))
}

onService('signed reads', {
  'who signed nothing, with another key, or as somebody unknown is told the same': async (served) => {
    const unsigned = await refused(served, 'unauthenticated', {})
    const strangers: SignChanges[] = [
      { pair: pairOf(4711) },
      { clientId: 'c-000000000000000000000000', pair: pairOf(4711) },
      { clientId: served.client(1).owner.client },
      { clientId: 'somebody' },
    ]
    for (const stranger of strangers) {
      const answer = await refusedSigned(served, 'unauthenticated', stranger)
      assert.equal(answer.comparable, unsigned.comparable)
    }
    // Of the suite that the client does not have.
    const hybrid = SigningKey.generate('ed25519+mldsa65')
    const pair = { signer: hybrid.signer.toString(), sign: (message: Uint8Array) => hybrid.sign(message) }
    for (const clientId of [served.client().owner.client, 'c-000000000000000000000000']) {
      const answer = await refusedSigned(served, 'unauthenticated', { clientId, pair })
      assert.equal(answer.comparable, unsigned.comparable)
    }
    const { signature = '', 'signature-input': input = '' } = served.signed(PATH)
    await refused(served, 'unauthenticated', { signature })
    await refused(served, 'unauthenticated', { 'signature-input': input })
  },

  'a signature is for one method, host, path and query': async (served) => {
    for (const [target, changes] of [
      ['/v1/statements', {}],
      [`${PATH}?limit=1`, {}],
      [PATH, { method: 'POST' }],
      [PATH, { authority: 'other.example.org' }],
      [PATH, { authority: 'vault.example.org:8443' }],
    ] as const) {
      const fields = served.signed(target === PATH ? PATH : PATH, served.client(), changes)
      await refused(served, 'unauthenticated', fields, target === PATH ? PATH : target)
    }
    await refused(served, 'unauthenticated', served.signed(`${PATH}?limit=1`), `${PATH}?limit=2`)
    // The host of the request is not asked: it is a stranger's word.
    const fields = Object.entries(served.signed(PATH))
    const answer = await served.ask('GET', PATH, {
      fields: [...fields, ['X-Forwarded-Host', 'evil.example']],
    })
    assert.equal(answer.status, 200)
  },

  'a signature holds for its time': async (served) => {
    const now = Math.floor(served.scene.now / 1000)
    const { signatureSeconds, clockSkewSeconds } = LIMITS
    await refusedSigned(served, 'clock', {
      created: now + clockSkewSeconds + 1,
      expires: now + clockSkewSeconds + 9,
    })
    await refusedSigned(served, 'clock', { created: now - 100, expires: now - 1 })
    for (const length of [0, -1, signatureSeconds + 1]) {
      const input =
        served.signed(PATH)['signature-input']?.replace(/expires=\d+/, `expires=${now + length}`) ?? ''
      await refused(served, 'clock', { ...served.signed(PATH), 'signature-input': input })
    }
    const early = await served.read(PATH, served.client(), { created: now + 59, expires: now + 80 })
    assert.equal(early.status, 200)
  },

  'a request is made once, by whomever, and a replay says so': async (served) => {
    const fields = served.signed(PATH)
    assert.equal((await served.ask('GET', PATH, { fields })).status, 200)
    await refused(served, 'replayed', fields)
    // The same nonce of another client is another one.
    const nonce = /nonce="([^"]+)"/.exec(fields['signature-input'] ?? '')?.[1] ?? ''
    assert.equal((await served.read(PATH, served.client(1), { nonce })).status, 200)
    await refusedSigned(served, 'replayed', { nonce, expires: Math.floor(served.scene.now / 1000) + 299 })
    const again = served.signed(PATH)
    const all = await Promise.all(
      Array.from({ length: 20 }, () => served.ask('GET', PATH, { fields: again })),
    )
    assert.deepEqual(
      all.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, ...Array.from({ length: 19 }, () => 401)],
    )
    // Who cannot sign cannot spend: the owner's request with that nonce is good.
    const own = freshNonce()
    await refusedSigned(served, 'unauthenticated', { nonce: own, pair: pairOf(4711) })
    assert.equal((await served.read(PATH, served.client(), { nonce: own })).status, 200)
  },

  'nonces are remembered as long as their signatures hold': async (served) => {
    const created = Math.floor(served.scene.now / 1000)
    const fields = served.signed(PATH, served.client(), { created, expires: created + 300 })
    assert.equal((await served.ask('GET', PATH, { fields })).status, 200)
    served.scene.now += 299_000
    await served.service.authority.store.forgetNonces(served.scene.now)
    await refused(served, 'replayed', fields)
    served.scene.now += 2_000
    await refused(served, 'clock', fields)
  },

  'of all forms that a signature may have there is one': async (served) => {
    const fields = served.signed(PATH)
    const { signature = '', 'signature-input': input = '' } = fields
    const others: Record<string, string>[] = [
      { 'signature-input': input.replace('sr=', 'sig=') },
      { 'signature-input': input.replace('"@query"', '"@query" "host"') },
      { 'signature-input': input.replace(' "@query"', '') },
      { 'signature-input': input.replace('strongroom-v1', 'other') },
      { 'signature-input': `${input};alg="none"` },
      { 'signature-input': input.replace(/nonce="[^"]+"/, 'nonce="short"') },
      { 'signature-input': input.replace(/created=\d+/, 'created=-1') },
      { 'signature-input': `${input}, ${input}` },
      { 'signature-input': 'x'.repeat(9_000) },
      { signature: signature.replace('sr=', 'sig=') },
      { signature: 'sr=::' },
      { signature: `${signature}, ${signature}` },
      { signature: signature.replace(':', ': ') },
      { 'content-digest': contentDigest(sha256, new Uint8Array(0)) },
    ]
    for (const changes of others) await refused(served, 'malformed', { ...fields, ...changes })
    for (const name of ['signature', 'signature-input'] as const) {
      const twice = [...Object.entries(fields), [name, fields[name] ?? ''] as const]
      assert.equal((await served.ask('GET', PATH, { fields: twice })).problem.code, 'malformed')
    }
    assert.equal((await served.ask('GET', PATH, { fields })).status, 200)
  },

  'a body stands on no read, signed or not': async (served) => {
    const body = Buffer.from('{}')
    const created = Math.floor(served.scene.now / 1000)
    const { owner, pair } = served.client()
    const request = { method: 'GET', authority: 'vault.example.org', target: PATH, body }
    const params = { created, expires: created + 60, nonce: freshNonce(), clientId: owner.client }
    const fields = { ...signRequest(sha256, request, params, pair.sign) }
    assert.equal((await served.ask('GET', PATH, { body, fields })).problem.code, 'malformed')
    assert.equal(
      (await served.ask('GET', PATH, { body, fields: served.signed(PATH) })).problem.code,
      'malformed',
    )
  },

  'absent and foreign take the same way': async (served) => {
    const [client, stranger] = [served.client(), served.client(1)]
    const blob = client.blob(1)
    await depositOne(served, blob)
    const foreign = await served.read(`/v1/deposits/${idOf(blob)}`, stranger)
    const absent = await served.read(`/v1/deposits/${'1'.repeat(64)}`, stranger)
    assert.equal(foreign.comparable, absent.comparable)
    assert.equal((await served.ask('GET', `/v1/deposits/${idOf(blob)}`)).problem.code, 'unauthenticated')
    assert.equal((await served.ask('GET', `/v1/deposits/${'1'.repeat(64)}`)).problem.code, 'unauthenticated')
  },
})
