import { equalBytes } from '@strongroom/core/bytes'
import { TiledTree, TlogError, type TileReader, type TreeHead } from '@strongroom/core/tlog'
import { sha256 } from './digest.ts'

/**
 * How a log stands to a tree that was signed before: it is that one, it begins with it (`ahead`), it is shorter (`behind`), or it
 * has other leaves (`forked`). The last two break a promise.
 */
export type LogStanding = 'same' | 'ahead' | 'behind' | 'forked'

/**
 * Compares a log with a tree that was signed.
 *
 * @param tiles of the log; asked only if the log is longer
 */
export async function judgeStanding(
  found: TreeHead,
  signed: TreeHead,
  tiles: TileReader,
): Promise<LogStanding> {
  if (found.size < signed.size) return 'behind'
  if (found.size === signed.size) return equalBytes(found.root, signed.root) ? 'same' : 'forked'
  if (signed.size === 0) return 'ahead'
  const root = await rootBefore(found, signed.size, tiles)
  return root && equalBytes(root, signed.root) ? 'ahead' : 'forked'
}

/** The root that the log had at a size; undefined if its tiles do not belong together. */
async function rootBefore(found: TreeHead, size: number, tiles: TileReader): Promise<Uint8Array | undefined> {
  try {
    return await new TiledTree(sha256, found, tiles).rootAt(size)
  } catch (error) {
    if (error instanceof TlogError) return undefined
    throw error
  }
}
