import assert from 'node:assert/strict'
import { createCipheriv, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import {
  AgeError,
  CHUNK_BYTES,
  chunkCount,
  decryptPayload,
  decryptRange,
  derivePayloadKey,
  encryptPayload,
  PayloadKey,
  plaintextLength,
  SEALED_CHUNK_BYTES,
  sealedPayloadLength,
  TAG_BYTES,
} from '@strongroom/core/age'
import { concat } from '@strongroom/core/bytes'
import * as fc from 'fast-check'
import { singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'

const FILE_KEY = new Uint8Array(16).fill(0x61)
const NONCE = new Uint8Array(16).fill(0x62)
const KEY = PayloadKey.derive(FILE_KEY, NONCE)

/** Lengths around every seam of a payload of up to three chunks. */
const LENGTHS = [
  0,
  1,
  15,
  16,
  17,
  1000,
  ...[1, 2].flatMap((n) => [-1, 0, 1].map((d) => n * CHUNK_BYTES + d)),
  140_000,
]

test('the constants are those of the format', () => {
  assert.deepEqual([CHUNK_BYTES, TAG_BYTES, SEALED_CHUNK_BYTES], [65_536, 16, 65_552])
})

for (const length of LENGTHS) {
  test(`${length} bytes: in one piece, in pieces of any size, and back`, async () => {
    const plaintext = pattern(length)
    const sealed = await collect(encryptPayload(FILE_KEY, NONCE, [plaintext]))
    assert.equal(sealed.length, sealedPayloadLength(length))
    assert.equal(plaintextLength(sealed.length), length)
    for (const size of length > 2000 ? [977, 65_536, 65_552] : [1, 7, 1000]) {
      assert.deepEqual(await collect(encryptPayload(FILE_KEY, NONCE, pieces(plaintext, size))), sealed)
      assert.deepEqual(await collect(decryptPayload(FILE_KEY, NONCE, pieces(sealed, size))), plaintext)
    }
  })

  test(`${length} bytes: cut short or extended anywhere near a seam, it does not decrypt`, async () => {
    const sealed = await collect(encryptPayload(FILE_KEY, NONCE, [pattern(length)]))
    const cuts = [
      0,
      1,
      16,
      17,
      SEALED_CHUNK_BYTES,
      SEALED_CHUNK_BYTES + 1,
      sealed.length - 16,
      sealed.length - 1,
    ]
    for (const cut of cuts.filter((at) => at >= 0 && at < sealed.length)) {
      await rejects(decryptPayload(FILE_KEY, NONCE, [sealed.subarray(0, cut)]), 'PAYLOAD')
    }
    await rejects(decryptPayload(FILE_KEY, NONCE, [sealed, Uint8Array.of(0)]), 'PAYLOAD')
    await rejects(decryptPayload(FILE_KEY, NONCE, [sealed, sealed]), 'PAYLOAD')
  })
}

test('byte by byte, with empty pieces between, across a seam', async () => {
  const plaintext = pattern(CHUNK_BYTES + 3)
  const dripping = async function* (bytes: Uint8Array) {
    yield bytes.subarray(0, CHUNK_BYTES - 50)
    for (const byte of bytes.subarray(CHUNK_BYTES - 50)) {
      yield Uint8Array.of(byte)
      yield new Uint8Array(0)
    }
  }
  const sealed = await collect(encryptPayload(FILE_KEY, NONCE, dripping(plaintext)))
  assert.deepEqual(await collect(decryptPayload(FILE_KEY, NONCE, dripping(sealed))), plaintext)
})

test('the payload is what the definition says, step by step', async () => {
  const plaintext = pattern(CHUNK_BYTES + 100)
  const key = new Uint8Array(hkdfSync('sha256', FILE_KEY, NONCE, 'payload', 32))
  assert.deepEqual(derivePayloadKey(FILE_KEY, NONCE), key)
  const seal = (nonce: number[], bytes: Uint8Array) => {
    const cipher = createCipheriv('chacha20-poly1305', key, Uint8Array.from(nonce), { authTagLength: 16 })
    return concat(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
  }
  const expected = concat(
    seal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], plaintext.subarray(0, CHUNK_BYTES)),
    seal([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1], plaintext.subarray(CHUNK_BYTES)),
  )
  assert.deepEqual(await collect(encryptPayload(FILE_KEY, NONCE, [plaintext])), expected)
  const far = KEY.encryptChunk(0x1_0203_0405_06 + 2 ** 45, true, Uint8Array.of(1))
  const counter = (0x1_0203_0405_06 + 2 ** 45).toString(16).padStart(22, '0')
  const nonce = [...Buffer.from(`${counter}01`, 'hex')]
  assert.deepEqual(concat(far.ciphertext, far.tag), seal(nonce, Uint8Array.of(1)))
})

test('chunks in any order, by keys made in three ways', () => {
  const raw = derivePayloadKey(FILE_KEY, NONCE)
  const other = PayloadKey.fromRaw(raw)
  raw.fill(0)
  const plaintext = pattern(CHUNK_BYTES)
  const third = sealOne(KEY, 2, true, plaintext.subarray(0, 5))
  const first = sealOne(other, 0, false, plaintext)
  assert.deepEqual(other.decryptChunk(2, true, third), plaintext.slice(0, 5))
  assert.deepEqual(KEY.decryptChunk(0, false, first), plaintext)
})

test('a chunk opens at its own place and as what it is only', () => {
  const full = sealOne(KEY, 1, false, pattern(CHUNK_BYTES))
  for (const [index, last] of [
    [0, false],
    [2, false],
    [1, true],
    [2 ** 32 + 1, false],
  ] as const) {
    throwsCode(AgeError, 'PAYLOAD', () => KEY.decryptChunk(index, last, full))
  }
  throwsCode(AgeError, 'PAYLOAD', () => PayloadKey.derive(NONCE, NONCE).decryptChunk(1, false, full))
  throwsCode(AgeError, 'PAYLOAD', () => PayloadKey.derive(FILE_KEY, FILE_KEY).decryptChunk(1, false, full))
})

test('a chunk with any bit changed is refused, always in the same words', () => {
  const sealed = sealOne(KEY, 0, true, pattern(40))
  const messages = new Set<string>()
  for (const flipped of singleBitFlips(sealed)) {
    messages.add(throwsCode(AgeError, 'PAYLOAD', () => KEY.decryptChunk(0, true, flipped)).message)
  }
  for (let length = 0; length < sealed.length; length++) {
    const cut = sealed.subarray(0, length)
    messages.add(throwsCode(AgeError, 'PAYLOAD', () => KEY.decryptChunk(0, true, cut)).message)
  }
  assert.equal(messages.size, 1)
})

test('chunks of lengths that the format does not know are not made', () => {
  const make = (index: number, last: boolean, length: number) => () =>
    KEY.encryptChunk(index, last, new Uint8Array(length))
  KEY.encryptChunk(0, true, new Uint8Array(0))
  throwsCode(AgeError, 'PAYLOAD_LENGTH', make(1, true, 0))
  throwsCode(AgeError, 'PAYLOAD_LENGTH', make(0, false, CHUNK_BYTES - 1))
  throwsCode(AgeError, 'PAYLOAD_LENGTH', make(0, false, CHUNK_BYTES + 1))
  throwsCode(AgeError, 'PAYLOAD_LENGTH', make(0, true, CHUNK_BYTES + 1))
})

test('the chunk counter ends where numbers are no longer exact', () => {
  const sealed = sealOne(KEY, Number.MAX_SAFE_INTEGER, true, Uint8Array.of(7))
  assert.deepEqual(KEY.decryptChunk(Number.MAX_SAFE_INTEGER, true, sealed), Uint8Array.of(7))
  for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
    throwsCode(AgeError, 'PAYLOAD_LENGTH', () => KEY.encryptChunk(index, true, Uint8Array.of(7)))
    throwsCode(AgeError, 'PAYLOAD_LENGTH', () => KEY.decryptChunk(index, true, sealed))
  }
})

test('an empty last chunk is authentic only if nothing comes before it', () => {
  const key = derivePayloadKey(FILE_KEY, NONCE)
  const cipher = createCipheriv(
    'chacha20-poly1305',
    key,
    Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]),
    { authTagLength: 16 },
  )
  cipher.final()
  throwsCode(AgeError, 'PAYLOAD', () => KEY.decryptChunk(1, true, cipher.getAuthTag()))
  assert.equal(KEY.decryptChunk(0, true, sealOne(KEY, 0, true, new Uint8Array(0))).length, 0)
})

test('a ciphertext may be detached once it is written', () => {
  for (const length of [1, 100, CHUNK_BYTES]) {
    const { ciphertext, tag } = KEY.encryptChunk(0, true, pattern(length))
    const expected = concat(ciphertext, tag)
    assert.equal(ciphertext.buffer.byteLength, length)
    assert.ok(ciphertext.buffer instanceof ArrayBuffer)
    ciphertext.buffer.transfer(0)
    assert.equal(ciphertext.length, 0)
    assert.deepEqual(tag, expected.slice(length))
  }
})

test('keys of other lengths are refused', () => {
  throwsCode(AgeError, 'KEY', () => PayloadKey.derive(new Uint8Array(32), NONCE))
  throwsCode(AgeError, 'KEY', () => PayloadKey.derive(FILE_KEY, new Uint8Array(12)))
  throwsCode(AgeError, 'KEY', () => PayloadKey.fromRaw(new Uint8Array(16)))
})

test('lengths: both directions agree, and impossible ones are refused', () => {
  const agree = fc.property(fc.nat({ max: 2 ** 50 }), (length) => {
    const sealed = sealedPayloadLength(length)
    assert.equal(plaintextLength(sealed), length)
    assert.equal(sealed - length, chunkCount(length) * TAG_BYTES)
  })
  fc.assert(agree, PROPERTY)
  assert.equal(sealedPayloadLength(0), 16)
  assert.equal(sealedPayloadLength(CHUNK_BYTES), SEALED_CHUNK_BYTES)
  assert.equal(sealedPayloadLength(CHUNK_BYTES + 1), SEALED_CHUNK_BYTES + 17)
  const impossible = [
    0,
    1,
    15,
    SEALED_CHUNK_BYTES + 1,
    SEALED_CHUNK_BYTES + 15,
    SEALED_CHUNK_BYTES + 16,
    2 * SEALED_CHUNK_BYTES + 16,
  ]
  for (const length of [...impossible, -1, 0.5, Number.NaN, 2 ** 53]) {
    throwsCode(AgeError, 'PAYLOAD_LENGTH', () => plaintextLength(length))
  }
  for (const length of [-1, 0.5, Number.NaN, 2 ** 53]) {
    throwsCode(AgeError, 'PAYLOAD_LENGTH', () => sealedPayloadLength(length))
    throwsCode(AgeError, 'PAYLOAD_LENGTH', () => chunkCount(length))
  }
})

const LONG = pattern(3 * CHUNK_BYTES + 77)
const LONG_SEALED = await collect(encryptPayload(FILE_KEY, NONCE, [LONG]))

function readLong(offset: number, length: number): Uint8Array {
  return LONG_SEALED.subarray(offset, offset + length)
}

test('any part of a payload is the same part of the plaintext', async () => {
  const near = fc.oneof(
    fc.nat({ max: LONG.length }),
    fc
      .tuple(fc.nat({ max: 3 }), fc.integer({ min: -2, max: 2 }))
      .map(([n, d]) => Math.max(0, n * CHUNK_BYTES + d)),
  )
  const same = fc.asyncProperty(near, near, async (one, other) => {
    const [start, end] = one < other ? [one, other] : [other, one]
    const part = await collect(decryptRange(readLong, KEY, start, end - start, LONG_SEALED.length))
    assert.deepEqual(part, LONG.slice(start, end))
  })
  await fc.assert(same, PROPERTY)
})

test('a part is read with the chunks that hold it and the last one, no more', async () => {
  const asked: number[] = []
  const read = async (offset: number, length: number) => {
    asked.push(offset)
    return readLong(offset, length)
  }
  await collect(decryptRange(read, KEY, CHUNK_BYTES - 1, 2, LONG_SEALED.length))
  assert.deepEqual(asked, [3 * SEALED_CHUNK_BYTES, 0, SEALED_CHUNK_BYTES])
})

test('a part outside the payload is refused before anything is read', async () => {
  const read = () => assert.fail('nothing to read')
  const outside = [
    [0, LONG.length + 1],
    [LONG.length, 1],
    [LONG.length + 1, 0],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, Number.NaN],
  ]
  for (const [offset = 0, length = 0] of outside) {
    await rejects(decryptRange(read, KEY, offset, length, LONG_SEALED.length), 'PAYLOAD_LENGTH')
  }
  await rejects(decryptRange(read, KEY, 0, 0, 5), 'PAYLOAD_LENGTH')
})

test('a payload that was cut at a chunk does not open at all, wherever it is read', async () => {
  await rejects(decryptRange(readLong, KEY, 0, 10, 2 * SEALED_CHUNK_BYTES), 'PAYLOAD')
  await rejects(decryptRange(readLong, KEY, 0, 0, SEALED_CHUNK_BYTES), 'PAYLOAD')
  await rejects(
    decryptRange(() => new Uint8Array(5), KEY, 0, 10, LONG_SEALED.length),
    'PAYLOAD',
  )
})

test('a stream that fails is not taken for one that ended', async () => {
  const broken = async function* () {
    yield LONG_SEALED.subarray(0, SEALED_CHUNK_BYTES + 5)
    throw new Error('the disk is gone')
  }
  await assert.rejects(collect(decryptPayload(FILE_KEY, NONCE, broken())), /the disk is gone/)
  await assert.rejects(collect(encryptPayload(FILE_KEY, NONCE, broken())), /the disk is gone/)
})

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
}

function sealOne(key: PayloadKey, index: number, last: boolean, plaintext: Uint8Array): Uint8Array {
  const { ciphertext, tag } = key.encryptChunk(index, last, plaintext)
  return concat(ciphertext, tag)
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return concat(...all)
}

async function rejects(parts: AsyncIterable<Uint8Array>, code: string): Promise<void> {
  await assert.rejects(collect(parts), (error) => error instanceof AgeError && error.code === code)
}
