import {
  type BlockCipher,
  type CipherMode,
  createBlockCipher,
  type Direction,
} from './algorithms/block-cipher.ts'
import { Rc4 } from './algorithms/rc4.ts'
import type { CipherRow } from './algorithm-table.ts'
import { concat, wipe } from '../bytes/index.ts'

/** What a session key is to its cipher. */
export interface CipherKey {
  readonly algorithm: number
  readonly row: CipherRow
  readonly key: Uint8Array
  readonly salt: Uint8Array
  /** In bits; only RC2 looks at it. */
  readonly effectiveBits: number
}

/**
 * The running state of a cipher: what is carried from one call of a message to the next.
 *
 * `begin` loads the IV, or restarts the keystream; without it a call goes on where the last one stopped. A change of
 * the key, its salt or its effective length needs a new object.
 */
export class CipherMessage {
  readonly #source: CipherKey
  readonly #cipher: BlockCipher | undefined
  readonly #register: Uint8Array
  #keystream: Rc4 | undefined

  constructor(source: CipherKey) {
    this.#source = source
    this.#register = new Uint8Array(source.row.blockLength)
    if (source.row.blockLength === 0) return
    const key = concat(source.key, source.salt)
    this.#cipher = createBlockCipher(source.algorithm, key, source.effectiveBits)
    wipe(key)
  }

  /** Starts a message with this IV, of one block; a stream cipher has none. */
  begin(iv: Uint8Array): void {
    if (this.#cipher !== undefined) return this.#register.set(iv)
    const key = concat(this.#source.key, this.#source.salt)
    this.#keystream?.wipe()
    this.#keystream = new Rc4(key)
    wipe(key)
  }

  /** The next piece of the message: whole blocks, or any length for a stream cipher. A new array. */
  process(direction: Direction, mode: CipherMode, data: Uint8Array): Uint8Array {
    if (this.#cipher !== undefined) return this.#cipher.transform(direction, mode, this.#register, data)
    if (this.#keystream === undefined) throw new TypeError('a message begins with begin()')
    return this.#keystream.process(data)
  }

  /** The state as it is now, running on by itself from here. */
  copy(source: CipherKey): CipherMessage {
    const copy = new CipherMessage(source)
    copy.#register.set(this.#register)
    copy.#keystream = this.#keystream?.copy()
    return copy
  }

  wipe(): void {
    wipe(this.#register)
    this.#keystream?.wipe()
    this.#cipher?.wipe()
  }
}
