import { AgeError } from './age-error.ts'

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'
const END = '-----END AGE ENCRYPTED FILE-----'
const COLUMNS = 64
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const SPACE = new Set([' ', '\t', '\r', '\n'])

/** An age file as text: strict PEM (RFC 7468 §3) with the label of C2SP age.md, "ASCII armor", and line feeds. */
export function armor(bytes: Uint8Array): string {
  const lines = [BEGIN]
  const base64 = bytes.toBase64()
  for (let at = 0; at < base64.length; at += COLUMNS) lines.push(base64.slice(at, at + COLUMNS))
  return `${[...lines, END].join('\n')}\n`
}

/** Whether bytes or a text begin, after white space, as armor does. */
export function isArmored(prefix: Uint8Array | string): boolean {
  return trimmed(toText(prefix)).startsWith(BEGIN)
}

/**
 * The bytes in an armored file.
 *
 * Only what `armor` writes is accepted, with two liberties: white space around it, and CRLF for every line end.
 * Anything more would let one file be written in many ways.
 *
 * @throws AgeError ARMOR
 */
export function dearmor(text: Uint8Array | string): Uint8Array {
  const lines = splitLines(trimmed(toText(text)))
  if (lines.shift() !== BEGIN) throw armorError('expected the BEGIN line first')
  if (lines.pop() !== END) throw armorError('expected the END line last')
  lines.forEach((line, i) => checkLine(line, i === lines.length - 1))
  return decode(lines.join(''))
}

/** Without white space around it. By steps: a regular expression takes quadratic time over a long run of spaces. */
function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && SPACE.has(text.charAt(start))) start++
  while (end > start && SPACE.has(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** One kind of line end throughout, that of the first line. */
function splitLines(text: string): string[] {
  return text.split(text.startsWith(`${BEGIN}\r\n`) ? '\r\n' : '\n')
}

function checkLine(line: string, last: boolean): void {
  if (line.length === 0) throw armorError('empty line')
  if (line.length > COLUMNS || (!last && line.length < COLUMNS)) {
    throw armorError(`expected lines of ${COLUMNS} columns, got ${line.length}`)
  }
}

function decode(base64: string): Uint8Array {
  try {
    // The platform's decoder skips white space; whoever armored the file wrote none.
    if (!BASE64.test(base64)) throw armorError('not base64')
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' })
  } catch (cause) {
    if (cause instanceof AgeError) throw cause
    throw armorError('not canonical base64', { cause })
  }
}

/** Each byte as one character: what is not ASCII then fails as what it is. */
function toText(text: Uint8Array | string): string {
  if (typeof text === 'string') return text
  return Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString('latin1')
}

function armorError(reason: string, options?: ErrorOptions): AgeError {
  return new AgeError('ARMOR', `armor: ${reason}`, options)
}
