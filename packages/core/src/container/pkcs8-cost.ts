import { ByteReader } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'

const SEQUENCE = 0x30
const INTEGER = 0x02
const MAX_DEPTH = 8

/** Ten million: above every default in use, a few seconds of PBKDF2. */
const MAX_INTEGER = 10_000_000

/**
 * Refuses an encrypted PKCS#8 key whose password derivation would take for ever.
 *
 * EncryptedPrivateKeyInfo (RFC 5958 §3) starts with an AlgorithmIdentifier; whatever the scheme (PBES1
 * and PBES2 of RFC 8018, scrypt of RFC 7914 §7), its cost stands there as an INTEGER, and no other
 * INTEGER there is large. So one rule covers all: none is above ten million.
 *
 * @throws ContainerError CONTAINER_FORMAT if the cost is higher, or the bytes are not DER of that shape
 */
export function checkDerivationCost(der: Uint8Array): void {
  try {
    const outer = new ByteReader(contents(new ByteReader(der), SEQUENCE))
    checkIntegers(new ByteReader(contents(outer, SEQUENCE)), 0)
  } catch (cause) {
    if (cause instanceof ContainerError) throw cause
    throw notPkcs8({ cause })
  }
}

function checkIntegers(reader: ByteReader, depth: number): void {
  if (depth > MAX_DEPTH) throw notPkcs8()
  while (reader.remaining > 0) {
    const { tag, bytes } = element(reader)
    if (tag === SEQUENCE) checkIntegers(new ByteReader(bytes), depth + 1)
    if (tag === INTEGER) checkInteger(bytes)
  }
}

function checkInteger(bytes: Uint8Array): void {
  // DER has no needless leading zeros: five bytes and more are a negative number or above the limit.
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (bytes.length > 4 || value > MAX_INTEGER) {
    const message = `encrypted private key: derivation cost above ${MAX_INTEGER}`
    throw new ContainerError('CONTAINER_FORMAT', message)
  }
}

function contents(reader: ByteReader, expected: number): Uint8Array {
  const { tag, bytes } = element(reader)
  if (tag !== expected) throw notPkcs8()
  return bytes
}

/** One DER element, X.690 §8.1: tag, definite length, contents. */
function element(reader: ByteReader): { tag: number; bytes: Uint8Array } {
  const tag = reader.u8()
  return { tag, bytes: reader.take(elementLength(reader)) }
}

function elementLength(reader: ByteReader): number {
  const first = reader.u8()
  if (first < 0x80) return first
  if (first === 0x80 || first > 0x83) throw notPkcs8()
  return reader.take(first - 0x80).reduce((sum, byte) => sum * 256 + byte, 0)
}

function notPkcs8(options?: ErrorOptions): ContainerError {
  return new ContainerError('CONTAINER_FORMAT', 'encrypted private key: not PKCS#8', options)
}
