import assert from 'node:assert/strict'
import { BytesError } from '@strongroom/core/bytes'
import { ProtocolError } from '@strongroom/core/protocol'

/** With SLOW set every bit, else one bit of each byte. */
const STEP = process.env['SLOW'] ? 1 : 8

/**
 * Runs `accept` on every truncation of `original`, on what has a byte more, and on single-bit flips: each must be refused with a
 * ProtocolError, and `original` itself must not.
 */
export function refusesAllNear(original: Uint8Array, accept: (bytes: Uint8Array) => unknown): void {
  assert.doesNotThrow(() => accept(original))
  for (let length = 0; length < original.length; length++) refuses(original.subarray(0, length), accept)
  refuses(Uint8Array.from([...original, 0]), accept)
  refuses(Uint8Array.from([...original, 0x0a]), accept)
  for (let bit = 0; bit < original.length * 8; bit += STEP) {
    const at = STEP === 1 ? bit : bit + ((bit >> 3) % 8)
    const flipped = original.slice()
    flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7))
    refuses(flipped, accept)
  }
}

function refuses(bytes: Uint8Array, accept: (bytes: Uint8Array) => unknown): void {
  try {
    accept(bytes)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `expected a ProtocolError, got ${String(error)}`)
    assert.ok(!(error instanceof BytesError))
    return
  }
  assert.fail(`accepted ${bytes.length} bytes that are not the original`)
}
