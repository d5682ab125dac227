/** What came of one call. */
export interface Answer {
  readonly ok: boolean
  /** What the call left as the length of its answer; undefined if it has none. */
  readonly length?: number
  /** The bytes it answered with; undefined if it failed, has none, or was only asked for their number. */
  readonly data?: Uint8Array
  /** Something that no caller could live with, whatever the vectors say. */
  readonly fault?: string
}

/** What the C library fills fresh memory with when it looks for faults: whoever writes past its end is seen. */
const UNTOUCHED = 0xcd
/** Longer than any answer: a PRIVATEKEYBLOB of 16384 bits has 9236 bytes. */
const ROOM = 16_384

/** The length of an output buffer: a number, a null pointer, or as much as needed. */
export type BufferLength = number | 'null' | undefined

/**
 * Calls a function by the size protocol: a buffer and its length go in, the length of the answer comes out.
 *
 * Bytes beyond the answer must stay as they were, all of them if the call fails.
 */
export function callWithBuffer(
  wanted: BufferLength,
  call: (buffer: Uint8Array | null, length: { value: number }) => boolean,
): Answer {
  if (wanted === 'null') {
    const length = { value: 0 }
    const ok = call(null, length)
    return { ok, length: length.value }
  }
  const buffer = new Uint8Array(wanted ?? ROOM).fill(UNTOUCHED)
  const length = { value: buffer.length }
  const ok = call(buffer, length)
  const answered = ok ? length.value : 0
  const fault = faultOf(buffer, answered)
  return {
    ok,
    length: length.value,
    ...(ok ? { data: buffer.slice(0, answered) } : {}),
    ...(fault === undefined ? {} : { fault }),
  }
}

function faultOf(buffer: Uint8Array, answered: number): string | undefined {
  if (answered > buffer.length) return `reports ${answered} bytes in a buffer of ${buffer.length}`
  const beyond = buffer.subarray(answered).findIndex((byte) => byte !== UNTOUCHED)
  return beyond < 0
    ? undefined
    : `wrote byte ${answered + beyond} of the buffer, past its answer of ${answered}`
}
