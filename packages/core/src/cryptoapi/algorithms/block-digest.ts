import { CryptoApiError } from '../crypto-api-error.ts'

/**
 * A hash, or a message authentication code, that is being computed.
 *
 * Copies are independent of each other. After `digest` or `wipe` there is nothing left to compute with: `update`,
 * `copy` and `digest` then throw NTE_BAD_HASH_STATE.
 */
export interface Digest {
  /** Bytes of the value. */
  readonly length: number
  /** Bytes of the block to which HMAC fills up a key. */
  readonly blockLength: number
  /** Takes more data, in pieces of any size; how it is cut does not show in the value. */
  update(data: Uint8Array): void
  /** Another one that has taken the same data. */
  copy(): Digest
  /** The value of all data taken. Ends the computation. */
  digest(): Uint8Array
  /** Ends the computation and overwrites what it kept. Once ended, does nothing. */
  wipe(): void
}

/** What a computation by blocks keeps from one block to the next; `BlockDigest` cuts the data into blocks for it. */
export interface BlockChain {
  /** Bytes of a block. */
  readonly blockLength: number
  /** Takes the whole blocks of `data`, one or more. */
  absorb(data: Uint8Array): void
  /** The value. `rest` is what is left of the data, less than a block; `total` the length in bytes of all of it. */
  finish(rest: Uint8Array, total: number): Uint8Array
  copy(): BlockChain
  wipe(): void
}

/** The error of a computation that has ended. */
export function finishedError(): CryptoApiError {
  return new CryptoApiError('NTE_BAD_HASH_STATE', 'the hash is finished')
}

/** A digest over a chain of blocks. It owns the chain that it is given. */
export class BlockDigest implements Digest {
  readonly length: number
  readonly blockLength: number
  #chain: BlockChain | undefined
  #total: number
  // The beginning of a block that is not whole yet: the first #total % block bytes.
  readonly #rest: Uint8Array

  /** `total` and `rest`: what the chain has taken so far, and the piece of a block after it; nothing unless given. */
  constructor(
    chain: BlockChain,
    length: number,
    blockLength: number,
    total = 0,
    rest: Uint8Array = new Uint8Array(chain.blockLength),
  ) {
    this.#chain = chain
    this.length = length
    this.blockLength = blockLength
    this.#total = total
    this.#rest = rest
  }

  update(data: Uint8Array): void {
    const chain = this.#running()
    const block = chain.blockLength
    const held = this.#total % block
    this.#total += data.length
    if (held + data.length < block) {
      this.#rest.set(data, held)
      return
    }
    let from = 0
    if (held > 0) {
      from = block - held
      this.#rest.set(data.subarray(0, from), held)
      chain.absorb(this.#rest)
    }
    const to = data.length - (this.#total % block)
    if (to > from) chain.absorb(data.subarray(from, to))
    this.#rest.set(data.subarray(to))
  }

  copy(): BlockDigest {
    const chain = this.#running().copy()
    return new BlockDigest(chain, this.length, this.blockLength, this.#total, this.#rest.slice())
  }

  digest(): Uint8Array {
    const chain = this.#running()
    const value = chain.finish(this.#rest.subarray(0, this.#total % chain.blockLength), this.#total)
    this.wipe()
    return value
  }

  wipe(): void {
    this.#chain?.wipe()
    this.#chain = undefined
    this.#rest.fill(0)
  }

  #running(): BlockChain {
    if (this.#chain === undefined) throw finishedError()
    return this.#chain
  }
}
