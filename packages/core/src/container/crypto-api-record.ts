import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { MAX_CONTAINER_NAME } from '../cryptoapi/index.ts'
import type { ContainerScope, PairUse, StoredContainer, StoredPair } from '../cryptoapi/index.ts'
import { ContainerError } from './container-error.ts'

/** One CryptoAPI key container with what it is found by. */
export interface StoredEntry {
  readonly scope: ContainerScope
  readonly name: string
  readonly container: StoredContainer
}

/** The containers by `entryKey`, in the order in which they were made. */
export type StoredEntries = ReadonlyMap<string, StoredEntry>

/** CryptoAPI key containers in one file. */
export const MAX_STORED_CONTAINERS = 10_000
/** A PRIVATEKEYBLOB of 16384 bits: 20 + 2 * 2048 + 5 * 1024 bytes. */
const MAX_PAIR_BYTES = 9_236

const SCOPES: readonly ContainerScope[] = ['user', 'machine']
const USES: readonly PairUse[] = ['exchange', 'signature']
const NO_PAIR = 0
const KEPT_PAIR = 1
const EXPORTABLE_PAIR = 2

/** What a container is found by: no two containers have the same. */
export function entryKey(scope: ContainerScope, name: string): string {
  return `${scope} ${name}`
}

/**
 * What is encrypted: all containers with their pairs, little-endian. docs/spec/container.md, "The record".
 *
 * @throws ContainerError CONTAINER_NAME for a name that is too long; CONTAINER_KEY for a key blob that is none;
 *   CONTAINER_FORMAT for too many containers
 */
export function encodeRecord(entries: StoredEntries): Uint8Array {
  if (entries.size > MAX_STORED_CONTAINERS) {
    throw new ContainerError('CONTAINER_FORMAT', `expected at most ${MAX_STORED_CONTAINERS} key containers`)
  }
  const writer = new ByteWriter(1024).u32le(entries.size)
  for (const { scope, name, container } of entries.values()) {
    if (name.length > MAX_CONTAINER_NAME) {
      throw new ContainerError(
        'CONTAINER_NAME',
        `expected a name of at most ${MAX_CONTAINER_NAME} characters`,
      )
    }
    writer.u8(SCOPES.indexOf(scope)).u16le(name.length).bytes(Buffer.from(name, 'utf16le'))
    for (const use of USES) writePair(writer, container[use])
  }
  return writer.toBytes()
}

/**
 * The way back. Blobs are copies.
 *
 * @throws ContainerError | BytesError with messages that depend on secrets: not for people
 */
export function parseRecord(record: Uint8Array): StoredEntries {
  const reader = new ByteReader(record)
  const entries = new Map<string, StoredEntry>()
  const count = reader.u32le()
  if (count > MAX_STORED_CONTAINERS) throw malformedRecord()
  for (let i = 0; i < count; i++) {
    const entry = readEntry(reader)
    const key = entryKey(entry.scope, entry.name)
    if (entries.has(key)) throw malformedRecord()
    entries.set(key, entry)
  }
  reader.end()
  return entries
}

function writePair(writer: ByteWriter, pair: StoredPair | undefined): void {
  if (pair === undefined) {
    writer.u8(NO_PAIR)
    return
  }
  const { blob, exportable } = pair
  if (!isPairLength(blob.length)) {
    throw new ContainerError('CONTAINER_KEY', `expected a key blob of 1 to ${MAX_PAIR_BYTES} bytes`)
  }
  writer
    .u8(exportable ? EXPORTABLE_PAIR : KEPT_PAIR)
    .u16le(blob.length)
    .bytes(blob)
}

function readEntry(reader: ByteReader): StoredEntry {
  const scope = SCOPES[reader.u8()]
  const length = reader.u16le()
  if (scope === undefined || length > MAX_CONTAINER_NAME) throw malformedRecord()
  const name = Buffer.from(reader.take(length * 2)).toString('utf16le')
  const pairs = USES.flatMap((use) => {
    const pair = readPair(reader)
    return pair === undefined ? [] : [[use, pair] as const]
  })
  return { scope, name, container: Object.fromEntries(pairs) }
}

function readPair(reader: ByteReader): StoredPair | undefined {
  const state = reader.u8()
  if (state === NO_PAIR) return undefined
  const length = reader.u16le()
  if ((state !== KEPT_PAIR && state !== EXPORTABLE_PAIR) || !isPairLength(length)) throw malformedRecord()
  return { blob: reader.take(length).slice(), exportable: state === EXPORTABLE_PAIR }
}

function isPairLength(length: number): boolean {
  return length > 0 && length <= MAX_PAIR_BYTES
}

function malformedRecord(): ContainerError {
  return new ContainerError('CONTAINER_FORMAT', 'not a record of key containers')
}
