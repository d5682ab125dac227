import assert from 'node:assert/strict'
import { ProtocolError } from '@strongroom/core/protocol'

/** How many flips of a long original are tried without SLOW; a short one has a flip in each byte. */
const FLIPS = 2500

/**
 * Runs `accept` on every truncation of `original`, on what has a byte more, and on single-bit flips, all of them with SLOW set:
 * each must be refused with a ProtocolError, and `original` itself must not.
 */
export function refusesAllNear(original: Uint8Array, accept: (bytes: Uint8Array) => unknown): void {
  assert.doesNotThrow(() => accept(original))
  for (let length = 0; length < original.length; length++) refuses(original.subarray(0, length), accept)
  refuses(Uint8Array.from([...original, 0]), accept)
  refuses(Uint8Array.from([...original, 0x0a]), accept)
  for (const bit of bitsOf(original)) {
    const flipped = original.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    refuses(flipped, accept)
  }
}

/** Bits of the whole length, the eight of a byte in turn. */
function* bitsOf(original: Uint8Array): Generator<number, void, undefined> {
  const step = process.env['SLOW'] ? 1 : 8 * Math.ceil(original.length / FLIPS) + 1
  for (let bit = 0; bit < original.length * 8; bit += step) yield bit
}

function refuses(bytes: Uint8Array, accept: (bytes: Uint8Array) => unknown): void {
  try {
    accept(bytes)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `expected a ProtocolError, got ${String(error)}`)
    return
  }
  assert.fail(`accepted ${bytes.length} bytes that are not the original`)
}
