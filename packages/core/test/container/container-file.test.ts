import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  AgeError,
  ScryptIdentity,
  ScryptRecipient,
  armor,
  dearmor,
  decryptFile,
  encryptFile,
} from '../../src/age/index.ts'
import { concat, utf8Decode, utf8Encode } from '../../src/bytes/index.ts'
import {
  ContainerError,
  MAX_CONTAINER_BYTES,
  createContainer,
  encodeContainer,
  parseContainer,
} from '../../src/container/index.ts'
import type { KeyContainer, NewContainer, Protection } from '../../src/container/index.ts'
import { NOW, PROTECTIONS, RUNS, isError } from './fixtures.ts'

const PASSPHRASE = { kind: 'passphrase', passphrase: 'correct', logN: 4 } as const

const MADE: Readonly<Record<string, Omit<NewContainer, 'name' | 'now'>>> = {
  'pq by default': {},
  'pq with classic': { profile: 'pq', withClassic: true },
  classic: { profile: 'classic' },
}

for (const [how, options] of Object.entries(MADE)) {
  for (const protection of PROTECTIONS) {
    test(`${how}, ${protection.kind}: what is encoded opens again as the same container`, () => {
      const container = createContainer({ name: 'default', ...options, now: NOW })
      const locked = parseContainer(encodeContainer(container, protection))
      assert.equal(locked.protection, protection.kind)
      assert.deepEqual(locked.info, container.info())
      const opened = locked.unlock(secretOf(protection))
      assert.deepEqual(opened.info(), container.info())
      assertOpens(container, opened)
    })
  }
}

test('no secret stands in the file unless the protection is none', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  for (const protection of PROTECTIONS) {
    const text = utf8Decode(encodeContainer(container, protection))
    const stands = container.pairs().every(({ pair }) => text.includes(pair.secretText()))
    assert.equal(stands, protection.kind === 'none')
  }
})

test('a wrong passphrase, a damaged and an exchanged file are one case with one text', () => {
  const mine = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const theirs = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const file = JSON.parse(utf8Decode(encodeContainer(mine, PASSPHRASE)))
  const other = JSON.parse(utf8Decode(encodeContainer(theirs, PASSPHRASE)))
  const damage = (change: (age: string) => string) => {
    const age = Buffer.from(dearmor(String(file.private))).toString('latin1')
    assert.notEqual(change(age), age)
    return { ...file, private: armor(Buffer.from(change(age), 'latin1')) }
  }
  const failures: readonly [string, unknown, string][] = [
    ['wrong passphrase', file, 'wrong'],
    ['damaged payload', damage((age) => `${age.slice(0, -1)}${age.endsWith('!') ? '?' : '!'}`), 'correct'],
    ['damaged header', damage((age) => age.replace('age-encryption', 'age-encrypti0n')), 'correct'],
    // 2^21 would ask for 2 GiB.
    ['work factor too high', damage((age) => age.replace(/(-> scrypt \S+) 4/, '$1 21')), 'correct'],
    ['no scrypt stanza', damage((age) => age.replace('-> scrypt', '-> scrupt')), 'correct'],
    ['changed time', { ...file, created: '2020-01-01T00:00:00Z' }, 'correct'],
    ['changed protection', { ...file, protection: 'keyring' }, 'correct'],
    ['changed name', { ...file, name: 'other' }, 'correct'],
    ['private part of another', { ...file, private: other.private }, 'correct'],
  ]
  const messages = failures.map(([what, altered, passphrase]) => {
    const locked = parseContainer(utf8Encode(`${JSON.stringify(altered, null, 2)}\n`))
    return messageOf(what, () => locked.unlock(passphrase))
  })
  assert.equal(new Set(messages).size, 1)
})

test('a work factor above 2^20 is not tried', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const passphrase = { kind: 'passphrase', passphrase: 'x' } as const
  for (const logN of [0, 21, 1.5, Number.NaN]) {
    assert.throws(() => encodeContainer(container, { ...passphrase, logN }), isError('CONTAINER_SECRET'))
  }
  assert.throws(
    () => encodeContainer(container, { kind: 'passphrase', passphrase: '' }),
    isError('CONTAINER_SECRET', /empty/),
  )
})

test('a public key exchanged on the disk is an error when the container is opened', () => {
  for (const protection of PROTECTIONS) {
    const mine = createContainer({ name: 'default', profile: 'classic', now: NOW })
    const theirs = createContainer({ name: 'default', profile: 'classic', now: NOW })
    let text = utf8Decode(encodeContainer(mine, protection))
    const [mineKey, theirKey] = [mine.info().keys[0], theirs.info().keys[0]]
    assert.ok(mineKey && theirKey)
    text = text.replace(mineKey.public, theirKey.public).replace(mineKey.id, theirKey.id)
    const locked = parseContainer(utf8Encode(text))
    assert.equal(locked.info.keys[0]?.public, theirKey.public)
    assert.throws(() => locked.unlock(secretOf(protection)), isError('CONTAINER_LOCKED'))
  }
})

test('even with the right hash, a public key must be that of its secret', () => {
  const mine = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const theirs = createContainer({ name: 'default', profile: 'classic', now: NOW })
  // What a disk attacker can make of an unprotected container: everything fits but the secrets.
  const [one, other] = [mine, theirs].map((container) => JSON.parse(unprotected(container)))
  const forged = { ...other, private: { ...other.private, secrets: one.private.secrets } }
  const locked = parseContainer(utf8Encode(`${JSON.stringify(forged, null, 2)}\n`))
  assert.throws(() => locked.unlock(), isError('CONTAINER_LOCKED'))
})

test('a private part with one secret too many, or spelt in another way, does not open', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const open = JSON.parse(unprotected(container))
  const { secrets } = open.private
  const more = { ...open, private: { ...open.private, secrets: [...secrets, secrets[0]] } }
  const locked = parseContainer(utf8Encode(`${JSON.stringify(more, null, 2)}\n`))
  assert.throws(() => locked.unlock(), isError('CONTAINER_LOCKED'))
  const closed = JSON.parse(utf8Decode(encodeContainer(container, PASSPHRASE)))
  const plain = decryptFile(dearmor(String(closed.private)), [new ScryptIdentity(PASSPHRASE.passphrase)])
  for (const [spelling, opens] of [
    [utf8Decode(plain), true],
    [JSON.stringify(JSON.parse(utf8Decode(plain))), false],
  ] as const) {
    const recipient = new ScryptRecipient(PASSPHRASE.passphrase, 4)
    const again = { ...closed, private: armor(encryptFile(utf8Encode(spelling), [recipient])) }
    const file = parseContainer(utf8Encode(`${JSON.stringify(again, null, 2)}\n`))
    if (opens) assert.deepEqual(file.unlock(PASSPHRASE.passphrase).info(), container.info())
    else assert.throws(() => file.unlock(PASSPHRASE.passphrase), isError('CONTAINER_LOCKED'))
  }
})

test('armor has one spelling', () => {
  const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
  const file = JSON.parse(utf8Decode(encodeContainer(container, PASSPHRASE)))
  const text = String(file.private)
  for (const locked of ['x', '', ` ${text}`, `${text}\n`, text.trim(), text.replaceAll('\n', '\r\n')]) {
    const bytes = utf8Encode(`${JSON.stringify({ ...file, private: locked }, null, 2)}\n`)
    assert.throws(() => parseContainer(bytes), isError('CONTAINER_FORMAT', /^private: expected an armored/))
  }
})

test('an unprotected container in the place of a protected one is noticed by whoever gives a secret', () => {
  const locked = parseContainer(utf8Encode(unprotected(createContainer({ name: 'default', now: NOW }))))
  assert.throws(() => locked.unlock('secret'), isError('CONTAINER_SECRET', /not protected/))
  const [none, ...others] = [...PROTECTIONS].sort((a) => (a.kind === 'none' ? -1 : 1))
  assert.equal(none?.kind, 'none')
  for (const protection of others) {
    const closed = parseContainer(encodeContainer(createContainer({ name: 'a', now: NOW }), protection))
    assert.throws(() => closed.unlock(), isError('CONTAINER_SECRET', /protected by a/))
    assert.throws(() => closed.unlock(''), isError('CONTAINER_SECRET', /protected by a/))
  }
})

for (const protection of PROTECTIONS.filter(({ kind }) => kind !== 'keyring')) {
  test(`${protection.kind}: every truncation and every altered byte is refused`, () => {
    const container = createContainer({ name: 'default', profile: 'classic', now: NOW })
    const bytes = encodeContainer(container, protection)
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => parseContainer(bytes.subarray(0, length)), isError('CONTAINER_FORMAT'), `${length}`)
    }
    for (let at = 0; at < bytes.length; at++) {
      const bit = 1 << (at % 8)
      const altered = Uint8Array.from(bytes)
      altered[at] = (altered[at] ?? 0) ^ bit
      assert.throws(() => parseContainer(altered).unlock(secretOf(protection)), refused, `byte ${at}`)
    }
    assert.throws(() => parseContainer(concat(bytes, utf8Encode('\n'))), isError('CONTAINER_FORMAT'))
  })
}

test('a malformed public part is told precisely', () => {
  const text = unprotected(createContainer({ name: 'default', profile: 'classic', now: NOW }))
  const cases: readonly [string | RegExp, string, RegExp][] = [
    [/^\{/, '[', /^not JSON/],
    [/[^]*/, '[]', /^expected an object, got an array/],
    [/[^]*/, 'null', /^expected an object, got null/],
    ['"key container"', '"key box"', /^strongroom: expected "key container", got "key box"/],
    ['"version": 1', '"version": 2', /^version: expected 1, got 2/],
    ['"version": 1', '"version": "1"', /^version: expected 1, got "1"/],
    ['"version": 1', '"version": 1.0', /^line 3: not in the canonical/],
    ['"name": "default"', '"name": "../x"', /^name: expected the name/],
    ['"name": "default"', '"name": ["x"]', /^name: expected a text, got an array/],
    ['"name": "default"', '"nom": "default"', /^unknown member "nom"/],
    ['"name": "default"', '"__proto__": {}', /^unknown member "__proto__"/],
    ['  "name": "default",\n', '', /^missing member "name"/],
    ['"name": "default"', '"name": "x",\n  "name": "default"', /^line 4: not in the canonical/],
    ['"name"', ' "name"', /^line 4: not in the canonical/],
    [/"created": "[^"]*"/, '"created": "2026-02-30T00:00:00Z"', /^created: expected a UTC time/],
    ['"profile": "classic"', '"profile": "pq"', /^keys: expected an active exchange key of profile pq/],
    ['"profile": "classic"', '"profile": "new"', /^profile: expected "pq" or "classic", got "new"/],
    ['"protection": "none"', '"protection": "weak"', /^protection: expected "passphrase" or/],
    ['"protection": "none"', '"protection": "passphrase"', /^private: expected a text, got a object/],
    ['"use": "exchange"', '"use": "signature"', /^keys\[0\]: x25519 cannot be used for signature/],
    ['"algorithm": "x25519"', '"algorithm": "x448"', /^keys\[0\]\.algorithm: expected .* got "x448"/],
    ['"algorithm": "x25519"', '"algorithm": "ed25519"', /^keys\[0\]\.public: not a public key of ed25519/],
    [/"id": "SHA256:./, '"id": "SHA256:-', /^keys\[0\]\.id: not the fingerprint/],
    [/"public": "age1./, '"public": "age1-', /^keys\[0\]\.public: not a public key of x25519/],
    ['"state": "active"', '"state": "retired"', /^keys: expected an active exchange key/],
    ['"state": "active"', '"state": true', /^keys\[0\]\.state: expected .* got a boolean/],
    [/"private": \{[^]*\}\n/, '"private": "x"\n}\n', /^private: expected an object/],
    ['"secrets": [', '"secrets": [\n      1,', /^private\.secrets\[0\]: expected a text/],
  ]
  for (const [from, to, message] of cases) {
    const altered = text.replace(from, () => to)
    assert.notEqual(altered, text, `${from}`)
    assert.throws(
      () => parseContainer(utf8Encode(altered)),
      isError('CONTAINER_FORMAT', message),
      `${from} → ${to}`,
    )
  }
})

test('a recipient in upper case is not a second spelling', () => {
  for (const profile of ['classic', 'pq'] as const) {
    const container = createContainer({ name: 'default', profile, now: NOW })
    const recipient = container.recipient().toString()
    const upper = unprotected(container).replace(recipient, recipient.toUpperCase())
    assert.throws(() => parseContainer(utf8Encode(upper)), isError('CONTAINER_FORMAT', /^keys\[0\]\.public/))
  }
})

test('the rules between keys hold in the file too', () => {
  const text = unprotected(createContainer({ name: 'default', profile: 'classic', now: NOW }))
  const second = createContainer({ name: 'default', profile: 'classic', now: NOW }).info().keys[0]
  const file = JSON.parse(text)
  const cases: readonly [unknown[], RegExp][] = [
    [[...file.keys, file.keys[0]], /^keys\[2\]: the same exchange key is there twice/],
    [[...file.keys, second], /^keys\[2\]: a second active x25519 exchange key/],
    [[file.keys[0]], /^keys: expected an active signature key/],
    [Array.from({ length: 257 }, () => file.keys[0]), /^keys: expected at most 256 members/],
  ]
  for (const [keys, message] of cases) {
    const bytes = utf8Encode(`${JSON.stringify({ ...file, keys }, null, 2)}\n`)
    assert.throws(() => parseContainer(bytes), isError('CONTAINER_FORMAT', message))
  }
})

test('size and depth of hostile files are bounded', () => {
  const long = new Uint8Array(MAX_CONTAINER_BYTES + 1).fill(0x20)
  assert.throws(() => parseContainer(long), isError('CONTAINER_FORMAT', /at most 1048576 bytes/))
  const text = unprotected(createContainer({ name: 'default', profile: 'classic', now: NOW }))
  const deep = text.replace(
    /"private": \{[^]*/,
    () => `"private": ${'['.repeat(250_000)}${']'.repeat(250_000)}}`,
  )
  assert.throws(() => parseContainer(utf8Encode(deep)), isError('CONTAINER_FORMAT'))
})

test('random text is refused without another error', () => {
  const property = fc.property(fc.oneof(fc.uint8Array(), fc.json().map(utf8Encode)), (bytes) => {
    assert.throws(() => parseContainer(bytes), isError('CONTAINER_FORMAT'))
  })
  fc.assert(property, { numRuns: RUNS * 5 })
})

/** Does one open what is sealed to the other, and accept its signatures? */
function assertOpens(sealer: KeyContainer, opener: KeyContainer): void {
  const plaintext = utf8Encode('a file')
  const sealed = encryptFile(plaintext, [sealer.recipient()])
  assert.deepEqual(decryptFile(sealed, opener.identities()), plaintext)
  const signature = opener.signingKey().sign(plaintext)
  assert.equal(sealer.signingKey().signer.verify(plaintext, signature), true)
}

function messageOf(what: string, work: () => unknown): string {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof ContainerError, what)
    assert.equal(error.code, 'CONTAINER_LOCKED', what)
    assert.equal(error.cause, undefined, what)
    return error.message
  }
  return assert.fail(`${what}: opened`)
}

function secretOf(protection: Protection): string | undefined {
  if (protection.kind === 'none') return undefined
  return String(protection.kind === 'passphrase' ? protection.passphrase : protection.secret)
}

function unprotected(container: KeyContainer): string {
  return utf8Decode(encodeContainer(container, { kind: 'none' }))
}

function refused(error: unknown): boolean {
  assert.ok(!(error instanceof AgeError))
  return (
    error instanceof ContainerError &&
    ['CONTAINER_FORMAT', 'CONTAINER_LOCKED', 'CONTAINER_SECRET'].includes(error.code)
  )
}
