/** A provider that has every algorithm. */
export const EVERY = (): boolean => true

/** A provider that has none. */
export const NONE = (): boolean => false

/** The blob with a little-endian number of four bytes in it changed. */
export function withNumber(blob: Uint8Array, at: number, value: number): Uint8Array {
  const changed = blob.slice()
  new DataView(changed.buffer).setUint32(at, value, true)
  return changed
}
