import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  ACTS,
  encodeEnvelope,
  openStatement,
  pae,
  parseEnvelope,
  ProtocolError,
  requestSigners,
  signStatement,
  statementDigest,
  type Act,
  type Envelope,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, CLIENT, exchangeOf, means, pairOf, sha256, START } from './fixtures.ts'
import { refusesAllNear } from './near.ts'
import {
  ADA,
  approvalWith,
  charterReleaseWith,
  CODE,
  codesWith,
  CUSTODIAN,
  NEWCOMER,
  OFFICERS,
  requestWith,
  sampleEnvelope,
  SAMPLE_NAMES,
  SAMPLES,
  signed,
  VETTING_CODE,
  vettingWith,
} from './recovery-fixtures.ts'

const open = (name: keyof typeof ACTS, envelope: Envelope) =>
  openStatement(ACTS[name] as Act<unknown>, envelope, means)

describe('a statement about recovery', () => {
  for (const name of SAMPLE_NAMES) {
    test(`${name} is read as it was written`, () => {
      const envelope = sampleEnvelope(name)
      const read = open(name, parseEnvelope(encodeEnvelope(envelope)))
      assert.deepEqual(read.payload, SAMPLES[name])
      assert.deepEqual(read.digest, statementDigest(sha256, envelope))
      assert.deepEqual(read.entry, { kind: ENTRY_KINDS[name], digest: read.digest })
    })
    test(`${name}: every truncation and bit flip is refused`, () => {
      refusesAllNear(encodeEnvelope(sampleEnvelope(name)), (bytes) => open(name, parseEnvelope(bytes)))
    })
    test(`${name}: each member is needed, signed, and in its place`, () => {
      const envelope = sampleEnvelope(name)
      const members = Object.entries(JSON.parse(utf8Decode(envelope.payload)))
      const refuses = (changed: readonly (readonly [string, unknown])[], what: string) => {
        const payload = utf8Encode(JSON.stringify(Object.fromEntries(changed)))
        assert.throws(() => open(name, { ...envelope, payload }), ProtocolError, what)
      }
      for (const [i, [member, value]] of members.entries()) {
        refuses(members.toSpliced(i, 1), `without ${member}`)
        refuses(members.with(i, [member, value === null ? 'x' : null]), `${member} of another kind`)
        if (i > 0)
          refuses(
            [
              ...members.slice(0, i - 1),
              members[i] ?? ['', 0],
              members[i - 1] ?? ['', 0],
              ...members.slice(i + 1),
            ],
            `${member} too early`,
          )
      }
      refuses([...members, ['note', 'x']], 'with a member more')
    })
  }

  test('is none of another act, whatever its type says', () => {
    for (const from of SAMPLE_NAMES) {
      for (const to of SAMPLE_NAMES.filter((name) => name !== from)) {
        const envelope = sampleEnvelope(from)
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => open(to, envelope))
        // Some payloads could be read as those of another act: what was signed is not that.
        const renamed = { ...envelope, payloadType: ACTS[to].payloadType }
        assert.throws(() => open(to, renamed), ProtocolError, `${from} as ${to}`)
      }
    }
  })
  test('is signed with its type: the same payload, signed as another act, is refused', () => {
    const envelope = sampleEnvelope('completion')
    const signedAs = (name: 'completion' | 'rewrap'): Envelope => {
      const sig = CUSTODIAN.sign(pae(ACTS[name].payloadType, envelope.payload))
      return { ...envelope, signatures: envelope.signatures.map((signature) => ({ ...signature, sig })) }
    }
    assert.deepEqual(open('completion', signedAs('completion')).payload, SAMPLES.completion)
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => open('completion', signedAs('rewrap')))
  })
})

describe('a request', () => {
  test('is signed by the new container, the requester and each piece of evidence', () => {
    const request = requestWith({
      class: 'third-party',
      requester: 'ada',
      by: ADA.signer,
      evidence: [
        { kind: 'client-key', key: CLIENT.signer },
        { kind: 'recovery-code', key: CODE.signer },
        { kind: 'vetting', key: VETTING_CODE.signer },
      ],
    })
    const signers = [NEWCOMER, ADA, CLIENT, CODE, VETTING_CODE]
    assert.deepEqual(
      requestSigners(request),
      signers.map(({ signer }) => signer),
    )
    const envelope = signStatement(sha256, ACTS.request, request, signers)
    assert.deepEqual(open('request', parseEnvelope(encodeEnvelope(envelope))).payload, request)
    for (let i = 0; i < signers.length; i++) {
      const others = envelope.signatures.toSpliced(i, 1)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => open('request', { ...envelope, signatures: others }))
      const [damaged] = envelope.signatures.slice(i)
      assert.ok(damaged)
      const signatures = envelope.signatures.with(i, { ...damaged, sig: bytesOf(i, 64) })
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => open('request', { ...envelope, signatures }))
    }
  })
  test('of keys of the hybrid suite fits an envelope', () => {
    const [container, requester, owner] = [0x91, 0x92, 0x93].map((seed) => pairOf(seed, 'ed25519+mldsa65'))
    assert.ok(container && requester && owner)
    const request = requestWith({
      signer: container.signer,
      requester: 'ada',
      by: requester.signer,
      evidence: [
        { kind: 'client-key', key: owner.signer },
        { kind: 'recovery-code', key: CODE.signer },
        { kind: 'vetting', key: VETTING_CODE.signer },
      ],
      reason: 'r'.repeat(500),
      reference: 'r'.repeat(128),
    })
    const envelope = signStatement(sha256, ACTS.request, request, [
      container,
      requester,
      owner,
      CODE,
      VETTING_CODE,
    ])
    assert.deepEqual(open('request', parseEnvelope(encodeEnvelope(envelope))).payload, request)
  })
})

describe('a statement cannot be written', () => {
  const evidence = (kind: 'recovery-code' | 'vetting', key: string) => ({ kind, key }) as const
  const code = evidence('recovery-code', CODE.signer)
  const classic = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'
  const cases: Readonly<Record<string, () => unknown>> = {
    'a request that ends before it begins': () => signed('request', requestWith({ expires: START })),
    'a request of another person without one': () => signed('request', requestWith({ class: 'third-party' })),
    'a request with a name and no key': () => signed('request', requestWith({ requester: 'bo' })),
    'a request with a key and no name': () => signed('request', requestWith({ by: ADA.signer })),
    'a request whose container is its evidence': () =>
      signed('request', requestWith({ signer: CODE.signer, evidence: [code] })),
    'a request with one key as two kinds of evidence': () =>
      signed('request', requestWith({ evidence: [code, evidence('vetting', CODE.signer)] })),
    'a request with two codes': () =>
      signed('request', requestWith({ evidence: [code, evidence('recovery-code', VETTING_CODE.signer)] })),
    'a request with evidence in another order': () =>
      signed('request', requestWith({ evidence: [evidence('vetting', VETTING_CODE.signer), code] })),
    'a request for a key that is not post-quantum': () =>
      signed('request', requestWith({ recipient: classic })),
    'a request for no deposits': () =>
      signed('request', requestWith({ deposits: { count: 0, digest: bytesOf(1) } })),
    'a request for too many': () =>
      signed('request', requestWith({ deposits: { count: 10_001, digest: bytesOf(1) } })),
    'a request of the class charter': () => signed('request', requestWith({ class: 'charter' as 'self' })),
    'an approval that ends before it begins': () =>
      signed('approval', approvalWith(bytesOf(1), 0, { expires: START })),
    'an approval that says nothing': () => signed('approval', approvalWith(bytesOf(1), 0, { evidence: '' })),
    'the release of a charter with deposits': () =>
      signed('release', charterReleaseWith(bytesOf(1), { count: 1 })),
    'the release of a request without any': () => signed('release', { ...SAMPLES.release, count: 0 }),
    'a rewrap to the epoch it comes from': () => signed('rewrap', { ...SAMPLES.rewrap, to: 1 }),
    'one code twice': () => signed('codes', codesWith({ codes: [CODE.signer, CODE.signer] })),
    'the key of the client as a code': () => signed('codes', codesWith({ codes: [CLIENT.signer] })),
    'no code': () => signed('codes', codesWith({ codes: [] })),
    'a code of the hybrid suite': () =>
      signed('codes', codesWith({ codes: [pairOf(0x91, 'ed25519+mldsa65').signer] })),
    'a vetting with the key of the officer': () =>
      signed('vetting', vettingWith({ code: OFFICERS[0].signer })),
    'a vetting that ends before it begins': () => signed('vetting', vettingWith({ expires: START })),
    'the first charter with a predecessor': () =>
      signed('charter', { ...SAMPLES.charter, previous: bytesOf(1) }),
    'the second charter without one': () => signed('charter', { ...SAMPLES.charter, number: 2 }),
  }
  for (const [what, write] of Object.entries(cases)) test(what, () => assert.throws(write, ProtocolError))
  test('but they all could without their mistake', () => {
    assert.ok(signed('request', requestWith({ recipient: exchangeOf(1) })))
    assert.ok(signed('charter', { ...SAMPLES.charter, number: 2, previous: bytesOf(1) }))
  })
})
