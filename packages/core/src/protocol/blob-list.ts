import { ByteReader, ByteWriter } from '../bytes/index.ts'
import { checkLimit, malformed, readAs } from './protocol-error.ts'

/** Which lists there are: what errors call them and one of them, how many there may be, and how long each. */
export interface BlobList {
  readonly name: string
  readonly one: string
  readonly most: number
  readonly mostBytes: number
}

/**
 * Some blobs in their order, each `u32 length || bytes`.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for none or an empty one, PROTOCOL_LIMIT for too many or too long ones
 */
export function encodeBlobs(list: BlobList, blobs: readonly Uint8Array[]): Uint8Array {
  const length = checkBlobs(list, blobs).reduce((sum, blob) => sum + 4 + blob.length, 0)
  const writer = new ByteWriter(length)
  for (const blob of blobs) writer.u32(blob.length).bytes(blob)
  return writer.toBytes()
}

/** Reads what `encodeBlobs` writes; the blobs are views. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseBlobs(list: BlobList, bytes: Uint8Array): Uint8Array[] {
  return readAs(list.name, () => {
    const reader = new ByteReader(bytes)
    const blobs: Uint8Array[] = []
    while (reader.remaining > 0) {
      checkLimit(list.name, blobs.length + 1, list.most)
      const length = reader.u32()
      checkLimit(`${list.one}, in bytes`, length, list.mostBytes)
      blobs.push(reader.take(length))
    }
    return checkBlobs(list, blobs)
  })
}

function checkBlobs<T extends readonly Uint8Array[]>({ name, one, most, mostBytes }: BlobList, blobs: T): T {
  checkLimit(name, blobs.length, most)
  for (const blob of blobs) checkLimit(`${one}, in bytes`, blob.length, mostBytes)
  if (blobs.length === 0 || blobs.some((blob) => blob.length === 0)) {
    throw malformed(name, 'expected at least one, and none of them empty')
  }
  return blobs
}
