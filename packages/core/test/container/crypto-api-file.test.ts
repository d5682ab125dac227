import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { concat, toBase64, utf8Decode, utf8Encode } from '../../src/bytes/index.ts'
import { ContainerError, createContainer, generateKeyPair } from '../../src/container/index.ts'
import type { KeyContainer } from '../../src/container/index.ts'
import {
  MAX_CRYPTO_API_BYTES,
  encodeCryptoApiFile,
  openCryptoApiFile,
} from '../../src/container/crypto-api-file.ts'
import { encodeRecord, entryKey, parseRecord } from '../../src/container/crypto-api-record.ts'
import type { StoredEntries, StoredEntry } from '../../src/container/crypto-api-record.ts'
import { singleBitFlips } from '../support/mutations.ts'
import { NOW, RUNS, isError } from './fixtures.ts'

const OWNER = createContainer({ name: 'owner', profile: 'classic', now: NOW })
const PAIR = { blob: utf8Encode('a private key blob'), exportable: true }
const ENTRIES = entriesOf([
  { scope: 'user', name: 'one', container: { exchange: PAIR } },
  {
    scope: 'machine',
    name: 'a name of its own',
    container: { signature: { ...PAIR, exportable: false } },
  },
  { scope: 'user', name: '', container: {} },
])
const NOT_OPENED = /^the CryptoAPI key containers did not open: their file was damaged or altered$/

test('what is encoded opens again, under either kind of exchange key', () => {
  for (const profile of ['pq', 'classic'] as const) {
    const owner = createContainer({ name: 'owner', profile, now: NOW })
    assert.deepEqual(openCryptoApiFile(owner, encodeCryptoApiFile(owner, ENTRIES)), ENTRIES)
    assert.deepEqual(openCryptoApiFile(owner, encodeCryptoApiFile(owner, new Map())), new Map())
  }
})

test('neither names nor keys stand in the file, and nothing random is used twice', () => {
  const versions = [1, 2, 3].map(() => JSON.parse(utf8Decode(encodeCryptoApiFile(OWNER, ENTRIES))))
  for (const member of ['salt', 'nonce', 'private']) {
    assert.equal(new Set(versions.map((version) => version[member])).size, 3, member)
  }
  const sealed = Buffer.from(versions[0].private, 'base64')
  for (const text of ['a private', 'a name']) {
    assert.equal(sealed.includes(text), false)
    assert.equal(sealed.includes(Buffer.from(text, 'utf16le')), false)
  }
})

test('every truncation and every altered bit is refused', () => {
  const bytes = encodeCryptoApiFile(OWNER, ENTRIES)
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => openCryptoApiFile(OWNER, bytes.subarray(0, length)), isError('CONTAINER_FORMAT'))
  }
  assert.throws(() => openCryptoApiFile(OWNER, concat(bytes, utf8Encode('\n'))), isError('CONTAINER_FORMAT'))
  for (const [bit, altered] of [...singleBitFlips(bytes)].entries()) {
    assert.throws(
      () => openCryptoApiFile(OWNER, altered),
      (error) => error instanceof ContainerError,
      `bit ${bit}`,
    )
  }
})

test('whatever is altered behind the encoding is one error with one text', () => {
  const file = JSON.parse(utf8Decode(encodeCryptoApiFile(OWNER, ENTRIES)))
  const other = JSON.parse(utf8Decode(encodeCryptoApiFile(OWNER, new Map())))
  const sealed = Buffer.from(file.private, 'base64')
  const privateParts = [...singleBitFlips(sealed), ...[0, 1, 15, 16, 17].map((n) => sealed.subarray(0, n))]
  const altered = [
    ...privateParts.map((part) => ({ ...file, private: toBase64(part) })),
    { ...file, salt: other.salt },
    { ...file, nonce: other.nonce },
    { ...file, private: other.private },
    { ...other, private: file.private },
  ]
  for (const each of altered) assert.throws(() => openCryptoApiFile(OWNER, encoded(each)), notOpened)
})

test('a record that is none is the same error, though its tag is right', () => {
  const record = encodeRecord(ENTRIES)
  const good = openCryptoApiFile(OWNER, forged(OWNER, record))
  assert.deepEqual(good, ENTRIES)
  const [first] = ENTRIES.values()
  assert.ok(first)
  const twice = concat(
    Uint8Array.of(2, 0, 0, 0),
    ...[0, 1].map(() => encodeRecord(entriesOf([first])).subarray(4)),
  )
  const longName = concat(Uint8Array.of(1, 0, 0, 0, 0, 0x05, 0x01), new Uint8Array(2 * 261 + 2))
  const entry = (...bytes: number[]) => Uint8Array.of(1, 0, 0, 0, 0, 0, 0, ...bytes)
  const bad: Record<string, Uint8Array> = {
    empty: new Uint8Array(0),
    'two of one name': twice,
    'a byte too many': concat(record, Uint8Array.of(0)),
    'too many': Uint8Array.of(0x11, 0x27, 0, 0),
    'scope 2': Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 0),
    'name of 261': longName,
    'state 3': entry(3, 1, 0, 7, 0),
    'empty blob': entry(1, 0, 0, 0),
    'long blob': concat(entry(1, 0x15, 0x24), new Uint8Array(9_237 + 1)),
  }
  for (const [what, each] of Object.entries(bad)) {
    assert.throws(() => openCryptoApiFile(OWNER, forged(OWNER, each)), notOpened, what)
  }
  for (let length = 0; length < record.length; length++) {
    assert.throws(() => openCryptoApiFile(OWNER, forged(OWNER, record.subarray(0, length))), notOpened)
  }
  assert.equal(openCryptoApiFile(OWNER, forged(OWNER, entry(0, 0))).size, 1)
})

test('a malformed header is told precisely', () => {
  const text = utf8Decode(encodeCryptoApiFile(OWNER, ENTRIES))
  const cases: readonly [string | RegExp, string, RegExp][] = [
    [/^\{/, '[', /^not JSON/],
    [/[^]*/, '[]', /^expected an object, got an array/],
    ['CryptoAPI key', 'other key', /^strongroom: expected "CryptoAPI key containers", got "other key/],
    ['"version": 1', '"version": 2', /^version: expected 1, got 2/],
    ['"container": "owner"', '"container": 7', /^container: expected a text, got a number/],
    ['"container": "owner"', '"container": "other"', /^container: not "owner"/],
    [/"salt": ".*"/, '"salt": "AAAA"', /^salt: expected 32 bytes in base64/],
    [/"nonce": ".*"/, '"nonce": "AAAA="', /^nonce: expected 12 bytes in base64/],
    [/"private": ".*"/, '"private": "A"', /^private: expected base64/],
    [/"nonce": ".*",\n/, '', /^missing member "nonce"|not JSON/],
    [/ {2}"nonce"/, '  "more": 1,\n  "nonce"', /^unknown member "more"/],
    [/ {2}"nonce"/, '"nonce"', /^line 7: not in the canonical encoding/],
    [/\n$/, '', /^line \d+: not in the canonical encoding/],
  ]
  for (const [find, replacement, message] of cases) {
    const bytes = utf8Encode(text.replace(find, replacement))
    assert.throws(() => openCryptoApiFile(OWNER, bytes), isError('CONTAINER_FORMAT', message), replacement)
  }
})

test('a retired key still opens it, and the next version is under the active one', () => {
  const owner = createContainer({ name: 'owner', profile: 'classic', now: NOW })
  const before = encodeCryptoApiFile(owner, ENTRIES)
  const first = activeId(owner)
  assert.equal(JSON.parse(utf8Decode(before)).key, first)
  owner.addKey(generateKeyPair('x25519'), { state: 'active', now: NOW })
  assert.deepEqual(openCryptoApiFile(owner, before), ENTRIES)
  const after = JSON.parse(utf8Decode(encodeCryptoApiFile(owner, ENTRIES))).key
  assert.equal(after, activeId(owner))
  assert.notEqual(after, first)
})

test('a key that the container does not have is said, and a wiped container opens nothing', () => {
  const stranger = createContainer({ name: 'owner', profile: 'classic', now: NOW })
  const bytes = encodeCryptoApiFile(stranger, ENTRIES)
  assert.throws(
    () => openCryptoApiFile(OWNER, bytes),
    isError('CONTAINER_KEY', /^key: the container does not/),
  )
  stranger.wipe()
  assert.throws(() => openCryptoApiFile(stranger, bytes), isError('CONTAINER_KEY'))
  assert.throws(() => encodeCryptoApiFile(stranger, ENTRIES), isError('CONTAINER_KEY', /wiped/))
  // A signature key has an id too, and is not what the file is under.
  const signature = OWNER.info().keys.find(({ use }) => use === 'signature')?.id
  const file = { ...JSON.parse(utf8Decode(encodeCryptoApiFile(OWNER, ENTRIES))), key: signature }
  assert.throws(() => openCryptoApiFile(OWNER, encoded(file)), isError('CONTAINER_KEY'))
})

test('nothing is written that could not be read again', () => {
  const blob = (length: number) => ({ exchange: { blob: new Uint8Array(length), exportable: false } })
  const one = (entry: Partial<StoredEntry>): StoredEntries =>
    entriesOf([{ scope: 'user', name: 'n', container: {}, ...entry }])
  const many = (count: number, container = {}): StoredEntries =>
    entriesOf(Array.from({ length: count }, (_, i) => ({ scope: 'user', name: `${i}`, container })))
  for (const entries of [
    one({ name: 'n'.repeat(260) }),
    one({ container: blob(1) }),
    one({ container: blob(9_236) }),
    many(10_000),
  ]) {
    assert.deepEqual(parseRecord(encodeRecord(entries)), entries)
  }
  assert.throws(() => encodeRecord(one({ name: 'n'.repeat(261) })), isError('CONTAINER_NAME', /at most 260/))
  assert.throws(() => encodeRecord(one({ container: blob(0) })), isError('CONTAINER_KEY', /1 to 9236/))
  assert.throws(() => encodeRecord(one({ container: blob(9_237) })), isError('CONTAINER_KEY'))
  assert.throws(() => encodeRecord(many(10_001)), isError('CONTAINER_FORMAT', /at most 10000/))
  const full = Math.floor((MAX_CRYPTO_API_BYTES * 3) / 4 / 9_240) + 1
  assert.throws(
    () => encodeCryptoApiFile(OWNER, many(full, blob(9_236))),
    isError('CONTAINER_FORMAT', /16777216/),
  )
})

test('random records are refused without another error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      // What is accepted has one encoding only.
      try {
        assert.deepEqual(encodeRecord(openCryptoApiFile(OWNER, forged(OWNER, bytes))), bytes)
      } catch (error) {
        assert.ok(notOpened(error), String(error))
      }
    }),
    { numRuns: RUNS * 10 },
  )
})

/** The one error for whatever depends on the key. */
function notOpened(error: unknown): boolean {
  return isError('CONTAINER_LOCKED', NOT_OPENED)(error) && error instanceof Error && error.cause === undefined
}

function entriesOf(entries: readonly StoredEntry[]): StoredEntries {
  return new Map(entries.map((entry) => [entryKey(entry.scope, entry.name), entry]))
}

function encoded(value: unknown): Uint8Array {
  return utf8Encode(`${JSON.stringify(value, null, 2)}\n`)
}

function activeId(owner: KeyContainer): string | undefined {
  return owner.info().keys.find(({ use, state }) => use === 'exchange' && state === 'active')?.id
}

/** A file around any record, as only the owner of the key can make it. */
function forged(owner: KeyContainer, record: Uint8Array): Uint8Array {
  const [exchange] = owner.pairs()
  assert.equal(exchange?.pair.kind, 'exchange')
  const [salt, nonce] = [new Uint8Array(32).fill(1), new Uint8Array(12).fill(2)]
  const header = {
    strongroom: 'CryptoAPI key containers',
    version: 1,
    container: owner.name,
    key: exchange.info.id,
    salt: toBase64(salt),
    nonce: toBase64(nonce),
  }
  const secret = exchange.pair.identity.toBytes()
  const key = new Uint8Array(hkdfSync('sha256', secret, salt, 'strongroom cryptoapi v1\n', 32))
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  cipher.setAAD(encoded(header), { plaintextLength: record.length })
  const sealed = concat(cipher.update(record), cipher.final(), cipher.getAuthTag())
  return encoded({ ...header, private: toBase64(sealed) })
}
