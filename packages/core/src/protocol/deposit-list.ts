import { encodeBlobs, parseBlobs, type BlobList } from './blob-list.ts'
import { LIMITS } from './limits.ts'

const DEPOSITS: BlobList = {
  name: 'deposits',
  one: 'deposit',
  most: LIMITS.depositsPerRequest,
  mostBytes: LIMITS.depositBytes,
}

/**
 * Several deposits in one request: each `u32 length || key blob`. Media type `application/vnd.strongroom.deposits`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for none or an empty one, PROTOCOL_LIMIT for too many or too long ones
 */
export function encodeDeposits(blobs: readonly Uint8Array[]): Uint8Array {
  return encodeBlobs(DEPOSITS, blobs)
}

/** Reads what `encodeDeposits` writes; the key blobs are views. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseDeposits(bytes: Uint8Array): Uint8Array[] {
  return parseBlobs(DEPOSITS, bytes)
}
