import { equalBytes } from '../bytes/index.ts'
import { segmentTable, type SegmentTable } from '../keyblob/index.ts'
import { SealError } from './seal-error.ts'

/**
 * Compares all leaf hashes of a payload with the table that was signed.
 *
 * @throws SealError NOT_AUTHENTIC, naming the first segment that differs
 */
export function checkSegments(leafHashes: readonly Uint8Array[], table: SegmentTable): void {
  const { roots } = segmentTable(leafHashes)
  for (const [index, root] of table.roots.entries()) checkSegment(roots[index], root, index)
}

/** One segment's root against the signed one. @throws SealError NOT_AUTHENTIC */
export function checkSegment(
  found: Uint8Array | undefined,
  signed: Uint8Array | undefined,
  index: number,
): void {
  if (!found || !signed || !equalBytes(found, signed)) {
    throw new SealError('NOT_AUTHENTIC', `segment ${index} is not what was sealed`)
  }
}
