/** Which way a cipher runs. */
export type Direction = 'encrypt' | 'decrypt'

/** How blocks hang together. `cfb` has a feedback of 8 bits, as CryptoAPI has it. */
export type CipherMode = 'cbc' | 'ecb' | 'cfb'

/** A block cipher with its key. What a call gives depends on the key and its arguments, never on the calls before. */
export interface BlockCipher {
  /** Bytes of a block. */
  readonly blockLength: 8 | 16
  /**
   * Encrypts or decrypts `data`, without padding, into an array of its own of the same length.
   *
   * @param register one block: what the mode carries over. It is read, and left as the next call needs it: in `cbc` the
   *   last block of ciphertext, in `cfb` the last bytes of ciphertext; in `ecb` it is not touched
   * @param data whole blocks in `cbc` and `ecb`, any length in `cfb`; none at all is allowed
   * @throws RangeError if `data` is not whole blocks where it must be, or `register` is not one block
   */
  transform(direction: Direction, mode: CipherMode, register: Uint8Array, data: Uint8Array): Uint8Array
  /** Overwrites the key. The cipher is of no use afterwards. */
  wipe(): void
}

/** Holds the conditions of `transform`. */
export function requireBlocks(
  { blockLength }: BlockCipher,
  mode: CipherMode,
  register: Uint8Array,
  data: Uint8Array,
): void {
  if (register.length !== blockLength) {
    throw new RangeError(`a register of ${register.length} bytes for a block of ${blockLength}`)
  }
  if (mode !== 'cfb' && data.length % blockLength !== 0) {
    throw new RangeError(`${data.length} bytes are not whole blocks of ${blockLength}`)
  }
}

/** What the register holds after `ciphertext`, in both modes that have one: the last block's length of all of it. */
export function advanceRegister(register: Uint8Array, ciphertext: Uint8Array): void {
  const shift = Math.min(ciphertext.length, register.length)
  if (shift < register.length) register.copyWithin(0, shift)
  // A loop takes a fraction of the time that a view and a call take for so few bytes.
  for (let i = shift; i > 0; i--) register[register.length - i] = ciphertext[ciphertext.length - i] ?? 0
}
