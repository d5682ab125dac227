import { concat, wipe } from '../../bytes/index.ts'
import type { BlockChain } from './block-digest.ts'

const BLOCK_BYTES = 64
const LENGTH_BYTES = 8

// RFC 1320 §3.3 and §3.4: A, B, C, D, and the constants of rounds 2 and 3.
const START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
const SQUARE_ROOT_OF_2 = 0x5a827999
const SQUARE_ROOT_OF_3 = 0x6ed9eba1
// The words of round 3 start in this order.
const ROUND_3 = [0, 2, 1, 3]

/** MD4, block by block. Broken as a hash since 1995: for reading old signatures only. Source: RFC 1320. */
export class Md4 implements BlockChain {
  readonly blockLength = BLOCK_BYTES
  readonly #state: Int32Array
  readonly #words = new Int32Array(16)

  constructor(state: Int32Array = Int32Array.from(START)) {
    this.#state = state
  }

  absorb(data: Uint8Array): void {
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    for (let at = 0; at < data.length; at += BLOCK_BYTES) {
      for (let i = 0; i < 16; i++) this.#words[i] = view.getInt32(at + 4 * i, true)
      compress(this.#state, this.#words)
    }
  }

  // §3.1, §3.2: a bit 1, zeros up to eight bytes before a block's end, the length in bits, its low word first.
  finish(rest: Uint8Array, total: number): Uint8Array {
    const blocks = rest.length + 1 + LENGTH_BYTES > BLOCK_BYTES ? 2 : 1
    const end = new Uint8Array(blocks * BLOCK_BYTES)
    end.set(rest)
    end[rest.length] = 0x80
    new DataView(end.buffer).setBigUint64(end.length - LENGTH_BYTES, 8n * BigInt(total), true)
    this.absorb(end)
    wipe(end)
    return concat(...Array.from(this.#state, littleEndian))
  }

  copy(): Md4 {
    return new Md4(this.#state.slice())
  }

  wipe(): void {
    this.#state.fill(0)
    this.#words.fill(0)
  }
}

function littleEndian(word: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, word, true)
  return bytes
}

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

/**
 * RFC 1320 §3.4: three rounds of sixteen steps over one block of sixteen words.
 *
 * The four words of the state live in local variables, four steps to a turn of a loop. Each step
 * adds last what the step before has made, so that the rest is ready by then. `?? 0` is for the type checker: no index
 * leaves its array, and the compiler of the engine drops it.
 */
function compress(state: Int32Array, x: Int32Array): void {
  let a = state[0] ?? 0
  let b = state[1] ?? 0
  let c = state[2] ?? 0
  let d = state[3] ?? 0
  for (let i = 0; i < 16; i += 4) {
    a = rotate((a + (x[i] ?? 0) + (d ^ (b & (c ^ d)))) | 0, 3)
    d = rotate((d + (x[i + 1] ?? 0) + (c ^ (a & (b ^ c)))) | 0, 7)
    c = rotate((c + (x[i + 2] ?? 0) + (b ^ (d & (a ^ b)))) | 0, 11)
    b = rotate((b + (x[i + 3] ?? 0) + (a ^ (c & (d ^ a)))) | 0, 19)
  }
  for (let i = 0; i < 4; i++) {
    a = rotate((a + (x[i] ?? 0) + SQUARE_ROOT_OF_2 + ((b & c) | (d & (b | c)))) | 0, 3)
    d = rotate((d + (x[i + 4] ?? 0) + SQUARE_ROOT_OF_2 + ((a & b) | (c & (a | b)))) | 0, 5)
    c = rotate((c + (x[i + 8] ?? 0) + SQUARE_ROOT_OF_2 + ((d & a) | (b & (d | a)))) | 0, 9)
    b = rotate((b + (x[i + 12] ?? 0) + SQUARE_ROOT_OF_2 + ((c & d) | (a & (c | d)))) | 0, 13)
  }
  for (let n = 0; n < 4; n++) {
    const i = ROUND_3[n] ?? 0
    a = rotate((a + (x[i] ?? 0) + SQUARE_ROOT_OF_3 + (b ^ c ^ d)) | 0, 3)
    d = rotate((d + (x[i + 8] ?? 0) + SQUARE_ROOT_OF_3 + (a ^ b ^ c)) | 0, 9)
    c = rotate((c + (x[i + 4] ?? 0) + SQUARE_ROOT_OF_3 + (d ^ a ^ b)) | 0, 11)
    b = rotate((b + (x[i + 12] ?? 0) + SQUARE_ROOT_OF_3 + (c ^ d ^ a)) | 0, 15)
  }
  state[0] = (state[0] ?? 0) + a
  state[1] = (state[1] ?? 0) + b
  state[2] = (state[2] ?? 0) + c
  state[3] = (state[3] ?? 0) + d
}
