import { ByteReader } from '../../bytes/index.ts'

const INTEGER = 0x02
const SEQUENCE = 0x30

/**
 * A DER SEQUENCE of non-negative INTEGERs: what the RSAPublicKey and RSAPrivateKey of PKCS #1 are.
 *
 * Keys pass to and from OpenSSL in this form and not as JWK, because bytes can be wiped and the strings of a JWK cannot.
 * Source: RFC 8017, appendix A.1; X.690, sections 8.1.3 and 8.3.
 *
 * @param integers big-endian; leading zeros do not matter. Together below 65,000 bytes
 */
export function encodeIntegerSequence(integers: readonly Uint8Array[]): Uint8Array {
  const all = integers.map(withoutLeadingZeros)
  const content = all.reduce((sum, digits) => sum + elementLength(digits.length + signByte(digits)), 0)
  const der = new Uint8Array(elementLength(content))
  let at = writeHeader(der, 0, SEQUENCE, content)
  for (const digits of all) {
    at = writeHeader(der, at, INTEGER, digits.length + signByte(digits)) + signByte(digits)
    der.set(digits, at)
    at += digits.length
  }
  return der
}

/**
 * The integers of such a SEQUENCE as OpenSSL writes it, big-endian and without leading zeros: views of `der`.
 *
 * @throws BytesError or RangeError if it is anything else
 */
export function decodeIntegerSequence(der: Uint8Array): Uint8Array[] {
  const outer = new ByteReader(der)
  const inner = new ByteReader(takeElement(outer, SEQUENCE))
  outer.end()
  const integers: Uint8Array[] = []
  while (inner.remaining > 0) integers.push(withoutLeadingZeros(takeElement(inner, INTEGER)))
  return integers
}

/** A view without leading zeros; one byte is left of zero. */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? bytes.subarray(0, 1) : bytes.subarray(first)
}

/** DER integers are signed: a set top bit takes a zero byte before it. */
function signByte(digits: Uint8Array): 0 | 1 {
  return (digits[0] ?? 0) >= 0x80 ? 1 : 0
}

function elementLength(content: number): number {
  return 2 + extraLengthBytes(content) + content
}

function extraLengthBytes(length: number): 0 | 1 | 2 {
  if (length < 0x80) return 0
  return length < 0x100 ? 1 : 2
}

function writeHeader(der: Uint8Array, at: number, tag: number, length: number): number {
  const extra = extraLengthBytes(length)
  der[at] = tag
  der[at + 1] = extra === 0 ? length : 0x80 | extra
  for (let i = 0; i < extra; i++) der[at + 2 + i] = length >> (8 * (extra - 1 - i))
  return at + 2 + extra
}

function takeElement(reader: ByteReader, tag: number): Uint8Array {
  if (reader.u8() !== tag) throw new RangeError('not a sequence of integers')
  const first = reader.u8()
  if (first < 0x80) return reader.take(first)
  return reader.take(first === 0x81 ? reader.u8() : reader.u16())
}
