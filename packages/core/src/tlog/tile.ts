import { checkCount, fromDecimal } from './line-texts.ts'
import { TlogError } from './tlog-error.ts'

/** Hashes of a full tile: C2SP tlog-tiles, "Merkle Tree". */
export const TILE_WIDTH = 256

/**
 * Names a tile of hashes or a bundle of entries: C2SP tlog-tiles.
 *
 * Tile `index` of level L has the roots of consecutive subtrees of 256^L leaves, beginning with number 256 · index.
 * A tile of fewer than 256 is partial: the log was no longer when it was made.
 */
export interface Tile {
  /** From 0, whose hashes are those of leaves; `entries` for the bundle of the same leaves. */
  readonly level: number | 'entries'
  readonly index: number
  /** How many hashes or entries: 1 to `TILE_WIDTH`. */
  readonly width: number
}

const MAX_LEVEL = 63
const GROUP = 1000
const PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/

/**
 * The path of a tile below the prefix of the log, `tile/<L>/<N>[.p/<W>]`.
 *
 * @throws TlogError TLOG_RANGE for a tile that no tree has
 */
export function tilePath({ level, index, width }: Tile): string {
  if (level !== 'entries') checkCount('tile level', level, MAX_LEVEL)
  checkCount('tile index', index)
  if (width !== checkCount('tile width', width, TILE_WIDTH) || width === 0) {
    throw new TlogError('TLOG_RANGE', 'a tile without hashes')
  }
  const partial = width === TILE_WIDTH ? '' : `.p/${width}`
  return `tile/${level}/${indexPath(index)}${partial}`
}

/** The index in groups of three digits, all but the last with an x: 1234067 is `x001/x234/067`. */
function indexPath(index: number): string {
  let path = groupOf(index)
  for (let rest = Math.floor(index / GROUP); rest > 0; rest = Math.floor(rest / GROUP)) {
    path = `x${groupOf(rest)}/${path}`
  }
  return path
}

function groupOf(number: number): string {
  return String(number % GROUP).padStart(3, '0')
}

/**
 * Reads the path of a tile; exactly the paths that `tilePath` writes.
 *
 * @throws TlogError TLOG_TILE
 */
export function parseTilePath(path: string): Tile {
  const [, level = '', groups = '', width] = PATH.exec(path) ?? []
  const tile: Tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : fromDecimal('TLOG_TILE', 'tile width', width),
  }
  // One tile, one path: a cache in front of the log must not keep it under two.
  if (!isTile(tile) || tilePath(tile) !== path) throw new TlogError('TLOG_TILE', 'not the path of a tile')
  return tile
}

function isTile({ level, index, width }: Tile): boolean {
  const levelFits = level === 'entries' || level <= MAX_LEVEL
  return levelFits && Number.isSafeInteger(index) && width >= 1 && width <= TILE_WIDTH
}
