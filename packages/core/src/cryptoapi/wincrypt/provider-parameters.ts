import { ByteWriter } from '../../bytes/index.ts'
import { type CryptoContext, MAX_CONTAINER_NAME } from '../crypto-context.ts'
import {
  CRYPT_FIRST,
  CRYPT_IMPL_SOFTWARE,
  CRYPT_MACHINE_KEYSET,
  PP_CONTAINER,
  PP_ENUMALGS,
  PP_ENUMALGS_EX,
  PP_ENUMCONTAINERS,
  PP_IMPTYPE,
  PP_KEYSET_TYPE,
  PP_KEYSPEC,
  PP_KEYX_KEYSIZE_INC,
  PP_NAME,
  PP_PROVTYPE,
  PP_SIG_KEYSIZE_INC,
  PP_UNIQUE_CONTAINER,
  PP_VERSION,
  AT_KEYEXCHANGE,
  AT_SIGNATURE,
} from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import type { BitLengths } from '../algorithm-table.ts'
import { algorithmNames, PAIR_STEP_BITS } from '../provider-table.ts'
import type { ContextEntry } from './handle-table.ts'
import { answer, dword, expectFlags, type Ref, zeroTerminated } from './size-protocol.ts'

/** Version 2.0, as every provider of this family says. */
const PROVIDER_VERSION = 0x200
/** Bytes of the fields for names in PROV_ENUMALGS and PROV_ENUMALGS_EX. */
const NAME_BYTES = 20
const LONG_NAME_BYTES = 40
const ENUMALGS_BYTES = 32
const ENUMALGS_EX_BYTES = 88

const VALUES: ReadonlyMap<number, (context: CryptoContext) => Uint8Array> = new Map([
  [PP_NAME, ({ provider }: CryptoContext) => zeroTerminated(provider.name)],
  [PP_PROVTYPE, ({ provider }: CryptoContext) => dword(provider.type)],
  [PP_CONTAINER, ({ container }: CryptoContext) => zeroTerminated(container)],
  [PP_UNIQUE_CONTAINER, ({ scope, container }: CryptoContext) => zeroTerminated(`${scope}-${container}`)],
  [PP_VERSION, () => dword(PROVIDER_VERSION)],
  [PP_IMPTYPE, () => dword(CRYPT_IMPL_SOFTWARE)],
  [PP_KEYSPEC, () => dword(AT_KEYEXCHANGE | AT_SIGNATURE)],
  [PP_SIG_KEYSIZE_INC, () => dword(PAIR_STEP_BITS)],
  [PP_KEYX_KEYSIZE_INC, () => dword(PAIR_STEP_BITS)],
  [PP_KEYSET_TYPE, ({ scope }: CryptoContext) => dword(scope === 'machine' ? CRYPT_MACHINE_KEYSET : 0)],
])

/** A list that is read one item a call. */
interface Enumeration {
  /** What a null buffer is told: room for any item. */
  readonly room: number
  readonly items: (context: CryptoContext, flags: number) => readonly Uint8Array[]
}

const ENUMERATIONS: ReadonlyMap<number, Enumeration> = new Map([
  [PP_ENUMALGS, { room: ENUMALGS_BYTES, items: (context: CryptoContext) => algorithms(context, shortEntry) }],
  [
    PP_ENUMALGS_EX,
    { room: ENUMALGS_EX_BYTES, items: (context: CryptoContext) => algorithms(context, longEntry) },
  ],
  [PP_ENUMCONTAINERS, { room: MAX_CONTAINER_NAME + 1, items: containers }],
])

/**
 * CryptGetProvParam.
 *
 * CRYPT_FIRST starts an enumeration again; a null buffer asks for the size and does not advance.
 *
 * @throws CryptoApiError NTE_BAD_TYPE; NTE_BAD_FLAGS; ERROR_MORE_DATA; ERROR_NO_MORE_ITEMS
 */
export function readProviderParameter(
  entry: ContextEntry,
  parameter: number,
  buffer: Uint8Array | null,
  length: Ref<number>,
  flags: number,
): void {
  const enumeration = ENUMERATIONS.get(parameter)
  if (enumeration !== undefined) return readNext(entry, parameter, enumeration, buffer, length, flags)
  expectFlags(flags, 0)
  const value = VALUES.get(parameter)
  if (value === undefined)
    throw new CryptoApiError('NTE_BAD_TYPE', `a provider has no parameter ${parameter}`)
  answer(value(entry.context), buffer, length)
}

function readNext(
  { context, positions }: ContextEntry,
  parameter: number,
  { room, items }: Enumeration,
  buffer: Uint8Array | null,
  length: Ref<number>,
  flags: number,
): void {
  expectFlags(flags, CRYPT_FIRST | 2 | CRYPT_MACHINE_KEYSET)
  if ((flags & CRYPT_FIRST) !== 0) positions.set(parameter, 0)
  if (buffer === null) {
    length.value = room
    return
  }
  const position = positions.get(parameter) ?? 0
  const item = items(context, flags)[position]
  if (item === undefined) throw new CryptoApiError('ERROR_NO_MORE_ITEMS', 'the enumeration is over')
  answer(item, buffer, length)
  positions.set(parameter, position + 1)
}

function containers({ store, scope }: CryptoContext, flags: number): Uint8Array[] {
  return store.names((flags & CRYPT_MACHINE_KEYSET) === 0 ? scope : 'machine').map(zeroTerminated)
}

function algorithms(
  { provider }: CryptoContext,
  entry: (algorithm: number, bits: BitLengths) => Uint8Array,
): Uint8Array[] {
  return [...provider.algorithms].map(([algorithm, bits]) => entry(algorithm, bits))
}

/** PROV_ENUMALGS. */
function shortEntry(algorithm: number, bits: BitLengths): Uint8Array {
  const writer = new ByteWriter(ENUMALGS_BYTES).u32le(algorithm).u32le(bits.default)
  return named(writer, algorithmNames(algorithm).name, NAME_BYTES).toBytes()
}

/** PROV_ENUMALGS_EX; the protocols are none. */
function longEntry(algorithm: number, bits: BitLengths): Uint8Array {
  const { name, longName } = algorithmNames(algorithm)
  const writer = new ByteWriter(ENUMALGS_EX_BYTES)
    .u32le(algorithm)
    .u32le(bits.default)
    .u32le(bits.min)
    .u32le(bits.max)
    .u32le(0)
  return named(named(writer, name, NAME_BYTES), longName, LONG_NAME_BYTES).toBytes()
}

/** A length, zero included, and the name in a field of fixed size. */
function named(writer: ByteWriter, name: string, size: number): ByteWriter {
  const field = new Uint8Array(size)
  field.set(zeroTerminated(name))
  return writer.u32le(name.length + 1).bytes(field)
}
