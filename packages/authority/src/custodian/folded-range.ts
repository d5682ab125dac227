import { hash } from 'node:crypto'
import { merkleTree, type Sha256 } from '@strongroom/core/merkle'
import type { LogRange } from '@strongroom/core/protocol'
import { ENTRY_BYTES, Frontier } from '@strongroom/core/tlog'

/** An entry that was found in a range. */
export interface PlacedEntry {
  readonly kind: number
  readonly digest: Uint8Array
  readonly index: number
}

/** What `foldRange` looks for. */
export interface Wanted {
  /** Sizes at which the root is needed. */
  readonly sizes: readonly number[]
  /** Entries that are needed wherever they are. */
  readonly entries: readonly Pick<PlacedEntry, 'kind' | 'digest'>[]
  /** Kinds of which every entry is needed. */
  readonly kinds: ReadonlySet<number>
}

/** A range of a log, hashed. */
export interface FoldedRange {
  readonly size: number
  readonly root: Uint8Array
  /** By size, as far as the range has them. */
  readonly roots: ReadonlyMap<number, Uint8Array>
  readonly found: readonly PlacedEntry[]
}

const LONGEST_INPUT = 1 + 32 + 33
const scratch = Buffer.alloc(LONGEST_INPUT)

/** SHA-256 of a few bytes, some millions of times: one call and one buffer. */
const fastSha256: Sha256 = (...parts) => {
  let length = 0
  for (const part of parts) {
    scratch.set(part, length)
    length += part.length
  }
  return hash('sha256', scratch.subarray(0, length), 'buffer')
}

/**
 * Hashes every entry of a range onto the subtrees before it, once and in order: the root that comes out is right only if every entry
 * is. Memory does not grow with the range, but with what is wanted of it.
 *
 * @throws TlogError TLOG_RANGE for subtrees that do not belong to the start
 */
export function foldRange({ start, subtrees, entries }: LogRange, wanted: Wanted): FoldedRange {
  const tree = merkleTree(fastSha256)
  const frontier = new Frontier(fastSha256, start, subtrees)
  const sizes = new Set(wanted.sizes)
  const [marks, roots] = [marksOf(wanted), new Map<number, Uint8Array>()]
  const found: PlacedEntry[] = []
  const note = () => {
    if (sizes.has(frontier.size)) roots.set(frontier.size, plain(frontier.root()))
  }
  note()
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    const entry = entries.subarray(at, at + ENTRY_BYTES)
    const index = frontier.append(tree.leafHash(entry))
    const kind = entry[0] ?? 0
    if (wanted.kinds.has(kind) || marks.has(markOf(entry))) {
      found.push({ kind, digest: entry.slice(1), index })
    }
    note()
  }
  return { size: frontier.size, root: plain(frontier.root()), roots, found }
}

/** No `Buffer` leaves. */
const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Kind and the first five bytes of the digest: enough to pass over nearly all entries; the rest is compared by who looks them up. */
function markOf(entry: Uint8Array): number {
  let mark = 0
  for (let i = 0; i < 6; i++) mark = mark * 256 + (entry[i] ?? 0)
  return mark
}

function marksOf({ entries }: Wanted): ReadonlySet<number> {
  return new Set(entries.map(({ kind, digest }) => markOf(Uint8Array.of(kind, ...digest.subarray(0, 5)))))
}
