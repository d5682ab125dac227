import { fromPaddedBase64, toPaddedBase64, utf8Decode } from '../bytes/index.ts'
import { readAs, TlogError, type TlogErrorCode } from './tlog-error.ts'

/** Bytes of a SHA-256 hash, and characters of its base64. */
export const HASH_BYTES = 32
const HASH_CHARACTERS = 44

const DECIMAL = /^(?:0|[1-9][0-9]*)$/
/** C2SP signed-note, "Format": no ASCII control characters, which are those below the space, but the line feed. */
const CONTROL = /[^\n -\u{10ffff}]/u

/** The bytes of a padded base64 text, in its one form. @throws TlogError with the given code */
export function readBase64(code: TlogErrorCode, text: string): Uint8Array {
  return readAs(code, `${text.length} characters are not padded base64`, () => fromPaddedBase64(text))
}

/** A number as all log texts write it: ASCII decimal without leading zeros. @throws TlogError TLOG_RANGE */
export function toDecimal(name: string, value: number): string {
  return String(checkCount(name, value))
}

/**
 * The number of a decimal text.
 *
 * @throws TlogError with the given code for anything else, TLOG_LIMIT above 2^53 - 1
 */
export function fromDecimal(code: TlogErrorCode, name: string, text: string): number {
  if (!DECIMAL.test(text)) throw new TlogError(code, `expected a ${name} in decimal`)
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new TlogError('TLOG_LIMIT', `a ${name} above 2^53 - 1`)
  return value
}

/** The line of a hash: base64 of 32 bytes, without its line feed. @throws TlogError with the given code */
export function hashLine(code: TlogErrorCode, hash: Uint8Array): string {
  checkHash(code, hash)
  return toPaddedBase64(hash)
}

/** The hash of such a line. @throws TlogError with the given code */
export function readHashLine(code: TlogErrorCode, line: string): Uint8Array {
  if (line.length !== HASH_CHARACTERS) {
    throw new TlogError(code, `expected a hash of ${HASH_CHARACTERS} characters, got ${line.length}`)
  }
  const hash = readBase64(code, line)
  checkHash(code, hash)
  return hash
}

/** Refuses what is not 32 bytes. */
export function checkHash(code: TlogErrorCode, hash: Uint8Array): void {
  if (hash.length !== HASH_BYTES) {
    throw new TlogError(code, `expected a hash of ${HASH_BYTES} bytes, got ${hash.length}`)
  }
}

/** The text of bytes in which only letters, spaces and line feeds may stand. @throws TlogError with the given code */
export function decodeText(code: TlogErrorCode, bytes: Uint8Array): string {
  const text = readAs(code, `${bytes.length} bytes are not UTF-8`, () => utf8Decode(bytes))
  if (CONTROL.test(text)) throw new TlogError(code, 'a control character in the text')
  return text
}

/** Whether a text can stand on a line of its own and be read back: not empty, no control character, no lone surrogate. */
export function isLine(text: string): boolean {
  return text !== '' && !text.includes('\n') && !CONTROL.test(text) && text.isWellFormed()
}

/**
 * The lines before the first empty line, and the bytes behind it.
 *
 * @throws TlogError with the given code if there is no empty line, or a line is no text
 */
export function splitAtEmptyLine(
  code: TlogErrorCode,
  bytes: Uint8Array,
): { readonly lines: readonly string[]; readonly rest: Uint8Array } {
  const end = bytes.findIndex((byte, i) => byte === 0x0a && bytes[i + 1] === 0x0a)
  if (end < 0) throw new TlogError(code, 'expected an empty line before the checkpoint')
  return { lines: decodeText(code, bytes.subarray(0, end)).split('\n'), rest: bytes.subarray(end + 2) }
}

/** A whole number from 0 to 2^53 - 1. @throws TlogError TLOG_RANGE */
export function checkCount(name: string, value: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new TlogError('TLOG_RANGE', `expected a ${name} from 0 to ${max}, got ${value}`)
  }
  return value
}

/** Refuses more bytes than are read or written here. @throws TlogError TLOG_LIMIT */
export function checkLength(name: string, length: number, max: number): void {
  if (length > max) throw new TlogError('TLOG_LIMIT', `a ${name} has at most ${max} bytes, got ${length}`)
}
