import { AgeError } from './age-error.ts'
import { parseHeader } from './header-parser.ts'
import { MAX_HEADER_BYTES, type Header } from './header.ts'

const FIRST_READ_BYTES = 16_384

/**
 * Reads the header at the start of a file, asking for twice as much until it is whole.
 *
 * @param read returns the bytes from `offset`, at most `length`, fewer only at the end of the file
 * @throws AgeError HEADER_INCOMPLETE if the file ends inside the header, and all that `parseHeader` throws
 */
export function readHeader(read: (offset: number, length: number) => Uint8Array): Header {
  for (let length = FIRST_READ_BYTES; ; length *= 2) {
    const bytes = read(0, Math.min(length, MAX_HEADER_BYTES))
    try {
      return parseHeader(bytes)
    } catch (error) {
      if (!isIncomplete(error) || bytes.length < length) throw error
    }
  }
}

function isIncomplete(error: unknown): boolean {
  return error instanceof AgeError && error.code === 'HEADER_INCOMPLETE'
}
