import { createHash, randomBytes } from 'node:crypto'
import type { RsaPublicKey } from '../../../src/cryptoapi/rsa/rsa-public-key.ts'

/** What a block of PKCS #1 v1.5 is made of; by default a good one around `MESSAGE`. */
interface Pkcs1Fields {
  readonly first?: number
  readonly type?: number
  /** Bytes of padding; by default, as many as there is room for. */
  readonly padding?: number
  readonly message?: Uint8Array
}

/** What a block of OAEP is made of; by default a good one around `MESSAGE`, without a label. */
interface OaepFields {
  readonly first?: number
  readonly label?: Uint8Array
  readonly separator?: number
  readonly message?: Uint8Array
  /** Changes the data block before it is masked. */
  readonly change?: (dataBlock: Buffer) => void
}

/** One way in which a ciphertext can be wrong. */
export interface Fault {
  readonly name: string
  /** A fresh little-endian ciphertext for a key whose owner expects a message of 16 bytes. */
  readonly make: (key: RsaPublicKey) => Uint8Array
}

/** What is inside, if nothing else is said. */
export const MESSAGE = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i)

/** Written anew from RFC 8017, section 7.2.1, to be able to write it wrongly. */
export function pkcs1Block(length: number, fields: Pkcs1Fields = {}): Uint8Array {
  const { first = 0, type = 2, message = MESSAGE, padding = length - message.length - 3 } = fields
  const tail = Buffer.alloc(length - padding - message.length - 3, 0x55)
  return Buffer.concat([Uint8Array.of(first, type), nonZero(padding), Uint8Array.of(0), tail, message])
}

/** Written anew from RFC 8017, section 7.1.1. */
export function oaepBlock(length: number, fields: OaepFields = {}): Uint8Array {
  const { first = 0, label = new Uint8Array(0), separator = 1, message = MESSAGE, change } = fields
  const filler = new Uint8Array(length - message.length - 42)
  const dataBlock = Buffer.concat([sha1(label), filler, Uint8Array.of(separator), message])
  change?.(dataBlock)
  const seed = randomBytes(20)
  const maskedData = xor(dataBlock, mgf1(seed, dataBlock.length))
  return Buffer.concat([Uint8Array.of(first), xor(seed, mgf1(maskedData, 20)), maskedData])
}

/** The little-endian ciphertext of a block. @throws Error if the block is not below the modulus */
export function ciphertextOf(key: RsaPublicKey, block: Uint8Array): Uint8Array {
  const encrypted = key.raw(block)
  if (encrypted === undefined) throw new Error('the block is not below the modulus')
  return encrypted.toReversed()
}

/** Faults that any padding has to find: numbers that no block gives, and blocks that are no blocks. */
const ANY_PADDING: readonly Fault[] = [
  { name: 'ciphertext zero', make: (key) => new Uint8Array(key.length) },
  { name: 'ciphertext one', make: (key) => new Uint8Array(key.length).with(0, 1) },
  {
    name: 'ciphertext n - 1',
    make: (key) => key.modulus.toReversed().with(0, (key.modulus.at(-1) ?? 0) - 1),
  },
  { name: 'ciphertext n', make: (key) => key.modulus.toReversed() },
  {
    name: 'ciphertext n + 2',
    make: (key) => key.modulus.toReversed().with(0, (key.modulus.at(-1) ?? 0) | 2),
  },
  { name: 'ciphertext all ones', make: (key) => new Uint8Array(key.length).fill(0xff) },
  {
    name: 'random block',
    make: (key) => ciphertextOf(key, new Uint8Array(randomBytes(key.length)).with(0, 7)),
  },
]

/** Faults of PKCS #1 v1.5, for keys of at least 384 bits. */
export const PKCS1_FAULTS: readonly Fault[] = [
  ...ANY_PADDING,
  pkcs1Fault('first byte 01', { first: 1 }),
  pkcs1Fault('block type 00', { type: 0 }),
  pkcs1Fault('block type 01', { type: 1 }),
  pkcs1Fault('block type 03', { type: 3 }),
  pkcs1Fault('block type 82', { type: 0x82 }),
  pkcs1Fault('no padding', { padding: 0 }),
  pkcs1Fault('7 bytes of padding', { padding: 7 }),
  pkcs1Fault('message a byte short', { message: MESSAGE.subarray(1) }),
  pkcs1Fault('message a byte long', { message: Uint8Array.of(...MESSAGE, 1) }),
  pkcs1Fault('message empty', { message: new Uint8Array(0) }),
  { name: 'no separator', make: (key) => ciphertextOf(key, Buffer.of(0, 2, ...nonZero(key.length - 2))) },
]

/** Faults of OAEP, for keys of at least 512 bits. */
export const OAEP_FAULTS: readonly Fault[] = [
  ...ANY_PADDING,
  oaepFault('first byte 01', { first: 1 }),
  oaepFault('label', { label: Uint8Array.of(1) }),
  oaepFault('first byte of the label hash', { change: (data) => data.writeUInt8(data.readUInt8(0) ^ 1, 0) }),
  oaepFault('last byte of the label hash', {
    change: (data) => data.writeUInt8(data.readUInt8(19) ^ 0x80, 19),
  }),
  oaepFault('separator 02', { separator: 2 }),
  oaepFault('separator 81', { separator: 0x81 }),
  oaepFault('message a byte long', { message: Uint8Array.of(...MESSAGE, 1) }),
  oaepFault('message a byte short', { message: MESSAGE.subarray(1) }),
  oaepFault('message empty', { message: new Uint8Array(0) }),
  oaepFault('no separator', { change: (data) => data.fill(0, 20) }),
]

function pkcs1Fault(name: string, fields: Pkcs1Fields): Fault {
  return { name, make: (key) => ciphertextOf(key, pkcs1Block(key.length, fields)) }
}

function oaepFault(name: string, fields: OaepFields): Fault {
  return { name, make: (key) => ciphertextOf(key, oaepBlock(key.length, fields)) }
}

function nonZero(length: number): Buffer {
  return Buffer.from(randomBytes(length).map((byte) => byte || 1))
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha1').update(Buffer.concat(parts)).digest()
}

function mgf1(seed: Uint8Array, length: number): Buffer {
  const counters = Array.from({ length: Math.ceil(length / 20) }, (_, i) => Uint8Array.of(0, 0, 0, i))
  return Buffer.concat(counters.map((counter) => sha1(seed, counter))).subarray(0, length)
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)))
}
