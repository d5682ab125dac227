import { createHmac } from 'node:crypto'
import { concat, equalBytes, toBase64, utf8Encode, wipe } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import { checkFileKey } from './file-key.ts'
import { hkdfSha256 } from './primitives.ts'
import { encodedStanzaLength, encodeStanza, type Stanza } from './stanza.ts'

/** A parsed header; its MAC is not yet verified. */
export interface Header {
  readonly stanzas: readonly Stanza[]
  /** The 32 bytes that the header carries as its MAC. */
  readonly mac: Uint8Array
  /** What the MAC is computed over: the header up to and including `---`. */
  readonly macInput: Uint8Array
  /** Bytes of the whole header, with its final line feed: the offset of the payload. */
  readonly length: number
}

/** The longest header that is read or written, in bytes: 1 MiB. */
export const MAX_HEADER_BYTES = 1_048_576

/** What every header begins with. */
export const VERSION_LINE = 'age-encryption.org/v1\n'

/** What the last line begins with; the MAC covers it, but not the space after it. */
export const MAC_MARK = '---'

/** Characters of a MAC in base64. */
export const MAC_CHARACTERS = 43

const NO_SALT = new Uint8Array(0)

/**
 * Encodes the stanzas as a header, with the MAC that only the file key can make.
 *
 * @throws AgeError NO_RECIPIENTS for no stanzas, STANZA for arguments that cannot be written,
 *   HEADER_TOO_LARGE, KEY for a file key that is not 16 bytes
 */
export function encodeHeader(stanzas: readonly Stanza[], fileKey: Uint8Array): Uint8Array {
  encodedHeaderLength(stanzas)
  const macInput = utf8Encode(VERSION_LINE + stanzas.map(encodeStanza).join('') + MAC_MARK)
  return concat(macInput, utf8Encode(` ${toBase64(headerMac(macInput, fileKey))}\n`))
}

/**
 * Bytes of the header that `encodeHeader` makes of these stanzas; needs no key.
 *
 * @throws AgeError NO_RECIPIENTS, STANZA, HEADER_TOO_LARGE as `encodeHeader`
 */
export function encodedHeaderLength(stanzas: readonly Stanza[]): number {
  if (stanzas.length === 0) throw new AgeError('NO_RECIPIENTS', 'a header needs at least one stanza')
  const macLine = MAC_MARK.length + 1 + MAC_CHARACTERS + 1
  const length = stanzas.reduce((sum, stanza) => sum + encodedStanzaLength(stanza), VERSION_LINE.length)
  if (length + macLine > MAX_HEADER_BYTES) throw headerTooLarge()
  return length + macLine
}

/**
 * Checks that the header is the one made with this file key.
 *
 * @throws AgeError HEADER_MAC if it is not, KEY for a file key that is not 16 bytes
 */
export function verifyHeaderMac(header: Header, fileKey: Uint8Array): void {
  if (!equalBytes(headerMac(header.macInput, fileKey), header.mac)) {
    throw new AgeError('HEADER_MAC', 'the header was changed after it was made')
  }
}

/** C2SP age.md, "Header MAC". */
function headerMac(macInput: Uint8Array, fileKey: Uint8Array): Uint8Array {
  checkFileKey(fileKey)
  const key = hkdfSha256(fileKey, NO_SALT, 'header')
  const mac = createHmac('sha256', key).update(macInput).digest()
  wipe(key)
  return new Uint8Array(mac)
}

/** The error for a header that is longer than anyone has reason to write. */
export function headerTooLarge(): AgeError {
  return new AgeError('HEADER_TOO_LARGE', `the header is longer than ${MAX_HEADER_BYTES} bytes`)
}
