import { createHash, type Hash } from 'node:crypto'
import { type Digest, finishedError } from './block-digest.ts'

/** A hash that OpenSSL computes. */
export class NativeDigest implements Digest {
  readonly length: number
  readonly blockLength: number
  #hash: Hash | undefined

  /** `hash`: OpenSSL's name, or a computation under way, which it then owns. */
  constructor(hash: string | Hash, length: number, blockLength: number) {
    this.#hash = typeof hash === 'string' ? createHash(hash) : hash
    this.length = length
    this.blockLength = blockLength
  }

  update(data: Uint8Array): void {
    this.#running().update(data)
  }

  copy(): NativeDigest {
    return new NativeDigest(this.#running().copy(), this.length, this.blockLength)
  }

  digest(): Uint8Array {
    const value = this.#running().digest()
    this.#hash = undefined
    return new Uint8Array(value)
  }

  // OpenSSL clears the state of a computation when that has been finished.
  wipe(): void {
    this.#hash?.digest().fill(0)
    this.#hash = undefined
  }

  #running(): Hash {
    if (this.#hash === undefined) throw finishedError()
    return this.#hash
  }
}
