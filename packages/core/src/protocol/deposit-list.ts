import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { LIMITS } from './limits.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'

/**
 * Several deposits in one request: each `u32 length || key blob`. Media type `application/vnd.strongroom.deposits`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for none or an empty one, PROTOCOL_LIMIT for too many or too long ones
 */
export function encodeDeposits(blobs: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(blobs.reduce((length, blob) => length + 4 + blob.length, 0))
  for (const blob of checkDeposits(blobs)) writer.u32(blob.length).bytes(blob)
  return writer.toBytes()
}

/** Reads what `encodeDeposits` writes; the key blobs are views. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseDeposits(bytes: Uint8Array): Uint8Array[] {
  return readAs('deposits', () => {
    const reader = new ByteReader(bytes)
    const blobs: Uint8Array[] = []
    while (reader.remaining > 0) {
      checkLimit('deposits', blobs.length + 1, LIMITS.depositsPerRequest)
      const length = reader.u32()
      checkLimit('deposit, in bytes', length, LIMITS.depositBytes)
      blobs.push(reader.take(length))
    }
    return checkDeposits(blobs)
  })
}

function checkDeposits<T extends readonly Uint8Array[]>(blobs: T): T {
  checkLimit('deposits', blobs.length, LIMITS.depositsPerRequest)
  for (const blob of blobs) checkLimit('deposit, in bytes', blob.length, LIMITS.depositBytes)
  if (blobs.length === 0 || blobs.some((blob) => blob.length === 0)) {
    throw malformed('deposits', 'expected at least one, and none of them empty')
  }
  return blobs
}
