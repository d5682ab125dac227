import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  AgeError,
  assertRecipientsCompatible,
  decryptFile,
  decryptHeader,
  encodeDetachedHeader,
  encodeHeader,
  encryptFile,
  MlKem768X25519Identity,
  MlKem768X25519Recipient,
  newFileKey,
  parseHeader,
  parseIdentity,
  parseRecipient,
  ScryptIdentity,
  ScryptRecipient,
  unwrapFileKey,
  wrapFileKey,
  X25519Identity,
  X25519Recipient,
  type Identity,
  type Recipient,
  type Stanza,
} from '@strongroom/core/age'
import { concat, fromHex, utf8Encode } from '@strongroom/core/bytes'
import { singleBitFlips } from '../support/mutations.ts'
import { throwsCode } from '../support/throws-code.ts'
import examples from './vectors/age-examples.json' with { type: 'json' }

const pq = MlKem768X25519Identity.generate()
const classic = X25519Identity.generate()
const passphrase = new ScryptIdentity('correct horse')

interface Pair {
  readonly recipient: Recipient
  readonly identity: Identity
  readonly stranger: Identity
}

const PAIRS: Record<string, Pair> = {
  mlkem768x25519: { recipient: pq.recipient(), identity: pq, stranger: MlKem768X25519Identity.generate() },
  X25519: { recipient: classic.recipient(), identity: classic, stranger: X25519Identity.generate() },
  scrypt: {
    recipient: new ScryptRecipient('correct horse', 10),
    identity: passphrase,
    stranger: new ScryptIdentity('wrong horse'),
  },
}

for (const [kind, { recipient, identity, stranger }] of Object.entries(PAIRS)) {
  test(`${kind}: wraps what its identity unwraps, and nobody else does`, () => {
    const fileKey = newFileKey()
    const stanza = recipient.wrap(fileKey)
    assert.equal(stanza.type, kind)
    assert.equal(recipient.kind, kind)
    assert.equal(identity.kind, kind)
    assert.deepEqual(identity.unwrap([stanza]), fileKey)
    assert.equal(stranger.unwrap([stanza]), undefined)
    assert.equal(identity.unwrap([]), undefined)
    assert.equal(
      identity.unwrap([{ type: kind.toUpperCase().concat('!'), args: [], body: fileKey }]),
      undefined,
    )
  })

  test(`${kind}: no two stanzas are alike`, () => {
    const fileKey = newFileKey()
    const [first, second] = [recipient.wrap(fileKey), recipient.wrap(fileKey)]
    assert.notDeepEqual(first.args, second.args)
    assert.notDeepEqual(first.body, second.body)
  })

  test(`${kind}: a body with any bit changed does not unwrap`, () => {
    const stanza = recipient.wrap(newFileKey())
    const flips =
      kind === 'scrypt' ? [...singleBitFlips(stanza.body)].slice(0, 8) : singleBitFlips(stanza.body)
    for (const body of flips) assert.equal(identity.unwrap([{ ...stanza, body }]), undefined)
  })

  test(`${kind}: a stanza of the wrong shape is an error`, () => {
    const stanza = recipient.wrap(newFileKey())
    const [first = '', ...others] = stanza.args
    const wrong: Stanza[] = [
      { ...stanza, args: [...stanza.args, 'more'] },
      { ...stanza, args: stanza.args.slice(1) },
      { ...stanza, args: [`${first}A`, ...others] },
      { ...stanza, args: [first.slice(0, -4), ...others] },
      { ...stanza, args: [`${first}=`, ...others] },
      { ...stanza, body: stanza.body.subarray(1) },
      { ...stanza, body: concat(stanza.body, Uint8Array.of(0)) },
    ]
    for (const one of wrong) throwsCode(AgeError, 'STANZA', () => identity.unwrap([one]))
  })

  test(`${kind}: only file keys of 16 bytes are wrapped`, () => {
    for (const length of [0, 15, 17, 32]) {
      throwsCode(AgeError, 'KEY', () => recipient.wrap(new Uint8Array(length)))
    }
  })

  test(`${kind}: files and detached headers`, () => {
    const plaintext = utf8Encode('the quick brown fox')
    const file = encryptFile(plaintext, [recipient])
    assert.deepEqual(decryptFile(file, [stranger, identity]), plaintext)
    throwsCode(AgeError, 'NO_MATCH', () => decryptFile(file, [stranger]))
    throwsCode(AgeError, 'NO_MATCH', () => decryptFile(file, []))
    const fileKey = newFileKey()
    const header = encodeDetachedHeader(fileKey, [recipient])
    assert.deepEqual(decryptHeader(header, [identity]), fileKey)
    throwsCode(AgeError, 'HEADER_SYNTAX', () => decryptHeader(concat(header, Uint8Array.of(0)), [identity]))
    throwsCode(AgeError, 'HEADER_INCOMPLETE', () => decryptHeader(header.subarray(0, -1), [identity]))
  })

  test(`${kind}: printing an identity by accident shows nothing`, () => {
    const shown = inspect(identity, { showHidden: true, depth: 5 }) + JSON.stringify(identity)
    assert.doesNotMatch(shown, /horse|AGE-SECRET/)
    if (identity instanceof ScryptIdentity) assert.doesNotMatch(String(recipient), /horse/)
    else
      assert.doesNotMatch(shown, new RegExp(Buffer.from(secretOf(identity)).toString('hex').slice(0, 8), 'i'))
  })
}

function secretOf(identity: Identity): Uint8Array {
  assert.ok(identity instanceof X25519Identity || identity instanceof MlKem768X25519Identity)
  return identity.toBytes()
}

for (const kind of ['mlkem768x25519', 'X25519'] as const) {
  test(`${kind}: the example key of C2SP age.md opens the example stanza there`, () => {
    const example = examples[kind]
    const identity = parseIdentity(example.identity)
    assert.equal(identity.recipient().toString(), example.recipient)
    assert.equal(parseRecipient(example.recipient).toString(), example.recipient)
    const anyMac = 'A'.repeat(43)
    const header = parseHeader(utf8Encode(`age-encryption.org/v1\n${example.stanza}\n--- ${anyMac}\n`))
    assert.equal(identity.unwrap(header.stanzas)?.length, 16)
  })
}

test('an unknown stanza is ignored, a known one among them found', () => {
  const fileKey = newFileKey()
  const unknown: Stanza = { type: 'example.com/enigma', args: ['x'], body: new Uint8Array(5) }
  const stanzas = [
    unknown,
    classic.recipient().wrap(newFileKey()),
    X25519Identity.generate().recipient().wrap(fileKey),
    unknown,
  ]
  const mine = X25519Identity.generate()
  const header = parseHeader(encodeHeader([...stanzas, mine.recipient().wrap(fileKey)], fileKey))
  assert.deepEqual(unwrapFileKey(header, [pq, passphrase, mine]), fileKey)
})

test('a stanza of another file under this header: the MAC does not match', () => {
  const foreign = classic.recipient().wrap(newFileKey())
  const header = parseHeader(encodeHeader([foreign], newFileKey()))
  throwsCode(AgeError, 'HEADER_MAC', () => unwrapFileKey(header, [classic]))
})

test('post-quantum recipients are not mixed with others', () => {
  const other = MlKem768X25519Identity.generate().recipient()
  assertRecipientsCompatible([pq.recipient(), other])
  assertRecipientsCompatible([classic.recipient(), classic.recipient()])
  assert.equal(wrapFileKey(newFileKey(), [pq.recipient(), other]).length, 2)
  const mixed = [pq.recipient(), classic.recipient()]
  throwsCode(AgeError, 'MIXED_RECIPIENTS', () => assertRecipientsCompatible(mixed))
  throwsCode(AgeError, 'MIXED_RECIPIENTS', () => encryptFile(new Uint8Array(0), mixed))
  throwsCode(AgeError, 'MIXED_RECIPIENTS', () => encodeDetachedHeader(newFileKey(), mixed))
  throwsCode(AgeError, 'NO_RECIPIENTS', () => assertRecipientsCompatible([]))
})

test('a passphrase stands alone, when encrypting and when decrypting', () => {
  const scrypt = new ScryptRecipient('correct horse', 10)
  for (const other of [pq.recipient(), classic.recipient(), scrypt]) {
    throwsCode(AgeError, 'SCRYPT_NOT_ALONE', () => assertRecipientsCompatible([scrypt, other]))
    throwsCode(AgeError, 'SCRYPT_NOT_ALONE', () => encryptFile(new Uint8Array(0), [other, scrypt]))
    const fileKey = newFileKey()
    const stanzas = [other.wrap(fileKey), scrypt.wrap(fileKey)]
    const header = parseHeader(encodeHeader(stanzas, fileKey))
    throwsCode(AgeError, 'SCRYPT_NOT_ALONE', () => passphrase.unwrap(stanzas))
    // Also for those who could open the other stanza.
    throwsCode(AgeError, 'SCRYPT_NOT_ALONE', () => unwrapFileKey(header, [classic, pq]))
  }
})

test('the work factor of a passphrase is bounded, on both sides', () => {
  for (const logN of [0, -1, 31, 1.5, Number.NaN]) {
    throwsCode(AgeError, 'SCRYPT_WORK', () => new ScryptRecipient('p', logN))
    throwsCode(AgeError, 'SCRYPT_WORK', () => new ScryptIdentity('p', logN))
  }
  const stanza = new ScryptRecipient('p', 11).wrap(newFileKey())
  assert.equal(stanza.args[1], '11')
  throwsCode(AgeError, 'SCRYPT_WORK', () => new ScryptIdentity('p', 10).unwrap([stanza]))
  assert.equal(new ScryptIdentity('p', 11).unwrap([stanza])?.length, 16)
  for (const text of ['0', '01', '+11', '-1', '1e1', '0xb', '11 ', '', '１１']) {
    throwsCode(AgeError, 'STANZA', () =>
      passphrase.unwrap([{ ...stanza, args: [stanza.args[0] ?? '', text] }]),
    )
  }
  const absurd = { ...stanza, args: [stanza.args[0] ?? '', '9'.repeat(400)] }
  throwsCode(AgeError, 'SCRYPT_WORK', () => passphrase.unwrap([absurd]))
})

test('a work factor that needs more memory than the platform grants by itself', () => {
  const fileKey = newFileKey()
  assert.deepEqual(passphrase.unwrap([new ScryptRecipient('correct horse', 16).wrap(fileKey)]), fileKey)
})

test('a passphrase is text in UTF-8 or bytes, and never empty', () => {
  const fileKey = newFileKey()
  const stanza = new ScryptRecipient('pässword', 5).wrap(fileKey)
  assert.deepEqual(new ScryptIdentity(utf8Encode('pässword')).unwrap([stanza]), fileKey)
  for (const empty of ['', new Uint8Array(0)]) {
    throwsCode(AgeError, 'KEY', () => new ScryptRecipient(empty))
    throwsCode(AgeError, 'KEY', () => new ScryptIdentity(empty))
  }
})

test('keys that would agree on no secret are refused', () => {
  const lowOrder = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  ]
  for (const point of lowOrder.map(fromHex)) {
    throwsCode(AgeError, 'KEY', () => X25519Recipient.fromBytes(point).wrap(newFileKey()))
    const half = concat(pq.recipient().toBytes().subarray(0, 1184), point)
    throwsCode(AgeError, 'KEY', () => MlKem768X25519Recipient.fromBytes(half).wrap(newFileKey()))
  }
  throwsCode(AgeError, 'KEY', () => MlKem768X25519Recipient.fromBytes(new Uint8Array(1216).fill(0xff)))
  for (const length of [0, 31, 33]) {
    throwsCode(AgeError, 'KEY', () => X25519Recipient.fromBytes(new Uint8Array(length)))
    throwsCode(AgeError, 'KEY', () => X25519Identity.fromBytes(new Uint8Array(length)))
    throwsCode(AgeError, 'KEY', () => MlKem768X25519Identity.fromBytes(new Uint8Array(length)))
  }
})

test('keys go to bytes and text and back', () => {
  assert.equal(X25519Identity.fromBytes(classic.toBytes()).toString(), classic.toString())
  assert.equal(
    X25519Recipient.fromBytes(classic.recipient().toBytes()).toString(),
    classic.recipient().toString(),
  )
  assert.equal(MlKem768X25519Identity.parse(pq.toString()).recipient().toString(), pq.recipient().toString())
  assert.equal(MlKem768X25519Recipient.parse(pq.recipient().toString()).toBytes().length, 1216)
  assert.notEqual(X25519Identity.generate().toString(), X25519Identity.generate().toString())
})

test('a key of one kind is not taken for one of another, though both have 32 bytes', () => {
  throwsCode(AgeError, 'KEY', () => X25519Identity.parse(pq.toString()))
  throwsCode(AgeError, 'KEY', () => MlKem768X25519Identity.parse(classic.toString()))
  throwsCode(AgeError, 'KEY', () => X25519Recipient.parse(classic.toString()))
  throwsCode(AgeError, 'KEY', () => X25519Identity.parse(classic.recipient().toString()))
})

test('a file that ends before its payload begins is incomplete', () => {
  const file = encryptFile(new Uint8Array(0), [classic.recipient()])
  const { length } = parseHeader(file)
  for (const end of [length, length + 1, length + 15]) {
    throwsCode(AgeError, 'HEADER_INCOMPLETE', () => decryptFile(file.subarray(0, end), [classic]))
  }
  throwsCode(AgeError, 'PAYLOAD', () => decryptFile(file.subarray(0, length + 16), [classic]))
})

test('an identity does not change with the bytes it was made from, nor with those it gives away', () => {
  const secret = new Uint8Array(32).fill(5)
  for (const identity of [X25519Identity.fromBytes(secret), MlKem768X25519Identity.fromBytes(secret)]) {
    const text = identity.toString()
    secret.fill(0)
    identity.toBytes().fill(0)
    identity.recipient().toBytes().fill(0)
    assert.equal(identity.toString(), text)
    secret.fill(5)
  }
})
