import { BytesError, fromBase64, toBase64 } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import { WRAPPED_FILE_KEY_BYTES } from './file-key.ts'

/** One recipient stanza of a header: `-> type args…` and a base64 body (C2SP age.md, "Recipient stanza"). */
export interface Stanza {
  /** The first argument: one or more visible ASCII characters. */
  readonly type: string
  /** The other arguments, of the same kind. */
  readonly args: readonly string[]
  /** The decoded body; may be empty. */
  readonly body: Uint8Array
}

/** Characters in a full line of a stanza body. */
export const BODY_COLUMNS = 64

/** The start of a stanza's first line. */
export const STANZA_PREFIX = '-> '

/** One or more arguments, each of one or more visible characters, with single spaces between them. */
export const ARGUMENTS = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/

/**
 * The text of a stanza, with its final line feed.
 *
 * @throws AgeError STANZA for a type or argument that is empty or not visible ASCII
 */
export function encodeStanza(stanza: Stanza): string {
  const lines = [STANZA_PREFIX + argumentsOf(stanza)]
  const body = toBase64(stanza.body)
  // The last line is always shorter than the rest, if need be empty: it is what ends the body.
  for (let at = 0; at <= body.length; at += BODY_COLUMNS) lines.push(body.slice(at, at + BODY_COLUMNS))
  return `${lines.join('\n')}\n`
}

/** Bytes of `encodeStanza`'s result, without encoding the body. @throws AgeError STANZA as `encodeStanza` */
export function encodedStanzaLength(stanza: Stanza): number {
  const argumentLine = STANZA_PREFIX.length + argumentsOf(stanza).length + 1
  const characters = Math.ceil((stanza.body.length * 4) / 3)
  return argumentLine + characters + Math.floor(characters / BODY_COLUMNS) + 1
}

function argumentsOf(stanza: Stanza): string {
  const all = [stanza.type, ...stanza.args]
  const text = all.join(' ')
  if (!ARGUMENTS.test(text) || all.some((argument) => argument.includes(' '))) {
    throw new AgeError('STANZA', 'expected stanza arguments of visible characters')
  }
  return text
}

/** Checks the number of arguments after the type and the body length, before anything is decrypted. */
export function checkStanzaShape(stanza: Stanza, argumentCount: number): void {
  if (stanza.args.length !== argumentCount) {
    throw malformed(stanza, `expected ${argumentCount} arguments, got ${stanza.args.length}`)
  }
  // A longer file key would let one ciphertext decrypt under many keys: a partitioning oracle.
  if (stanza.body.length !== WRAPPED_FILE_KEY_BYTES) {
    throw malformed(stanza, `expected a body of ${WRAPPED_FILE_KEY_BYTES} bytes, got ${stanza.body.length}`)
  }
}

/** The bytes of the argument at `index`, which must be canonical base64 of exactly `length` bytes. */
export function decodeArgument(stanza: Stanza, index: number, length: number): Uint8Array {
  try {
    const bytes = fromBase64(stanza.args[index] ?? '')
    if (bytes.length === length) return bytes
    throw malformed(stanza, `expected ${length} bytes in argument ${index + 1}, got ${bytes.length}`)
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw malformed(stanza, `argument ${index + 1} is not canonical base64`, { cause })
  }
}

/** The error for a stanza of a known type that breaks that type's rules. */
export function malformed(stanza: Stanza, reason: string, options?: ErrorOptions): AgeError {
  return new AgeError('STANZA', `${stanza.type} stanza: ${reason}`, options)
}
