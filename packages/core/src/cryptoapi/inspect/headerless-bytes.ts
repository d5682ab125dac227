import { findings } from './findings.ts'
import type { OldFileInspection } from './inspection.ts'

/** Bytes of a modulus: a signature or RSA ciphertext has as many. */
const [SHORTEST_MODULUS, LONGEST_MODULUS] = [48, 2048]
const BLOCKS: readonly (readonly [bytes: number, ciphers: string])[] = [
  [16, 'AES, or a cipher with blocks of 8'],
  [8, 'DES, triple DES or RC2'],
]

/**
 * What bytes without a header can be, by their number alone.
 *
 * @returns undefined for text and for nothing, which are none of it
 */
export function inspectHeaderless(bytes: Uint8Array, totalBytes: number): OldFileInspection | undefined {
  if (totalBytes === 0 || isText(bytes)) return undefined
  const block = BLOCKS.find(([size]) => totalBytes % size === 0)
  const guesses = [
    ...(isModulusLength(totalBytes)
      ? [`a detached signature by an RSA key of ${totalBytes * 8} bits, or a key encrypted for one`]
      : []),
    `a text under a password, as a sample of Microsoft’s writes it: ${block ? block[1] : 'RC4'}${block ? ', or RC4' : ''}`,
  ]
  return {
    form: 'no header',
    summary: `${totalBytes} bytes that do not say what they are`,
    fields: guesses.map((meaning) => ({
      offset: 0,
      size: totalBytes,
      name: 'perhaps',
      meaning,
      secret: false,
    })),
    findings: findings('PASSWORD_KEY'),
  }
}

function isModulusLength(length: number): boolean {
  return length >= SHORTEST_MODULUS && length <= LONGEST_MODULUS && length % 8 === 0
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 || (byte >= 9 && byte <= 13)) ? isUtf8(bytes) : false
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
