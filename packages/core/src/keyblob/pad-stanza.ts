import type { Stanza } from '../age/index.ts'

const PAD_TYPE = 'strongroom/pad'
// A full line of a stanza body: 48 bytes are 64 characters and a newline.
const LINE_BYTES = 48
const LINE_LENGTH = 65
// `-> strongroom/pad A` and its newline, and the empty last line of the body.
const LEAST = `-> ${PAD_TYPE} A\n\n`.length

/** The fewest bytes that a pad takes in a header. */
export const MIN_PAD_BYTES = LEAST

/**
 * A stanza that takes exactly `length` bytes in a header and says nothing: it keeps room, so that a
 * header can later be rewritten in place. Readers ignore it.
 *
 * @param length at least `MIN_PAD_BYTES`
 */
export function padStanza(length: number): Stanza {
  const lines = Math.floor((length - LEAST) / LINE_LENGTH)
  const argument = 1 + length - LEAST - lines * LINE_LENGTH
  return { type: PAD_TYPE, args: ['A'.repeat(argument)], body: new Uint8Array(lines * LINE_BYTES) }
}

/** Whether a stanza is padding. */
export function isPad(stanza: Stanza): boolean {
  return stanza.type === PAD_TYPE
}
