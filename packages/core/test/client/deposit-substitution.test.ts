import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AgeError, MlKem768X25519Recipient, type Stanza } from '@strongroom/core/age'
import { concat, toBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  ClientError,
  makeDeposit,
  openDeposit,
  parseDepositBlob,
  type NewDeposit,
} from '@strongroom/core/client'
import {
  depositMessage,
  encodeDepositBody,
  encodeDepositContext,
  parseDepositBody,
  ProtocolError,
  verifyDeposit,
  type DepositContext,
} from '@strongroom/core/protocol'
import { fieldsOf, joined } from '../protocol/deposit-fixtures.ts'
import { throwsCode } from '../support/throws-code.ts'
import {
  blobOf,
  bytesOf,
  CUSTODIAN,
  EPOCHS,
  expectedFor,
  LATER_CUSTODIAN,
  OTHER,
  signingKeyOf,
  stanzasOf,
  WANTED,
} from './deposit-fixtures.ts'

// M3: whatever an attacker puts in the place of a deposit, or of a part of it, is found. The authority checks without a key
// (`authority`), the custodian with one (`custodian`): what the first cannot see, the second must.

const ENCLOSING: NewDeposit = { ...WANTED, format: 'simple-blob', enclosed: bytesOf(0x35, 30) }
const one = makeDeposit(ENCLOSING)
const two = makeDeposit(OTHER)
const KEYS = [CUSTODIAN, LATER_CUSTODIAN]

function authority(blob: Uint8Array, wanted: NewDeposit = ENCLOSING): DepositContext {
  const { recipientStanza, body } = parseDepositBlob(blob)
  return verifyDeposit(body, expectedFor(wanted, recipientStanza)).context
}
const custodian = (blob: Uint8Array) => openDeposit(blob, KEYS)

/** Refused by a check, with an error of its layer. */
function refused(check: (blob: Uint8Array) => unknown, blob: Uint8Array): void {
  try {
    check(blob)
  } catch (error) {
    const known = error instanceof ProtocolError || error instanceof ClientError
    assert.ok(known, `an error of this layer, got ${String(error)}`)
    return
  }
  assert.fail('accepted')
}

test('what is exchanged here are two deposits that hold, different in each field', () => {
  assert.deepEqual(authority(one.blob), one.context)
  assert.deepEqual(authority(two.blob, OTHER), two.context)
  assert.deepEqual(custodian(one.blob).sessionKey, ENCLOSING.sessionKey)
  assert.deepEqual(custodian(two.blob).sessionKey, OTHER.sessionKey)
  const [mine, theirs] = [one, two].map(({ context }) => fieldsOf(encodeDepositContext(context)))
  assert.ok(mine && theirs)
  assert.equal(mine.size, 17)
  for (const [tag, value] of mine) {
    // Both are of one format: with another one, what is enclosed would have to go.
    assert.equal(Buffer.compare(value, theirs.get(tag) ?? value) === 0, tag === 6, `field ${tag}`)
  }
})

describe('substitution of one field of the context by that of another deposit', () => {
  const [recipient, body] = stanzasOf(one.blob)
  const { signature } = parseDepositBody(body.body)
  const fields = fieldsOf(encodeDepositContext(one.context))
  const others = fieldsOf(encodeDepositContext(two.context))
  /** The deposit with another context, and signature and MAC as an attacker has them. */
  function withContext(
    context: Uint8Array,
    sign: (message: Uint8Array) => Uint8Array,
    key: Uint8Array,
  ): Uint8Array {
    const length = Uint8Array.of(context.length >> 8, context.length & 255)
    const changed = { ...body, body: concat(length, context, sign(depositMessage(context))) }
    return blobOf(key, recipient, changed)
  }
  for (const [tag] of fields) {
    const value = tag === 6 ? Uint8Array.of(4) : (others.get(tag) ?? new Uint8Array(0))
    const context = joined(new Map(fields).set(tag, value))
    test(`field ${tag}, under the old signature, even by who knows the session key`, () => {
      const blob = withContext(context, () => signature, ENCLOSING.sessionKey)
      const error = throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => authority(blob))
      assert.match(error.message, /signature|another key/)
    })
    test(`field ${tag}, by who can sign as the client but does not know the session key`, () => {
      const blob = withContext(context, (message) => WANTED.signingKey.sign(message), bytesOf(0x66, 16))
      throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blob))
    })
    test(`field ${tag}, with signature and MAC of the first`, () => {
      const forged = withContext(context, () => signature, ENCLOSING.sessionKey)
      const text = utf8Decode(forged).replace(/--- .*\n$/, /--- .*\n$/.exec(utf8Decode(one.blob))?.[0] ?? '')
      refused(authority, utf8Encode(text))
      refused(custodian, utf8Encode(text))
    })
  }
})

describe('substitution of a part of the key blob by that of another deposit', () => {
  const [recipient, body] = stanzasOf(one.blob)
  const [otherRecipient, otherBody] = stanzasOf(two.blob)
  const mac = (blob: Uint8Array) => utf8Decode(blob).slice(-45)
  const { sessionKey } = ENCLOSING
  test('its recipient stanza', () => {
    for (const key of [sessionKey, OTHER.sessionKey]) {
      const blob = blobOf(key, otherRecipient, body)
      throwsCode(ProtocolError, 'PROTOCOL_BINDING', () => authority(blob))
    }
    refused(custodian, blobOf(sessionKey, otherRecipient, body))
    // The header opens with the other key, which is not the one committed to.
    throwsCode(ClientError, 'CLIENT_NOT_OPENED', () =>
      custodian(blobOf(OTHER.sessionKey, otherRecipient, body)),
    )
  })
  test('its deposit stanza', () => {
    for (const key of [sessionKey, OTHER.sessionKey]) {
      const blob = blobOf(key, recipient, otherBody)
      refused(authority, blob)
      throwsCode(ProtocolError, 'PROTOCOL_BINDING', () => authority(blob, OTHER))
      throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blob))
    }
  })
  test('its MAC, which only the custodian sees', () => {
    const blob = utf8Encode(utf8Decode(one.blob).slice(0, -45) + mac(two.blob))
    assert.deepEqual(authority(blob), one.context)
    throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blob))
  })
  test('all of it, under the first one’s owner', () => {
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => authority(two.blob))
  })
})

describe('substitution of the session key', () => {
  const [, body] = stanzasOf(one.blob)
  const recipient = MlKem768X25519Recipient.parse(EPOCHS.first.payload.exchange)
  const attacker = bytesOf(0x77, 16)
  test('by another one that an attacker wrapped for the same epoch', () => {
    const blob = blobOf(attacker, recipient.wrap(attacker), body)
    throwsCode(ProtocolError, 'PROTOCOL_BINDING', () => authority(blob))
    throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blob))
  })
  test('by one that the client itself signed, with the commitment to another', () => {
    const wrapped = recipient.wrap(attacker)
    const { recipientStanza } = parseDepositBlob(blobOf(attacker, wrapped, body))
    const recipientDigest = expectedFor(ENCLOSING, recipientStanza).sha256(recipientStanza)
    const context = { ...one.context, recipientDigest }
    const stanza = { ...body, body: encodeDepositBody(context, (message) => WANTED.signingKey.sign(message)) }
    const blob = blobOf(attacker, wrapped, stanza)
    assert.deepEqual(authority(blob), context)
    throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blob))
  })
  test('by the same one, wrapped anew by who knows it', () => {
    const blob = blobOf(ENCLOSING.sessionKey, recipient.wrap(ENCLOSING.sessionKey), body)
    throwsCode(ProtocolError, 'PROTOCOL_BINDING', () => authority(blob))
  })
  test('under the signature of a stranger', () => {
    const forged = makeDeposit({
      ...ENCLOSING,
      sessionKey: attacker,
      signingKey: signingKeyOf('ed25519', 0x78),
    })
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () => authority(forged.blob))
  })
})

describe('what depends on the session key fails in one way', () => {
  const [recipient, body] = stanzasOf(one.blob)
  const { sessionKey } = ENCLOSING
  const resigned = (changes: Partial<DepositContext>): Stanza => ({
    ...body,
    body: encodeDepositBody({ ...one.context, ...changes }, (message) => WANTED.signingKey.sign(message)),
  })
  const FAILURES: Readonly<Record<string, () => unknown>> = {
    'no key': () => openDeposit(one.blob, []),
    'the key of another epoch': () => openDeposit(one.blob, [LATER_CUSTODIAN]),
    'another MAC': () => custodian(blobOf(bytesOf(1, 16), recipient, body)),
    'another ciphertext': () =>
      custodian(blobOf(sessionKey, { ...recipient, body: recipient.body.with(0, 1) }, body)),
    'a share of low order': () =>
      custodian(blobOf(sessionKey, { ...recipient, args: [toBase64(new Uint8Array(1120))] }, body)),
    'another commitment': () =>
      custodian(blobOf(sessionKey, recipient, resigned({ commitment: bytesOf(1) }))),
    'another serial number': () =>
      custodian(blobOf(sessionKey, recipient, resigned({ serial: bytesOf(1, 16) }))),
    'a sealed description of another key': () =>
      custodian(
        blobOf(sessionKey, recipient, resigned({ description: { kind: 'sealed', bytes: bytesOf(1, 40) } })),
      ),
    'something enclosed under another key': () =>
      custodian(blobOf(sessionKey, recipient, resigned({ enclosed: bytesOf(1, 40) }))),
  }
  for (const [what, run] of Object.entries(FAILURES)) {
    test(what, () => {
      const error = throwsCode(ClientError, 'CLIENT_NOT_OPENED', run)
      assert.equal(error.message, 'the deposit does not open: made for another key, or changed')
      assert.equal(error.cause, undefined)
    })
  }
  test('a description and something enclosed are not taken for each other', () => {
    const { enclosed } = one.context
    assert.ok(enclosed)
    const swapped = resigned({ description: { kind: 'sealed', bytes: enclosed } })
    throwsCode(ClientError, 'CLIENT_NOT_OPENED', () => custodian(blobOf(sessionKey, recipient, swapped)))
  })
})

describe('a deposit with anything changed', () => {
  const { blob } = one
  test('at any place is refused by the custodian, and by the authority everywhere but in the MAC', () => {
    const macStart = blob.length - 44
    const step = process.env['SLOW'] ? 1 : 8 * Math.ceil(blob.length / 400) + 1
    for (let bit = 0; bit < blob.length * 8; bit += step) {
      const changed = blob.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      refused(custodian, changed)
      if (bit >> 3 < macStart) refused(authority, changed)
    }
  })
  test('cut short anywhere, or with a byte more, is refused by both', () => {
    for (let length = 0; length < blob.length; length++) refused(authority, blob.subarray(0, length))
    for (const more of ['\n', '\0', '-', utf8Decode(blob)]) {
      refused(authority, concat(blob, utf8Encode(more)))
      refused(custodian, concat(blob, utf8Encode(more)))
    }
  })
  const [recipient, body] = stanzasOf(blob)
  const SHAPES: Readonly<Record<string, Stanza[]>> = {
    'one stanza': [recipient],
    'the deposit stanza alone': [body],
    'its stanzas the other way round': [body, recipient],
    'a recipient more': [recipient, recipient, body],
    'a deposit stanza more': [recipient, body, body],
    'room to write in': [recipient, body, { type: 'strongroom/pad', args: ['A'], body: new Uint8Array(0) }],
    'another version': [recipient, { ...body, args: ['2'] }],
    'an argument more': [recipient, { ...body, args: ['1', '1'] }],
    'a classic recipient': [{ ...recipient, type: 'X25519' }, body],
    'a passphrase for a recipient': [{ ...recipient, type: 'scrypt' }, body],
    'a longer wrapped key': [{ ...recipient, body: bytesOf(1, 33) }, body],
    'a shorter share': [{ ...recipient, args: [toBase64(bytesOf(1, 1119))] }, body],
    'a share that is no base64': [{ ...recipient, args: ['!'.repeat(1494)] }, body],
  }
  for (const [what, stanzas] of Object.entries(SHAPES)) {
    test(`with ${what} is no deposit`, () => {
      const changed = blobOf(ENCLOSING.sessionKey, ...stanzas)
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositBlob(changed))
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => custodian(changed))
    })
  }
  test('that is longer than any is not looked at', () => {
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseDepositBlob(bytesOf(0x2d, 16_385)))
  })
  test('says what is wrong with its form, with the reason', () => {
    const error = throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseDepositBlob(utf8Encode('no age')))
    assert.ok(error.cause instanceof AgeError)
  })
})
