import { ENTRY_BYTES, type Tile } from '@strongroom/core/tlog'

const HASH_BYTES = 32
/** An entry of this log in a bundle, with its length. */
export const BUNDLED_BYTES = 2 + ENTRY_BYTES

/**
 * The front of a tile or bundle, as it was when it had the width that is asked for: it only ever grows at its end.
 *
 * @returns undefined if it is not that wide yet
 */
export function cutTile({ level, width }: Tile, bytes: Uint8Array): Uint8Array | undefined {
  const length = width * (level === 'entries' ? BUNDLED_BYTES : HASH_BYTES)
  return bytes.length < length ? undefined : bytes.slice(0, length)
}
