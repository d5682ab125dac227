import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, utf8Encode } from '@strongroom/core/bytes'
import {
  depositMessage,
  encodeDepositBody,
  encodeDepositContext,
  parseDepositBody,
  ProtocolError,
  signerIdOf,
  VerifiedDeposit,
  verifyDeposit,
  type DepositContext,
  type DepositExpectations,
} from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { CONTEXT, EPOCHS, expected, fieldsOf, joined, signed, STANZA } from './deposit-fixtures.ts'
import { bytesOf, CLIENT, pairOf, sha256, START, testAuthority } from './fixtures.ts'
import { refusesAllNear } from './near.ts'

describe('a deposit', () => {
  const body = signed(CONTEXT)

  test('is verified without any secret', () => {
    assert.deepEqual(verifyDeposit(body, expected).context, CONTEXT)
    assert.deepEqual(parseDepositBody(body).context, CONTEXT)
    assert.deepEqual(
      depositMessage(Uint8Array.of(7)),
      concat(utf8Encode('strongroom deposit v1\n'), Uint8Array.of(7)),
    )
    assert.throws(() => Reflect.construct(VerifiedDeposit, [Symbol('verified'), CONTEXT]), TypeError)
  })
  test('stays what was verified when the buffer changes it came in', () => {
    const buffer = Buffer.from(body)
    const verified = verifyDeposit(buffer, expected)
    buffer.fill(0)
    assert.deepEqual(verified.context, CONTEXT)
  })
  test('is verified under the hybrid suite', () => {
    const hybrid = pairOf(0x31, 'ed25519+mldsa65')
    const context = { ...CONTEXT, signer: { suiteId: 2, id: signerIdOf(sha256, hybrid.signer) } }
    const hybridBody = signed(context, hybrid)
    const theirs = { ...expected, signer: hybrid.signer }
    assert.deepEqual(verifyDeposit(hybridBody, theirs).context, context)
    // Both halves, and each of them to its last byte.
    for (const fromEnd of [1, 3309, 3310, 3373]) {
      const at = hybridBody.length - fromEnd
      const damaged = hybridBody.with(at, (hybridBody[at] ?? 0) ^ 1)
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(damaged, theirs))
    }
  })
  test('is refused with any bit flipped and at any other length', () => {
    refusesAllNear(body, (bytes) => verifyDeposit(bytes, expected))
  })
  test('signed with another suite than it names is not written', () => {
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      encodeDepositBody(CONTEXT, () => new Uint8Array(3373)),
    )
  })

  test('is refused where it does not belong', () => {
    const other = pairOf(0x66)
    const stranger = testAuthority(2, 40)
    const cases: readonly [
      string,
      Partial<DepositExpectations>,
      'PROTOCOL_BINDING' | 'PROTOCOL_SIGNATURE',
    ][] = [
      ['another tenant', { tenant: 'acme2' }, 'PROTOCOL_BINDING'],
      ['another client', { clientId: 'c-0' }, 'PROTOCOL_BINDING'],
      ['another signer', { signer: other.signer }, 'PROTOCOL_SIGNATURE'],
      ['another authority', { epochs: stranger.chain }, 'PROTOCOL_BINDING'],
      ['another stanza', { recipientStanza: STANZA.with(20, 0x42) }, 'PROTOCOL_BINDING'],
      ['a stanza without its line feed', { recipientStanza: STANZA.subarray(0, -1) }, 'PROTOCOL_BINDING'],
    ]
    for (const [what, changes, code] of cases) {
      const error = throwsCode(ProtocolError, code, () => verifyDeposit(body, { ...expected, ...changes }))
      assert.ok(error.message.startsWith('deposit: '), what)
    }
  })
  test('is refused for an epoch or policy that is not the authority’s', () => {
    const cases: readonly Partial<DepositContext>[] = [
      { epochNumber: 2 },
      { epochNumber: 3 },
      { epochDigest: EPOCHS.second.digest },
      { epochNumber: 2, epochDigest: EPOCHS.second.digest }, // whose policy is another
      { policy: EPOCHS.second.payload.policy },
    ]
    for (const changes of cases) {
      throwsCode(ProtocolError, 'PROTOCOL_BINDING', () =>
        verifyDeposit(signed({ ...CONTEXT, ...changes }), expected),
      )
    }
    const later = { epochNumber: 2, epochDigest: EPOCHS.second.digest, policy: EPOCHS.second.payload.policy }
    assert.equal(verifyDeposit(signed({ ...CONTEXT, ...later }), expected).context.epochNumber, 2)
  })
  test('signed by the right key in the wrong suite’s name is refused', () => {
    const context = { ...CONTEXT, signer: { ...CONTEXT.signer, suiteId: 2 } }
    const long = encodeDepositBody(context, (message) => concat(CLIENT.sign(message), new Uint8Array(3309)))
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(long, expected))
  })
})

describe('substitution in a deposit', () => {
  const full: DepositContext = { ...CONTEXT, format: 'simple-blob', enclosed: bytesOf(0x61, 48) }
  const other: DepositContext = {
    tenant: 'other',
    clientId: 'c-other',
    signer: { suiteId: 1, id: signerIdOf(sha256, pairOf(0x66).signer) },
    epochNumber: 2,
    epochDigest: EPOCHS.second.digest,
    format: 'password-parameters',
    serial: bytesOf(0x71, 16),
    commitment: bytesOf(0x72),
    sealId: bytesOf(0x73),
    object: { nameDigest: bytesOf(0x74), size: 26 },
    description: { kind: 'plain', text: 'other' },
    retention: 'one-year',
    policy: EPOCHS.second.payload.policy,
    recipientDigest: bytesOf(0x75),
    previous: bytesOf(0x76),
    createdMs: START + 1,
    enclosed: bytesOf(0x77, 48),
  }
  const body = signed(full)
  const { contextBytes, signature } = parseDepositBody(body)
  const [own, theirs] = [fieldsOf(contextBytes), fieldsOf(encodeDepositContext(other))]
  const forge = (fields: Iterable<readonly [number, Uint8Array]>): Uint8Array => {
    const forged = joined(fields)
    return concat(Uint8Array.of(forged.length >> 8, forged.length & 255), forged, signature)
  }

  test('the forger’s tools make the original', () => {
    assert.deepEqual(forge(own), body)
    assert.deepEqual(verifyDeposit(forge(own), expected).context, full)
    assert.equal(own.size, 17)
  })
  for (const [tag, value] of theirs) {
    test(`field ${tag} of another deposit is refused`, () => {
      assert.notDeepEqual(own.get(tag), value)
      const forged = forge(new Map(own).set(tag, value))
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(forged, expected))
    })
  }
  test('two fields of one deposit swapped are refused', () => {
    const tags = [...own.keys()]
    for (const one of tags) {
      for (const two of tags.filter((tag) => tag > one)) {
        const swapped = new Map(own).set(one, own.get(two) ?? bytesOf(0)).set(two, own.get(one) ?? bytesOf(0))
        assert.throws(() => verifyDeposit(forge(swapped), expected), ProtocolError, `${one} and ${two}`)
      }
    }
  })
  test('an optional field left out is refused', () => {
    for (const tag of [9, 10, 11, 15]) {
      const forged = forge([...own].filter(([other_]) => other_ !== tag))
      throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(forged, expected))
    }
  })
  test('the signature of another deposit is refused', () => {
    const second_ = parseDepositBody(signed({ ...full, createdMs: START + 5 }))
    const length = Uint8Array.of(contextBytes.length >> 8, contextBytes.length & 255)
    const forged = concat(length, contextBytes, second_.signature)
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(forged, expected))
  })
  test('a signature of the context without the label is refused', () => {
    const length = Uint8Array.of(contextBytes.length >> 8, contextBytes.length & 255)
    const forged = concat(length, contextBytes, CLIENT.sign(contextBytes))
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => verifyDeposit(forged, expected))
  })
})
