import { fromBase64 } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import {
  headerTooLarge,
  MAC_CHARACTERS,
  MAC_MARK,
  MAX_HEADER_BYTES,
  VERSION_LINE,
  type Header,
} from './header.ts'
import { ARGUMENTS, BODY_COLUMNS, STANZA_PREFIX, type Stanza } from './stanza.ts'

const LF = 0x0a
const VERSION_PREFIX = 'age-encryption.org/'
const OTHER_VERSION = /^age-encryption\.org\/[\x21-\x7e]+$/
const MAC_LINE_PREFIX = `${MAC_MARK} `

/**
 * Parses the header at the start of `bytes`; the payload may follow.
 *
 * Only the canonical form is accepted: what parses, `encodeHeader` with the same file key writes again byte
 * for byte. The time is linear in the length of the header. The result shares no memory with `bytes`. Nothing
 * is authentic until `verifyHeaderMac` has said so.
 *
 * @throws AgeError HEADER_INCOMPLETE if the bytes end inside the header, HEADER_SYNTAX, HEADER_VERSION,
 *   HEADER_TOO_LARGE
 */
export function parseHeader(bytes: Uint8Array): Header {
  const lines = new LineReader(bytes.subarray(0, MAX_HEADER_BYTES))
  try {
    return readHeaderLines(lines)
  } catch (error) {
    const incomplete = error instanceof AgeError && error.code === 'HEADER_INCOMPLETE'
    throw incomplete && bytes.length >= MAX_HEADER_BYTES ? headerTooLarge() : error
  }
}

function readHeaderLines(lines: LineReader): Header {
  checkVersionLine(lines)
  const stanzas: Stanza[] = []
  for (;;) {
    const start = lines.position
    const line = lines.next()
    if (line.startsWith(MAC_LINE_PREFIX) && stanzas.length > 0) {
      const mac = decodeMac(line.slice(MAC_LINE_PREFIX.length))
      const macInput = lines.bytes.slice(0, start + MAC_MARK.length)
      return { stanzas, mac, macInput, length: lines.position }
    }
    stanzas.push(readStanza(line, lines))
  }
}

/** A file that is not age is refused by its first byte, before its first line is complete. */
function checkVersionLine(lines: LineReader): void {
  const start = lines.peek(VERSION_PREFIX.length)
  if (!VERSION_PREFIX.startsWith(start)) throw syntax('not an age file')
  const line = lines.next()
  if (`${line}\n` === VERSION_LINE) return
  if (OTHER_VERSION.test(line)) throw new AgeError('HEADER_VERSION', 'unsupported age version, expected v1')
  throw syntax('malformed version line')
}

function readStanza(line: string, lines: LineReader): Stanza {
  const text = line.slice(STANZA_PREFIX.length)
  if (!line.startsWith(STANZA_PREFIX) || !ARGUMENTS.test(text)) throw syntax('expected a stanza or the MAC')
  const [type = '', ...args] = text.split(' ')
  return { type, args, body: decodeBase64(readBody(lines), 'stanza body') }
}

/** The base64 of a body: full lines of 64 characters until one is shorter. */
function readBody(lines: LineReader): string {
  const body: string[] = []
  for (;;) {
    const line = lines.next()
    if (line.length > BODY_COLUMNS) throw syntax('stanza body line longer than 64 columns')
    body.push(line)
    if (line.length < BODY_COLUMNS) return body.join('')
  }
}

function decodeMac(text: string): Uint8Array {
  if (text.length !== MAC_CHARACTERS) throw syntax(`expected a MAC of ${MAC_CHARACTERS} characters`)
  return decodeBase64(text, 'MAC')
}

function decodeBase64(text: string, what: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch (cause) {
    throw syntax(`${what} is not canonical base64`, { cause })
  }
}

function syntax(reason: string, options?: ErrorOptions): AgeError {
  return new AgeError('HEADER_SYNTAX', `header: ${reason}`, options)
}

/** Takes one line after the other, each byte as one character, so that no byte is mistaken for another. */
class LineReader {
  readonly bytes: Uint8Array
  position = 0
  readonly #text: Buffer

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Up to `length` of the characters that come next. */
  peek(length: number): string {
    return this.#text.toString('latin1', this.position, Math.min(this.position + length, this.bytes.length))
  }

  /** The next line without its line feed. */
  next(): string {
    const end = this.bytes.indexOf(LF, this.position)
    if (end < 0) throw new AgeError('HEADER_INCOMPLETE', 'the bytes end inside the header')
    const line = this.#text.toString('latin1', this.position, end)
    this.position = end + 1
    return line
  }
}
