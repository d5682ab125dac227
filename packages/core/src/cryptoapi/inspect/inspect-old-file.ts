import { ByteReader } from '../../bytes/index.ts'
import { BLOB_TYPES } from '../blob/blob-header.ts'
import { CUR_BLOB_VERSION } from '../constants.ts'
import { findings } from './findings.ts'
import { inspectHeaderless } from './headerless-bytes.ts'
import { type BlobInspection, type BlobReading, inspectBlob } from './inspect-blob.ts'
import { inspectPvk } from './inspect-pvk.ts'
import { inspectSampleFile, isSampleFile } from './inspect-sample-file.ts'
import type { OldFileInspection } from './inspection.ts'

const PVK_MAGIC = 0xb0b5f11e

/** How an old file is looked at. */
export interface InspectOptions {
  /** How long the file is, if `bytes` are only the first of it. */
  readonly totalBytes?: number
  /** Tells secret values too: private keys, session keys. */
  readonly secrets?: boolean
  /** The password of a PVK file, to find out how much of it counts. */
  readonly password?: Uint8Array | undefined
}

type Inspector = (bytes: Uint8Array, reading: BlobReading, password?: Uint8Array) => BlobInspection

/** What files begin with, and who explains them. */
const INSPECTORS: readonly (readonly [begins: (bytes: Uint8Array) => boolean, inspect: Inspector])[] = [
  [isPvk, inspectPvk],
  [isSampleFile, inspectSampleFile],
  [isBlob, inspectBlob],
]

/**
 * Explains a key blob, a PVK file, a file of Microsoft's encryption sample, or what bytes without a header may be: every
 * field, what is weak about it and why, and whether it can be used at all. No key is needed, and nothing secret is told
 * unless asked for.
 *
 * @returns undefined for something else
 * @throws CryptoApiError NTE_BAD_DATA if a password is given that does not open the PVK file
 */
export function inspectOldFile(
  bytes: Uint8Array,
  options: InspectOptions = {},
): OldFileInspection | undefined {
  const { totalBytes = bytes.length, secrets = false, password } = options
  // A Buffer's `slice` is no copy: what is wiped here would be the caller's.
  const own = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [, inspect] = INSPECTORS.find(([begins]) => begins(own)) ?? []
  if (inspect === undefined) return inspectHeaderless(own, totalBytes)
  const { form, summary, fields, codes, problem } = inspect(own, { start: 0, secrets, totalBytes }, password)
  return { form, summary, fields, findings: findings(...codes), ...(problem !== undefined && { problem }) }
}

function isPvk(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new ByteReader(bytes).u32le() === PVK_MAGIC
}

/** Version and reserved field have no choice: two of three is enough to take it for a damaged one. */
function isBlob(bytes: Uint8Array): boolean {
  const [type = 0, version, low, high] = bytes
  const zeros = low === 0 && high === 0
  return BLOB_TYPES.has(type) && (version === CUR_BLOB_VERSION || zeros)
}
