import { BytesError } from './bytes-error.ts'

/**
 * Collects fields in order and returns them as one array: the pair of `ByteReader`.
 *
 * Integers are unsigned and big-endian unless the name says `le`; a value that does not fit its field
 * is refused, never cut. Every method returns the writer, so that a layout reads as one chain.
 */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  /** @param capacity bytes to set aside at once; more are added when needed */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#length
  }

  /** One byte. @throws BytesError BYTES_RANGE, as all integers that follow */
  u8(value: number): this {
    const at = this.#field(1, value, 0xff)
    this.#view.setUint8(at, value)
    return this
  }

  /** Two bytes, most significant first. */
  u16(value: number): this {
    const at = this.#field(2, value, 0xffff)
    this.#view.setUint16(at, value)
    return this
  }

  /** Four bytes, most significant first. */
  u32(value: number): this {
    const at = this.#field(4, value, 0xffffffff)
    this.#view.setUint32(at, value)
    return this
  }

  /** Eight bytes, most significant first; a number must be a safe integer. */
  u64(value: bigint | number): this {
    const wide = toU64(value)
    const at = this.#extend(8)
    this.#view.setBigUint64(at, wide)
    return this
  }

  /** Two bytes, least significant first. */
  u16le(value: number): this {
    const at = this.#field(2, value, 0xffff)
    this.#view.setUint16(at, value, true)
    return this
  }

  /** Four bytes, least significant first. */
  u32le(value: number): this {
    const at = this.#field(4, value, 0xffffffff)
    this.#view.setUint32(at, value, true)
    return this
  }

  /** Eight bytes, least significant first; a number must be a safe integer. */
  u64le(value: bigint | number): this {
    const wide = toU64(value)
    const at = this.#extend(8)
    this.#view.setBigUint64(at, wide, true)
    return this
  }

  /** A copy of `bytes`, as they are. */
  bytes(bytes: Uint8Array): this {
    const at = this.#extend(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** All that was written, as an array of its own. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #field(width: number, value: number, max: number): number {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new BytesError('BYTES_RANGE', `${value} does not fit ${width} bytes`)
    }
    return this.#extend(width)
  }

  /** Makes room for `length` bytes and returns where they start. */
  #extend(length: number): number {
    const start = this.#length
    const end = start + length
    if (end > this.#bytes.length) this.#grow(end)
    this.#length = end
    return start
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes)
    // What was written may be a secret; the array left behind must not keep it.
    this.#bytes.fill(0)
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

function toU64(value: bigint | number): bigint {
  const exact = typeof value === 'bigint' || Number.isSafeInteger(value)
  const wide = exact ? BigInt(value) : -1n
  if (wide < 0n || wide > 0xffffffffffffffffn) {
    throw new BytesError('BYTES_RANGE', `${value} does not fit 8 bytes`)
  }
  return wide
}
