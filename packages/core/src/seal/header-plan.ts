import {
  encodedHeaderLength,
  encodedStanzaLength,
  encodeHeader,
  NONCE_BYTES,
  type Stanza,
} from '../age/index.ts'
import { MIN_PAD_BYTES, padStanza } from '../keyblob/index.ts'
import { SealError } from './seal-error.ts'

// A header that is a whole number of blocks can be rewritten without touching a block of the payload.
const BLOCK_BYTES = 4096
const LEAST_PAYLOAD_FOR_BLOCKS = 1_048_576

/** Whether a header is worth being rewritten in place: a smaller payload is written anew as fast. */
export function worthBlocks(payloadLength: number): boolean {
  return payloadLength >= LEAST_PAYLOAD_FOR_BLOCKS
}

/**
 * How many bytes a header takes with a pad: all of its stanzas and, before a payload that is not small, room for
 * one more recipient and what fills the last block.
 *
 * @param stanzas as long as they can become, where some are not yet known; a recipient first
 */
export function reserveHeaderFor(stanzas: readonly Stanza[], payloadLength: number): number {
  const least = encodedHeaderLength(stanzas) + MIN_PAD_BYTES
  if (!worthBlocks(payloadLength)) return least
  const [recipient] = stanzas
  const room = least + (recipient ? encodedStanzaLength(recipient) : 0) + NONCE_BYTES
  return Math.ceil(room / BLOCK_BYTES) * BLOCK_BYTES - NONCE_BYTES
}

/**
 * Encodes a header of exactly `length` bytes.
 *
 * @returns undefined if the stanzas leave no room for a pad
 */
export function fitHeader(
  stanzas: readonly Stanza[],
  length: number,
  sessionKey: Uint8Array,
): Uint8Array | undefined {
  const unpadded = encodedHeaderLength(stanzas)
  if (unpadded === length) return encodeHeader(stanzas, sessionKey)
  if (unpadded + MIN_PAD_BYTES > length) return undefined
  const pad = padStanza(length - unpadded)
  if (encodedStanzaLength(pad) !== length - unpadded) {
    throw new SealError('LIMIT', 'header: a pad came out at the wrong length')
  }
  return encodeHeader([...stanzas, pad], sessionKey)
}
