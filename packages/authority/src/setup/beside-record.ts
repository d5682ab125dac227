import { ByteReader, ByteWriter, BytesError, concat, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { encodeProbeResult, parseProbeResult, type Beside } from '../model/index.ts'
import { malformed } from './backup-records.ts'

/** What travels beside a statement, by its digest. */
export interface BackedUpBeside {
  readonly digest: Uint8Array
  readonly beside: Beside
}

const ID_BYTES = 32

/** The members of `Beside` in the order of their tags, from 1 on; each a list of items behind their lengths. */
const MEMBERS: readonly {
  readonly write: (beside: Beside) => readonly Uint8Array[]
  readonly read: (items: readonly Uint8Array[]) => Beside
}[] = [
  {
    write: ({ keys = [] }) => keys.map((key) => utf8Encode(key)),
    read: (items) => ({ keys: items.map(utf8Decode) }),
  },
  { write: ({ deposits = [] }) => deposits, read: (deposits) => ({ deposits }) },
  {
    write: ({ notice }) => (notice === undefined ? [] : [utf8Encode(notice)]),
    read: ([notice = new Uint8Array(0)]) => ({ notice: utf8Decode(notice) }),
  },
  {
    write: ({ results = [] }) => results.map(({ id, right }) => Uint8Array.from([...id, right ? 1 : 0])),
    read: (items) => ({
      results: items.map((item) => ({ id: item.slice(0, ID_BYTES), right: item[ID_BYTES] === 1 })),
    }),
  },
  {
    write: ({ blobs = [] }) => blobs.map(({ id, blob }) => Uint8Array.from([...id, ...blob])),
    read: (items) => ({
      blobs: items.map((item) => ({ id: item.slice(0, ID_BYTES), blob: item.slice(ID_BYTES) })),
    }),
  },
  {
    write: ({ answers = [] }) => answers.map(({ id, mac }) => concat(id, encodeProbeResult({ mac }))),
    read: (items) => ({
      answers: items.map((item) => ({
        id: item.slice(0, ID_BYTES),
        ...parseProbeResult(item.subarray(ID_BYTES)),
      })),
    }),
  },
]

/** `digest || (u8 tag || u32 count || (u32 length || item)*)*`; members without items are left out. */
export function encodeBeside({ digest, beside }: BackedUpBeside): Uint8Array {
  const writer = new ByteWriter(1_024).bytes(digest)
  for (const [i, { write }] of MEMBERS.entries()) {
    const items = write(beside)
    if (items.length === 0) continue
    writer.u8(i + 1).u32(items.length)
    for (const item of items) writer.u32(item.length).bytes(item)
  }
  return writer.toBytes()
}

/** Reads what `encodeBeside` writes. @throws SetupError BACKUP_FORMAT */
export function parseBeside(body: Uint8Array): BackedUpBeside {
  try {
    const reader = new ByteReader(body)
    const digest = reader.take(ID_BYTES).slice()
    let beside: Beside = {}
    for (let last = 0; reader.remaining > 0; ) {
      const tag = reader.u8()
      const member = MEMBERS[tag - 1]
      if (!member || tag <= last) throw malformed(`an unexpected member ${tag} beside a statement`)
      const items = Array.from({ length: countOf(reader) }, () => reader.take(reader.u32()).slice())
      beside = { ...beside, ...member.read(items) }
      last = tag
    }
    return { digest, beside }
  } catch (cause) {
    if (cause instanceof BytesError) throw malformed('a malformed record, beside', cause)
    throw cause
  }
}

/** No more than there are bytes for. */
function countOf(reader: ByteReader): number {
  const count = reader.u32()
  if (count * 4 <= reader.remaining) return count
  throw malformed('a malformed record, beside')
}
