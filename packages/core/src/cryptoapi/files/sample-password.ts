import { utf8Encode } from '../../bytes/index.ts'
import { CryptoApiError } from '../crypto-api-error.ts'

/** How the sample was compiled: for text of one byte a character, or of two. */
export type SampleBuild = 'ansi' | 'unicode'

/**
 * The bytes of a password that Microsoft's sample hashes: as many as the password has characters.
 *
 * In an ANSI build those are the characters. In a Unicode build they are the first half of the UTF-16LE text: the
 * second half of the password does not count at all.
 *
 * Source: Microsoft, "Example C Program: Encrypting a File"; `docs/cryptoapi.md`, files.
 *
 * @throws CryptoApiError ERROR_INVALID_PARAMETER: an ANSI password beyond ASCII, whose bytes depend on the code page of
 *   the machine that wrote the file; give those bytes instead
 */
export function samplePasswordBytes(password: string, build: SampleBuild = 'ansi'): Uint8Array {
  if (build === 'unicode') return utf16Bytes(password).subarray(0, password.length)
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(password)) return utf8Encode(password)
  throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'a password beyond ASCII depends on a code page')
}

function utf16Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true)
  return bytes
}
