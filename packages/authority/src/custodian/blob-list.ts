import { ByteReader, ByteWriter, BytesError } from '@strongroom/core/bytes'
import { LIMITS } from '@strongroom/core/protocol'

/** Several key blobs in one file: each `u32 length || key blob`, in ascending order of the ids of their deposits. */
export function encodeBlobs(blobs: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(blobs.reduce((length, blob) => length + 4 + blob.length, 0))
  for (const blob of blobs) writer.u32(blob.length).bytes(blob)
  return writer.toBytes()
}

/** Reads what `encodeBlobs` writes; the key blobs are views. @throws BytesError */
export function parseBlobs(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes)
  const blobs: Uint8Array[] = []
  while (reader.remaining > 0) {
    const length = reader.u32()
    if (length === 0 || length > LIMITS.depositBytes) throw new BytesError('BYTES_RANGE', 'no key blob')
    blobs.push(reader.take(length))
  }
  return blobs
}
