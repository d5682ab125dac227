/** The parts one after the other, as an array of its own. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/**
 * A copy of the bytes from `start` to `end`.
 *
 * Not `bytes.slice()`: callers may pass Node's `Buffer`, whose `slice` is a view. What has been verified could then be
 * changed under our hands, and wiping our copy would wipe theirs.
 */
export function copyOf(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end))
}

/**
 * Whether two arrays hold the same bytes.
 *
 * The time depends on the lengths only, never on where the contents differ: a tag or a commitment may
 * be compared with it.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

/**
 * Overwrites secrets with zeros.
 *
 * The engine may have copied an array before; this ends the life of the copies we know of.
 */
export function wipe(...arrays: readonly Uint8Array[]): void {
  for (const array of arrays) array.fill(0)
}
