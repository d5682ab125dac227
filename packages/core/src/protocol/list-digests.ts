import { ByteWriter, concat, equalBytes, toHex, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import type { ProbeResult } from './probe.ts'
import { malformed } from './protocol-error.ts'

/** What became of one deposit: its id, and the 32 bytes or the byte that stand for it in a list. */
export interface DepositResult {
  /** The id of the deposit: 32 bytes. */
  readonly id: Uint8Array
  /** The key blob that was made for it. */
  readonly blob: Uint8Array
}

/** The same of a key blob that is not at hand: its SHA-256 alone, or that there is none. */
export interface HashedResult {
  readonly id: Uint8Array
  /** 32 bytes; undefined of a deposit that does not open. */
  readonly hash: Uint8Array | undefined
}

const LABELS = {
  deposits: utf8Encode('strongroom deposit list v1\n'),
  release: utf8Encode('strongroom release list v1\n'),
  verification: utf8Encode('strongroom verification list v1\n'),
  rewrap: utf8Encode('strongroom rewrap list v1\n'),
  completion: utf8Encode('strongroom completion list v1\n'),
  probe: utf8Encode('strongroom probe list v1\n'),
}
const ID_BYTES = 32
const MAC_BYTES = 32
const HASH_BYTES = 32

/**
 * What stands for a list of deposits in a request: SHA-256 of a label and the ids in ascending order. docs/spec/recovery.md,
 * "Lists".
 *
 * @param ids in any order, each once
 * @throws ProtocolError PROTOCOL_FORMAT for what is no id, or one twice
 */
export function depositListDigest(sha256: Sha256, ids: readonly Uint8Array[]): Uint8Array {
  return listDigest(
    sha256,
    'deposits',
    ids.map((id) => ({ id, result: new Uint8Array(0) })),
  )
}

/** The results of a release: for each deposit its id and the SHA-256 of its release blob. Of a charter: no deposits. */
export function releaseListDigest(sha256: Sha256, results: readonly DepositResult[]): Uint8Array {
  return listDigest(sha256, 'release', hashed(sha256, results))
}

/** The results of a rewrap: for each deposit its id and the SHA-256 of its rewrap blob. */
export function rewrapListDigest(sha256: Sha256, results: readonly DepositResult[]): Uint8Array {
  return listDigest(sha256, 'rewrap', hashed(sha256, results))
}

/** The results of a completion: of all deposits of the epoch, as `rewrapListDigest`. */
export function completionListDigest(sha256: Sha256, results: readonly DepositResult[]): Uint8Array {
  return listDigest(sha256, 'completion', hashed(sha256, results))
}

/** The same list of a completion, made of the hashes of its key blobs; zeros stand for one that there is not. */
export function completionHashesDigest(sha256: Sha256, results: readonly HashedResult[]): Uint8Array {
  const rows = results.map(({ id, hash }) => ({ id, result: hash ?? new Uint8Array(HASH_BYTES) }))
  return listDigest(sha256, 'completion', rows)
}

/** The results of a verification: for each deposit its id and a byte, 1 for right and 0 for wrong. */
export function verificationListDigest(
  sha256: Sha256,
  results: readonly { readonly id: Uint8Array; readonly right: boolean }[],
): Uint8Array {
  const rows = results.map(({ id, right }) => ({ id, result: Uint8Array.of(right ? 1 : 0) }))
  return listDigest(sha256, 'verification', rows)
}

/**
 * The results of a probe: for each deposit its id, a byte, 1 if it opened and 0 if it did not, and the MAC, of which the bytes are zero
 * where there is none.
 */
export function probeListDigest(sha256: Sha256, results: readonly ProbeResult[]): Uint8Array {
  const rows = results.map(({ id, mac }) => {
    if (mac && mac.length !== MAC_BYTES) throw malformed('mac', `expected 32 bytes, got ${mac.length}`)
    return { id, result: concat(Uint8Array.of(mac ? 1 : 0), mac ?? new Uint8Array(MAC_BYTES)) }
  })
  return listDigest(sha256, 'probe', rows)
}

/** Ids of deposits in ascending order. @throws ProtocolError PROTOCOL_FORMAT for what is no id, or one twice */
export function sortedIds(ids: readonly Uint8Array[]): Uint8Array[] {
  return sorted(ids.map((id) => ({ id }))).map(({ id }) => id)
}

const hashed = (sha256: Sha256, results: readonly DepositResult[]) =>
  results.map(({ id, blob }) => ({ id, result: sha256(blob) }))

function listDigest(
  sha256: Sha256,
  label: keyof typeof LABELS,
  rows: readonly { readonly id: Uint8Array; readonly result: Uint8Array }[],
): Uint8Array {
  // One text to hash, written piece by piece: the list of a completion may have a million rows.
  const ordered = sorted(rows)
  const text = new ByteWriter(
    ordered.reduce((length, { id, result }) => length + id.length + result.length, 0),
  )
  for (const { id, result } of ordered) text.bytes(id).bytes(result)
  return sha256(LABELS[label], text.toBytes())
}

/** By their ids. Ids have one length, and results of one list too, so no two lists are hashed alike. */
function sorted<T extends { readonly id: Uint8Array }>(rows: readonly T[]): T[] {
  for (const { id } of rows) {
    if (id.length !== ID_BYTES) throw malformed('deposits', `expected an id of 32 bytes, got ${id.length}`)
  }
  const keyed = rows.map((row) => ({ row, key: toHex(row.id) }))
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1))
  const twice = keyed.some(({ row }, i) => i > 0 && equalBytes(row.id, keyed[i - 1]?.row.id ?? row.id))
  if (twice) throw malformed('deposits', 'one id twice')
  return keyed.map(({ row }) => row)
}
