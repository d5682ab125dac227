import { ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../bytes/index.ts'
import { checkName } from './authority-names.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'
import { signatureLengthOf } from './signer-text.ts'

/**
 * What a client says about a deposit, and signs: docs/spec/authority-protocol.md, "Deposit context".
 *
 * All of it is read by an authority that cannot open the deposit. Digests and ids are 32 bytes unless they say otherwise.
 */
export interface DepositContext {
  readonly tenant: string
  readonly clientId: string
  readonly signer: DepositSigner
  /** Which epoch's exchange key the deposit is made for, and the statement digest of that epoch. */
  readonly epochNumber: number
  readonly epochDigest: Uint8Array
  readonly format: DepositFormat
  /** The serial number of the file or session key: 16 bytes. */
  readonly serial: Uint8Array
  /** The commitment to the deposit's session key: docs/spec/key-blob.md, "Statement". */
  readonly commitment: Uint8Array
  /** The seal id of the file or named session key. */
  readonly sealId?: Uint8Array
  readonly object?: DepositObject
  readonly description?: DepositDescription
  /** A class of the policy that says how long the deposit is kept. */
  readonly retention: string
  /** SHA-256 of the policy document, which is that of the epoch. */
  readonly policy: Uint8Array
  /** SHA-256 of the encoded recipient stanza, its last line feed included. */
  readonly recipientDigest: Uint8Array
  /** The id of the deposit that this one replaces. */
  readonly previous?: Uint8Array
  /** Milliseconds since 1970. */
  readonly createdMs: number
  /** What the deposit carries besides its session key, sealed under it; in the last two formats, and there always. */
  readonly enclosed?: Uint8Array
}

/** Whose signature stands behind the context. */
export interface DepositSigner {
  /** The byte of the signature suite. */
  readonly suiteId: number
  /** The key id. */
  readonly id: Uint8Array
}

/** The file that the session key opens. */
export interface DepositObject {
  /** `objectNameDigest` of the file's name. */
  readonly nameDigest: Uint8Array
  /** Bytes of plaintext. */
  readonly size: number
}

/** For people; `sealed` under the session key where even the authority may not read it. */
export type DepositDescription =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'sealed'; readonly bytes: Uint8Array }

/** What kind of key is deposited; the byte that stands for it. */
export const DEPOSIT_FORMATS = {
  file: 1,
  'named-key': 2,
  'simple-blob': 3,
  'password-parameters': 4,
} as const

export type DepositFormat = keyof typeof DEPOSIT_FORMATS

/** Formats whose session key is fresh and protects something enclosed. */
const ENCLOSING: ReadonlySet<DepositFormat> = new Set(['simple-blob', 'password-parameters'])
const FORMATS = Object.keys(DEPOSIT_FORMATS) as DepositFormat[]
/** A sealed text has a salt of 16 bytes in front and a tag of 16 behind. */
const SEALING_BYTES = 32
const PLAIN = 0
const SEALED = 1

type Value = DepositContext[keyof DepositContext]

/** One field: how its value is written and read. */
interface Field {
  readonly name: keyof DepositContext
  readonly encode: (value: never, writer: ByteWriter) => ByteWriter
  readonly decode: (bytes: ByteReader) => Value
}

const bytes = (length: number) => ({
  encode: (value: Uint8Array, writer: ByteWriter) => writer.bytes(value),
  decode: (reader: ByteReader) => reader.take(length).slice(),
})
const id = {
  encode: (value: string, writer: ByteWriter) => writer.bytes(utf8Encode(value)),
  decode: (reader: ByteReader) => checkName(utf8Decode(reader.rest())),
}
const OPTIONAL: ReadonlySet<keyof DepositContext> = new Set([
  'sealId',
  'object',
  'description',
  'previous',
  'enclosed',
])

/** The fields; their places, from 1 on, are their tags. */
const FIELDS: readonly Field[] = [
  { name: 'tenant', ...id },
  { name: 'clientId', ...id },
  {
    name: 'signer',
    encode: (value: DepositSigner, writer) => writer.u8(value.suiteId).bytes(value.id),
    decode: (reader) => ({ suiteId: knownSuite(reader.u8()), id: reader.take(32).slice() }),
  },
  {
    name: 'epochNumber',
    encode: (value: number, writer) => writer.u32(value),
    decode: (reader) => inRange('epoch', reader.u32(), 1, 0xffffffff),
  },
  { name: 'epochDigest', ...bytes(32) },
  {
    name: 'format',
    encode: (value: DepositFormat, writer) => writer.u8(DEPOSIT_FORMATS[value]),
    decode: (reader) => knownFormat(reader.u8()),
  },
  { name: 'serial', ...bytes(16) },
  { name: 'commitment', ...bytes(32) },
  { name: 'sealId', ...bytes(32) },
  {
    name: 'object',
    encode: (value: DepositObject, writer) => writer.bytes(value.nameDigest).u64(value.size),
    decode: (reader) => ({ nameDigest: reader.take(32).slice(), size: safeNumber('size', reader.u64()) }),
  },
  { name: 'description', encode: encodeDescription, decode: decodeDescription },
  { name: 'retention', ...id },
  { name: 'policy', ...bytes(32) },
  { name: 'recipientDigest', ...bytes(32) },
  { name: 'previous', ...bytes(32) },
  {
    name: 'createdMs',
    encode: (value: number, writer) => writer.u64(value),
    decode: (reader) => inRange('creation time', safeNumber('creation time', reader.u64()), 0, 8.64e15),
  },
  {
    name: 'enclosed',
    encode: (value: Uint8Array, writer) => writer.bytes(value),
    decode: (reader) => sealedText('enclosed', reader, LIMITS.enclosedBytes),
  },
]

/**
 * The one encoding of a context: fields `u8 tag || u16 length || value` with ascending tags.
 *
 * @throws ProtocolError PROTOCOL_FORMAT or PROTOCOL_LIMIT for what `parseDepositContext` would refuse
 */
export function encodeDepositContext(context: DepositContext): Uint8Array {
  const writer = new ByteWriter(1024)
  for (const [i, { name, encode }] of FIELDS.entries()) {
    const value = context[name]
    if (value === undefined) continue
    readAs(`deposit context: ${name}`, () => {
      const encoded = encode(value as never, new ByteWriter(64)).toBytes()
      writer
        .u8(i + 1)
        .u16(encoded.length)
        .bytes(encoded)
    })
  }
  const encoded = writer.toBytes()
  parseDepositContext(encoded)
  return encoded
}

/**
 * Reads a context; accepts exactly what `encodeDepositContext` writes.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for unknown, repeated, unordered, missing or malformed fields; PROTOCOL_LIMIT
 */
export function parseDepositContext(encoded: Uint8Array): DepositContext {
  checkLimit('deposit context, in bytes', encoded.length, LIMITS.contextBytes)
  return readAs('deposit context', () => {
    const reader = new ByteReader(encoded)
    const found: Partial<Record<keyof DepositContext, Value>> = {}
    for (let last = 0; reader.remaining > 0; ) {
      const tag = reader.u8()
      const field = FIELDS[tag - 1]
      if (!field || tag <= last) throw malformed('deposit context', `unexpected field ${tag}`)
      const value = new ByteReader(reader.take(reader.u16()))
      found[field.name] = readAs(`deposit context: ${field.name}`, () => readWhole(field, value))
      last = tag
    }
    return complete(found)
  })
}

function readWhole(field: Field, reader: ByteReader): Value {
  const value = field.decode(reader)
  reader.end()
  return value
}

function complete(found: Partial<Record<keyof DepositContext, Value>>): DepositContext {
  const missing = FIELDS.find(({ name }) => !OPTIONAL.has(name) && found[name] === undefined)
  if (missing) throw malformed('deposit context', `missing field ${missing.name}`)
  const context = found as unknown as DepositContext
  if (ENCLOSING.has(context.format) !== (context.enclosed !== undefined)) {
    throw malformed('deposit context: enclosed', `does not fit the format ${context.format}`)
  }
  return context
}

function encodeDescription(value: DepositDescription, writer: ByteWriter): ByteWriter {
  if (value.kind === 'sealed') return writer.u8(SEALED).bytes(value.bytes)
  // UTF-8 has no lone surrogates: what was signed would not be what was said.
  if (!value.text.isWellFormed()) throw malformed('deposit context: description', 'a lone surrogate')
  return writer.u8(PLAIN).bytes(utf8Encode(value.text))
}

function decodeDescription(reader: ByteReader): DepositDescription {
  const kind = reader.u8()
  if (kind === SEALED) {
    return { kind: 'sealed', bytes: sealedText('description', reader, LIMITS.descriptionBytes) }
  }
  if (kind !== PLAIN) throw malformed('deposit context: description', `unknown kind ${kind}`)
  checkLimit('description, in bytes', reader.remaining, LIMITS.descriptionBytes)
  return { kind: 'plain', text: utf8Decode(reader.rest()) }
}

function sealedText(what: string, reader: ByteReader, most: number): Uint8Array {
  checkLimit(`${what}, in bytes`, reader.remaining, most + SEALING_BYTES)
  if (reader.remaining < SEALING_BYTES) {
    throw malformed(`deposit context: ${what}`, `expected at least ${SEALING_BYTES} bytes`)
  }
  return reader.rest().slice()
}

function knownSuite(suiteId: number): number {
  if (signatureLengthOf(suiteId) !== undefined) return suiteId
  throw malformed('deposit context: signer', `unknown signature suite ${suiteId}`)
}

function knownFormat(byte: number): DepositFormat {
  const format = FORMATS.find((candidate) => DEPOSIT_FORMATS[candidate] === byte)
  if (format !== undefined) return format
  throw malformed('deposit context: format', `unknown format ${byte}`)
}

function safeNumber(what: string, value: bigint): number {
  return inRange(what, Number(value), 0, Number.MAX_SAFE_INTEGER)
}

function inRange(what: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value
  throw malformed('deposit context', `${what} out of range`)
}
