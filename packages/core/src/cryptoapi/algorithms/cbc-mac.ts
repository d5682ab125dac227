import { concat, wipe } from '../../bytes/index.ts'
import type { BlockCipher } from './block-cipher.ts'
import { type BlockChain, BlockDigest, type Digest } from './block-digest.ts'

/**
 * Begins to compute CryptoAPI's CALG_MAC: the last block of the CBC encryption of all data, padded as PKCS #5 pads.
 *
 * Without a length in front it authenticates only messages of one length: for checking old values, not for new ones.
 *
 * @param cipher stays the caller's: it has to live, not wiped, as long as the computation and its copies, and does not
 *   notice them
 * @param register the initialisation vector, one block; copied
 * @throws RangeError if `register` is not one block
 * Source: docs/cryptoapi.md, hash objects.
 */
export function createCbcMac(cipher: BlockCipher, register: Uint8Array): Digest {
  if (register.length !== cipher.blockLength) {
    throw new RangeError(`a register of ${register.length} bytes for a block of ${cipher.blockLength}`)
  }
  return new BlockDigest(
    new CbcMac(cipher, Uint8Array.from(register)),
    cipher.blockLength,
    cipher.blockLength,
  )
}

class CbcMac implements BlockChain {
  readonly #cipher: BlockCipher
  readonly #register: Uint8Array

  constructor(cipher: BlockCipher, register: Uint8Array) {
    this.#cipher = cipher
    this.#register = register
  }

  get blockLength(): number {
    return this.#cipher.blockLength
  }

  absorb(data: Uint8Array): void {
    this.#cipher.transform('encrypt', 'cbc', this.#register, data)
  }

  finish(rest: Uint8Array): Uint8Array {
    const count = this.blockLength - rest.length
    const last = concat(rest, new Uint8Array(count).fill(count))
    this.absorb(last)
    wipe(last)
    return this.#register.slice()
  }

  copy(): CbcMac {
    return new CbcMac(this.#cipher, this.#register.slice())
  }

  wipe(): void {
    wipe(this.#register)
  }
}
