import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodedStanzaLength, encodeHeader, newFileKey, parseHeader } from '@strongroom/core/age'
import { SIGNATURE_SUITES } from '@strongroom/core/container'
import {
  encodeMetadata,
  encodeStatement,
  formatSerial,
  isPad,
  keyCommitment,
  KeyBlobError,
  MAX_TEXT_BYTES,
  MIN_PAD_BYTES,
  newSerial,
  padStanza,
  parseMetadata,
  parseSerial,
  parseStatement,
  sealIdOf,
  STATEMENT_BYTES,
  type Metadata,
  type Statement,
} from '@strongroom/core/keyblob'
import { commitmentTo, STATEMENT } from '../seal/support/attacker.ts'
import { noise } from '../seal/support/files.ts'
import { leafHash } from '../seal/support/rfc6962.ts'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { assertOneEncoding, bytesArbitrary } from './exact.ts'

const kinds = fc.oneof(
  fc.record({
    kind: fc.constant('file' as const),
    payloadLength: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  }),
  fc.record({ kind: fc.constant('session-key' as const), payloadLength: fc.constant(0) }),
)

const statements: fc.Arbitrary<Statement> = fc
  .tuple(
    kinds,
    fc.record({
      suite: fc.constantFrom(...Object.values(SIGNATURE_SUITES)),
      serial: bytesArbitrary(16),
      commitment: bytesArbitrary(32),
      nonce: bytesArbitrary(16),
      payloadRoot: bytesArbitrary(32),
      metadataDigest: bytesArbitrary(32),
      signerId: bytesArbitrary(32),
    }),
  )
  .map(([kind, rest]) => ({ ...kind, ...rest }))

const texts = fc.string({ unit: 'binary', maxLength: 256 })

const metadata: fc.Arbitrary<Metadata> = fc
  .record(
    {
      description: texts,
      name: texts,
      mode: fc.integer({ min: 0, max: 0o777 }),
      mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      createdMs: fc.integer({ min: 0, max: 8.64e15 }),
      version: fc.constantFrom(1, 2, 3, 0xffffffff),
      previous: bytesArbitrary(32),
    },
    { requiredKeys: ['createdMs', 'version', 'previous'] },
  )
  .map(({ previous, ...rest }) => (rest.version === 1 ? rest : { ...rest, previous }))

test('a statement has one encoding', () => {
  assertOneEncoding({ parse: parseStatement, encode: encodeStatement }, statements)
})

test('a statement stands as the specification lays it out', () => {
  const [statement] = fc.sample(statements, { seed: 7, numRuns: 1 })
  assert.ok(statement)
  const bytes = encodeStatement({ ...statement, kind: 'file', payloadLength: 0x0102030405 })
  assert.equal(bytes.length, 189)
  assert.equal(STATEMENT_BYTES, 189)
  const at = (start: number, length: number) => bytes.slice(start, start + length)
  assert.equal(Buffer.from(at(0, 19)).toString(), 'strongroom seal v1\n')
  assert.deepEqual([...at(STATEMENT.kind, 2)], [1, statement.suite.id])
  assert.deepEqual(at(STATEMENT.serial, 16), statement.serial)
  assert.deepEqual(at(STATEMENT.commitment, 32), statement.commitment)
  assert.deepEqual(at(STATEMENT.nonce, 16), statement.nonce)
  assert.deepEqual([...at(STATEMENT.length, 8)], [0, 0, 0, 1, 2, 3, 4, 5])
  assert.deepEqual(at(STATEMENT.root, 32), statement.payloadRoot)
  assert.deepEqual(at(STATEMENT.metadata, 32), statement.metadataDigest)
  assert.deepEqual(at(STATEMENT.signer, 32), statement.signerId)
  assert.deepEqual(sealIdOf(bytes), leafHash(bytes))
})

test('a statement of a session key has no payload, and one of a file has one', () => {
  const [statement] = fc.sample(statements, { seed: 7, numRuns: 1 })
  assert.ok(statement)
  const file = encodeStatement({ ...statement, kind: 'file', payloadLength: 0 })
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseStatement(file))
  const sessionKey = encodeStatement({ ...statement, kind: 'session-key', payloadLength: 1 })
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseStatement(sessionKey))
})

test('a statement: lengths beyond what a number holds exactly are refused', () => {
  const [statement] = fc.sample(statements, { seed: 7, numRuns: 1 })
  assert.ok(statement)
  const bytes = encodeStatement({ ...statement, kind: 'file', payloadLength: 1 })
  bytes.set([0, 0x20, 0, 0, 0, 0, 0, 0], STATEMENT.length)
  throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseStatement(bytes))
})

test('a metadata record has one encoding', () => {
  assertOneEncoding({ parse: parseMetadata, encode: encodeMetadata }, metadata)
})

const MINIMAL = [5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 6, 0, 4, 0, 0, 0, 1]

test('a metadata record stands as the specification lays it out', () => {
  assert.deepEqual([...encodeMetadata({ createdMs: 1, version: 1 })], MINIMAL)
  const all: Metadata = {
    description: 'é',
    name: 'n',
    mode: 0o640,
    mtimeNs: -2n,
    createdMs: 1,
    version: 2,
    previous: noise(32),
  }
  assert.deepEqual(
    [...encodeMetadata(all)],
    [1, 0, 2, 0xc3, 0xa9, 2, 0, 1, 0x6e, 3, 0, 2, 0x01, 0xa0]
      .concat([4, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe])
      .concat([5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 6, 0, 4, 0, 0, 0, 2, 7, 0, 32])
      .concat(Array.from(noise(32))),
  )
})

const REFUSED_RECORDS: Readonly<Record<string, readonly number[]>> = {
  'nothing at all': [],
  'no creation time': MINIMAL.slice(11),
  'no version': MINIMAL.slice(0, 11),
  'an unknown field in front': [0, 0, 0, ...MINIMAL],
  'an unknown field behind': [...MINIMAL, 8, 0, 0],
  'a field twice': [2, 0, 1, 0x6e, 2, 0, 1, 0x6e, ...MINIMAL],
  'fields in another order': [...MINIMAL.slice(11), ...MINIMAL.slice(0, 11)],
  'version 0': [...MINIMAL.slice(0, -1), 0],
  'version 2 without the one before': [...MINIMAL.slice(0, -1), 2],
  'version 1 with one before': [...MINIMAL, 7, 0, 32, ...noise(32)],
  'a seal id of 31 bytes': [...MINIMAL.slice(0, -1), 2, 7, 0, 31, ...noise(31)],
  'a seal id of 33 bytes': [...MINIMAL.slice(0, -1), 2, 7, 0, 33, ...noise(33)],
  'a mode with set-user-id': [3, 0, 2, 0x0f, 0xff, ...MINIMAL],
  'a mode of one byte': [3, 0, 1, 0, ...MINIMAL],
  'a time beyond all dates': [5, 0, 8, 0, 0x20, 0, 0, 0, 0, 0, 0, ...MINIMAL.slice(11)],
  'a name that is not UTF-8': [2, 0, 1, 0xff, ...MINIMAL],
  'a name that is too long': [2, 4, 1, ...Array<number>(1025).fill(0x6e), ...MINIMAL],
  'a length beyond the record': [2, 0xff, 0xff, 0x6e],
}

for (const [name, record] of Object.entries(REFUSED_RECORDS)) {
  test(`a metadata record is refused: ${name}`, () => {
    assert.throws(
      () => parseMetadata(Uint8Array.from(record)),
      (error) =>
        error instanceof Error &&
        'code' in error &&
        ['SEAL_FORMAT', 'BYTES_TRUNCATED', 'BYTES_TRAILING', 'BYTES_ENCODING'].includes(String(error.code)),
    )
  })
}

test('a description or name has at most 1,024 bytes, counted in UTF-8', () => {
  assert.equal(MAX_TEXT_BYTES, 1024)
  const most = { name: 'é'.repeat(512), createdMs: 1, version: 1 }
  assert.deepEqual(parseMetadata(encodeMetadata(most)), most)
  for (const field of ['name', 'description'] as const) {
    const long = { createdMs: 1, version: 1, [field]: `${'é'.repeat(512)}a` }
    throwsCode(KeyBlobError, 'LIMIT', () => encodeMetadata(long))
  }
})

test('a name keeps a byte-order mark, and a mode loses what is no permission', () => {
  const record = { name: '\ufeffname', mode: 0o4755, createdMs: 1, version: 1 }
  assert.deepEqual(parseMetadata(encodeMetadata(record)), { ...record, mode: 0o755 })
})

test('a serial number is a UUID of version 7', () => {
  const nowMs = Date.UTC(2026, 0, 31, 12, 34, 56, 789)
  const serials = Array.from({ length: 100 }, () => newSerial(nowMs))
  const text = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const serial of serials) {
    const [, high = '', low = ''] = text.exec(formatSerial(serial)) ?? []
    assert.equal(Number.parseInt(high + low, 16), nowMs)
    assert.deepEqual(parseSerial(formatSerial(serial)), serial)
  }
  assert.equal(new Set(serials.map(formatSerial)).size, serials.length)
})

test('the text of a serial number is refused unless it is written as we write it', () => {
  const text = '01234567-89ab-7cde-8f01-23456789abcd'
  assert.equal(formatSerial(parseSerial(text)), text)
  const near = mutationsOf(new TextEncoder().encode(text)).map((bytes) =>
    Buffer.from(bytes).toString('latin1'),
  )
  fc.assert(
    fc.property(near, (candidate) => {
      if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(candidate) && !candidate.endsWith('\n')) {
        assert.equal(formatSerial(parseSerial(candidate)), candidate)
      } else throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseSerial(candidate))
    }),
    PROPERTY,
  )
  for (const wrong of [text.toUpperCase(), `{${text}}`, text.replaceAll('-', ''), `${text}\n`, '']) {
    throwsCode(KeyBlobError, 'SEAL_FORMAT', () => parseSerial(wrong))
  }
})

test('a key commitment is HKDF of the key, salted with the serial number', () => {
  const [key, serial] = [noise(16, 'key'), noise(16, 'serial')]
  assert.deepEqual(keyCommitment(key, serial), commitmentTo(key, serial))
  assert.notDeepEqual(keyCommitment(key, serial), keyCommitment(noise(16, 'another'), serial))
  assert.notDeepEqual(keyCommitment(key, serial), keyCommitment(key, noise(16, 'another')))
})

test('a pad takes exactly the bytes that it is asked for', () => {
  const lengths = fc.oneof(
    fc.integer({ min: MIN_PAD_BYTES, max: MIN_PAD_BYTES + 300 }),
    fc.integer({ min: MIN_PAD_BYTES, max: 100_000 }),
  )
  const exact = (length: number) => {
    const pad = padStanza(length)
    assert.equal(encodedStanzaLength(pad), length)
    assert.ok(isPad(pad))
    assert.match(pad.args.join(' '), /^A{1,65}$/)
    assert.equal(pad.body.length % 48, 0)
    assert.ok(pad.body.every((byte) => byte === 0))
  }
  fc.assert(fc.property(lengths, exact), PROPERTY)
  for (let length = MIN_PAD_BYTES; length < MIN_PAD_BYTES + 140; length++) exact(length)
  const pad = padStanza(1_000)
  const { stanzas } = parseHeader(encodeHeader([pad], newFileKey()))
  assert.deepEqual(stanzas, [pad])
})
