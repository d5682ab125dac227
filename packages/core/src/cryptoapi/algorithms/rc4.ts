import { wipe } from '../../bytes/index.ts'

const STATE_BYTES = 256

/**
 * RC4, a stream cipher: encrypting and decrypting are the same.
 *
 * Its keystream is biased and depends on nothing but the key: for reading what was once written with it.
 * Source: the algorithm as published in 1994, fixed by the keystreams of RFC 6229.
 */
export class Rc4 {
  readonly #state: Uint8Array
  #i = 0
  #j = 0

  /**
   * @param key 1 to 256 bytes (a CryptoAPI salt included)
   * @throws RangeError for other lengths
   */
  constructor(key: Uint8Array) {
    if (key.length < 1 || key.length > STATE_BYTES) throw new RangeError(`an RC4 key of ${key.length} bytes`)
    this.#state = scheduleKey(key)
  }

  /** The XOR of `data` and the next bytes of the keystream, as an array of its own. */
  process(data: Uint8Array): Uint8Array {
    const result = new Uint8Array(data)
    const words = result.length - (result.length % 4)
    this.#maskWords(new DataView(result.buffer, 0, words))
    this.#maskBytes(result.subarray(words))
    return result
  }

  // Four bytes to a turn, because one load and store of a word costs less than four of bytes. The state is in local
  // variables, which the engine keeps in registers; fields, and the length of a view, it would load for every byte.
  // `?? 0` is for the type checker: no index leaves its array, and the compiler of the engine drops it.
  #maskWords(data: DataView): void {
    const state = this.#state
    const end = data.byteLength
    let i = this.#i
    let j = this.#j
    for (let at = 0; at < end; at += 4) {
      i = (i + 1) & 0xff
      let x = state[i] ?? 0
      j = (j + x) & 0xff
      let y = state[j] ?? 0
      state[i] = y
      state[j] = x
      let mask = state[(x + y) & 0xff] ?? 0
      i = (i + 1) & 0xff
      x = state[i] ?? 0
      j = (j + x) & 0xff
      y = state[j] ?? 0
      state[i] = y
      state[j] = x
      mask |= (state[(x + y) & 0xff] ?? 0) << 8
      i = (i + 1) & 0xff
      x = state[i] ?? 0
      j = (j + x) & 0xff
      y = state[j] ?? 0
      state[i] = y
      state[j] = x
      mask |= (state[(x + y) & 0xff] ?? 0) << 16
      i = (i + 1) & 0xff
      x = state[i] ?? 0
      j = (j + x) & 0xff
      y = state[j] ?? 0
      state[i] = y
      state[j] = x
      mask |= (state[(x + y) & 0xff] ?? 0) << 24
      data.setInt32(at, data.getInt32(at, true) ^ mask, true)
    }
    this.#i = i
    this.#j = j
  }

  #maskBytes(data: Uint8Array): void {
    const state = this.#state
    for (const [at, byte] of data.entries()) {
      this.#i = (this.#i + 1) & 0xff
      const x = state[this.#i] ?? 0
      this.#j = (this.#j + x) & 0xff
      const y = state[this.#j] ?? 0
      state[this.#i] = y
      state[this.#j] = x
      data[at] = byte ^ (state[(x + y) & 0xff] ?? 0)
    }
  }

  /** Another one at the same place of the keystream. */
  copy(): Rc4 {
    const twin = new Rc4(new Uint8Array(1))
    twin.#state.set(this.#state)
    twin.#i = this.#i
    twin.#j = this.#j
    return twin
  }

  /** Overwrites the state. The cipher is of no use afterwards. */
  wipe(): void {
    wipe(this.#state)
    this.#i = 0
    this.#j = 0
  }
}

function scheduleKey(key: Uint8Array): Uint8Array {
  const state = Uint8Array.from({ length: STATE_BYTES }, (_, i) => i)
  let j = 0
  for (let i = 0; i < STATE_BYTES; i++) {
    const x = state[i] ?? 0
    j = (j + x + (key[i % key.length] ?? 0)) & 0xff
    state[i] = state[j] ?? 0
    state[j] = x
  }
  return state
}
