import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv } from 'node:crypto'
import { equalBytes, wipe } from '../../bytes/index.ts'
import {
  advanceRegister,
  type BlockCipher,
  type CipherMode,
  type Direction,
  requireBlocks,
} from './cipher-mode.ts'

/** The ciphers of OpenSSL that we use, without their modes. */
export type NativeCipherName = 'aes-128' | 'aes-192' | 'aes-256' | 'des-ede3'

const CREATE = { encrypt: createCipheriv, decrypt: createDecipheriv } as const
const MODE_NAMES = { cbc: 'cbc', ecb: 'ecb', cfb: 'cfb8' } as const

/** A message that OpenSSL is in the middle of. */
interface Run {
  readonly direction: Direction
  readonly mode: CipherMode
  readonly cipher: Cipheriv | Decipheriv
  /** What its register holds now. */
  readonly register: Uint8Array
}

/**
 * A cipher that OpenSSL computes: one call of it for each `transform`, over all the data.
 *
 * Setting up OpenSSL takes longer than encrypting a kilobyte, so the set-up of the last call is kept. A call that goes
 * on where that one stopped, with the same register, continues with it; the result is the same as from a new one,
 * because the register is all that a mode carries over.
 */
export class NativeCipher implements BlockCipher {
  readonly blockLength: 8 | 16
  readonly #name: NativeCipherName
  readonly #key: Uint8Array
  #run: Run | undefined

  /** `key` has the length that OpenSSL's cipher of that name takes; it is copied. */
  constructor(name: NativeCipherName, blockLength: 8 | 16, key: Uint8Array) {
    this.#name = name
    this.blockLength = blockLength
    this.#key = Uint8Array.from(key)
  }

  transform(direction: Direction, mode: CipherMode, register: Uint8Array, data: Uint8Array): Uint8Array {
    requireBlocks(this, mode, register, data)
    const run = this.#runFrom(direction, mode, register)
    const result = run.cipher.update(data)
    if (mode !== 'ecb') {
      advanceRegister(register, direction === 'encrypt' ? result : data)
      run.register.set(register)
    }
    return new Uint8Array(result.buffer, result.byteOffset, result.length)
  }

  wipe(): void {
    wipe(this.#key)
    this.#endRun()
  }

  #runFrom(direction: Direction, mode: CipherMode, register: Uint8Array): Run {
    const last = this.#run
    if (last?.direction === direction && last.mode === mode) {
      if (mode === 'ecb' || equalBytes(last.register, register)) return last
    }
    this.#endRun()
    const name = `${this.#name}-${MODE_NAMES[mode]}`
    const cipher = CREATE[direction](name, this.#key, mode === 'ecb' ? null : register)
    cipher.setAutoPadding(false)
    this.#run = { direction, mode, cipher, register: Uint8Array.from(register) }
    return this.#run
  }

  // Nothing comes of the last step, but OpenSSL clears its copy of the key in it, instead of some time later.
  #endRun(): void {
    this.#run?.cipher.final()
    this.#run?.register.fill(0)
    this.#run = undefined
  }
}
