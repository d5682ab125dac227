import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  AgeError,
  armor,
  CHUNK_BYTES,
  dearmor,
  decryptFile,
  decryptPayload,
  decryptRange,
  encodeHeader,
  encryptPayload,
  isArmored,
  NONCE_BYTES,
  parseHeader,
  PayloadKey,
  plaintextLength,
  SEALED_CHUNK_BYTES,
  unwrapFileKey,
  type AgeErrorCode,
  type Header,
} from '@strongroom/core/age'
import { concat, toBase64, utf8Encode } from '@strongroom/core/bytes'
import { loadAgeVectors, type AgeVector, type Expectation } from './cctv-vectors.ts'

/** What the vectors call a failure of the header includes what goes wrong while a stanza is unwrapped. */
const LAYER_OF: Record<AgeErrorCode, Expectation | 'none'> = {
  ARMOR: 'armor failure',
  HEADER_INCOMPLETE: 'header failure',
  HEADER_SYNTAX: 'header failure',
  HEADER_VERSION: 'header failure',
  HEADER_TOO_LARGE: 'header failure',
  STANZA: 'header failure',
  SCRYPT_NOT_ALONE: 'header failure',
  SCRYPT_WORK: 'header failure',
  HEADER_MAC: 'HMAC failure',
  NO_MATCH: 'no match',
  PAYLOAD: 'payload failure',
  PAYLOAD_LENGTH: 'payload failure',
  MIXED_RECIPIENTS: 'none',
  NO_RECIPIENTS: 'none',
  KEY: 'none',
}

const vectors = loadAgeVectors()

for (const vector of vectors) {
  test(`${vector.name}: ${vector.expect}, in one piece`, async () => {
    assert.equal(await outcome(vector, (sealed) => [sealed]), vector.expect)
  })
}

for (const vector of vectors.filter((one) => one.file.length > 0)) {
  test(`${vector.name}: ${vector.expect}, byte by byte`, async () => {
    assert.equal(await outcome(vector, dripping), vector.expect)
  })
}

for (const vector of vectors.filter((one) => one.expect === 'success')) {
  const file = () => (vector.armored ? dearmor(vector.file) : vector.file)

  test(`${vector.name}: decrypts as a whole`, () => {
    assert.equal(sha256(decryptFile(file(), vector.identities)), vector.payload)
  })

  test(`${vector.name}: encrypts again to the same payload`, async () => {
    const { header, nonce, sealed } = takeApart(file())
    const plaintext = decryptFile(file(), vector.identities)
    const again = await collect(encryptPayload(vector.fileKey, nonce, pieces(plaintext, 30_011)))
    assert.deepEqual(again, sealed)
    assert.deepEqual(encodeHeader(header.stanzas, vector.fileKey), file().slice(0, header.length))
  })

  test(`${vector.name}: every part can be read by itself`, async () => {
    const { nonce, sealed } = takeApart(file())
    const plaintext = decryptFile(file(), vector.identities)
    const key = PayloadKey.derive(vector.fileKey, nonce)
    assert.equal(plaintextLength(sealed.length), plaintext.length)
    for (const [offset, length] of someRanges(plaintext.length)) {
      const read = (at: number, count: number) => sealed.subarray(at, at + count)
      const part = await collect(decryptRange(read, key, offset, length, sealed.length))
      assert.deepEqual(part, plaintext.slice(offset, offset + length))
    }
  })
}

for (const vector of vectors.filter((one) => one.expect === 'payload failure')) {
  test(`${vector.name}: decrypts neither as a whole nor in parts`, async () => {
    const file = vector.armored ? dearmor(vector.file) : vector.file
    assert.throws(() => decryptFile(file, vector.identities), { code: 'PAYLOAD' })
    const { nonce, sealed } = takeApart(file)
    const key = PayloadKey.derive(vector.fileKey, nonce)
    const readAll = async () => {
      const total = plaintextLength(sealed.length)
      const read = (at: number, count: number) => sealed.subarray(at, at + count)
      await collect(decryptRange(read, key, 0, total, sealed.length))
    }
    await assert.rejects(
      readAll,
      (error) => error instanceof AgeError && LAYER_OF[error.code] === vector.expect,
    )
  })
}

for (const vector of vectors.filter((one) => one.armored && one.expect === 'success')) {
  test(`${vector.name}: armors again to the same text`, () => {
    const text = Buffer.from(vector.file).toString('latin1')
    assert.ok(isArmored(vector.file) && isArmored(text))
    assert.deepEqual(dearmor(text), dearmor(vector.file))
    assert.equal(armor(dearmor(text)).trim(), text.trim().replaceAll('\r\n', '\n'))
  })
}

test('headers that parse are written again exactly, right or not', () => {
  let count = 0
  for (const vector of vectors) {
    const header = parsedOrUndefined(vector)
    if (header === undefined) continue
    count++
    assert.deepEqual(reencode(header), header.bytes, vector.name)
  }
  // All but the header and armor failures have one, and those header failures that only a stanza's type sees.
  assert.ok(count >= 143 - 62 - 22, `only ${count} headers`)
})

test('the vectors cover every expectation, in the numbers known', () => {
  const counts = Object.groupBy(vectors, (vector) => vector.expect)
  assert.equal(counts.success?.length, 26)
  assert.equal(counts['no match']?.length, 13)
  assert.equal(counts['HMAC failure']?.length, 1)
  assert.equal(counts['header failure']?.length, 62)
  assert.equal(counts['payload failure']?.length, 19)
  assert.equal(counts['armor failure']?.length, 22)
})

/** Decrypts a vector; what it released must be what the vector allows, whatever comes after. */
async function outcome(
  vector: AgeVector,
  cut: (sealed: Uint8Array) => Iterable<Uint8Array>,
): Promise<Expectation> {
  const released: Uint8Array[] = []
  const result = await decryptInto(released, vector, cut)
  if (vector.payload === undefined) assert.equal(released.length, 0)
  else assert.equal(sha256(concat(...released)), vector.payload)
  return result
}

async function decryptInto(
  released: Uint8Array[],
  vector: AgeVector,
  cut: (sealed: Uint8Array) => Iterable<Uint8Array>,
): Promise<Expectation> {
  try {
    const { header, nonce, sealed } = takeApart(vector.armored ? dearmor(vector.file) : vector.file)
    const fileKey = unwrapFileKey(header, vector.identities)
    assert.deepEqual(fileKey, vector.fileKey)
    for await (const plaintext of decryptPayload(fileKey, nonce, cut(sealed))) released.push(plaintext)
    return 'success'
  } catch (error) {
    if (!(error instanceof AgeError)) throw error
    const layer = LAYER_OF[error.code]
    assert.notEqual(layer, 'none', error.code)
    return layer as Expectation
  }
}

function takeApart(file: Uint8Array): { header: Header; nonce: Uint8Array; sealed: Uint8Array } {
  const header = parseHeader(file)
  const start = header.length + NONCE_BYTES
  if (file.length < start) throw new AgeError('HEADER_INCOMPLETE', 'the nonce is missing')
  return { header, nonce: file.slice(header.length, start), sealed: file.slice(start) }
}

function parsedOrUndefined(vector: AgeVector): (Header & { bytes: Uint8Array }) | undefined {
  try {
    const file = vector.armored ? dearmor(vector.file) : vector.file
    const header = parseHeader(file)
    return { ...header, bytes: file.slice(0, header.length) }
  } catch (error) {
    assert.ok(error instanceof AgeError)
    return undefined
  }
}

/** The header with the MAC that it came with, true or not: a MAC is as long as any other. */
function reencode(header: Header): Uint8Array {
  const withOtherMac = encodeHeader(header.stanzas, new Uint8Array(16))
  const mac = utf8Encode(` ${toBase64(header.mac)}\n`)
  return concat(withOtherMac.subarray(0, withOtherMac.length - mac.length), mac)
}

function someRanges(length: number): [offset: number, length: number][] {
  const edges = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, SEALED_CHUNK_BYTES, length - 1, length]
  const inside = [...new Set(edges)].filter((edge) => edge >= 0 && edge <= length)
  const lengths = length > 1_000_000 ? [0, 1, 70_000] : [0, 1, 16, 70_000, length]
  return inside.flatMap((offset) =>
    lengths.map((count): [number, number] => [offset, Math.min(count, length - offset)]),
  )
}

/** Single bytes: all of them in small files, in larger ones those around the seams of the chunks. */
function* dripping(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const all = bytes.length < (process.env['SLOW'] ? 200_000 : 2000)
  for (let at = 0; at < bytes.length; ) {
    const fromSeam = at % SEALED_CHUNK_BYTES
    const toSeam = Math.min(SEALED_CHUNK_BYTES - fromSeam, bytes.length - at)
    const size = all || fromSeam < 20 || toSeam < 40 ? 1 : toSeam - 39
    yield bytes.subarray(at, at + size)
    at += size
  }
}

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const part of parts) all.push(part)
  return concat(...all)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
