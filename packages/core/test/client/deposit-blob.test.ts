import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { decryptHeader, MlKem768X25519Identity, parseHeader } from '@strongroom/core/age'
import { fromHex, toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { makeDeposit, openDeposit, parseDepositBlob, type NewDeposit } from '@strongroom/core/client'
import { keyCommitment } from '@strongroom/core/keyblob'
import {
  DEPOSIT_FORMATS,
  LIMITS,
  objectNameDigest,
  ProtocolError,
  verifyDeposit,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import {
  bytesOf,
  clientId,
  CUSTODIAN,
  deposit,
  EPOCHS,
  expectedFor,
  LATER_CUSTODIAN,
  OTHER,
  sha256,
  signingKeyOf,
  START,
  WANTED,
} from './deposit-fixtures.ts'

const verified = (wanted: NewDeposit, blob: Uint8Array) => {
  const { recipientStanza, body } = parseDepositBlob(blob)
  return verifyDeposit(body, expectedFor(wanted, recipientStanza)).context
}

describe('a deposit', () => {
  test('is verified by the authority without a key, and opened by the custodian', () => {
    const { id, blob, context } = deposit()
    assert.deepEqual(id, sha256(blob))
    assert.deepEqual(verified(WANTED, blob), context)
    const opened = openDeposit(blob, [CUSTODIAN])
    assert.deepEqual(opened, { context, sessionKey: WANTED.sessionKey, description: 'year end' })
  })
  test('says what it was told, and binds it to epoch and policy', () => {
    const { context } = deposit()
    const { epoch, signingKey, sessionKey, serial } = WANTED
    assert.deepEqual(context.epochDigest, epoch.digest)
    assert.deepEqual(context.policy, epoch.payload.policy)
    assert.deepEqual(context.signer, { suiteId: 1, id: signingKey.signer.keyId })
    assert.deepEqual(context.commitment, keyCommitment(sessionKey, serial))
    assert.deepEqual(context.object, { nameDigest: objectNameDigest(sha256, 'archive.txt'), size: 25 })
    assert.deepEqual([context.sealId, context.previous], [WANTED.sealId, WANTED.previous])
    assert.equal(context.createdMs, START)
  })
  test('of each format and signature suite goes both ways', () => {
    for (const format of ['file', 'named-key', 'simple-blob', 'password-parameters'] as const) {
      for (const suite of ['ed25519', 'ed25519+mldsa65'] as const) {
        const signingKey = signingKeyOf(suite)
        const wanted = { ...WANTED, format, signingKey, clientId: clientId(signingKey) }
        const enclosed = DEPOSIT_FORMATS[format] >= 3 ? { enclosed: bytesOf(9, 20) } : {}
        const { blob, context } = makeDeposit({ ...wanted, ...enclosed })
        assert.deepEqual(verified(wanted, blob), context)
        const opened = openDeposit(blob, [CUSTODIAN])
        assert.deepEqual(opened.sessionKey, WANTED.sessionKey)
        assert.deepEqual(opened.enclosed, enclosed.enclosed)
      }
    }
  })
  test('with nothing optional has nothing optional', () => {
    const { sealId, object, description, previous, ...least } = WANTED
    assert.ok(sealId && object && description && previous)
    const { blob, context } = makeDeposit(least)
    assert.deepEqual(
      ['sealId', 'object', 'description', 'previous', 'enclosed'].filter((name) => name in context),
      [],
    )
    assert.deepEqual(openDeposit(blob, [CUSTODIAN]), { context, sessionKey: WANTED.sessionKey })
  })
  test('is another one each time, all the same deposits of one key', () => {
    const [one, two] = [deposit(), deposit()]
    assert.notDeepEqual(one.id, two.id)
    assert.deepEqual(one.context.commitment, two.context.commitment)
  })
  test('is a key blob that any age opens: a header and nothing behind it', () => {
    const { blob } = deposit()
    assert.equal(parseHeader(blob).length, blob.length)
    assert.ok(utf8Decode(blob).startsWith('age-encryption.org/v1\n-> mlkem768x25519 '))
    assert.deepEqual(decryptHeader(blob, [CUSTODIAN]), WANTED.sessionKey)
  })
  test('at its largest fits the limit', () => {
    const signingKey = signingKeyOf('ed25519+mldsa65')
    const { blob } = makeDeposit({
      ...OTHER,
      signingKey,
      tenant: 't'.repeat(64),
      clientId: 'c'.repeat(64),
      retention: 'r'.repeat(64),
      description: { kind: 'sealed', text: 'ä'.repeat(LIMITS.descriptionBytes / 2) },
      enclosed: bytesOf(0xff, LIMITS.enclosedBytes),
    })
    assert.ok(blob.length <= LIMITS.depositBytes)
    assert.equal(openDeposit(blob, [LATER_CUSTODIAN]).enclosed?.length, LIMITS.enclosedBytes)
  })
  test('keeps the caller’s session key as it was', () => {
    const sessionKey = bytesOf(5, 16)
    deposit({ sessionKey })
    assert.deepEqual(sessionKey, bytesOf(5, 16))
  })
})

describe('a description', () => {
  test('that is sealed is read by the custodian alone', () => {
    const text = 'the key to the cellar \u00e4 a\u0308'
    const { blob, context } = deposit({ description: { kind: 'sealed', text } })
    assert.equal(context.description?.kind, 'sealed')
    assert.equal(utf8Decode(blob).includes('cellar'), false)
    assert.equal(openDeposit(blob, [CUSTODIAN]).description, text)
  })
  test('may be empty, in both kinds', () => {
    for (const kind of ['plain', 'sealed'] as const) {
      const { blob } = deposit({ description: { kind, text: '' } })
      assert.equal(openDeposit(blob, [CUSTODIAN]).description, '')
    }
  })
})

describe('a deposit is not made', () => {
  const IMPOSSIBLE: Readonly<Record<string, [ProtocolError['code'], Partial<NewDeposit>]>> = {
    'of a tenant that is no name': ['PROTOCOL_FORMAT', { tenant: 'ACME' }],
    'with a serial number of 15 bytes': ['PROTOCOL_FORMAT', { serial: bytesOf(1, 15) }],
    'with a seal id of 31 bytes': ['PROTOCOL_FORMAT', { sealId: bytesOf(1, 31) }],
    'of a size that is none': ['PROTOCOL_FORMAT', { object: { name: 'a', size: -1 } }],
    'at no time': ['PROTOCOL_FORMAT', { createdMs: Number.NaN }],
    'with something enclosed in a format without': ['PROTOCOL_FORMAT', { enclosed: bytesOf(1, 1) }],
    'in a format that encloses, without': ['PROTOCOL_FORMAT', { format: 'simple-blob' }],
    'with too long a description': [
      'PROTOCOL_LIMIT',
      { description: { kind: 'plain', text: 'a'.repeat(1025) } },
    ],
    'with too long a sealed description': [
      'PROTOCOL_LIMIT',
      { description: { kind: 'sealed', text: 'a'.repeat(1025) } },
    ],
    'with too much enclosed': [
      'PROTOCOL_LIMIT',
      { format: 'simple-blob', enclosed: bytesOf(1, LIMITS.enclosedBytes + 1) },
    ],
    'with half a character in its description': [
      'PROTOCOL_FORMAT',
      { description: { kind: 'plain', text: '\ud800' } },
    ],
    'with half a character in its sealed description': [
      'PROTOCOL_FORMAT',
      { description: { kind: 'sealed', text: '\ud800' } },
    ],
  }
  for (const [what, [code, changes]] of Object.entries(IMPOSSIBLE)) {
    test(what, () => {
      throwsCode(ProtocolError, code, () => deposit(changes))
    })
  }
})

test('the example of the specification is a deposit, and opens', () => {
  const examples = new URL('../../../../docs/spec/examples/', import.meta.url)
  const blob = new Uint8Array(readFileSync(new URL('deposit.keyblob', examples)))
  const { sessionKey, context, description } = openDeposit(blob, [
    MlKem768X25519Identity.fromBytes(bytesOf(2)),
  ])
  assert.equal(toHex(sessionKey), '000102030405060708090a0b0c0d0e0f')
  assert.deepEqual([context.tenant, context.retention, description], ['acme', 'ten-years', 'year end'])
  assert.deepEqual(context.serial, fromHex('019c1405b80070008000000000000001'))
  const { header, recipientStanza } = parseDepositBlob(blob)
  assert.equal(header.stanzas.length, 2)
  assert.ok(utf8Decode(blob).includes(utf8Decode(recipientStanza)))
  assert.deepEqual(context.recipientDigest, sha256(recipientStanza))
})

// M28: a key or blob that begins with zeros was once "tidied" by others, and opened nothing any more.
describe('bytes are never tidied', () => {
  const zeros = fc.integer({ min: 0, max: 20 }).map((length) => new Uint8Array(length))
  const padded = (most: number) =>
    fc
      .tuple(zeros, fc.uint8Array({ maxLength: most }), zeros)
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))
  test('in what is enclosed', () => {
    fc.assert(
      fc.property(padded(200), (enclosed) => {
        const { blob } = deposit({ format: 'simple-blob', enclosed })
        assert.deepEqual(openDeposit(blob, [CUSTODIAN]).enclosed, enclosed)
      }),
      PROPERTY,
    )
  })
  test('in session keys and serial numbers', () => {
    const bytes = fc.tuple(fc.nat({ max: 16 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    const beginning = bytes.map(([count, tail]) => tail.map((byte, i) => (i < count ? 0 : byte)))
    fc.assert(
      fc.property(beginning, beginning, (sessionKey, serial) => {
        const opened = openDeposit(deposit({ sessionKey, serial }).blob, [CUSTODIAN])
        assert.deepEqual([opened.sessionKey, opened.context.serial], [sessionKey, serial])
      }),
      PROPERTY,
    )
  })
  test('in descriptions, whose characters are not composed or folded', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
        fc.constantFrom('plain' as const, 'sealed' as const),
        (text, kind) => {
          const { blob } = deposit({ description: { kind, text } })
          assert.deepEqual(utf8Encode(openDeposit(blob, [CUSTODIAN]).description ?? ''), utf8Encode(text))
        },
      ),
      PROPERTY,
    )
  })
})

test('the epoch’s own key opens it and no other', () => {
  assert.throws(() => openDeposit(deposit().blob, [LATER_CUSTODIAN]))
  const { blob } = deposit({ epoch: EPOCHS.second })
  assert.deepEqual(openDeposit(blob, [CUSTODIAN, LATER_CUSTODIAN]).sessionKey, WANTED.sessionKey)
})
