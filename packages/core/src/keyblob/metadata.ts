import { ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { KeyBlobError } from './key-blob-error.ts'

/**
 * What the owner says about a sealed file or a named session key; signed through its digest.
 *
 * Bytes: docs/spec/key-blob.md, "Metadata record".
 */
export interface Metadata {
  /** Free text, at most 1,024 bytes of UTF-8. */
  readonly description?: string
  /** The original file name, or path below the sealed folder with `/`; at most 1,024 bytes of UTF-8. */
  readonly name?: string
  /** Permission bits, 0 to 0o777. */
  readonly mode?: number
  /** Time of last modification: nanoseconds since 1970. */
  readonly mtimeNs?: bigint
  /** Time of sealing: milliseconds since 1970. */
  readonly createdMs: number
  /** 1 for the first version under a serial number, one more for each that replaces it. */
  readonly version: number
  /** The seal id of the version before, 32 bytes; absent in version 1. */
  readonly previous?: Uint8Array
}

/** The last version that a serial number can have. */
export const MAX_VERSION = 0xffffffff
export const MAX_TEXT_BYTES = 1024
/** Tags, lengths and all fields at their largest. */
export const MAX_METADATA_BYTES = 7 * 3 + 2 * MAX_TEXT_BYTES + 2 + 8 + 8 + 4 + 32

type FieldName = keyof Metadata
type Value = Metadata[FieldName]

/** One field: its tag, and how its value is written and read. */
interface Field {
  readonly name: FieldName
  readonly encode: (value: never) => Uint8Array
  readonly decode: (bytes: ByteReader) => Value
}

const text = {
  encode: (value: string) => limited(utf8Encode(value)),
  decode: (bytes: ByteReader) => utf8Decode(bytes.take(inRange('text', bytes.remaining, 0, MAX_TEXT_BYTES))),
}
const time = {
  encode: (value: bigint) => new ByteWriter(8).u64(BigInt.asUintN(64, value)).toBytes(),
  decode: (bytes: ByteReader) => BigInt.asIntN(64, bytes.u64()),
}

/** In ascending order of tags, which is the order in which they are written. */
const FIELDS: ReadonlyMap<number, Field> = new Map<number, Field>([
  [1, { name: 'description', ...text }],
  [2, { name: 'name', ...text }],
  [
    3,
    {
      name: 'mode',
      encode: (value: number) => new ByteWriter(2).u16(value & 0o777).toBytes(),
      decode: (bytes) => inRange('mode', bytes.u16(), 0, 0o777),
    },
  ],
  [4, { name: 'mtimeNs', ...time }],
  [
    5,
    {
      name: 'createdMs',
      encode: (value: number) => new ByteWriter(8).u64(value).toBytes(),
      decode: (bytes) => inRange('creation time', Number(bytes.u64()), 0, 8.64e15),
    },
  ],
  [
    6,
    {
      name: 'version',
      encode: (value: number) => new ByteWriter(4).u32(value).toBytes(),
      decode: (bytes) => inRange('version', bytes.u32(), 1, MAX_VERSION),
    },
  ],
  [7, { name: 'previous', encode: (value: Uint8Array) => value, decode: (bytes) => bytes.take(32).slice() }],
])

/**
 * The one encoding of a metadata record: `tag (1 byte) | length (2 bytes) | value`, tags ascending.
 *
 * @throws KeyBlobError LIMIT if a text is too long
 */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const writer = new ByteWriter(128)
  for (const [tag, field] of FIELDS) {
    const value = metadata[field.name]
    if (value === undefined) continue
    const bytes = field.encode(value as never)
    writer.u8(tag).u16(bytes.length).bytes(bytes)
  }
  return writer.toBytes()
}

/**
 * Reads a metadata record; accepts exactly what `encodeMetadata` writes.
 *
 * @throws KeyBlobError SEAL_FORMAT for unknown, repeated, unordered, missing or malformed fields
 * @throws BytesError for a record that ends early
 */
export function parseMetadata(bytes: Uint8Array): Metadata {
  const reader = new ByteReader(bytes)
  const found: Partial<Record<FieldName, Value>> = {}
  for (let last = 0; reader.remaining > 0; ) {
    const tag = reader.u8()
    const field = FIELDS.get(tag)
    if (!field || tag <= last) throw new KeyBlobError('SEAL_FORMAT', `metadata: unexpected field ${tag}`)
    const value = new ByteReader(reader.take(reader.u16()))
    found[field.name] = field.decode(value)
    value.end()
    last = tag
  }
  return checked(found as Partial<Metadata>)
}

function checked(found: Partial<Metadata>): Metadata {
  const { createdMs, version } = found
  if (createdMs === undefined || version === undefined) {
    throw new KeyBlobError('SEAL_FORMAT', 'metadata: expected a creation time and a version')
  }
  if ((version === 1) !== (found.previous === undefined)) {
    throw new KeyBlobError('SEAL_FORMAT', `metadata: version ${version} does not fit its predecessor`)
  }
  return { ...found, createdMs, version }
}

function limited(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MAX_TEXT_BYTES) return bytes
  throw new KeyBlobError('LIMIT', `expected a text of at most ${MAX_TEXT_BYTES} bytes, got ${bytes.length}`)
}

function inRange(what: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value
  throw new KeyBlobError('SEAL_FORMAT', `metadata: ${what} out of range`)
}
