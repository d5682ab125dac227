import { fromHex } from '../../bytes/index.ts'
import type { BlockChain } from './block-digest.ts'

const BLOCK_BYTES = 16
const STATE_BYTES = 48
const ROUNDS = 18
const VALUE_BYTES = 16

// RFC 1319 §3.2: "a 'random' permutation constructed from the digits of pi".
const PI_SUBST = fromHex(
  '292e43c9a2d87c013d3654a1ecf0061362a705f3c0c7738c98932bd9bc4c82ca' +
    '1e9b573cfdd4e01667426f188a17e512be4ec4d6da9ede49a0fbf58ebb2fee7a' +
    'a968799115b2073f94c210890b225f21807f5d9a5a903227353ecce7bff79703' +
    'ff1930b348a5b5d1d75e922aac56aac64fb838d296a47db676fc6be29c7404f1' +
    '459d705964718720865bcf65e62da8021b6025adaeb0b9f61c46616934407e0f' +
    '5547a323dd51af3ac35cf9cebac5ea262c530d6e85288409d3dfcdf441814d52' +
    '6adc37c86cc1abfa24e17b080cbdb14a7888958be363e86de9cbd5fe3b001d39' +
    'f2efb70e6658d0e4a67772f8eb754b0a314450b48fed1f1adb998d339f118314',
)

/** MD2, block by block. No longer a one-way function: for reading old signatures only. Source: RFC 1319. */
export class Md2 implements BlockChain {
  readonly blockLength = BLOCK_BYTES
  readonly #state: Uint8Array
  readonly #checksum: Uint8Array

  constructor(
    state: Uint8Array = new Uint8Array(STATE_BYTES),
    checksum: Uint8Array = new Uint8Array(BLOCK_BYTES),
  ) {
    this.#state = state
    this.#checksum = checksum
  }

  absorb(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += BLOCK_BYTES) {
      addToChecksum(this.#checksum, data, at)
      compress(this.#state, data, at)
    }
  }

  // §3.1, §3.2: n bytes of value n, always at least one; then the checksum as a last block, which no checksum covers.
  finish(rest: Uint8Array): Uint8Array {
    const end = new Uint8Array(BLOCK_BYTES).fill(BLOCK_BYTES - rest.length)
    end.set(rest)
    this.absorb(end)
    compress(this.#state, this.#checksum, 0)
    return this.#state.slice(0, VALUE_BYTES)
  }

  copy(): Md2 {
    return new Md2(this.#state.slice(), this.#checksum.slice())
  }

  wipe(): void {
    this.#state.fill(0)
    this.#checksum.fill(0)
  }
}

// In both loops `?? 0` is for the type checker: no index leaves its array.

// §3.2, with the published erratum: the substitute is XORed into the old checksum byte.
function addToChecksum(checksum: Uint8Array, data: Uint8Array, at: number): void {
  let last = checksum[BLOCK_BYTES - 1] ?? 0
  for (let i = 0; i < BLOCK_BYTES; i++) {
    last = (checksum[i] ?? 0) ^ (PI_SUBST[(data[at + i] ?? 0) ^ last] ?? 0)
    checksum[i] = last
  }
}

// §3.4.
function compress(state: Uint8Array, data: Uint8Array, at: number): void {
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = data[at + i] ?? 0
    state[BLOCK_BYTES + i] = byte
    state[2 * BLOCK_BYTES + i] = byte ^ (state[i] ?? 0)
  }
  let last = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < STATE_BYTES; i++) {
      last = (state[i] ?? 0) ^ (PI_SUBST[last] ?? 0)
      state[i] = last
    }
    last = (last + round) & 0xff
  }
}
