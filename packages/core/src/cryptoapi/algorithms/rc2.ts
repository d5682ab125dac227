import { fromHex } from '../../bytes/index.ts'

const KEY_BYTES = 128
const KEY_WORDS = 64
/** The longest effective length of an RC2 key in bits. */
const MAX_EFFECTIVE_BITS = 1024
// Five mixing rounds, a mashing round, six, a mashing round, five; each mixing round takes four words of the key.
const FIRST_MASH = 20
const SECOND_MASH = 44

// RFC 2268 §2: "a 'random' permutation, based on the digits of pi".
const PI_TABLE = fromHex(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad',
)

/**
 * The 64 words of an RC2 key.
 *
 * @param key 1 to 128 bytes (a CryptoAPI salt included)
 * @param effectiveBits 1 to 1024: to how many bits the key is cut while it is expanded
 * @throws RangeError for other lengths
 * Source: RFC 2268 §2.
 */
export function expandRc2Key(key: Uint8Array, effectiveBits: number): Uint16Array {
  if (key.length < 1 || key.length > KEY_BYTES) throw new RangeError(`an RC2 key of ${key.length} bytes`)
  if (!Number.isInteger(effectiveBits) || effectiveBits < 1 || effectiveBits > MAX_EFFECTIVE_BITS) {
    throw new RangeError(`an RC2 key of ${effectiveBits} effective bits`)
  }
  const bytes = new Uint8Array(KEY_BYTES)
  bytes.set(key)
  const at = (i: number): number => bytes[i] ?? 0
  for (let i = key.length; i < KEY_BYTES; i++) bytes[i] = substitute(at(i - 1) + at(i - key.length))
  const effectiveBytes = Math.ceil(effectiveBits / 8)
  const start = KEY_BYTES - effectiveBytes
  bytes[start] = substitute(at(start) & (0xff >> (8 * effectiveBytes - effectiveBits)))
  for (let i = start - 1; i >= 0; i--) bytes[i] = substitute(at(i + 1) ^ at(i + effectiveBytes))
  const words = Uint16Array.from({ length: KEY_WORDS }, (_, i) => at(2 * i) | (at(2 * i + 1) << 8))
  bytes.fill(0)
  return words
}

const substitute = (byte: number): number => PI_TABLE[byte & 0xff] ?? 0

// The two functions below are where all time goes. The four words stay in local variables and are cut to 16 bits once
// in each step, before they are rotated: what is left above bit 15 falls to the next cut. `| 0` tells the engine that
// they stay integers of 32 bits all the same. `x ^ (w & (x ^ y))` is the specification's (w & y) + (~w & x). `?? 0` is
// for the type checker: no index leaves its array, and the compiler of the engine drops it.

/** Encrypts one block, four words, in place. Source: RFC 2268 §3. */
export function encryptRc2Block(keys: Uint16Array, block: Uint16Array): void {
  let a = block[0] ?? 0
  let b = block[1] ?? 0
  let c = block[2] ?? 0
  let d = block[3] ?? 0
  for (let j = 0; j < KEY_WORDS; j += 4) {
    if (j === FIRST_MASH || j === SECOND_MASH) {
      a += keys[d & 63] ?? 0
      b += keys[a & 63] ?? 0
      c += keys[b & 63] ?? 0
      d += keys[c & 63] ?? 0
    }
    a = (a + (keys[j] ?? 0) + (b ^ (d & (b ^ c)))) & 0xffff
    a = (a << 1) | (a >>> 15)
    b = (b + (keys[j + 1] ?? 0) + (c ^ (a & (c ^ d)))) & 0xffff
    b = (b << 2) | (b >>> 14)
    c = (c + (keys[j + 2] ?? 0) + (d ^ (b & (d ^ a)))) & 0xffff
    c = (c << 3) | (c >>> 13)
    d = (d + (keys[j + 3] ?? 0) + (a ^ (c & (a ^ b)))) & 0xffff
    d = (d << 5) | (d >>> 11)
  }
  block[0] = a
  block[1] = b
  block[2] = c
  block[3] = d
}

/** Decrypts one block, four words, in place. Source: RFC 2268 §4. */
export function decryptRc2Block(keys: Uint16Array, block: Uint16Array): void {
  let a = block[0] ?? 0
  let b = block[1] ?? 0
  let c = block[2] ?? 0
  let d = block[3] ?? 0
  for (let j = KEY_WORDS - 4; j >= 0; j -= 4) {
    d &= 0xffff
    d = (((d << 11) | (d >>> 5)) - (keys[j + 3] ?? 0) - (a ^ (c & (a ^ b)))) | 0
    c &= 0xffff
    c = (((c << 13) | (c >>> 3)) - (keys[j + 2] ?? 0) - (d ^ (b & (d ^ a)))) | 0
    b &= 0xffff
    b = (((b << 14) | (b >>> 2)) - (keys[j + 1] ?? 0) - (c ^ (a & (c ^ d)))) | 0
    a &= 0xffff
    a = (((a << 15) | (a >>> 1)) - (keys[j] ?? 0) - (b ^ (d & (b ^ c)))) | 0
    if (j === FIRST_MASH || j === SECOND_MASH) {
      d = (d - (keys[c & 63] ?? 0)) | 0
      c = (c - (keys[b & 63] ?? 0)) | 0
      b = (b - (keys[a & 63] ?? 0)) | 0
      a = (a - (keys[d & 63] ?? 0)) | 0
    }
  }
  block[0] = a
  block[1] = b
  block[2] = c
  block[3] = d
}
