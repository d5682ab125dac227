import {
  advanceRegister,
  type BlockCipher,
  type CipherMode,
  type Direction,
  requireBlocks,
} from './cipher-mode.ts'
import { decryptRc2Block, encryptRc2Block, expandRc2Key } from './rc2.ts'

const BLOCK_BYTES = 8

/** Runs a mode over `bytes` in place, with the words of the key, starting from `register`, which it only reads. */
type Run = (keys: Uint16Array, register: Uint8Array, bytes: Uint8Array) => void

const RUNS: Readonly<Record<CipherMode, Readonly<Record<Direction, Run>>>> = {
  ecb: { encrypt: ecb(encryptRc2Block), decrypt: ecb(decryptRc2Block) },
  cbc: { encrypt: encryptCbc, decrypt: decryptCbc },
  cfb: { encrypt: cfb('encrypt'), decrypt: cfb('decrypt') },
}

/** RC2 in all modes; OpenSSL 3 has it no longer. Source: RFC 2268. */
export class Rc2Cipher implements BlockCipher {
  readonly blockLength = BLOCK_BYTES
  readonly #keys: Uint16Array

  /** `key` and `effectiveBits` as `expandRc2Key` takes them; the key is expanded once, here. */
  constructor(key: Uint8Array, effectiveBits: number) {
    this.#keys = expandRc2Key(key, effectiveBits)
  }

  transform(direction: Direction, mode: CipherMode, register: Uint8Array, data: Uint8Array): Uint8Array {
    requireBlocks(this, mode, register, data)
    const result = new Uint8Array(data)
    RUNS[mode][direction](this.#keys, register, result)
    if (mode !== 'ecb') advanceRegister(register, direction === 'encrypt' ? result : data)
    return result
  }

  wipe(): void {
    this.#keys.fill(0)
  }
}

function ecb(crypt: (keys: Uint16Array, block: Uint16Array) => void): Run {
  return (keys, _register, bytes) => {
    const view = viewOf(bytes)
    const block = new Uint16Array(4)
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      load(block, view, at)
      crypt(keys, block)
      store(block, view, at)
    }
  }
}

function encryptCbc(keys: Uint16Array, register: Uint8Array, bytes: Uint8Array): void {
  const view = viewOf(bytes)
  const block = new Uint16Array(4)
  load(block, viewOf(register), 0)
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    for (let i = 0; i < 4; i++) block[i] = (block[i] ?? 0) ^ view.getUint16(at + 2 * i, true)
    encryptRc2Block(keys, block)
    store(block, view, at)
  }
}

function decryptCbc(keys: Uint16Array, register: Uint8Array, bytes: Uint8Array): void {
  const view = viewOf(bytes)
  const block = new Uint16Array(4)
  const before = new Uint16Array(4)
  const next = new Uint16Array(4)
  load(before, viewOf(register), 0)
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    load(next, view, at)
    for (let i = 0; i < 4; i++) block[i] = next[i] ?? 0
    decryptRc2Block(keys, block)
    for (let i = 0; i < 4; i++) {
      block[i] = (block[i] ?? 0) ^ (before[i] ?? 0)
      before[i] = next[i] ?? 0
    }
    store(block, view, at)
  }
}

// One block is encrypted for every byte: the register moves up by one byte, and the new ciphertext is its last.
function cfb(direction: Direction): Run {
  return (keys, register, bytes) => {
    const shifting = new Uint16Array(4)
    const block = new Uint16Array(4)
    load(shifting, viewOf(register), 0)
    for (let at = 0; at < bytes.length; at++) {
      for (let i = 0; i < 4; i++) block[i] = shifting[i] ?? 0
      encryptRc2Block(keys, block)
      const input = bytes[at] ?? 0
      const output = input ^ ((block[0] ?? 0) & 0xff)
      bytes[at] = output
      const ciphertext = direction === 'encrypt' ? output : input
      for (let i = 0; i < 4; i++) {
        const above = i < 3 ? (shifting[i + 1] ?? 0) : ciphertext
        shifting[i] = ((shifting[i] ?? 0) >>> 8) | (above << 8)
      }
    }
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

// RFC 2268 §1: the first byte of a word is its low one.
function load(block: Uint16Array, view: DataView, at: number): void {
  for (let i = 0; i < 4; i++) block[i] = view.getUint16(at + 2 * i, true)
}

function store(block: Uint16Array, view: DataView, at: number): void {
  for (let i = 0; i < 4; i++) view.setUint16(at + 2 * i, block[i] ?? 0, true)
}
