import { BytesError } from './bytes-error.ts'

/**
 * A cursor over bytes: every field is taken once, in order, and nothing is read past the end.
 *
 * Integers are unsigned and big-endian unless the name says `le`. What `take` and `rest` return are
 * views of the bytes given to the constructor, not copies.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    // A plain view: of a `Buffer`, what `take` returns would be a `Buffer` too, whose `slice` is no copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** How many bytes have been taken. */
  get position(): number {
    return this.#position
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  /** One byte. @throws BytesError BYTES_TRUNCATED, as all that follow */
  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  /** Two bytes, most significant first. */
  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  /** Four bytes, most significant first. */
  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** Eight bytes, most significant first. */
  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8))
  }

  /** Two bytes, least significant first. */
  u16le(): number {
    return this.#view.getUint16(this.#advance(2), true)
  }

  /** Four bytes, least significant first. */
  u32le(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  /** Eight bytes, least significant first. */
  u64le(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true)
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Everything that is left, as a view; may be empty. */
  rest(): Uint8Array {
    return this.take(this.remaining)
  }

  /**
   * Says that the format is over.
   *
   * @throws BytesError BYTES_TRAILING if bytes are left
   */
  end(): void {
    if (this.remaining !== 0) {
      throw new BytesError('BYTES_TRAILING', `expected the end, got ${this.remaining} more bytes`)
    }
  }

  /** Moves past `length` bytes and returns where they start. */
  #advance(length: number): number {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new BytesError('BYTES_RANGE', `cannot take ${length} bytes`)
    }
    if (length > this.remaining) {
      const at = `at offset ${this.#position}`
      throw new BytesError('BYTES_TRUNCATED', `expected ${length} bytes ${at}, got ${this.remaining}`)
    }
    const start = this.#position
    this.#position += length
    return start
  }
}
