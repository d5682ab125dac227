import { BytesError } from './bytes-error.ts'

const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
/** What the five bits that leave the remainder add to it: a key of 2,000 characters is checked at every start. */
const REDUCTIONS = Array.from({ length: 32 }, (_, bits) =>
  GENERATOR.reduce((sum, generator, i) => ((bits >> i) & 1 ? sum ^ generator : sum), 0),
)
const CHECKSUM_LENGTH = 6
const VISIBLE_ASCII = /^[\x21-\x7e]+$/
const VALUE_OF = new Map(Array.from(ALPHABET, (character, value) => [character, value]))

/** What a Bech32 text says: its human-readable part, in the case it was written in, and its bytes. */
export interface Bech32 {
  readonly hrp: string
  readonly bytes: Uint8Array
}

/**
 * Bech32 (BIP 173) without the length limit of 90 characters, as age keys need it.
 *
 * The case of `hrp` decides the case of the whole text; the checksum is that of the lower-case text.
 *
 * @param hrp one or more visible ASCII characters, not of mixed case
 * @throws BytesError BYTES_ENCODING for any other human-readable part
 */
export function bech32Encode(hrp: string, bytes: Uint8Array): string {
  const lower = hrp.toLowerCase()
  checkHumanReadablePart(hrp)
  const values = regroup(bytes, 8, 5)
  const text = `${lower}1${charactersOf(values)}${charactersOf(checksumOf(lower, values))}`
  return hrp === lower ? text : text.toUpperCase()
}

/**
 * Reads a Bech32 text of any length. Whatever is accepted, `bech32Encode` writes again exactly, but for
 * the case of a text whose human-readable part has no letter to carry it.
 *
 * @throws BytesError BYTES_ENCODING for mixed case, no separator, an empty or invisible human-readable
 *   part, a character outside the alphabet, a wrong checksum, or bits left over that are not zero
 */
export function bech32Decode(text: string): Bech32 {
  // ASCII first: the Kelvin sign, for one, is upper case and has `k` as its lower case.
  if (!VISIBLE_ASCII.test(text)) throw notBech32('character outside the alphabet')
  const lower = text.toLowerCase()
  if (text !== lower && text !== text.toUpperCase()) throw notBech32('mixed case')
  const separator = text.lastIndexOf('1')
  if (separator < 0) throw notBech32('no separator')
  const hrp = text.slice(0, separator)
  checkHumanReadablePart(hrp)
  const values = valuesOf(lower.slice(separator + 1))
  const split = values.length - CHECKSUM_LENGTH
  if (split < 0) throw notBech32('no room for a checksum')
  const data = values.subarray(0, split)
  const expected = checksumOf(lower.slice(0, separator), data)
  if (expected.some((value, i) => value !== values[split + i])) throw notBech32('wrong checksum')
  return { hrp, bytes: regroupExactly(data) }
}

function checkHumanReadablePart(hrp: string): void {
  if (!VISIBLE_ASCII.test(hrp)) throw notBech32('bad human-readable part')
  if (hrp !== hrp.toLowerCase() && hrp !== hrp.toUpperCase()) throw notBech32('mixed case')
}

function charactersOf(values: Uint8Array): string {
  let characters = ''
  for (const value of values) characters += ALPHABET.charAt(value)
  return characters
}

function valuesOf(characters: string): Uint8Array {
  return Uint8Array.from(characters, (character) => {
    const value = VALUE_OF.get(character)
    if (value === undefined) throw notBech32('character outside the alphabet')
    return value
  })
}

/** Splits a run of `from`-bit groups into `to`-bit groups, filling the last with zero bits. */
function regroup(groups: Uint8Array, from: number, to: number): Uint8Array {
  const result = new Uint8Array(Math.ceil((groups.length * from) / to))
  let held = 0
  let bits = 0
  let at = 0
  for (const group of groups) {
    held = (held << from) | group
    bits += from
    for (; bits >= to; bits -= to) result[at++] = (held >> (bits - to)) & ((1 << to) - 1)
    held &= (1 << bits) - 1
  }
  if (bits > 0) result[at] = (held << (to - bits)) & ((1 << to) - 1)
  return result
}

/** Five-bit groups to bytes; the last byte holds only leftover bits, which must be fewer than 5 and zero. */
function regroupExactly(values: Uint8Array): Uint8Array {
  const bytes = regroup(values, 5, 8)
  const leftover = (values.length * 5) % 8
  if (leftover === 0) return bytes
  if (leftover >= 5 || bytes.at(-1) !== 0) throw notBech32('leftover bits')
  return bytes.slice(0, -1)
}

function checksumOf(hrp: string, values: Uint8Array): Uint8Array {
  const codes = Uint8Array.from(hrp, (character) => character.charCodeAt(0))
  let remainder = polymod(
    1,
    codes.map((code) => code >> 5),
  )
  remainder = polymod(remainder, Uint8Array.of(0))
  remainder = polymod(
    remainder,
    codes.map((code) => code & 31),
  )
  remainder = polymod(remainder, values)
  remainder = polymod(remainder, new Uint8Array(CHECKSUM_LENGTH)) ^ 1
  return Uint8Array.from(
    { length: CHECKSUM_LENGTH },
    (_, i) => (remainder >> (5 * (CHECKSUM_LENGTH - 1 - i))) & 31,
  )
}

/** The remainder of the BCH code after more values, BIP 173 "Checksum". */
function polymod(start: number, values: Uint8Array): number {
  let remainder = start
  for (const value of values) {
    remainder = ((remainder & 0x1ffffff) << 5) ^ value ^ (REDUCTIONS[remainder >> 25] ?? 0)
  }
  return remainder
}

/** The text itself is never quoted: it may be a secret key. */
function notBech32(reason: string): BytesError {
  return new BytesError('BYTES_ENCODING', `not Bech32: ${reason}`)
}
