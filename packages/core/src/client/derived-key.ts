import { ByteReader, ByteWriter, BytesError } from '../bytes/index.ts'
import { CryptoApiError, PROVIDERS, type ProviderId } from '../cryptoapi/index.ts'
import { LIMITS, ProtocolError } from '../protocol/index.ts'
import { emptySessionKey } from './derive-again.ts'

/** How the characters of a password became the bytes that were hashed. */
export type PasswordForm = 'as-entered' | 'utf-16' | 'half-utf-16'

/** A key that CryptDeriveKey made from the hash of a password, and how it is used. */
export interface CryptoApiDerivation {
  readonly method: 'cryptoapi'
  readonly password: PasswordForm
  readonly provider: ProviderId
  /** ALG_ID of the hash of the password. */
  readonly hash: number
  /** ALG_ID of the cipher. */
  readonly cipher: number
  /** The length of the key with its parity bits. */
  readonly keyBits: number
  /** At most 24 bytes, of RC2 and RC4 keys only; empty for none. */
  readonly salt: Uint8Array
  /** CRYPT_MODE_CBC, _ECB or _CFB; block ciphers only, and there always, as the IV of one block. */
  readonly mode?: number
  readonly iv?: Uint8Array
  /** How many bits count: RC2 only, and there always. */
  readonly effectiveBits?: number
}

/** A key that age's scrypt recipient makes from a passphrase. */
export interface ScryptDerivation {
  readonly method: 'age-scrypt'
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** Base-two logarithm of the work factor, 1 to 30. */
  readonly logN: number
}

/** What it takes, besides the password, to derive a key again. */
export type KeyDerivation = CryptoApiDerivation | ScryptDerivation

/** What a deposit of the format `password-parameters` encloses: docs/spec/authority-protocol.md, "Derivation record". */
export interface DerivationRecord {
  readonly derivation: KeyDerivation
  /** `derivedKeyCommitment` of the key: tells the right password from a wrong one. 32 bytes. */
  readonly commitment: Uint8Array
}

const FORMS: readonly PasswordForm[] = ['as-entered', 'utf-16', 'half-utf-16']
const METHODS: readonly KeyDerivation['method'][] = ['cryptoapi', 'age-scrypt']
const HIGHEST_LOG_N = 30
const SALT_BYTES = 16

/** All fields, whatever the method. */
interface Fields extends Omit<Partial<CryptoApiDerivation>, 'method'> {
  readonly method: KeyDerivation['method']
  readonly commitment: Uint8Array
  readonly logN?: number
}

type Derivation = Omit<Fields, 'commitment'>

/** One field: how its value is written and read. */
interface Field {
  readonly name: keyof Fields
  readonly encode: (value: never, writer: ByteWriter) => ByteWriter
  readonly decode: (bytes: ByteReader) => Fields[keyof Fields]
}

const ordinal = <T extends string>(values: readonly T[]) => ({
  encode: (value: T, writer: ByteWriter) => writer.u8(values.indexOf(value) + 1),
  decode: (reader: ByteReader) => values[reader.u8() - 1],
})
const u8 = {
  encode: (value: number, writer: ByteWriter) => writer.u8(value),
  decode: (reader: ByteReader) => reader.u8(),
}
const u16 = {
  encode: (value: number, writer: ByteWriter) => writer.u16(value),
  decode: (reader: ByteReader) => reader.u16(),
}
const u32 = {
  encode: (value: number, writer: ByteWriter) => writer.u32(value),
  decode: (reader: ByteReader) => reader.u32(),
}
const bytes = {
  encode: (value: Uint8Array, writer: ByteWriter) => writer.bytes(value),
  decode: (reader: ByteReader) => reader.rest().slice(),
}

/** The fields; their places, from 1 on, are their tags. */
const FIELDS: readonly Field[] = [
  { name: 'method', ...ordinal(METHODS) },
  { name: 'commitment', ...bytes },
  { name: 'password', ...ordinal(FORMS) },
  { name: 'provider', ...ordinal(PROVIDERS.map(({ id }) => id)) },
  { name: 'hash', ...u32 },
  { name: 'cipher', ...u32 },
  { name: 'keyBits', ...u16 },
  { name: 'salt', ...bytes },
  { name: 'mode', ...u8 },
  { name: 'iv', ...bytes },
  { name: 'effectiveBits', ...u16 },
  { name: 'logN', ...u8 },
]

/**
 * The one encoding of a record: fields `u8 tag || u16 length || value` with ascending tags.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for what `parseDerivationRecord` would refuse
 */
export function encodeDerivationRecord({ derivation, commitment }: DerivationRecord): Uint8Array {
  const fields: Fields = { ...derivation, commitment }
  const writer = new ByteWriter()
  for (const [i, { name, encode }] of FIELDS.entries()) {
    const value = fields[name]
    if (value === undefined) continue
    const encoded = inFormat(() => encode(value as never, new ByteWriter(32)).toBytes())
    writer
      .u8(i + 1)
      .u16(encoded.length)
      .bytes(encoded)
  }
  const encoded = writer.toBytes()
  parseDerivationRecord(encoded)
  return encoded
}

/**
 * Reads exactly what `encodeDerivationRecord` writes; and only derivations that there are: a provider that has hash and cipher, a
 * length that the key can have, salt, mode and IV that fit it.
 *
 * @throws ProtocolError PROTOCOL_FORMAT
 */
export function parseDerivationRecord(encoded: Uint8Array): DerivationRecord {
  if (encoded.length > LIMITS.enclosedBytes) throw malformed('too long')
  const { commitment, ...derivation } = inFormat(() => readFields(encoded))
  if (commitment.length !== 32) throw malformed('expected a commitment of 32 bytes')
  const checked = derivation.method === 'cryptoapi' ? checkCryptoApi(derivation) : checkScrypt(derivation)
  return { derivation: checked, commitment }
}

function readFields(encoded: Uint8Array): Fields {
  const reader = new ByteReader(encoded)
  const found: Partial<Record<keyof Fields, Fields[keyof Fields]>> = {}
  for (let last = 0; reader.remaining > 0; ) {
    const tag = reader.u8()
    const field = FIELDS[tag - 1]
    if (!field || tag <= last) throw malformed(`unexpected field ${tag}`)
    const value = new ByteReader(reader.take(reader.u16()))
    found[field.name] = field.decode(value)
    if (found[field.name] === undefined) throw malformed(`unknown ${field.name}`)
    value.end()
    last = tag
  }
  if (found.method === undefined || found.commitment === undefined)
    throw malformed('missing method or commitment')
  return found as Fields
}

function checkScrypt({ method, salt, logN, ...others }: Derivation): ScryptDerivation {
  if (method !== 'age-scrypt' || Object.keys(others).length > 0)
    throw malformed('not the fields of a derivation of scrypt')
  if (salt?.length !== SALT_BYTES) throw malformed(`expected a salt of ${SALT_BYTES} bytes`)
  if (logN === undefined || logN < 1 || logN > HIGHEST_LOG_N) {
    throw malformed(`expected a work factor of 1 to ${HIGHEST_LOG_N}`)
  }
  return { method, salt, logN }
}

function checkCryptoApi(found: Derivation): CryptoApiDerivation {
  const { logN, password, provider, hash, cipher, keyBits, salt, mode, iv, effectiveBits } = found
  const isTold =
    password && provider && hash !== undefined && cipher !== undefined && keyBits !== undefined && salt
  if (!isTold || logN !== undefined) throw malformed('not the fields of a derivation of CryptoAPI')
  if ((mode === undefined) !== (iv === undefined)) throw malformed('a mode goes with an IV')
  const derivation: CryptoApiDerivation = {
    method: 'cryptoapi',
    password,
    provider,
    hash,
    cipher,
    keyBits,
    salt,
    ...(mode !== undefined && { mode }),
    ...(iv && { iv }),
    ...(effectiveBits !== undefined && { effectiveBits }),
  }
  inFormat(() => emptySessionKey(derivation)).wipe()
  return derivation
}

function inFormat<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof BytesError || cause instanceof CryptoApiError) throw malformed(cause.message, cause)
    throw cause
  }
}

function malformed(reason: string, cause?: Error): ProtocolError {
  return new ProtocolError('PROTOCOL_FORMAT', `derivation record: ${reason}`, { cause })
}
