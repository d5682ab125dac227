import { CryptoApiError } from '../crypto-api-error.ts'

/** Where a function stores a value for its caller, as C does through a pointer. */
export interface Ref<T> {
  value: T
}

/**
 * Answers with bytes the way every function does: a null buffer asks for the length; a buffer that is too small gets
 * ERROR_MORE_DATA and the length it takes; else the bytes are stored, and how many there are.
 *
 * @throws CryptoApiError ERROR_MORE_DATA
 */
export function answer(bytes: Uint8Array, buffer: Uint8Array | null, length: Ref<number>): void {
  if (expectRoom(bytes.length, buffer, length)) store(bytes, buffer, length)
}

/** Stores an answer for which there is room. */
export function store(bytes: Uint8Array, buffer: Uint8Array | null, length: Ref<number>): void {
  buffer?.set(bytes)
  length.value = bytes.length
}

/**
 * Whether the caller wants the bytes, and not only to know how many there are, which is stored if it is the answer. A
 * call that fails for another reason afterwards leaves the length alone.
 *
 * @throws CryptoApiError ERROR_MORE_DATA, with the length that it takes
 */
export function expectRoom(needed: number, buffer: Uint8Array | null, length: Ref<number>): boolean {
  const room = Math.min(length.value, buffer?.length ?? 0)
  if (buffer !== null && room >= needed) return true
  length.value = needed
  if (buffer === null) return false
  throw moreData(needed)
}

/** What a caller gets whose buffer is too small. */
export function moreData(needed: number): CryptoApiError {
  return new CryptoApiError('ERROR_MORE_DATA', `the answer takes ${needed} bytes`, { needed })
}

/** A DWORD as its four bytes. */
export function dword(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** The DWORD that a caller gave. @throws CryptoApiError ERROR_INVALID_PARAMETER if it is shorter */
export function readDword(bytes: Uint8Array): number {
  if (bytes.length < 4) throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'the value has four bytes')
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
}

/** The first `length` bytes that a caller gave. @throws CryptoApiError ERROR_INVALID_PARAMETER if there are fewer */
export function input(bytes: Uint8Array | null, length: number): Uint8Array {
  if (bytes === null || length > bytes.length || length < 0) {
    throw new CryptoApiError('ERROR_INVALID_PARAMETER', `there are no ${length} bytes in this buffer`)
  }
  return bytes.subarray(0, length)
}

/** @throws CryptoApiError NTE_BAD_FLAGS if flags are set that the function does not know */
export function expectFlags(flags: number, known: number): void {
  if ((flags & ~known) !== 0)
    throw new CryptoApiError('NTE_BAD_FLAGS', `unknown flags 0x${(flags >>> 0).toString(16)}`)
}

/** A string as CryptoAPI answers it: one byte a character, "?" for those that have none, and a zero. */
export function zeroTerminated(text: string): Uint8Array {
  // Cut to its lower byte, a character would be another one, and a container's name that of another container.
  return new Uint8Array(Buffer.from(`${text.replace(/[^\0-\xff]/g, '?')}\0`, 'latin1'))
}

/** For functions that have no flags at all. @throws CryptoApiError ERROR_INVALID_PARAMETER */
export function expectNoFlags(flags: number): void {
  if (flags !== 0) throw new CryptoApiError('ERROR_INVALID_PARAMETER', 'this function has no flags')
}
