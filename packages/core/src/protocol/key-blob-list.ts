import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/**
 * The release blobs of a request, in ascending order of the deposit ids: each `u32 length || key blob`. Media type
 * `application/vnd.strongroom.keyblobs`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for none or an empty one, PROTOCOL_LIMIT for too many or too long ones
 */
export function encodeKeyBlobs(blobs: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(checkBlobs(blobs).reduce((length, blob) => length + 4 + blob.length, 0))
  for (const blob of blobs) writer.u32(blob.length).bytes(blob)
  return writer.toBytes()
}

/** Reads what `encodeKeyBlobs` writes; the key blobs are views. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseKeyBlobs(bytes: Uint8Array): Uint8Array[] {
  return readAs('key blobs', () => {
    const reader = new ByteReader(bytes)
    const blobs: Uint8Array[] = []
    while (reader.remaining > 0) {
      checkLimit('key blobs', blobs.length + 1, RECOVERY_LIMITS.deposits)
      const length = reader.u32()
      checkLimit('key blob, in bytes', length, RECOVERY_LIMITS.releaseBlobBytes)
      blobs.push(reader.take(length))
    }
    return checkBlobs(blobs)
  })
}

function checkBlobs<T extends readonly Uint8Array[]>(blobs: T): T {
  checkLimit('key blobs', blobs.length, RECOVERY_LIMITS.deposits)
  for (const blob of blobs) checkLimit('key blob, in bytes', blob.length, RECOVERY_LIMITS.releaseBlobBytes)
  if (blobs.length === 0 || blobs.some((blob) => blob.length === 0)) {
    throw malformed('key blobs', 'expected at least one, and none of them empty')
  }
  return blobs
}
