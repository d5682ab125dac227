import { ByteReader, ByteWriter, equalBytes, toHex, utf8Encode } from '../bytes/index.ts'
import { ENTRY_BYTES } from '../tlog/index.ts'
import { encodeEnvelope, parseEnvelope, type Envelope } from './dsse.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/**
 * Everything by which a custodian judges one request or charter, without asking anybody: docs/spec/recovery.md, "Bundles". One
 * file. Nothing in it is verified by reading it.
 */
export interface RecoveryBundle {
  /** All epoch records, from number 1 on. */
  readonly epochs: readonly Envelope[]
  /** The policy document of the last epoch. */
  readonly terms: Uint8Array
  /** All charters of the tenant, from number 1 on, each but the first with its release. */
  readonly charters: readonly BundledCharter[]
  /** The request or charter. */
  readonly subject: Envelope
  /** The key blobs of the deposits, in ascending order of their ids; none for a charter. */
  readonly deposits: readonly Uint8Array[]
  /** What shows their owner: its enrolment, or the request and the release that let it in; none for a charter. */
  readonly enrolments: readonly Envelope[]
  /** Statements of codes and vettings that the evidence rests on. */
  readonly evidence: readonly Envelope[]
  /** The receipt of the subject. */
  readonly receipt: Uint8Array
  /** The receipt of the release, when its key blobs are to be handed out. */
  readonly releaseReceipt?: Uint8Array
  /** The latest checkpoint, a signed note. */
  readonly checkpoint: Uint8Array
  readonly range: LogRange
  /** The statements of entries in the range, in the order of the log. */
  readonly statements: readonly Envelope[]
  /** Where statements stand that are before the range, by ascending index. */
  readonly proofs: readonly BundledProof[]
  /** The newest rewrap of each deposit that has one, in ascending order of their ids. */
  readonly rewrapped?: readonly BundledRewrap[]
}

/** The session key of a deposit under the exchange key of a later epoch. */
export interface BundledRewrap {
  /** The id of the deposit. */
  readonly id: Uint8Array
  readonly blob: Uint8Array
}

export interface BundledCharter {
  readonly charter: Envelope
  /** Undefined for the first. */
  readonly release?: Envelope
}

/** All entries from one size of the log up to that of the checkpoint. */
export interface LogRange {
  readonly start: number
  /** The roots of the full subtrees before it, the greatest first: one for each bit of `start` that is set. */
  readonly subtrees: readonly Uint8Array[]
  /** The entries, one behind the other: 33 bytes each. */
  readonly entries: Uint8Array
}

/** The way from an entry to the root of the checkpoint. */
export interface BundledProof {
  readonly kind: number
  readonly digest: Uint8Array
  readonly index: number
  readonly hashes: readonly Uint8Array[]
}

const MAGIC = utf8Encode('strongroom bundle v1\n')
const HASH_BYTES = 32
const MAX_HASHES = 63

/** How the value of a section is written and read. `many`: left out if there is none. */
interface Section<T> {
  readonly name: keyof RecoveryBundle
  readonly write: (value: T, writer: ByteWriter) => void
  readonly read: (reader: ByteReader) => T
  readonly many?: true
  readonly optional?: true
}

type AnySection = Omit<Section<never>, 'read'> & { readonly read: (reader: ByteReader) => unknown }

const raw = {
  write: (value: Uint8Array, writer: ByteWriter) => void writer.bytes(value),
  read: (reader: ByteReader) => reader.rest(),
}
const envelope = {
  write: (value: Envelope, writer: ByteWriter) => void writer.bytes(encodeEnvelope(value)),
  read: (reader: ByteReader) => parseEnvelope(reader.rest()),
}

/** One after the other, each behind its length, to the end of the section. */
function listed<T>(
  item: Pick<Section<T>, 'write' | 'read'>,
): Pick<Section<readonly T[]>, 'write' | 'read'> & { readonly many: true } {
  return {
    many: true,
    write: (values, writer) => {
      for (const value of values) writeItem(writer, (into) => item.write(value, into))
    },
    read: (reader) => {
      const values: T[] = []
      while (reader.remaining > 0) values.push(readWhole(reader.take(reader.u32()), item.read))
      return values
    },
  }
}

const charter = {
  write: ({ charter: statement, release }: BundledCharter, writer: ByteWriter) => {
    writeItem(writer, (into) => into.bytes(encodeEnvelope(statement)))
    writeItem(writer, (into) => (release ? into.bytes(encodeEnvelope(release)) : into))
  },
  read: (reader: ByteReader): BundledCharter => {
    const statement = parseEnvelope(reader.take(reader.u32()))
    const release = reader.take(reader.u32())
    return { charter: statement, ...(release.length > 0 && { release: parseEnvelope(release) }) }
  },
}

const range = {
  write: ({ start, subtrees, entries }: LogRange, writer: ByteWriter) => {
    writer.u64(start).u8(subtrees.length)
    for (const hash of subtrees) writer.bytes(checkHash(hash))
    writer.bytes(entries)
  },
  read: (reader: ByteReader): LogRange => {
    const start = safeNumber(reader.u64())
    const subtrees = takeHashes(reader)
    if (subtrees.length !== bitsOf(start))
      throw malformed('range', `${subtrees.length} subtrees of ${start} leaves`)
    const entries = reader.rest()
    if (entries.length % ENTRY_BYTES > 0) throw malformed('range', `${entries.length} bytes of entries`)
    return { start, subtrees, entries }
  },
}

const proof = {
  write: ({ kind, digest, index, hashes }: BundledProof, writer: ByteWriter) => {
    writer.u8(kind).bytes(checkHash(digest)).u64(index).u8(hashes.length)
    for (const hash of hashes) writer.bytes(checkHash(hash))
  },
  read: (reader: ByteReader): BundledProof => {
    const kind = reader.u8()
    if (kind === 0) throw malformed('proof', 'no kind of entry')
    const digest = reader.take(HASH_BYTES)
    return { kind, digest, index: safeNumber(reader.u64()), hashes: takeHashes(reader) }
  },
}

const rewrap = {
  write: ({ id, blob }: BundledRewrap, writer: ByteWriter) => {
    writer.bytes(checkHash(id)).bytes(blob)
  },
  read: (reader: ByteReader): BundledRewrap => ({ id: reader.take(HASH_BYTES), blob: reader.rest() }),
}

/** The sections; their places, from 1 on, are their tags. */
const SECTIONS: readonly AnySection[] = [
  { name: 'epochs', ...listed(envelope) },
  { name: 'terms', ...raw },
  { name: 'charters', ...listed(charter) },
  { name: 'subject', ...envelope },
  { name: 'deposits', ...listed(raw) },
  { name: 'enrolments', ...listed(envelope) },
  { name: 'evidence', ...listed(envelope) },
  { name: 'receipt', ...raw },
  { name: 'releaseReceipt', ...raw, optional: true },
  { name: 'checkpoint', ...raw },
  { name: 'range', ...range },
  { name: 'statements', ...listed(envelope) },
  { name: 'proofs', ...listed(proof) },
  { name: 'rewrapped', ...listed(rewrap), optional: true },
]

/**
 * The one encoding of a bundle.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT for what `parseRecoveryBundle` would refuse
 */
export function encodeRecoveryBundle(bundle: RecoveryBundle): Uint8Array {
  checkParts(bundle)
  return readAs('bundle', () => {
    const writer = new ByteWriter(65_536).bytes(MAGIC)
    for (const [i, section] of SECTIONS.entries()) {
      const value = bundle[section.name]
      if (value === undefined || (section.many && (value as readonly unknown[]).length === 0)) continue
      writer.u8(i + 1)
      writeItem(writer, (into) => section.write(value as never, into))
    }
    checkLimit('bundle, in bytes', writer.length, RECOVERY_LIMITS.bundleBytes)
    return writer.toBytes()
  })
}

/**
 * Reads what `encodeRecoveryBundle` writes; key blobs, entries and hashes are views of `bytes`. Its structure is checked, not one signature
 * or proof.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT
 */
export function parseRecoveryBundle(bytes: Uint8Array): RecoveryBundle {
  checkLimit('bundle, in bytes', bytes.length, RECOVERY_LIMITS.bundleBytes)
  return readAs('bundle', () => {
    const reader = new ByteReader(bytes)
    if (!equalBytes(reader.take(MAGIC.length), MAGIC))
      throw malformed('bundle', 'not a bundle of this version')
    const found: Partial<Record<keyof RecoveryBundle, unknown>> = {}
    for (let last = 0; reader.remaining > 0; ) {
      const tag = reader.u8()
      const section = SECTIONS[tag - 1]
      if (!section || tag <= last) throw malformed('bundle', `unexpected section ${tag}`)
      const value = reader.take(reader.u32())
      if (value.length === 0) throw malformed('bundle', `an empty section ${section.name}`)
      found[section.name] = readAs(`bundle: ${section.name}`, () => readWhole(value, section.read))
      last = tag
    }
    return complete(found)
  })
}

function complete(found: Partial<Record<keyof RecoveryBundle, unknown>>): RecoveryBundle {
  for (const { name, many, optional } of SECTIONS) {
    if (found[name] !== undefined || optional) continue
    if (!many) throw malformed('bundle', `missing section ${name}`)
    found[name] = []
  }
  const bundle = found as unknown as RecoveryBundle
  checkParts(bundle)
  return bundle
}

function checkParts({
  epochs,
  terms,
  charters,
  deposits,
  receipt,
  releaseReceipt,
  proofs,
  rewrapped = [],
}: RecoveryBundle): void {
  checkLimit('epochs', epochs.length, LIMITS.epochs)
  checkLimit('terms, in bytes', terms.length, RECOVERY_LIMITS.termsBytes)
  checkLimit('deposits', deposits.length, RECOVERY_LIMITS.deposits)
  for (const blob of deposits) checkLimit('deposit, in bytes', blob.length, LIMITS.depositBytes)
  for (const text of [receipt, releaseReceipt])
    checkLimit('receipt, in bytes', text?.length ?? 0, LIMITS.receiptBytes)
  if (epochs.length === 0 || charters.length === 0)
    throw malformed('bundle', 'without epochs or without charters')
  if (deposits.some((blob) => blob.length === 0)) throw malformed('bundle: deposits', 'an empty one')
  const unordered = proofs.some(({ index }, i) => i > 0 && index <= (proofs[i - 1]?.index ?? 0))
  if (unordered) throw malformed('bundle: proofs', 'expected ascending indices')
  checkRewrapped(rewrapped)
}

function checkRewrapped(rewrapped: readonly BundledRewrap[]): void {
  checkLimit('rewrapped', rewrapped.length, RECOVERY_LIMITS.deposits)
  for (const [i, { id, blob }] of rewrapped.entries()) {
    checkLimit('rewrapped, in bytes', blob.length, RECOVERY_LIMITS.releaseBlobBytes)
    if (blob.length === 0) throw malformed('bundle: rewrapped', 'an empty one')
    const before = rewrapped[i - 1]?.id
    if (before && toHex(before) >= toHex(id)) throw malformed('bundle: rewrapped', 'expected ascending ids')
  }
}

/** `u32 length || value`; the value is written on its own first. */
function writeItem(writer: ByteWriter, write: (into: ByteWriter) => unknown): void {
  const item = new ByteWriter(4_096)
  write(item)
  writer.u32(item.length).bytes(item.toBytes())
}

function readWhole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes)
  const value = read(reader)
  reader.end()
  return value
}

function takeHashes(reader: ByteReader): Uint8Array[] {
  const count = reader.u8()
  checkLimit('hashes', count, MAX_HASHES)
  return Array.from({ length: count }, () => reader.take(HASH_BYTES))
}

function checkHash(hash: Uint8Array): Uint8Array {
  if (hash.length === HASH_BYTES) return hash
  throw malformed('bundle', `expected a hash of ${HASH_BYTES} bytes, got ${hash.length}`)
}

function safeNumber(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
  throw malformed('bundle', 'an index out of range')
}

/** How many bits of the size are set. */
function bitsOf(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}
