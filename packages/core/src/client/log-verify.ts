import { join } from 'node:path'
import { ByteReader, BytesError, equalBytes } from '../bytes/index.ts'
import { merkleTree } from '../merkle/index.ts'
import type { EpochChain } from '../protocol/index.ts'
import {
  EMPTY_EDGE,
  ENTRY_KINDS,
  extendTiles,
  Frontier,
  MAX_ENTRY_BYTES,
  MAX_NOTE_BYTES,
  parseLogEntry,
  splitTile,
  joinTile,
  TILE_WIDTH,
  tilePath,
  TlogError,
  touchedBundles,
  widthIn,
  type Tile,
  type TileBytes,
  type WitnessPolicy,
} from '../tlog/index.ts'
import { ClientError } from './client-error.ts'
import { verifyHead, type LogHead } from './log-head.ts'
import { sha256 } from './node-verify.ts'
import { readOwnFile } from './own-files.ts'

/** A log to be read: of an authority by its wire, or a folder. It need not be trusted. */
export interface LogSource {
  /** The signed note. */
  readonly checkpoint: () => Uint8Array | Promise<Uint8Array>
  /** A tile or bundle, or a wider one that begins with it. */
  readonly tile: (tile: Tile) => Uint8Array | Promise<Uint8Array>
}

/** How a log is verified. */
export interface VerifyLogOptions {
  /** The authority's epochs, verified: they name the keys of the log. */
  readonly epochs: EpochChain
  readonly witnesses?: WitnessPolicy
  /** Told how many entries were derived again, of how many. */
  readonly onProgress?: (done: number, total: number) => void
}

/** What a log holds. */
export interface VerifiedLog {
  readonly head: LogHead
  /** Entries by the name of their kind; `other` for kinds of a later version. */
  readonly entries: Readonly<Record<string, number>>
}

const KIND_NAMES = new Map<number, string>(Object.entries(ENTRY_KINDS).map(([name, kind]) => [kind, name]))

/**
 * Derives a log again: every entry is read, every tile is computed from the entries and compared, and the root with the one that
 * was signed. In memory stands no more than one bundle and one tile of each level, however long the log is.
 *
 * It says that the log is whole and is the one that the checkpoint names; not that it begins with one seen before, for that there
 * is `monitorAuthority`.
 *
 * @throws TlogError for a checkpoint that does not verify; ClientError CLIENT_ALARM for an entry or tile that is not of the tree
 *   that was signed, with the path of the tile; what the source throws
 */
export async function verifyLog(source: LogSource, options: VerifyLogOptions): Promise<VerifiedLog> {
  const head = verifyHead(await source.checkpoint(), options.epochs, options.witnesses)
  const entries: Record<string, number> = {}
  let edge = EMPTY_EDGE
  for (const bundle of touchedBundles(0, head.size)) {
    const content = await readBundle(source, bundle)
    for (const entry of content) count(entries, entry)
    const leaves = content.map((entry) => merkleTree(sha256).leafHash(entry))
    const growth = extendTiles(sha256, edge, leaves)
    for (const tile of growth.written) await compare(source, head.size, tile)
    edge = growth.edge
    options.onProgress?.(edge.size, head.size)
  }
  if (!equalBytes(Frontier.fromEdge(sha256, edge).root(), head.root)) {
    throw new ClientError(
      'CLIENT_ALARM',
      `the ${head.size} entries lead to another root than the one that was signed`,
    )
  }
  return { head, entries }
}

/** The log in a folder, in the paths of C2SP tlog-tiles: a copy that somebody made. */
export function logInFolder(folder: string): LogSource {
  const read = (path: string, maxBytes: number) =>
    readOwnFile(join(folder, path), maxBytes, 'part of the log')
  return {
    checkpoint: () => read('checkpoint', MAX_NOTE_BYTES) ?? missing('checkpoint'),
    tile(tile) {
      // A partial tile may have been deleted when a wider one was there.
      for (let width = tile.width; width <= TILE_WIDTH; width++) {
        const found = read(tilePath({ ...tile, width }), MAX_TILE_BYTES)
        if (found) return found
      }
      return missing(tilePath(tile))
    },
  }
}

const MAX_TILE_BYTES = TILE_WIDTH * (MAX_ENTRY_BYTES + 2)

/** The first entries of a bundle, which may be wider: what was there when the log was shorter is still in front. */
async function readBundle(source: LogSource, bundle: Tile): Promise<Uint8Array[]> {
  const reader = new ByteReader(await source.tile(bundle))
  try {
    return Array.from({ length: bundle.width }, () => reader.take(reader.u16()).slice())
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
    throw new ClientError('CLIENT_ALARM', `${tilePath(bundle)}: not ${bundle.width} entries`, { cause })
  }
}

/** Compares a tile that will not grow any more with the one that is published. */
async function compare(source: LogSource, size: number, { tile, bytes }: TileBytes): Promise<void> {
  if (tile.width < widthIn(size, tile.level, tile.index)) return
  try {
    const published = joinTile(splitTile(tile, await source.tile(tile)))
    if (equalBytes(published, bytes)) return
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause
  }
  throw new ClientError('CLIENT_ALARM', `${tilePath(tile)}: not the tile of its entries`)
}

function count(entries: Record<string, number>, entry: Uint8Array): void {
  const name = KIND_NAMES.get(kindOf(entry)) ?? 'other'
  entries[name] = (entries[name] ?? 0) + 1
}

function kindOf(entry: Uint8Array): number {
  try {
    return parseLogEntry(entry).kind
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause
    throw new ClientError('CLIENT_ALARM', 'an entry that no log of an authority has', { cause })
  }
}

function missing(path: string): never {
  throw new ClientError('CLIENT_STATE', `no ${path} in the folder`)
}
