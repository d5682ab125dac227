import { fromDecimal, hashLine, isLine, readHashLine, toDecimal } from './line-texts.ts'
import { TlogError } from './tlog-error.ts'

/** What a log says about its tree: C2SP tlog-checkpoint, "Note text". */
export interface Checkpoint {
  /** Which log says it. Not empty. */
  readonly origin: string
  /** How many leaves the tree has. */
  readonly size: number
  /** The RFC 6962 root over them: 32 bytes. */
  readonly root: Uint8Array
  /** Opaque further lines, mostly none. An ML-DSA-44 signature does not cover them: never act on one. */
  readonly extensions: readonly string[]
}

/**
 * The text of a checkpoint, to be signed as a note.
 *
 * @throws TlogError TLOG_CHECKPOINT for an origin or extension line that cannot be read back or a root that is no hash,
 *   TLOG_RANGE for an impossible size
 */
export function encodeCheckpoint({ origin, size, root, extensions }: Checkpoint): string {
  const lines = [origin, toDecimal('tree size', size), hashLine('TLOG_CHECKPOINT', root), ...extensions, '']
  if (![origin, ...extensions].every(isLine)) {
    throw new TlogError('TLOG_CHECKPOINT', 'an empty line, or characters that no line can have')
  }
  return lines.join('\n')
}

/**
 * Reads the text of a checkpoint.
 *
 * @throws TlogError TLOG_CHECKPOINT, TLOG_LIMIT for a size above 2^53 - 1
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) throw new TlogError('TLOG_CHECKPOINT', 'expected a line feed at the end')
  const lines = text.slice(0, -1).split('\n')
  const [origin, size, root, ...extensions] = lines
  if (origin === undefined || size === undefined || root === undefined || !lines.every(isLine)) {
    throw new TlogError('TLOG_CHECKPOINT', 'expected at least three lines, none of them empty')
  }
  return {
    origin,
    size: fromDecimal('TLOG_CHECKPOINT', 'tree size', size),
    root: readHashLine('TLOG_CHECKPOINT', root),
    extensions,
  }
}
