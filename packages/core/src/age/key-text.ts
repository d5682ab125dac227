import { bech32Decode, BytesError, copyOf } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'

/** A key's text taken apart. @throws AgeError KEY, which never quotes the text */
export function decodeKey(text: string): { readonly hrp: string; readonly bytes: Uint8Array } {
  try {
    return bech32Decode(text)
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw new AgeError('KEY', `malformed key, ${cause.message}`, { cause })
  }
}

/** The bytes of a key whose text must begin with `hrp`, in its case. @throws AgeError KEY */
export function decodeKeyText(text: string, hrp: string): Uint8Array {
  const key = decodeKey(text)
  if (key.hrp !== hrp) throw new AgeError('KEY', `expected a key that begins with ${hrp}1`)
  return key.bytes
}

/** A copy of the bytes, which must be `length` many. @throws AgeError KEY */
export function copyKeyBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) {
    throw new AgeError('KEY', `expected a key of ${length} bytes, got ${bytes.length}`)
  }
  return copyOf(bytes)
}
