import { toHex, utf8Encode } from '../bytes/index.ts'
import { sha256 } from './node-verify.ts'

const GROUPS = 8
const DIGITS = 4

/**
 * What two people compare about a recipient, one reading it out to the other: eight groups of four hexadecimal digits of the SHA-256 of
 * its text.
 */
export function recipientGroups(recipient: string): readonly string[] {
  const digits = toHex(sha256(utf8Encode(recipient))).toUpperCase()
  return Array.from({ length: GROUPS }, (_, i) => digits.slice(i * DIGITS, (i + 1) * DIGITS))
}
