import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteReader, ByteWriter, BytesError } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const UINTS = ['u8', 'u16', 'u32', 'u16le', 'u32le'] as const
const WIDE = ['u64', 'u64le'] as const
const MAX = { u8: 0xff, u16: 0xffff, u32: 0xffffffff, u16le: 0xffff, u32le: 0xffffffff }
const WIDTH = { u8: 1, u16: 2, u32: 4, u16le: 2, u32le: 4, u64: 8, u64le: 8 }

test('fields lie in the byte order that their names say', () => {
  const bytes = new ByteWriter(1)
    .u8(0x01)
    .u16(0x0203)
    .u32(0x04050607)
    .u64(0x08090a0b0c0d0e0fn)
    .u16le(0x1110)
    .u32le(0x15141312)
    .u64le(0x1d1c1b1a19181716n)
    .bytes(Uint8Array.of(0x1e, 0x1f))
    .toBytes()
  assert.deepEqual(
    bytes,
    Uint8Array.from({ length: 31 }, (_, i) => i + 1),
  )
})

interface Field {
  readonly write: (writer: ByteWriter) => void
  readonly check: (reader: ByteReader) => void
}

const uint: fc.Arbitrary<Field> = fc.constantFrom(...UINTS).chain((kind) =>
  fc.integer({ min: 0, max: MAX[kind] }).map((value) => ({
    write: (writer) => writer[kind](value),
    check: (reader) => assert.equal(reader[kind](), value),
  })),
)

const wide: fc.Arbitrary<Field> = fc.constantFrom(...WIDE).chain((kind) =>
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({
    write: (writer) => writer[kind](value),
    check: (reader) => assert.equal(reader[kind](), value),
  })),
)

const raw: fc.Arbitrary<Field> = fc.uint8Array({ maxLength: 40 }).map((bytes) => ({
  write: (writer) => writer.bytes(bytes),
  check: (reader) => assert.deepEqual(reader.take(bytes.length), bytes),
}))

test('what is written is read again, whatever the fields', () => {
  const roundTrips = fc.property(fc.array(fc.oneof(uint, wide, raw), { maxLength: 20 }), (fields) => {
    const writer = new ByteWriter(0)
    for (const field of fields) field.write(writer)
    const bytes = writer.toBytes()
    assert.equal(writer.length, bytes.length)
    // Not at the start of its buffer: a reader that forgets the offset reads something else.
    const reader = new ByteReader(Uint8Array.from([0xee, ...bytes, 0xee]).subarray(1, 1 + bytes.length))
    for (const field of fields) field.check(reader)
    reader.end()
  })
  fc.assert(roundTrips, PROPERTY)
})

for (const kind of [...UINTS, ...WIDE]) {
  test(`${kind} is not read from fewer bytes, and the position stays`, () => {
    const reader = new ByteReader(new Uint8Array(WIDTH[kind] - 1))
    throwsCode(BytesError, 'BYTES_TRUNCATED', () => reader[kind]())
    assert.equal(reader.remaining, WIDTH[kind] - 1)
    assert.equal(reader.position, 0)
  })
}

test('a number that does not fit its field is refused and nothing is written', () => {
  const writer = new ByteWriter()
  for (const kind of UINTS) {
    for (const value of [-1, MAX[kind] + 1, 0.5, Number.NaN, Infinity]) {
      throwsCode(BytesError, 'BYTES_RANGE', () => writer[kind](value))
    }
  }
  for (const kind of WIDE) {
    for (const value of [-1n, 2n ** 64n, -1, 0.5, 2 ** 53, Number.NaN]) {
      throwsCode(BytesError, 'BYTES_RANGE', () => writer[kind](value))
    }
  }
  assert.equal(writer.length, 0)
})

test('a reader says what is left over, and takes it as a view', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4)
  const reader = new ByteReader(bytes)
  reader.u8()
  throwsCode(BytesError, 'BYTES_TRAILING', () => reader.end())
  const rest = reader.rest()
  reader.end()
  bytes[1] = 9
  assert.deepEqual(rest, Uint8Array.of(9, 3, 4))
  throwsCode(BytesError, 'BYTES_TRUNCATED', () => reader.take(1))
  for (const length of [-1, 0.5, Number.NaN]) throwsCode(BytesError, 'BYTES_RANGE', () => reader.take(length))
})

test('the writer keeps its own bytes: they do not change with what was returned', () => {
  const writer = new ByteWriter().u8(1)
  const first = writer.toBytes()
  first[0] = 9
  writer.u8(2)
  assert.deepEqual(writer.toBytes(), Uint8Array.of(1, 2))
})
