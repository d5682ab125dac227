import { utf8Decode, utf8Encode } from '../bytes/index.ts'
import type { JsonField } from './json-fields.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'

/**
 * The one encoding of a value: JSON in UTF-8 without white space, members in the order of their table.
 *
 * docs/spec/authority-protocol.md, "JSON". What could not be read back is not written.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function encodeJson<T>(field: JsonField<T>, value: T, maxBytes: number): Uint8Array {
  const written = field.write(value)
  field.read(written, '')
  const bytes = utf8Encode(JSON.stringify(written))
  checkLimit('length in bytes', bytes.length, maxBytes)
  return bytes
}

/**
 * Reads exactly what `encodeJson` writes. A second spelling of a signed text would have a second digest, or hide a second
 * member of the same name.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseJson<T>(field: JsonField<T>, bytes: Uint8Array, maxBytes: number): T {
  checkLimit('length in bytes', bytes.length, maxBytes)
  const value = field.read(jsonOf(bytes), '')
  const canonical = utf8Encode(JSON.stringify(field.write(value)))
  const end = Math.max(canonical.length, bytes.length)
  for (let i = 0; i < end; i++) {
    if (canonical[i] !== bytes[i]) throw malformed('', `not in the canonical encoding from byte ${i} on`)
  }
  return value
}

function jsonOf(bytes: Uint8Array): unknown {
  const text = readAs('', () => utf8Decode(bytes))
  try {
    return JSON.parse(text)
  } catch {
    // The platform's message is not passed on: it quotes the text.
    throw malformed('', `${bytes.length} bytes are not JSON`)
  }
}
