import {
  encodeJson,
  hexBytes,
  listOf,
  objectOf,
  orNull,
  parseJson,
  parseSignerText,
  checkedText,
  checkName,
  exactly,
  wholeNumber,
  type JsonField,
  type KnownCharter,
  type KnownEpoch,
} from '@strongroom/core/protocol'
import { withSighting, type Learned, type Sighting } from './knowledge.ts'

/** What a custodian remembers from one bundle to the next: `memory.json`. Releases have files of their own. */
export interface Memory {
  readonly sightings: readonly Sighting[]
  /** How many leaves were read, with no release of this custodian that it does not know. Seen may be more: a tree has no kinds of leaves. */
  readonly read: number
  readonly epoch: KnownEpoch | null
  readonly charters: readonly TenantCharter[]
  /** Statement digests of releases that were read from the log after this folder had been restored. */
  readonly recovered: readonly RecoveredRelease[]
}

/** What is pinned of a tenant. */
export interface TenantCharter extends KnownCharter {
  readonly tenant: string
}

/** A release that the log has and this folder has no files of: its subject is spent. */
export interface RecoveredRelease {
  readonly digest: Uint8Array
  readonly subject: Uint8Array
  /** The keys of the codes that it rests on, as far as they were shown. */
  readonly codes: readonly string[]
}

const MAX_MEMORY_BYTES = 64 * 1024 * 1024
const count = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const MEMORY: JsonField<Memory & { readonly strongroom: 'custodian memory'; readonly version: 1 }> = objectOf(
  {
    strongroom: exactly('custodian memory'),
    version: exactly(1),
    sightings: listOf(objectOf<Sighting>({ size: count, root: hexBytes(32), at: count }), 1, 65_536),
    read: count,
    epoch: orNull(objectOf<KnownEpoch>({ number: wholeNumber(1, 0xffffffff), digest: hexBytes(32) })),
    charters: listOf(
      objectOf<TenantCharter>({
        tenant: checkedText(64, checkName),
        first: hexBytes(32),
        number: wholeNumber(1, 0xffffffff),
        digest: hexBytes(32),
      }),
      0,
      100_000,
    ),
    recovered: listOf(
      objectOf<RecoveredRelease>({
        digest: hexBytes(32),
        subject: hexBytes(32),
        codes: listOf(checkedText(4_096, parseSignerText), 0, 16),
      }),
      0,
      100_000,
    ),
  },
)

/** The one encoding of a memory. */
export function encodeMemory({ sightings, read, epoch, charters, recovered }: Memory): Uint8Array {
  const members = { strongroom: 'custodian memory', version: 1 } as const
  return encodeJson(MEMORY, { ...members, sightings, read, epoch, charters, recovered }, MAX_MEMORY_BYTES)
}

/** Reads what `encodeMemory` writes. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseMemory(bytes: Uint8Array): Memory {
  const { sightings, read, epoch, charters, recovered } = parseJson(MEMORY, bytes, MAX_MEMORY_BYTES)
  return { sightings, read, epoch, charters, recovered }
}

/** A memory with what was learned of one bundle. */
export function remembering(memory: Memory, { sighting, read = 0, epoch, tenant, charter }: Learned): Memory {
  const others = memory.charters.filter((known) => known.tenant !== tenant)
  const pinned = tenant !== undefined && charter ? [{ tenant, ...charter }] : undefined
  return {
    ...memory,
    sightings: sighting ? withSighting(memory.sightings, sighting) : memory.sightings,
    read: Math.max(memory.read, read),
    epoch: epoch ?? memory.epoch,
    charters: pinned ? [...others, ...pinned] : memory.charters,
  }
}
