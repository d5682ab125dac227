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
 * @returns undefined if there is anything else in it, such as the further primes of a key of more than two
 * @throws BytesError if it is cut off, or something follows
 */
export function decodeIntegerSequence(der: Uint8Array): Uint8Array[] | undefined {
  const outer = new ByteReader(der)
  const content = takeElement(outer, SEQUENCE)
  outer.end()
  if (content === undefined) return undefined
  const inner = new ByteReader(content)
  const integers: Uint8Array[] = []
  while (inner.remaining > 0) {
    const integer = takeElement(inner, INTEGER)
    if (integer === undefined) return undefined
    integers.push(withoutLeadingZeros(integer))
  }
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

function takeElement(reader: ByteReader, tag: number): Uint8Array | undefined {
  const found = reader.u8()
  const first = reader.u8()
  const length = first < 0x80 ? first : first === 0x81 ? reader.u8() : reader.u16()
  const content = reader.take(length)
  return found === tag ? content : undefined
}
