/** Bytes and the texts that stand for them: the lowest layer, usable in a browser. */
export { bech32Decode, bech32Encode } from './bech32.ts'
export type { Bech32 } from './bech32.ts'
export { concat, copyOf, equalBytes, wipe } from './byte-arrays.ts'
export { ByteReader } from './byte-reader.ts'
export { ByteWriter } from './byte-writer.ts'
export { BytesError } from './bytes-error.ts'
export type { BytesErrorCode } from './bytes-error.ts'
export {
  fromBase64,
  fromHex,
  fromPaddedBase64,
  toBase64,
  toHex,
  toPaddedBase64,
  utf8Decode,
  utf8Encode,
} from './text-encodings.ts'
