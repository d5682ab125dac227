import { encodeBlobs, parseBlobs, type BlobList } from './blob-list.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

const KEY_BLOBS: BlobList = {
  name: 'key blobs',
  one: 'key blob',
  most: RECOVERY_LIMITS.deposits,
  mostBytes: RECOVERY_LIMITS.releaseBlobBytes,
}

/**
 * The release blobs of a request, in ascending order of the deposit ids: each `u32 length || key blob`. Media type
 * `application/vnd.strongroom.keyblobs`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for none or an empty one, PROTOCOL_LIMIT for too many or too long ones
 */
export function encodeKeyBlobs(blobs: readonly Uint8Array[]): Uint8Array {
  return encodeBlobs(KEY_BLOBS, blobs)
}

/** Reads what `encodeKeyBlobs` writes; the key blobs are views. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseKeyBlobs(bytes: Uint8Array): Uint8Array[] {
  return parseBlobs(KEY_BLOBS, bytes)
}
