import { createCipheriv, createDecipheriv } from 'node:crypto'
import { wipe } from '../../bytes/index.ts'
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

/** A cipher that OpenSSL computes: one call of it for each `transform`, over all the data. */
export class NativeCipher implements BlockCipher {
  readonly blockLength: 8 | 16
  readonly #name: NativeCipherName
  readonly #key: Uint8Array

  /** `key` has the length that OpenSSL's cipher of that name takes; it is copied. */
  constructor(name: NativeCipherName, blockLength: 8 | 16, key: Uint8Array) {
    this.#name = name
    this.blockLength = blockLength
    this.#key = Uint8Array.from(key)
  }

  transform(direction: Direction, mode: CipherMode, register: Uint8Array, data: Uint8Array): Uint8Array {
    requireBlocks(this, mode, register, data)
    const iv = mode === 'ecb' ? null : register
    const cipher = CREATE[direction](`${this.#name}-${MODE_NAMES[mode]}`, this.#key, iv)
    cipher.setAutoPadding(false)
    const result = cipher.update(data)
    cipher.final() // nothing comes of it, but OpenSSL clears its copy of the key now instead of some time later
    if (mode !== 'ecb') advanceRegister(register, direction === 'encrypt' ? result : data)
    return new Uint8Array(result.buffer, result.byteOffset, result.length)
  }

  wipe(): void {
    wipe(this.#key)
  }
}
