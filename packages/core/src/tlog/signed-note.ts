import { ByteReader, ByteWriter, concat, toPaddedBase64, utf8Encode } from '../bytes/index.ts'
import { checkLength, decodeText, isLine, readBase64 } from './line-texts.ts'
import { TlogError } from './tlog-error.ts'

/** The most that is read or written. C2SP asks for at least 16 signatures; one of ML-DSA-44 takes 3,300 bytes. */
export const MAX_NOTE_BYTES = 1_000_000
export const MAX_NOTE_SIGNATURES = 100

/** One signature line, not verified: C2SP signed-note, "Signatures". */
export interface NoteSignature {
  readonly name: string
  /** The key ID: 32 bits that tell keys of one name apart. Not a digest to rely on. */
  readonly keyHash: number
  /** What stands behind the key ID: at least one byte. */
  readonly signature: Uint8Array
}

/** A signed note whose signatures nobody looked at yet. */
export interface SignedNote {
  /** The text with its last line feed: what is signed. */
  readonly text: string
  /** The UTF-8 of `text`. */
  readonly textBytes: Uint8Array
  /** In their order, from 1 to `MAX_NOTE_SIGNATURES`. */
  readonly signatures: readonly NoteSignature[]
}

const LINE_START = '\u2014 '
/** C2SP signed-note, "Format": no Unicode spaces, no plus. */
const NOT_IN_NAMES = /[\p{White_Space}+]/u

/** Whether a key can be called so: not empty, no white space, no plus, no control character. */
export function isKeyName(name: string): boolean {
  return isLine(name) && !NOT_IN_NAMES.test(name)
}

/** `<name>+<hash>`, by which errors call a key. */
export function keyLabel({ name, keyHash }: { readonly name: string; readonly keyHash: number }): string {
  return `${name}+${keyHash.toString(16).padStart(8, '0')}`
}

/**
 * Takes a signed note apart; verifies nothing. C2SP signed-note, "Format".
 *
 * The text ends at the last empty line: earlier ones belong to it.
 *
 * @throws TlogError TLOG_NOTE, TLOG_LIMIT for more than `MAX_NOTE_BYTES` or `MAX_NOTE_SIGNATURES`
 */
export function parseNote(note: Uint8Array): SignedNote {
  checkLength('note', note.length, MAX_NOTE_BYTES)
  const whole = decodeText('TLOG_NOTE', note)
  const end = whole.lastIndexOf('\n\n') + 1
  if (end === 0) throw new TlogError('TLOG_NOTE', 'expected an empty line before the signatures')
  const signatures = readSignatureLines(whole.slice(end + 1))
  const text = whole.slice(0, end)
  return { text, textBytes: utf8Encode(text), signatures }
}

/**
 * Puts a signed note together.
 *
 * @throws TlogError TLOG_NOTE for what `parseNote` would not read, TLOG_LIMIT
 */
export function encodeNote(text: string, signatures: readonly NoteSignature[]): Uint8Array {
  const textBytes = utf8Encode(text)
  if (!text.isWellFormed() || decodeText('TLOG_NOTE', textBytes).at(-1) !== '\n') {
    throw new TlogError('TLOG_NOTE', 'a note ends with a line feed')
  }
  const note = concat(textBytes, utf8Encode('\n'), encodeSignatureLines(signatures))
  checkLength('note', note.length, MAX_NOTE_BYTES)
  return note
}

/**
 * Signature lines as they stand in a note and in the answer of a witness.
 *
 * @throws TlogError TLOG_NOTE for none or a malformed one, TLOG_LIMIT for too many
 */
export function parseSignatureLines(lines: Uint8Array): NoteSignature[] {
  checkLength('list of signatures', lines.length, MAX_NOTE_BYTES)
  return readSignatureLines(decodeText('TLOG_NOTE', lines))
}

/** The pair of `parseSignatureLines`. @throws TlogError TLOG_NOTE, TLOG_LIMIT */
export function encodeSignatureLines(signatures: readonly NoteSignature[]): Uint8Array {
  checkSignatureCount(signatures.length)
  return utf8Encode(signatures.map((signature) => `${signatureLine(signature)}\n`).join(''))
}

function readSignatureLines(text: string): NoteSignature[] {
  if (!text.endsWith('\n')) throw new TlogError('TLOG_NOTE', 'expected a line feed after the last signature')
  const lines = text.slice(0, -1).split('\n')
  checkSignatureCount(lines.length)
  return lines.map(readSignatureLine)
}

function checkSignatureCount(count: number): void {
  if (count === 0) throw new TlogError('TLOG_NOTE', 'a note without a signature')
  if (count > MAX_NOTE_SIGNATURES) {
    throw new TlogError('TLOG_LIMIT', `a note has at most ${MAX_NOTE_SIGNATURES} signatures, got ${count}`)
  }
}

/** `— <key name> base64(key ID || signature)` */
function readSignatureLine(line: string, i: number): NoteSignature {
  const malformed = (reason: string) => new TlogError('TLOG_NOTE', `signature line ${i + 1}: ${reason}`)
  if (!line.startsWith(LINE_START)) throw malformed('does not begin with a dash and a space')
  const parts = line.slice(LINE_START.length).split(' ')
  const [name = '', encoded = ''] = parts
  if (parts.length !== 2 || !isKeyName(name)) throw malformed('expected a key name and a signature')
  const bytes = readBase64('TLOG_NOTE', encoded)
  if (bytes.length < 5) throw malformed('shorter than a key ID and a signature')
  const reader = new ByteReader(bytes)
  return { name, keyHash: reader.u32(), signature: reader.rest().slice() }
}

function signatureLine({ name, keyHash, signature }: NoteSignature): string {
  if (!isKeyName(name)) throw new TlogError('TLOG_NOTE', 'not a key name')
  if (signature.length === 0) throw new TlogError('TLOG_NOTE', 'an empty signature')
  const bytes = new ByteWriter(4 + signature.length).u32(keyHash).bytes(signature).toBytes()
  return `${LINE_START}${name} ${toPaddedBase64(bytes)}`
}
