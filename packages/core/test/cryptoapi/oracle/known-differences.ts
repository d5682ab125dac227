import { DECIDED_DIFFERENCES } from './decided-differences.ts'
import type { KnownDifference } from './difference.ts'
import { EITHER_CODES } from './either-codes.ts'
import { WINDOWS_DIFFERENCES } from './windows-differences.ts'

/** Every difference that is no failure. The first row that fits a difference counts. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  ...EITHER_CODES,
  ...WINDOWS_DIFFERENCES,
  ...DECIDED_DIFFERENCES,
]
