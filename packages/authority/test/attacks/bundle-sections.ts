import { concat, ByteReader, ByteWriter, utf8Encode } from '@strongroom/core/bytes'
import { parseRecoveryBundle, ProtocolError } from '@strongroom/core/protocol'

// A bundle as whoever brings it can cut it: by tags and lengths alone, without the code that reads it.

const MAGIC = utf8Encode('strongroom bundle v1\n')

/** The value of each section, by its tag. */
export type Sections = readonly (readonly [tag: number, value: Uint8Array])[]

export function sectionsOf(bundle: Uint8Array): Sections {
  const reader = new ByteReader(bundle.subarray(MAGIC.length))
  const sections: [number, Uint8Array][] = []
  while (reader.remaining > 0) sections.push([reader.u8(), reader.take(reader.u32())])
  return sections
}

export function bundleOf(sections: Sections): Uint8Array {
  const writer = new ByteWriter(65_536).bytes(MAGIC)
  for (const [tag, value] of sections) writer.u8(tag).u32(value.length).bytes(value)
  return writer.toBytes()
}

/** The items of a list; `bytes` is nothing but items. */
export function itemsOf(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes)
  const items: Uint8Array[] = []
  while (reader.remaining > 0) items.push(reader.take(reader.u32()))
  return items
}

export const listOf = (items: readonly Uint8Array[]): Uint8Array =>
  concat(...items.map((item) => new ByteWriter(item.length + 4).u32(item.length).bytes(item).toBytes()))

/** Every tag that a reader of bundles knows, asked of the reader itself. */
export function knownTags(): number[] {
  return Array.from({ length: 255 }, (_, i) => i + 1).filter((tag) => {
    try {
      parseRecoveryBundle(bundleOf([[tag, Uint8Array.of(0)]]))
      return true
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      return !error.message.includes('unexpected section')
    }
  })
}
