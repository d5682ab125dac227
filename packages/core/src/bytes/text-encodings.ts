import { BytesError } from './bytes-error.ts'

const HEX = /^(?:[0-9a-f]{2})*$/
const BASE64 = /^[A-Za-z0-9+/]*$/
const PADDED_BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

const utf8Encoder = new TextEncoder()
// A byte-order mark is part of the text: dropping it would make two byte strings the same text.
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Lower-case hexadecimal, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  return bytes.toHex()
}

/**
 * The bytes of a lower-case hexadecimal text.
 *
 * @throws BytesError BYTES_ENCODING for upper case, an odd length or any other character
 */
export function fromHex(text: string): Uint8Array {
  if (!HEX.test(text)) {
    throw new BytesError('BYTES_ENCODING', `${text.length} characters are not lower-case hexadecimal`)
  }
  return Uint8Array.fromHex(text)
}

/** Base64 with the standard alphabet and without padding (RFC 4648 §4, §3.2). */
export function toBase64(bytes: Uint8Array): string {
  return bytes.toBase64({ omitPadding: true })
}

/**
 * The bytes of an unpadded base64 text; exactly the texts that `toBase64` writes are accepted.
 *
 * @throws BytesError BYTES_ENCODING for padding, white space, other characters, an impossible length
 *   or non-zero trailing bits
 */
export function fromBase64(text: string): Uint8Array {
  // A single character in the last group stands for no byte.
  const over = text.length % 4
  const bytes = over === 1 ? undefined : decoded(over === 0 ? text : text + '='.repeat(4 - over))
  if (bytes?.length === Math.floor((text.length * 3) / 4)) return bytes
  throw notBase64(text, BASE64.test(text) ? 'canonical' : 'unpadded', bytes)
}

/** Base64 with the standard alphabet and padding (RFC 4648 §4), as formats of others ask for it. */
export function toPaddedBase64(bytes: Uint8Array): string {
  return bytes.toBase64()
}

/**
 * The bytes of a padded base64 text; exactly the texts that `toPaddedBase64` writes are accepted.
 *
 * @throws BytesError BYTES_ENCODING for missing padding, white space, other characters, an impossible length
 *   or non-zero trailing bits
 */
export function fromPaddedBase64(text: string): Uint8Array {
  const bytes = decoded(text)
  const padding = text.endsWith('==') ? 2 : Number(text.endsWith('='))
  if (bytes?.length === (text.length * 3) / 4 - padding) return bytes
  throw notBase64(text, PADDED_BASE64.test(text) ? 'canonical' : 'padded', bytes)
}

/**
 * What the platform's strict decoder makes of a padded text, which refuses other characters and trailing bits that are not zero
 * (RFC 4648 §3.5); undefined if it refuses.
 *
 * It skips white space, and does not know whether we added the padding: what has fewer bytes than its characters stand for had
 * either. To look for that takes no time; to look at every character first takes longer than to decode them.
 */
function decoded(padded: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(padded, { lastChunkHandling: 'strict' })
  } catch {
    // The platform's error is not passed on: it may quote the text, and the text may be a key.
    return undefined
  }
}

/** @param bytes what was decoded all the same: it may be a key */
function notBase64(text: string, kind: string, bytes?: Uint8Array): BytesError {
  bytes?.fill(0)
  return new BytesError('BYTES_ENCODING', `${text.length} characters are not ${kind} base64`)
}

/** The UTF-8 bytes of a text. */
export function utf8Encode(text: string): Uint8Array {
  return utf8Encoder.encode(text)
}

/**
 * The text of UTF-8 bytes; a byte-order mark is kept.
 *
 * @throws BytesError BYTES_ENCODING if the bytes are not well-formed UTF-8
 */
export function utf8Decode(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes)
  } catch (cause) {
    throw new BytesError('BYTES_ENCODING', `${bytes.length} bytes are not UTF-8`, { cause })
  }
}
